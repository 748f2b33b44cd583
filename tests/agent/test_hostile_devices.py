"""Devices that mean us harm, or might as well: every collector that asks devices against every kind of them.

Whatever a device says, a round ends soon, with a reading that can be sent and tells nothing that is not known, in
bounded memory; one refused login is the last; and no other host is ever talked to, however often it is named. Some of
these take seconds: devices that drip are waited for, and that is the point.
"""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from agent.collector import Collector, Context, Interruptible, discover
from agent.device.address import Endpoint
from agent.device.manners import MANNERS
from agent.hardware import voices
from agent.recorder.directory import DIRECTORY
from simulator.device.server import Misbehaviour
from tests.agent.hostile.behaviours import BEHAVIOURS, Expect
from tests.agent.hostile.device import HostileDevice
from tests.agent.hostile.lies import LIES, Liar, mutations
from tests.agent.hostile.subjects import PASSWORD, SUBJECTS, Honest, Subject, values
from tests.agent.hostile.switch import REPLIES, HostileSwitch
from tests.agent.hostile.trap import Trap
from tests.agent.hostile.watching import round_of

CONTACT = {
    *("connectable", "reachable", "authenticated", "account_paused", "requests_per_hour", "requests_held_back"),
    *("door_reachable", "door_silence_seconds", "events_subscribed", "events_silence_seconds", "events_unknown"),
    *("streaming", "picture_taken"),
}
"""All that may be known of a device of which nothing was learned."""

BAD = ("hang", "drip", "garbage", "noise", "huge", "entity_bomb", "redirect")
"""Of `Misbehaviour`: each kind once; the rest are told above."""

MANY_REQUESTS = 160
"""More than any honest round asks."""


@pytest.fixture
def trap() -> Iterator[Trap]:
    with Trap() as made:
        yield made
    assert made.caught == [], "somebody went where a device sent them"


def each(what: Iterable[str]) -> pytest.MarkDecorator:
    """Every subject with each of `what`, those that are not thorough with some of it."""
    listed = list(what)
    pairs = [
        pytest.param(one, this, id=f"{one.name}-{this}")
        for one in SUBJECTS.values()
        for this in (listed if one.thorough else listed[::4])
    ]
    return pytest.mark.parametrize(("subject", "what"), pairs)


every = pytest.mark.parametrize("subject", SUBJECTS.values(), ids=list(SUBJECTS))


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(voices, "WAIT_SECONDS", 0.01)
    DIRECTORY.tell("nvr", {})
    yield
    DIRECTORY.tell("nvr", {})


@contextlib.contextmanager
def asking(collector: Collector) -> Iterator[Collector]:
    try:
        yield collector
    finally:
        if isinstance(collector, Interruptible):
            collector.interrupt()
        collector.close()


