"""What was heard and seen, put together, and what it probably is."""

import ipaddress

import pytest

from agent.discovery.candidates import Candidate, Kind, Onvif, gathered, named
from agent.discovery.listening import MAX_ANSWERS
from agent.discovery.probe import Match
from agent.discovery.vendors import maker
from agent.network.neighbours import Neighbour

NET = ipaddress.IPv4Network("10.0.0.0/24")
HIK = "44:19:b6:00:00:01"


def test_answers_and_neighbours_of_named_subnets_come_together_in_order() -> None:
    heard = {"10.0.0.21": [Match(addresses=("http://10.0.0.21:81/x",))], "192.168.7.7": [Match()]}
    neighbours = [
        Neighbour("10.0.0.21", HIK, "eth0"),
        Neighbour("10.0.0.5", "00:40:8c:00:00:01", "eth0"),
        Neighbour("172.16.0.1", HIK, "eth0"),
    ]
    found = gathered(heard, neighbours, [NET])
    assert [(one.address, one.mac, one.port) for one in found] == [
        ("10.0.0.5", "00:40:8c:00:00:01", None),
        ("10.0.0.21", HIK, 81),
        ("192.168.7.7", None, None),
    ]
    assert [one.address for one in gathered({}, neighbours, [])] == []
    assert [one.maker for one in found] == ["Axis", "Hikvision", ""]
    assert named(found, [Neighbour("192.168.7.7", HIK, "eth0")])[2].maker == "Hikvision"
    assert named(found, []) == found


def test_several_answers_of_one_address_are_one_and_an_identity_used_twice_is_said() -> None:
    match = Match(identity="urn:uuid:1", names=("a",), profiles=("T",), addresses=("http://10.1.1.1/x",))
    heard = {"10.0.0.1": [match, Match(identity="urn:uuid:1", names=("a", "b"), profiles=("G",))], "10.0.0.2": [match]}
    first, second = gathered(heard, [], [])
    assert first.match is not None
    assert (first.match.names, first.profiles) == (("a", "b"), ("T", "G"))
    assert first.remarks == ("advertises an address elsewhere, which is not followed",)
    assert second.remarks[-1] == "says to be the same device as 10.0.0.1"


def test_a_crowd_is_cut() -> None:
    heard = {str(ipaddress.IPv4Address(0x0A000000 + n)): [Match()] for n in range(MAX_ANSWERS + 50)}
    assert len(gathered(heard, [], [])) == MAX_ANSWERS


@pytest.mark.parametrize(
    ("candidate", "kind"),
    [
        (Candidate("a", match=Match(names=("IPC",), profiles=("Streaming",))), Kind.CAMERA),
        (Candidate("a", match=Match(hardware=("DS-7616NI-K2",))), Kind.RECORDER),
        (Candidate("a", match=Match(names=("DHI-NVR4216",))), Kind.RECORDER),
        (Candidate("a", match=Match(names=("Universal",), profiles=("Streaming", "G"))), Kind.CAMERA),
        (Candidate("a", match=Match(profiles=("C", "A"))), Kind.DOOR),
        (Candidate("a", match=Match(profiles=("Streaming", "D"))), Kind.CAMERA),
        (Candidate("a", open=(80,), onvif=Onvif.ANSWERS), Kind.CAMERA),
        (Candidate("a", HIK, open=(80, 8000)), Kind.CAMERA),
        (Candidate("a", HIK, open=(80,)), Kind.UNKNOWN),
        (Candidate("a", open=(80, 554)), Kind.UNKNOWN),
        (Candidate("a"), Kind.UNKNOWN),
    ],
)
def test_a_guess_what_it_is(candidate: Candidate, kind: Kind) -> None:
    assert candidate.kind is kind


def test_a_maker_is_told_only_where_it_is_certain() -> None:
    assert maker(HIK) == "Hikvision"
    assert maker("02:00:00:00:00:01") == maker(None) == maker("") == ""
