"""The catalogue is consistent: what the code, the dashboards and a translator rely on."""

import re

import pytest

from wire.messages import DeviceKind, Sample
from wire.metrics import BY_NAME, CATALOGUE, COLLECTORS, Metric

SUFFIX = {
    "s": "_seconds",
    "B": "_bytes",
    "B/s": "_bytes_per_second",
    "B/h": "_bytes_per_hour",
    "bit/s": "_bits_per_second",
    "1/s": "_per_second",
    "1/h": "_per_hour",
    "W": "_watts",
    "d": "_days",
    "Cel": "_celsius",
    "%": "_percent",
}
"""Unit → the suffix its metrics end in. A unit of 1 is a ratio (`_ratio`), a count or a flag."""

each = pytest.mark.parametrize("metric", CATALOGUE, ids=[metric.name for metric in CATALOGUE])


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(CATALOGUE)


@each
def test_a_name_is_snake_case_and_ends_in_its_unit(metric: Metric) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", metric.name)
    assert metric.unit == "1" or metric.unit in SUFFIX
    assert metric.name.endswith(SUFFIX.get(metric.unit, ""))
    if metric.unit == "1":
        assert not metric.name.endswith(tuple(SUFFIX.values()))


@each
def test_both_languages_say_what_it_is(metric: Metric) -> None:
    assert metric.en.strip() == metric.en != ""
    assert metric.en.isascii()
    assert re.search(r"[\u4e00-\u9fff]", metric.zh_CN)


@each
def test_it_belongs_to_a_kind_of_device(metric: Metric) -> None:
    assert metric.kinds
    assert all(isinstance(kind, DeviceKind) for kind in metric.kinds)


@each
def test_its_value_is_a_float_on_the_wire_even_where_it_is_a_flag(metric: Metric) -> None:
    sample = Sample.model_validate_json(f'{{"device":"d","at":1,"values":{{"{metric.name}":1}}}}')
    assert type(sample.values[metric.name]) is float


def test_help_texts_tell_metrics_apart() -> None:
    assert len({metric.en for metric in CATALOGUE}) == len(CATALOGUE)
    assert len({metric.zh_CN for metric in CATALOGUE}) == len(CATALOGUE)


def test_every_collector_reports_its_success_and_duration() -> None:
    for name in COLLECTORS:
        assert {f"collector_{name}_ok", f"collector_{name}_seconds"} <= BY_NAME.keys()
