"""The footage collector: what becomes an event, what is passed over, and the real fatrace on a disk of its own."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from pydantic import ValidationError

from agent.clock import SystemClock
from agent.collector import CollectError, Context, Happening, NotAvailable, Reading
from agent.collectors.footage import READ, FootageCollector, FootageSettings, RecorderProcess, build, plugin
from agent.machine.fatrace import Open
from agent.tool import SEARCH_PATH
from tests.agent.collectors.loop_disk import LoopDisk, loop_disk
from tests.agent.machine.test_footage_watch import Script
from tests.waiting import wait_until
from wire.messages import DeviceKind
from wire.metrics import BY_NAME

GONE = 4_100_000
"""Above the highest process id the kernel gives."""


class Bench:
    """A collector over a scripted fatrace; a process of no id is one that has ended, and told by its name."""

    def __init__(self, folder: Path, state: Path | None = None, **settings: object) -> None:
        self.folder = folder
        self.script = Script()
        given = FootageSettings.model_validate({"folders": [str(folder)], **settings})
        (one,) = build(given, Context(agent="a", host="h", state=state), start=lambda _: self.script)
        assert isinstance(one, FootageCollector)
        self.collector = one

    def opened(self, name: str, process: str = "cp", pid: int = GONE) -> None:
        """Wait until it is heard."""
        self.collector.collect()
        self.script.said = [Open(pid, process, str(self.folder / name))]
        wait_until(lambda: not self.script.said, what="it is heard")
        wait_until(lambda: self.collector._log.opens >= 0, what="it is noted")

    def told(self) -> list[dict[str, object]]:
        return [dict(one.data) for one in self.collector.collect().happenings]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "rec"
    path.mkdir()
    return path


@pytest.fixture
def bench(folder: Path) -> Iterator[Bench]:
    one = Bench(folder)
    yield one
    one.collector.close()


def events(bench: Bench, count: int = 1) -> list[Happening]:
    found: list[Happening] = []

    def heard() -> bool:
        found.extend(bench.collector.collect().happenings)
        return len(found) >= count

    wait_until(heard, what=f"{count} events")
    return found


def values(reading: Reading) -> dict[str, float]:
    (measurement,) = reading.measurements
    assert measurement.device == "h"
    return dict(measurement.values)


def test_a_read_is_an_event_with_process_user_and_path(bench: Bench, folder: Path) -> None:
    bench.opened("cam1/a.mp4")
    (event,) = events(bench)
    assert (event.device, event.type) == ("h", READ)
    times = {name: event.data[name] for name in ("first", "last")}
    assert event.data == {
        "process": "cp",
        "user": "unknown",
        "path": str(folder / "cam1/a.mp4"),
        "pid": float(GONE),
        "count": 1.0,
        **times,
    }
    assert abs(float(times["first"] or 0) / 1000.0 - SystemClock().wall()) < 60
    assert values(bench.collector.collect()) == {"footage_reads": 1.0, "footage_reads_uncounted": 0.0}


def test_without_reads_nothing_is_told_and_none_are_counted(bench: Bench) -> None:
    reading = bench.collector.collect()
    assert not reading.happenings
    assert values(reading) == {"footage_reads": 0.0, "footage_reads_uncounted": 0.0}


def test_what_lies_elsewhere_or_is_no_recording_or_is_the_recorders_is_passed_over(folder: Path) -> None:
    bench = Bench(folder, patterns=["*.mp4"], recorder=[{"program": "ffmpeg"}])
    (folder / "folder.mp4").mkdir()
    for name, process in (("/else.mp4", "cp"), ("a.db", "cp"), ("a.mp4", "ffmpeg"), ("folder.mp4", "ls")):
        bench.opened(name, process)
    bench.opened("a.mp4")
    (event,) = events(bench)
    assert event.data["process"] == "cp"
    assert values(bench.collector.collect())["footage_reads"] == 1.0
    bench.collector.close()


def test_a_folder_that_is_a_link_is_known_by_where_it_leads(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    bench = Bench(tmp_path / "link")
    bench.folder = folder
    bench.opened("a.mp4")
    assert len(events(bench)) == 1
    bench.collector.close()


def test_hostile_names_do_no_harm(bench: Bench) -> None:
    bench.opened("a\n\x1b[2J\udcff.mp4", process="x\ny")
    (event,) = events(bench)
    assert str(event.data["path"]).endswith("a\\x0a\\x1b[2J\\xff.mp4")
    assert event.data["process"] == "x\\x0ay"


def test_what_was_not_told_when_the_agent_ends_is_told_after_its_start(folder: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    Bench(folder, state).collector.close()
    assert not state.exists()
    bench = Bench(folder, state)
    bench.opened("a.mp4")
    wait_until(lambda: bench.collector._log.opens, what="it is noted")
    bench.collector.close()
    again = Bench(folder, state)
    (event,) = again.collector.collect().happenings
    assert event.data["path"] == str(folder / "a.mp4")
    assert not again.collector.collect().happenings
    again.collector.close()
    third = Bench(folder, state)
    assert not third.collector.collect().happenings
    third.collector.close()


def test_gaps_are_counted(bench: Bench) -> None:
    bench.collector.collect()
    bench.script.missed = 3
    wait_until(lambda: values(bench.collector.collect())["footage_reads_uncounted"] == 3.0, what="they are counted")


def refusing(error: Exception) -> Callable[[str], Script]:
    def start(folder: str) -> Script:
        raise error

    return start


@pytest.mark.parametrize("error", [NotAvailable("install it"), CollectError("it broke")])
def test_what_can_not_listen_says_so(error: Exception, folder: Path) -> None:
    settings = FootageSettings(folders=(str(folder),))
    (one,) = build(settings, Context(agent="a", host="h"), start=refusing(error))
    for _ in range(2):
        with pytest.raises(type(error), match=str(error)):
            one.collect()
    one.close()


def test_a_missing_folder_is_a_problem_beside_others_and_listened_to_when_it_comes(folder: Path) -> None:
    late = folder.parent / "late"
    bench = Bench(folder, folders=[str(folder), str(late)])
    assert bench.collector.collect().problem == f"{late}: No such file or directory"
    late.mkdir()
    assert bench.collector.collect().problem == ""
    bench.collector.close()
    alone = Bench(late / "missing")
    with pytest.raises(CollectError, match="No such file"):
        alone.collector.collect()


def test_nothing_runs_without_folders_and_a_rule_has_to_say_something() -> None:
    assert build(FootageSettings(), Context(agent="a", host="h")) == []
    with pytest.raises(ValidationError, match="all processes would match"):
        RecorderProcess()
    with pytest.raises(ValidationError):
        RecorderProcess(program="/usr/bin/x")


def test_all_it_sends_is_declared(bench: Bench) -> None:
    assert set(values(bench.collector.collect())) == set(plugin.metrics)
    assert all(DeviceKind.HOST in BY_NAME[name].kinds for name in plugin.metrics)
    assert plugin.events == (READ,)


# The real one


@pytest.fixture
def disk() -> Iterator[LoopDisk]:
    """In a folder that every user can reach, unlike pytest's own."""
    if shutil.which("fatrace", path=SEARCH_PATH) is None:
        pytest.skip("fatrace is not installed")
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    base = Path(tempfile.mkdtemp(prefix="wk-footage-"))
    base.chmod(0o755)
    with loop_disk(base, inodes=2048) as one:
        (one.mount / "rec").mkdir()
        yield one
    shutil.rmtree(base)