@each(BEHAVIOURS)
def test_a_device_that_was_never_honest(
    subject: Subject, what: str, trap: Trap, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    speak, expect = BEHAVIOURS[what]
    with (
        HostileDevice(lambda visit: speak(visit, trap)) as device,
        asking(subject.make(device.port, tmp_path)) as collector,
    ):
        for _ in range(2):
            reading = round_of(collector, caplog)
            told = values(reading, subject.device)
            assert set(told) <= CONTACT, "something was learned of it"
            assert not told.get("authenticated")
            assert not told.get("events_subscribed") or subject.speaks != "onvif"
            if expect is Expect.ABSENT and subject.reached:
                assert told[subject.reached] == 0
            if expect is Expect.NONSENSE and subject.reached:
                assert subject.reached in told
            if expect in (Expect.REFUSED, Expect.UNLOVED) and subject.logs_in:
                # While the account rests, one that tells its time to accounts only is not asked.
                assert told.get("authenticated", 1 - told["account_paused"]) == 0
        assert device.requests <= MANY_REQUESTS
        assert PASSWORD.encode() not in device.heard
        assert b"authorization: basic" not in bytes(device.heard).lower()
        assert device.signed <= {Expect.UNLOVED: 0, Expect.REFUSED: 2}.get(expect, MANY_REQUESTS)
        if expect is Expect.REFUSED and subject.logs_in:
            assert device.signed >= 1
    assert trap.caught == []


@each(LIES)
def test_a_device_that_lies_from_now_on(
    subject: Subject, what: str, trap: Trap, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Honest(subject) as honest, asking(subject.make(honest.number, tmp_path, honest.rtsp_port)) as collector:
        liar = Liar(honest.port, trap)
        liar.lie = LIES[what]
        for _ in range(2):
            reading = round_of(collector, caplog)
        assert liar.lies
        if what == "other hosts everywhere" and subject.reached:
            assert values(reading, subject.device)[subject.reached] == 1, "it is asked where it is configured"
        liar.lie = None
        assert MANNERS.of(Endpoint("127.0.0.1", honest.number)).spent <= 4 * MANY_REQUESTS
        round_of(collector, caplog)
        assert honest.device.gate.refused_logins == 0
    assert trap.caught == []


@every
def test_a_device_whose_answers_are_a_little_wrong(
    subject: Subject, trap: Trap, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for seed in range(12):
        with Honest(subject) as honest, asking(subject.make(honest.number, tmp_path, honest.rtsp_port)) as collector:
            Liar(honest.port, trap).lie = mutations(seed)
            round_of(collector, caplog)
            round_of(collector, caplog)


@each(BAD)
def test_a_device_that_turns_bad_and_well_again(
    subject: Subject, what: str, trap: Trap, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Honest(subject) as honest, asking(subject.make(honest.number, tmp_path, honest.rtsp_port)) as collector:
        honest.port.redirect_to = trap.url()
        round_of(collector, caplog)
        honest.port.misbehaviour = Misbehaviour(what)
        round_of(collector, caplog)
        honest.port.misbehaviour = None
        reading = round_of(collector, caplog)
        if subject.reached:
            assert values(reading, subject.device)[subject.reached] == 1
        assert honest.device.gate.refused_logins == 0


@every
def test_a_device_that_changes_its_digest(
    subject: Subject, trap: Trap, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Honest(subject) as honest, asking(subject.make(honest.number, tmp_path, honest.rtsp_port)) as collector:
        gate = honest.device.gate
        for algorithms in (("MD5",), ("SHA-256",), ("SHA-512-256", "MD5"), ("SHA-256", "MD5")):
            gate.algorithms = algorithms
            reading = round_of(collector, caplog)
            if subject.logs_in:
                assert values(reading, subject.device).get("authenticated", 1.0) == 1
        assert gate.refused_logins == 0


@pytest.mark.parametrize("subject", [one for one in SUBJECTS.values() if one.logs_in], ids=lambda one: one.name)
def test_one_refused_login_is_the_last(
    subject: Subject, trap: Trap, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Honest(subject) as honest:
        gate = honest.device.gate
        gate.password = "changed"
        with asking(subject.make(honest.number, tmp_path, honest.rtsp_port)) as collector:
            for _ in range(3):
                told = values(round_of(collector, caplog), subject.device)
                assert not told.get("authenticated")
                assert told["account_paused"] == 1
        assert gate.refused_logins == 1


@pytest.mark.parametrize("what", REPLIES)
def test_a_switch_that_was_never_honest(what: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    community = tmp_path / "community"
    community.write_text(PASSWORD)
    with HostileSwitch(REPLIES[what]) as switch:
        device = {"id": "sw-1", "host": "127.0.0.1", "port": switch.port}
        table = {"community_file": community, "device_timeout_seconds": 0.4, "devices": [device]}
        plugin = discover()["switches"]
        (collector,) = plugin.build(plugin.settings.model_validate(table), Context("agent-1", "host-1"))
        with asking(collector):
            for _ in range(2):
                reading = round_of(collector, caplog)
                assert set(values(reading, "sw-1")) <= CONTACT, "something was learned of it"
                assert len(reading.devices or ()) <= 1
        assert 0 < switch.questions <= MANY_REQUESTS
