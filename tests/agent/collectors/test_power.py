"""The power collector: transitions told once, restarts and silence in between, and NUT's own server and driver."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from pydantic import ValidationError

from agent import tool
from agent.clock import SystemClock
from agent.collector import CollectError, Collector, Context, NotAvailable, Reading
from agent.collectors.power import ON_BATTERY, RESTORED, PowerSettings, Ups, build, plugin
from agent.device_ids import device_id
from agent.machine.nut import MOST_UPS
from agent.tool import Output
from tests.servers.nut import UPS, Nut
from tests.waiting import wait_until
from wire.messages import DeviceKind
from wire.metrics import BY_NAME

CONFIGURED = PowerSettings(ups=(Ups(ups="rack", host="10.0.0.5", id="ups-1", name="Rack UPS", room="server-room"),))


def refusing(error: str) -> Output:
    complaint = f"Init SSL without certificate database\nError: {error}\n".encode()
    return Output(1, b"", complaint.decode().partition("\n")[0], complaint)


def status(flags: str, **variables: str) -> Output:
    lines = {"ups.status": flags, **{name.replace("_", "."): value for name, value in variables.items()}}
    return Output(0, "".join(f"{name}: {value}\n" for name, value in lines.items()).encode(), "")


SILENT = refusing("Data stale")
ONLINE = status("OL CHRG", battery_charge="90")
BATTERY = status("OB DISCHRG", battery_charge="80", battery_runtime="600")


class Upsc:
    """Answers as a test says. `listed` is what `-l` prints, None where no server runs."""

    def __init__(self, listed: str | None = "rack") -> None:
        self.listed = listed
        self.answer = ONLINE
        self.asked: list[Sequence[str]] = []

    def __call__(self, arguments: Sequence[str], *, package: str, timeout: float) -> Output:
        self.asked.append(arguments)
        if self.listed is None:
            return refusing("Connection failure: Connection refused")
        return Output(0, f"{self.listed}\n".encode(), "") if arguments[1] == "-l" else self.answer


def collector(upsc: Upsc, state: Path | None = None, settings: PowerSettings = CONFIGURED) -> Collector:
    (one,) = build(settings, Context(agent="a", host="a-host", state=state), run=upsc)
    return one


def timeline(one: Collector, upsc: Upsc, *answers: Output) -> list[list[str]]:
    """The types of the events of each run."""
    events = []
    for upsc.answer in answers:
        events.append([happening.type for happening in one.collect().happenings])
    return events


def values(reading: Reading) -> dict[str, float]:
    (measurement,) = reading.measurements
    return dict(measurement.values)


def test_going_on_battery_and_back_is_told_once_each() -> None:
    upsc = Upsc()
    told = timeline(collector(upsc), upsc, ONLINE, ONLINE, BATTERY, BATTERY, ONLINE, ONLINE)
    assert told == [[], [], [ON_BATTERY], [], [RESTORED], []]


def test_the_event_says_how_long_the_battery_lasts() -> None:
    upsc = Upsc()
    one = collector(upsc)
    one.collect()
    upsc.answer = BATTERY
    (event,) = one.collect().happenings
    assert event.device == "ups-1"
    assert event.data == {"ups": "Rack UPS", "status": "OB DISCHRG", "charge_ratio": 0.8, "runtime_seconds": 600.0}
    upsc.answer = ONLINE
    (back,) = one.collect().happenings
    assert back.data["seconds"] == 0


def test_an_agent_installed_during_a_power_cut_tells_it_and_one_on_mains_tells_nothing() -> None:
    upsc = Upsc()
    assert timeline(collector(upsc), upsc, BATTERY) == [[ON_BATTERY]]
    assert timeline(collector(upsc), upsc, ONLINE) == [[]]


def test_a_transition_while_the_agent_was_down_is_told_at_its_start(tmp_path: Path) -> None:
    upsc = Upsc()
    assert timeline(collector(upsc, tmp_path), upsc, ONLINE) == [[]]
    assert timeline(collector(upsc, tmp_path), upsc, BATTERY) == [[ON_BATTERY]]
    assert timeline(collector(upsc, tmp_path), upsc, BATTERY) == [[]]
    assert timeline(collector(upsc, tmp_path), upsc, ONLINE) == [[RESTORED]]


def test_silence_in_between_neither_invents_nor_loses_a_transition() -> None:
    upsc = Upsc()
    off = status("OFF")
    told = timeline(collector(upsc), upsc, ONLINE, SILENT, ONLINE, SILENT, BATTERY, off, SILENT, BATTERY, ONLINE)
    assert told == [[], [], [], [], [ON_BATTERY], [], [], [], [RESTORED]]


def test_a_spoilt_memory_is_started_afresh(tmp_path: Path) -> None:
    (tmp_path / "ups-1.json").write_text("[{")
    upsc = Upsc()
    assert timeline(collector(upsc, tmp_path), upsc, ONLINE, BATTERY) == [[], [ON_BATTERY]]


def test_of_a_silent_ups_only_that_is_known_and_the_run_is_well() -> None:
    upsc = Upsc()
    upsc.answer = SILENT
    reading = collector(upsc).collect()
    assert values(reading) == {"ups_reachable": 0.0}
    assert reading.problem == ""
    assert reading.devices is not None


@pytest.mark.parametrize("error", ["Unknown UPS", "Connection failure: Connection refused", "Access denied"])
def test_what_somebody_has_to_mend_is_a_problem(error: str) -> None:
    upsc = Upsc()
    upsc.answer = refusing(error)
    reading = collector(upsc).collect()
    assert values(reading) == {"ups_reachable": 0.0}
    assert reading.problem == f"rack@10.0.0.5:3493: {error}"


def test_a_server_that_hangs_is_a_problem_of_this_run() -> None:
    def hang(arguments: Sequence[str], *, package: str, timeout: float) -> Output:
        raise CollectError("upsc did not end within 10 s")

    (one,) = build(CONFIGURED, Context(agent="a", host="a-host"), run=hang)
    reading = one.collect()
    assert values(reading) == {"ups_reachable": 0.0}
    assert "did not end" in reading.problem


def test_the_device_is_told_when_it_changes() -> None:
    upsc = Upsc()
    one = collector(upsc)
    devices = one.collect().devices
    assert devices is not None
    (device,) = devices
    assert (device.device, device.kind, device.name) == ("ups-1", DeviceKind.UPS, "Rack UPS")
    assert (device.parent, device.room) == ("a-host", "server-room")
    assert one.collect().devices is None
    upsc.answer = status("OL", device_model="Smart 1500")
    changed = one.collect().devices
    assert changed is not None
    assert changed[0].facts == {"model": "Smart 1500", "address": "rack@10.0.0.5:3493"}
    upsc.answer = SILENT
    assert one.collect().devices is None


def test_without_any_named_all_of_the_own_server_are_watched_and_missed_later(tmp_path: Path) -> None:
    upsc = Upsc("rack\nroom.b")
    settings = PowerSettings()
    reading = collector(upsc, tmp_path, settings).collect()
    names = [device.device for device in reading.devices or ()]
    assert names == ["a-host-ups-rack", device_id("a-host", "ups", "room.b")]
    assert {tuple(asked)[1] for asked in upsc.asked} == {"-l", "rack@localhost:3493", "room.b@localhost:3493"}
    upsc.listed = None
    later = collector(upsc, tmp_path, settings).collect()
    assert [dict(one.values) for one in later.measurements] == [{"ups_reachable": 0.0}] * 2
    assert "Connection refused" in later.problem


def test_a_server_that_names_ever_new_ones_does_not_grow_us(tmp_path: Path) -> None:
    upsc = Upsc()
    one = collector(upsc, tmp_path, PowerSettings())
    problems = []
    for turn in range(3):
        upsc.listed = "\n".join(f"ups{turn}-{number}" for number in range(20))
        reading = one.collect()
        problems.append(reading.problem)
    assert len(reading.measurements) == MOST_UPS
    assert {one.device.rpartition("-")[0] for one in reading.measurements} == {"a-host-ups-ups0", "a-host-ups-ups1"}
    assert problems[0] == ""
    assert problems[1] == "more than 32 UPSes, 8 are not watched"
    assert len(collector(upsc, tmp_path, PowerSettings()).collect().measurements) == MOST_UPS


def test_a_run_ends_in_time_and_who_was_not_asked_comes_first_the_next_time() -> None:
    class Slow(SystemClock):
        seconds = 0.0

        def mono(self) -> float:
            return self.seconds

    clock, upsc = Slow(), Upsc("a\nb\nc\nd")

    def slow(arguments: Sequence[str], *, package: str, timeout: float) -> Output:
        clock.seconds += 0.0 if arguments[1] == "-l" else 9.0
        return upsc(arguments, package=package, timeout=timeout)

    settings = PowerSettings(timeout_seconds=30.0)
    (one,) = build(settings, Context(agent="a", host="a-host"), run=slow, clock=clock)
    first, second = one.collect(), one.collect()
    assert [it.device for it in first.measurements] == ["a-host-ups-a", "a-host-ups-b", "a-host-ups-c"]
    assert first.problem == "1 UPSes were not asked: the others took too long"
    assert [it.device for it in first.devices or ()][3:] == ["a-host-ups-d"]
    assert [it.device for it in second.measurements] == ["a-host-ups-d", "a-host-ups-a", "a-host-ups-b"]
    assert clock.seconds == 54.0


@pytest.mark.parametrize(("listed", "reason"), [(None, "apt-get install nut-server"), ("", "name it in its ups.conf")])
def test_without_server_or_ups_it_is_not_available(listed: str | None, reason: str) -> None:
    with pytest.raises(NotAvailable, match=reason):
        collector(Upsc(listed), settings=PowerSettings()).collect()


def test_without_upsc_it_is_not_available() -> None:
    def missing(arguments: Sequence[str], *, package: str, timeout: float) -> Output:
        return tool.run(["no-such-upsc"], package=package, timeout=timeout)

    (one,) = build(CONFIGURED, Context(agent="a", host="a-host"), run=missing)
    with pytest.raises(NotAvailable, match="apt-get install nut-client"):
        one.collect()


@pytest.mark.parametrize("wrong", [{"ups": "-l"}, {"ups": "a b"}, {"ups": "a", "host": "-x"}, {"ups": "a", "port": 0}])
def test_what_could_be_an_option_is_no_name(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Ups.model_validate(wrong)


def test_two_of_the_same_name_are_refused() -> None:
    with pytest.raises(ValidationError, match="same id"):
        PowerSettings(ups=(Ups(ups="a"), Ups(ups="a", port=3494)))


@pytest.fixture
def nut() -> Iterator[Nut]:
    folder = Path(tempfile.mkdtemp(prefix="wk-nut-"))
    with Nut(folder) as server:
        yield server
    shutil.rmtree(folder)


def test_a_real_server_says_when_mains_go_and_come_back(nut: Nut, tmp_path: Path) -> None:
    settings = PowerSettings(ups=(Ups(ups=UPS, host="127.0.0.1", port=nut.port, id="ups-1"),))
    context = Context(agent="a", host="a-host", state=tmp_path)
    readings: list[Reading] = []

    def run_until(event: str) -> None:
        (one,) = build(settings, context)

        def told() -> bool:
            readings.append(one.collect())
            return event in {happening.type for happening in readings[-1].happenings}

        wait_until(told, 30, event)

    (first,) = build(settings, context)
    reading = first.collect()
    assert values(reading)["battery_runtime_seconds"] == 1820.0
    assert values(reading)["on_battery"] == 0.0
    assert reading.devices is not None
    assert reading.devices[0].facts["serial"] == "A1B2C3"
    nut.say({"ups.status": "OB DISCHRG LB", "battery.charge": "9"})
    run_until(ON_BATTERY)
    assert values(readings[-1])["battery_low"] == 1.0
    nut.say({"ups.status": "OL CHRG"})
    run_until(RESTORED)  # by a collector of its own, as after a restart
    sent = {name for one in (reading, *readings) for m in one.measurements for name in m.values}
    assert sent == set(plugin.metrics)
    assert all(DeviceKind.UPS in BY_NAME[name].kinds for name in sent)


def test_a_real_driver_that_ends_makes_its_ups_silent_and_a_real_server_too(nut: Nut) -> None:
    (one,) = build(PowerSettings(port=nut.port), Context(agent="a", host="a-host"))
    assert values(one.collect())["ups_reachable"] == 1.0
    nut.stop_driver()
    wait_until(lambda: values(one.collect()) == {"ups_reachable": 0.0}, 30, "the UPS is silent")
    assert one.collect().problem == ""
    nut.start_driver()
    wait_until(lambda: values(one.collect())["ups_reachable"], 30, "the UPS is back")
    nut.stop()
    reading = one.collect()
    assert values(reading) == {"ups_reachable": 0.0}
    assert "Connection refused" in reading.problem