@pytest.fixture
def real(disk: LoopDisk) -> Iterator[FootageCollector]:
    recorder = (RecorderProcess(program="dd"),)
    settings = FootageSettings(folders=(str(disk.mount / "rec"),), recorder=recorder, window_seconds=3600.0)
    (one,) = build(settings, Context(agent="a", host="h"))
    assert isinstance(one, FootageCollector)
    try:
        one.collect()
    except NotAvailable as error:
        one.close()
        pytest.skip(f"fatrace can't listen here: {error}")
    yield one
    one.close()


def as_nobody(*script: str) -> None:
    """Run a shell's script as nobody, and as nobody's child: what we start ourselves is ours and passed over."""
    become = "setpriv --reuid=65534 --regid=65534 --clear-groups"
    subprocess.run(["sh", "-c", f'(sleep 0.1; exec {become} sh -c "$1") &', "sh", "; ".join(script)], check=True)


def hold(files: str) -> str:
    """Read these, and stay: of a reader that is gone at once nobody can say who it was."""
    return f"sleep 1 | cat {files} - > /dev/null"


def gathered(one: FootageCollector, until: Callable[[list[Happening]], object]) -> list[Happening]:
    found: list[Happening] = []

    def enough() -> object:
        found.extend(one.collect().happenings)
        return until(found)

    wait_until(enough, 20, "the reads are told")
    return found


