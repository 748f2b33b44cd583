"""The thread over one fatrace: it hands on, tells what is wrong, starts again, and ends."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from agent.collector import CollectError, NotAvailable
from agent.machine import footage_watch
from agent.machine.fatrace import Open
from agent.machine.footage_watch import Source, Watch
from tests.waiting import wait_until

ONE = Open(5, "cat", "/r/a")


class Script:
    """A source that tells what a test puts in."""

    def __init__(self, complaint: str = "") -> None:
        self.complaint = complaint
        self.missed = 0
        self.said: list[Open] = []
        self.ended = threading.Event()
        self.closed = False

    @property
    def running(self) -> bool:
        return not self.ended.is_set()

    def read(self, seconds: float) -> list[Open]:
        if not self.said:
            self.ended.wait(min(seconds, 0.02))
        said, self.said = self.said, []
        return said

    def stop(self) -> None:
        self.ended.set()

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(footage_watch, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(footage_watch, "LONGEST_PAUSE", 0.1)
    monkeypatch.setattr(footage_watch, "SETTLED_SECONDS", 0.05)


@contextmanager
def watching(start: Callable[[str], Source], heard: list[Open]) -> Iterator[Watch]:
    def hear(opens: Sequence[Open], mono: float) -> None:
        heard.extend(opens)

    watch = Watch("/r", start, hear)
    try:
        yield watch
    finally:
        watch.stop()


def test_what_is_opened_is_handed_on_also_what_came_last() -> None:
    heard: list[Open] = []
    script = Script()
    with watching(lambda folder: script, heard) as watch:
        assert watch.settled(5.0)
        assert watch.trouble is None
        script.said = [ONE]
        wait_until(lambda: heard == [ONE], what="the first is heard")
    assert script.closed
    assert watch.gaps == 0


def test_one_that_ends_is_started_again_and_the_gap_counted() -> None:
    scripts: list[Script] = []
    heard: list[Open] = []

    def start(folder: str) -> Script:
        scripts.append(Script())
        return scripts[-1]

    with watching(start, heard) as watch:
        assert watch.settled(5.0)
        scripts[0].complaint = "killed"
        scripts[0].ended.set()
        wait_until(lambda: len(scripts) == 2, what="a second one")
        assert watch.gaps == 1
        wait_until(lambda: watch.trouble is None, what="the second one is well")
        scripts[1].said = [ONE]
        wait_until(lambda: heard == [ONE], what="the second one is heard")
    assert [one.closed for one in scripts] == [True, True]


@pytest.mark.parametrize(
    ("complaint", "kind", "text"),
    [
        ("fatrace: Cannot initialize fanotify: Operation not permitted", NotAvailable, "CAP_SYS_ADMIN"),
        ("fatrace: Failed to add watch for .: Invalid cross-device link", CollectError, "/r: fatrace ended: .*cross"),
        ("", CollectError, "did not say why"),
    ],
)
def test_one_that_is_refused_says_why_and_is_no_gap(complaint: str, kind: type[Exception], text: str) -> None:
    def start(folder: str) -> Script:
        script = Script(complaint)
        script.ended.set()
        return script

    with watching(start, []) as watch:
        assert watch.settled(5.0)
        assert isinstance(watch.trouble, kind)
        with pytest.raises(kind, match=text):
            raise watch.trouble
        assert watch.gaps <= 1


def test_one_that_runs_and_may_not_see_paths_is_not_available_either() -> None:
    with watching(lambda folder: Script("fatrace: open_by_handle_at: Operation not permitted"), []) as watch:
        assert watch.settled(5.0)
        assert isinstance(watch.trouble, NotAvailable)


def test_complaints_of_single_files_are_none() -> None:
    with watching(lambda folder: Script("fatrace: open_by_handle_at: Stale file handle"), []) as watch:
        assert watch.settled(5.0)
        assert watch.trouble is None


def test_what_can_not_be_started_is_tried_again() -> None:
    tries: list[str] = []

    def start(folder: str) -> Script:
        tries.append(folder)
        if len(tries) < 3:
            raise NotAvailable("fatrace is not installed")
        return Script()

    with watching(start, []) as watch:
        assert watch.settled(5.0)
        wait_until(lambda: len(tries) == 3 and watch.trouble is None, what="the third try is well")


def test_who_hears_and_fails_does_not_end_it() -> None:
    scripts: list[Script] = []
    heard: list[Open] = []
    troubles: list[str] = []

    def start(folder: str) -> Script:
        if scripts:
            troubles.append(repr(watch.trouble))
        scripts.append(Script())
        return scripts[-1]

    def hear(opens: Sequence[Open], mono: float) -> None:
        if len(scripts) == 1:
            raise ValueError("no such")
        heard.extend(opens)

    watch = Watch("/r", start, hear)
    try:
        assert watch.settled(5.0)
        scripts[0].said = [ONE]
        wait_until(lambda: len(scripts) == 2 and watch.trouble is None, what="a second one is well")
        scripts[1].said = [ONE]
        wait_until(lambda: heard == [ONE], what="the second one is heard")
        assert troubles == ["CollectError('/r: listening failed: ValueError: no such')"]
        assert watch.gaps == 1
        assert scripts[0].closed
    finally:
        watch.stop()


def test_what_the_kernel_may_have_dropped_is_a_gap() -> None:
    script = Script()
    with watching(lambda folder: script, []) as watch:
        script.missed = 2
        wait_until(lambda: watch.gaps == 2, what="the gaps are counted")


def test_it_ends_at_once() -> None:
    with watching(lambda folder: Script(), []):
        began = time.monotonic()
    assert time.monotonic() - began < 10.0
