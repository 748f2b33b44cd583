"""The catalogue of records is consistent: what the hub that writes them and the dashboards that read them rely on."""

import re

import pytest

from hub.console import words
from wire.messages import DeviceKind
from wire.metrics import BY_NAME as METRICS
from wire.records import BY_NAME, EVENT_TYPES, FAMILIES, RATES, RECORDS, SITE_RATE, TICKET, Field, Record

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
SUFFIX = {"s": "_seconds", "d": "_days", "ms": "_at"}

each = pytest.mark.parametrize("record", RECORDS, ids=[record.name for record in RECORDS])
every_field = pytest.mark.parametrize(
    ("record", "field"),
    [(record, field) for record in RECORDS for field in record.fields],
    ids=[f"{record.name}.{field.name}" for record in RECORDS for field in record.fields],
)


def test_names_are_unique_and_none_is_a_kind_of_device() -> None:
    assert len(BY_NAME) == len(RECORDS)
    assert not BY_NAME.keys() & {str(kind) for kind in DeviceKind}


@each
def test_names_are_words_that_need_no_escape(record: Record) -> None:
    names = [record.name, *record.tags, *(field.name for field in record.fields)]
    assert all(NAME.fullmatch(name) for name in names)
    assert len(set(names)) == len(names), "InfluxDB renames a field that is called as a tag is"
    assert "time" not in names
    assert record.en
    assert re.search("[一-鿿]", record.zh_CN)


@every_field
def test_a_field_ends_in_its_unit_and_is_told_in_both_languages(record: Record, field: Field) -> None:
    assert field.en
    assert re.search("[一-鿿]", field.zh_CN)
    if field.type == "string":
        assert field.unit == ""
    else:
        assert field.unit == "1" or field.name.endswith(SUFFIX[field.unit])
        assert field.unit != "1" or not field.name.endswith(tuple(SUFFIX.values()))


def test_a_rate_comes_with_the_devices_it_speaks_of() -> None:
    assert [field.name for field in SITE_RATE.fields] == [
        name for rate in RATES for name in (f"{rate}_ratio", f"{rate}_devices")
    ]


def test_a_field_is_found_by_its_name() -> None:
    assert TICKET.field("open").type == "float"
    with pytest.raises(KeyError):
        TICKET.field("nothing")


def test_every_event_of_our_agents_has_its_type_and_family() -> None:
    assert words.EVENTS.keys() == EVENT_TYPES
    assert {kind.partition(".")[0] for kind in words.EVENTS} == set(FAMILIES)


def test_no_metric_is_mistaken_for_a_record() -> None:
    assert not METRICS.keys() & BY_NAME.keys()
