"""Pings: how they are spread, and what real ones find in a network of their own."""

import json

from agent.network.pings import Echoes, Pace
from tests.namespaces import namespace

PROGRAM = """
import json, sys, threading, time
from agent.network.pings import Pace, Pinger
from agent.network.wake import Wake
wake = Wake()
if sys.argv[1] == "woken":
    threading.Timer(0.2, wake.set).start()
begun = time.monotonic()
with Pinger(wake) as pinger:
    found = pinger.ping(sys.argv[2:], Pace(3, 0.1, 0.5) if sys.argv[1] == "ping" else Pace(1, 0.1, 30.0))
print(json.dumps([time.monotonic() - begun, {a: [e.sent, e.seconds, e.loss] for a, e in found.items()}]))
"""
REFUSED = """
from agent.network.pings import Pinger, PingForbidden
from agent.network.wake import Wake
try:
    Pinger(Wake())
except PingForbidden as error:
    print(error)
"""


def test_each_pass_is_spread_and_begins_a_pace_after_the_one_before() -> None:
    schedule = Pace(3, 5.0, 2.0).schedule(["a", "b", "c", "d"])
    assert [moment for moment, _ in schedule] == sorted(moment for moment, _ in schedule)
    for number in range(3):
        passed = [(moment, who) for moment, who in schedule if number * 5 <= moment < number * 5 + 2.5]
        assert sorted(who for _, who in passed) == ["a", "b", "c", "d"]
    assert schedule[-1][0] + 2.0 <= Pace(3, 5.0, 2.0).seconds
    assert Pace().schedule([]) == []


def test_loss_is_of_those_decided_and_the_round_trip_is_the_median() -> None:
    assert (Echoes().loss, Echoes().typical) == (None, None)
    some = Echoes(4, [0.5, 0.1, 0.2])
    assert (some.loss, some.typical) == (0.25, 0.2)
    assert (Echoes(2).loss, Echoes(2).typical) == (1.0, None)


def test_who_answers_who_does_not_and_where_there_is_no_way() -> None:
    with namespace([("10.9.0.1/24", "10.9.0.2/24"), ("fd09::1/64", "fd09::2/64")]) as (here, _):
        out = here.python("-c", PROGRAM, "ping", "10.9.0.2", "fd09::2", "10.9.0.77", "192.0.2.1", "fe80::9%gone").stdout
        seconds, found = json.loads(out)
    for alive in ("10.9.0.2", "fd09::2"):
        assert found[alive][0] == len(found[alive][1]) == 3
        assert all(0 < one < 0.5 for one in found[alive][1])
    assert found["10.9.0.77"][1:] == [[], 1.0]
    assert found["192.0.2.1"] == [3, [], 1.0], "no route is no answer"
    assert found["fe80::9%gone"] == [0, [], None], "what can't be asked is unknown"
    assert seconds < 3.0


def test_a_round_ends_when_woken_and_counts_only_what_was_decided() -> None:
    with namespace([("10.9.0.1/24", "10.9.0.2/24")]) as (here, _):
        out = here.python("-c", PROGRAM, "woken", "10.9.0.2", "10.9.0.77").stdout
    seconds, found = json.loads(out)
    assert seconds < 5.0
    assert found["10.9.0.2"][0] == 1
    assert found["10.9.0.77"] == [0, [], None]


def test_who_may_not_ping_learns_what_to_allow() -> None:
    with namespace() as (here, _):
        here.run("sh", "-c", "echo '1 0' > /proc/sys/net/ipv4/ping_group_range")
        out = here.python("-c", REFUSED).stdout
    assert "net.ipv4.ping_group_range is 1 to 0" in out
