"""The clock's state: the kernel's word, chrony's and timesyncd's, and who is believed when."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.collector import CollectError, NotAvailable
from agent.machine.timesync import (
    ASK_SECONDS,
    SILENT_SECONDS,
    Sync,
    TimeService,
    chrony_tracking,
    kernel_synchronised,
    timesyncd_stratum,
)
from agent.tool import Output

# The chrony samples are what chronyc 4.3 printed; timesyncd's follows the format string of timedatectl 252.
SAMPLES = Path(__file__).parents[1] / "collectors/samples/host"
HEARD = 1795469821.766
"""When chrony in the sample last heard from its source."""


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


class Machine:
    """Programs by name and what they print, or raise."""

    def __init__(self, **programs: bytes | Exception) -> None:
        self.programs = programs
        self.calls: list[str] = []

    def run(self, command: tuple[str, ...], **_: object) -> Output:
        self.calls.append(command[0])
        answer = self.programs.get(command[0], NotAvailable(f"{command[0]} is not installed"))
        if isinstance(answer, Exception):
            raise answer
        return Output(0 if answer else 1, answer, "")


def service(
    tmp_path: Path, kernel: Callable[[], bool | None], **programs: bytes | Exception
) -> tuple[TimeService, Machine]:
    machine = Machine(**programs)
    return TimeService(kernel=kernel, run=machine.run, timesyncd=tmp_path / "timesync"), machine


def test_chrony_is_synchronised_one_server_away_from_its_source() -> None:
    assert chrony_tracking(sample("chronyc-tracking.csv"), HEARD + 30) == Sync(synchronised=True, stratum=6)


def test_chrony_before_its_first_answer_is_not_synchronised() -> None:
    assert chrony_tracking(sample("chronyc-tracking-unsynchronised.csv"), HEARD) == Sync(synchronised=False)


def test_chrony_that_follows_its_own_clock_is_not_synchronised_though_it_says_normal() -> None:
    assert chrony_tracking(sample("chronyc-tracking-local.csv"), HEARD) == Sync(synchronised=False)


def test_chrony_whose_sources_fell_silent_is_not_synchronised_a_day_later_though_it_says_normal() -> None:
    text = sample("chronyc-tracking.csv")
    assert chrony_tracking(text, HEARD + SILENT_SECONDS - 1).synchronised is True
    assert chrony_tracking(text, HEARD + SILENT_SECONDS + 1) == Sync(synchronised=False)


@pytest.mark.parametrize("text", [b"", b"506 Cannot talk to daemon\n", b"a,b,c\n", b"\xff" * 100, b"7F000001," * 20])
def test_what_is_not_chronys_line_says_nothing(text: bytes) -> None:
    assert chrony_tracking(text, HEARD) == Sync()


def test_timesyncds_stratum_is_its_servers_and_one() -> None:
    shown = sample("timedatectl-show-timesync.txt")
    assert timesyncd_stratum(shown) == 3
    assert timesyncd_stratum(shown.replace(b"Leap=0", b"Leap=3")) is None
    assert timesyncd_stratum(shown.replace(b"Stratum=2", b"Stratum=16")) is None
    assert timesyncd_stratum(b"NTPMessage=\n") is None


def test_the_kernel_is_believed_where_no_service_can_be_asked(tmp_path: Path) -> None:
    states = iter([False, True, None])
    asked, _ = service(tmp_path, lambda: next(states))
    assert [asked.sync(mono, HEARD) for mono in (0, 60, 120)] == [Sync(False), Sync(True), Sync(None)]


def test_chrony_is_believed_over_a_kernel_it_does_not_tell(tmp_path: Path) -> None:
    asked, _ = service(tmp_path, lambda: False, chronyc=sample("chronyc-tracking.csv"))
    assert asked.sync(0, HEARD) == Sync(synchronised=True, stratum=6)


def test_programs_are_run_every_five_minutes_only(tmp_path: Path) -> None:
    asked, machine = service(tmp_path, lambda: True, chronyc=sample("chronyc-tracking.csv"))
    for mono in range(0, 601, 60):
        asked.sync(float(mono), HEARD)
    assert len(machine.calls) == 600 // ASK_SECONDS + 1


def test_timesyncd_gives_the_stratum_and_its_mark_where_the_kernel_may_not_be_asked(tmp_path: Path) -> None:
    states: list[bool | None] = [True]
    asked, machine = service(tmp_path, lambda: states[0], timedatectl=sample("timedatectl-show-timesync.txt"))
    (tmp_path / "timesync").mkdir()
    assert asked.sync(0, HEARD) == Sync(synchronised=True, stratum=3)
    assert machine.calls == ["chronyc", "timedatectl"]
    states[0] = False
    assert asked.sync(60, HEARD) == Sync(synchronised=False)
    states[0] = None
    assert asked.sync(120, HEARD) == Sync(synchronised=False)
    (tmp_path / "timesync/synchronized").touch()
    assert asked.sync(180, HEARD) == Sync(synchronised=True, stratum=3)


@pytest.mark.parametrize("answer", [b"", CollectError("chronyc did not end within 5 s")])
def test_a_service_that_does_not_answer_leaves_the_kernels_word(tmp_path: Path, answer: bytes | Exception) -> None:
    asked, _ = service(tmp_path, lambda: True, chronyc=answer)
    assert asked.sync(0, HEARD) == Sync(synchronised=True)


def test_the_real_kernel_answers_without_rights() -> None:
    assert kernel_synchronised() in (True, False, None)
