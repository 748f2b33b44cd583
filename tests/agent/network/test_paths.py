"""The truth table of paths: what is up, what is down, and what nobody can tell."""

import pytest

from agent.network.connects import Connect, Outcome
from agent.network.paths import GATEWAY_PORTS, Path, Role, judge, judge_gateway, loopback
from agent.network.pings import Echoes
from agent.network.reach import Findings

GATEWAY = "10.0.0.1"
HUB = Path("a-hub", Role.HUB, "hub.lan", 8883)
ACCEPTED = Connect(Outcome.ACCEPTED, 0.02)
REFUSED = Connect(Outcome.REFUSED, 0.01)
SILENT, UNREACHABLE, UNKNOWN = Connect(Outcome.SILENT), Connect(Outcome.UNREACHABLE), Connect(Outcome.UNKNOWN)


def knocked(*outcomes: Connect) -> Findings:
    places = [(GATEWAY, port) for port in GATEWAY_PORTS]
    return Findings({GATEWAY: Echoes(3)}, dict(zip(places, outcomes, strict=True)))


@pytest.mark.parametrize(
    ("tried", "values"),
    [
        (ACCEPTED, {"path_up": 1.0, "path_seconds": 0.02}),
        (REFUSED, {"path_up": 0.0, "path_seconds": 0.01}),
        (SILENT, {"path_up": 0.0}),
        (UNREACHABLE, {"path_up": 0.0}),
        (UNKNOWN, {}),
    ],
)
def test_a_broker_is_there_gone_or_refusing(tried: Connect, values: dict[str, float]) -> None:
    assert judge(HUB, "10.1.1.1", Findings(connects={("10.1.1.1", 8883): tried})) == values
    assert judge(HUB, "10.1.1.1", Findings()) == {}


def test_a_reference_without_a_port_is_there_when_it_answers_pings() -> None:
    reference = Path("ref", Role.REFERENCE, "10.2.2.2")
    assert judge(reference, "10.2.2.2", Findings({"10.2.2.2": Echoes(3, [0.3, 0.1])})) == pytest.approx(
        {"path_up": 1.0, "path_seconds": 0.2}
    )
    assert judge(reference, "10.2.2.2", Findings({"10.2.2.2": Echoes(3)})) == {"path_up": 0.0}
    assert judge(reference, "10.2.2.2", Findings({"10.2.2.2": Echoes(0)})) == {}
    assert judge(reference, "10.2.2.2", Findings(forbidden="not allowed")) == {}


def test_a_gateway_that_answers_pings_is_up() -> None:
    found = Findings({GATEWAY: Echoes(3, [0.001])})
    assert judge_gateway(GATEWAY, found, False) == {"path_up": 1.0, "path_seconds": 0.001}


@pytest.mark.parametrize("before", [True, False])
def test_a_gateway_that_drops_pings_shows_itself_by_a_refusal(before: bool) -> None:
    found = knocked(SILENT, REFUSED, ACCEPTED)
    assert judge_gateway(GATEWAY, found, before) == {"path_up": 1.0, "path_seconds": 0.01}


@pytest.mark.parametrize("before", [True, False])
def test_a_gateway_whose_address_nobody_has_is_down(before: bool) -> None:
    assert judge_gateway(GATEWAY, knocked(UNREACHABLE, SILENT, UNREACHABLE), before) == {"path_up": 0.0}


def test_silence_is_down_only_of_one_that_ever_answered() -> None:
    silent = knocked(SILENT, SILENT, SILENT)
    assert judge_gateway(GATEWAY, silent, True) == {"path_up": 0.0}
    assert judge_gateway(GATEWAY, silent, False) == {}
    assert judge_gateway(GATEWAY, knocked(UNKNOWN, UNKNOWN, UNKNOWN), True) == {}
    assert judge_gateway(GATEWAY, Findings(), True) == {}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST."])
def test_a_broker_on_this_machine_is_no_path(host: str) -> None:
    assert loopback(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "hub.lan", "::2", ""])
def test_any_other_host_is_elsewhere(host: str) -> None:
    assert not loopback(host)


def test_where_a_path_leads_is_told_as_people_write_it() -> None:
    assert HUB.where == "hub.lan:8883"
    assert Path("x", Role.HUB, "2001:db8::1", 8883).where == "[2001:db8::1]:8883"
    assert Path("x", Role.REFERENCE, "2001:db8::1").where == "2001:db8::1"