def paths(happenings: Sequence[Happening]) -> set[str]:
    return {str(one.data["path"]) for one in happenings}


def test_a_real_reader_is_told_by_program_user_and_path(disk: LoopDisk, real: FootageCollector) -> None:
    clip = disk.mount / "rec" / "a.mp4"
    for path in (clip, disk.mount / "other", disk.mount / "rec" / "recorders"):
        path.write_bytes(b"x")
    (disk.mount / "rec" / "recorders").chmod(0o666)
    recorder = f"(sleep 1 | dd of={disk.mount}/rec/recorders 2> /dev/null) &"
    as_nobody(f"{recorder} cat {disk.mount}/other", f"ls {disk.mount}/rec", hold(str(clip)))
    found = gathered(real, lambda happenings: happenings)
    assert [(one.data["process"], one.data["user"], one.data["path"]) for one in found] == [
        ("cat", "nobody", str(clip))
    ]
    assert values(real.collect())["footage_reads"] >= 1.0


def test_a_real_name_that_looks_like_another_line_hides_no_read(disk: LoopDisk, real: FootageCollector) -> None:
    clip = disk.mount / "rec" / "a\n1795471035.041840 dd(1): O   b.mp4"
    clip.write_bytes(b"x")
    as_nobody(hold(f"{disk.mount}/rec/*"))
    found = gathered(real, lambda happenings: happenings)
    assert [(one.data["process"], one.data["path"]) for one in found] == [("cat", f"{disk.mount}/rec/a")]


def test_a_real_name_with_a_line_feed_is_told_whole(disk: LoopDisk, real: FootageCollector) -> None:
    (disk.mount / "rec" / "a\nb(1): O   c.mp4").write_bytes(b"x")
    as_nobody(hold(f"{disk.mount}/rec/*"))
    found = gathered(real, lambda happenings: happenings)
    assert paths(found) == {f"{disk.mount}/rec/a\\x0ab(1): O   c.mp4"}


def test_a_real_flood_is_few_events_and_all_counted(disk: LoopDisk, real: FootageCollector) -> None:
    for number in range(1000):
        (disk.mount / "rec" / str(number)).write_bytes(b"x")
    as_nobody(f"cat {disk.mount}/rec/* > /dev/null", "sleep 1")
    found = gathered(real, lambda _: values(real.collect())["footage_reads"] >= 1000.0)
    assert len(found) <= 11
    assert values(real.collect())["footage_reads_uncounted"] == 0.0


def test_a_real_fatrace_that_is_killed_is_started_again(disk: LoopDisk, real: FootageCollector) -> None:
    (watch,) = real._watches.values()
    source = watch._source
    assert source is not None
    source.stop()
    wait_until(lambda: watch.gaps == 1 and watch.trouble is None, 30, "another fatrace runs")
    clip = disk.mount / "rec" / "a.mp4"
    clip.write_bytes(b"x")
    as_nobody("sleep 0.5", hold(str(clip)))
    found = gathered(real, lambda happenings: happenings)
    assert str(clip) in paths(found)
    assert values(real.collect())["footage_reads_uncounted"] == 1.0


def test_a_real_fatrace_ends_with_the_collector_and_the_disk_is_free(disk: LoopDisk, real: FootageCollector) -> None:
    real.close()
    disk.detach()
    disk.attach()
