"""The draft: valid as it is, whatever devices call themselves."""

import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.collector import discover
from agent.config import parse
from agent.discovery.candidates import Candidate, Onvif
from agent.discovery.draft import draft
from agent.discovery.probe import Match
from agent.discovery.report import document, table

PLUGINS = discover()


def camera(number: int, name: str = "Gate", port: int | None = None) -> Candidate:
    address = f"10.0.{number // 250}.{number % 250 + 1}"
    return Candidate(address, match=Match(names=(name,)), port=port, open=(80, 554), onvif=Onvif.ANSWERS)


def checked(text: str) -> dict[str, list[dict[str, object]]]:
    """The devices by collector, of a draft pasted below site and agent and checked as `check-config` does."""
    whole = f'site = "s"\nagent = "a"\n{text}'
    config = parse(tomllib.loads(whole), PLUGINS, text=whole)
    return {
        name: [device.model_dump() for device in config.collectors[name].devices]
        for name in ("cameras", "recorders")
        if name in config.collectors
    }


def test_cameras_and_recorders_are_drafted_and_guesses_are_marked() -> None:
    found = [
        camera(1),
        camera(2, port=8080),
        Candidate("10.0.0.5", "44:19:b6:00:00:01", Match(names=("NVR",), hardware=("DS-7616NI",)), open=(80,)),
        Candidate("10.0.0.7", "44:19:b6:00:00:02", open=(8000,)),
        Candidate("10.0.0.9", match=Match(names=("Panel",), profiles=("C",))),
        Candidate("10.0.0.99", open=(80,), onvif=Onvif.NONE),
    ]
    text = draft(found)
    devices = checked(text)
    assert [(one["host"], one["port"]) for one in devices["cameras"]] == [
        ("10.0.0.2", 80),
        ("10.0.0.3", 8080),
        ("10.0.0.7", 80),
    ]
    assert [one["host"] for one in devices["recorders"]] == ["10.0.0.5"]
    assert '# speaks = "isapi"' in text
    assert "is a guess of its maker and ports" in text
    assert "# door controller: 10.0.0.9; Panel" in text
    assert "# unknown: 10.0.0.99; no ONVIF; open: 80" in text
    assert "password_file" in text
    assert "password = " not in text


def test_names_alike_get_ids_of_their_own() -> None:
    ids = [one["id"] for one in checked(draft([camera(n) for n in range(20)]))["cameras"]]
    assert len(set(ids)) == 20


@pytest.mark.parametrize("count", [1, 73, 400, 1000])
def test_a_draft_of_any_size_is_taken(count: int) -> None:
    assert len(checked(draft([camera(n) for n in range(count)]))["cameras"]) == count


def test_recorders_beyond_those_that_fit_are_comments() -> None:
    text = draft([camera(n, name="NVR") for n in range(70)])
    assert len(checked(text)["recorders"]) == 64
    assert text.count("# beyond the 64 that fit") == 6


def test_nothing_makes_an_empty_draft() -> None:
    assert checked(draft([])) == {}


texts = st.text(max_size=60)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    texts, texts, st.lists(texts, max_size=3), st.one_of(st.none(), st.integers(1, 65535)), st.lists(texts, max_size=2)
)
def test_whatever_a_device_says_the_draft_is_valid_and_the_table_has_a_line_for_it(
    name: str, hardware: str, profiles: list[str], port: int | None, remarks: list[str]
) -> None:
    from agent.device.text import printable

    match = Match(
        names=(printable(name),), hardware=(printable(hardware),), profiles=tuple(printable(one) for one in profiles)
    )
    one = Candidate("10.0.0.2", match=match, port=port, remarks=tuple(map(printable, remarks)))
    devices = checked(draft([one]))
    assert sum(len(some) for some in devices.values()) <= 1
    assert len(table([one]).split("\n")) == 2
    assert document([one], None).startswith("{")
