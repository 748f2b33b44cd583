"""Reboots: told once a boot, with whether the agent had stopped in order before."""

from pathlib import Path

from agent.machine.reboots import Rebooted, Reboots

ORDERLY, UNEXPECTED = Rebooted(unexpected=False), Rebooted(unexpected=True)


def started(state: Path, boot: str) -> Reboots:
    return Reboots(state, lambda: boot)


def test_the_first_start_ever_and_restarts_of_the_agent_tell_nothing(tmp_path: Path) -> None:
    for number in range(3):
        agent = started(tmp_path, "a")
        assert agent.look() is None
        assert agent.unexpected == 0
        if number != 1:  # the second one is killed
            agent.stop()


def test_an_orderly_reboot_is_told_once_and_not_counted(tmp_path: Path) -> None:
    agent = started(tmp_path, "a")
    agent.look()
    agent.stop()
    agent = started(tmp_path, "b")
    assert [agent.look(), agent.look(), started(tmp_path, "b").look()] == [ORDERLY, None, None]
    assert agent.unexpected == 0


def test_a_power_cut_is_told_once_and_counted_for_good(tmp_path: Path) -> None:
    started(tmp_path, "a").look()
    agent = started(tmp_path, "b")
    assert [agent.look(), agent.look()] == [UNEXPECTED, None]
    agent.stop()
    after_restart = started(tmp_path, "b")
    assert after_restart.look() is None
    assert after_restart.unexpected == 1
    third = started(tmp_path, "c")
    assert third.look() == UNEXPECTED
    assert third.unexpected == 2


def test_an_agent_started_again_after_an_orderly_stop_takes_its_mark_back(tmp_path: Path) -> None:
    first = started(tmp_path, "a")
    first.look()
    first.stop()
    started(tmp_path, "a").look()
    assert started(tmp_path, "b").look() == UNEXPECTED


def test_an_old_collector_closed_after_the_new_one_began_leaves_no_mark_for_long(tmp_path: Path) -> None:
    old, new = started(tmp_path, "a"), started(tmp_path, "a")
    old.look()
    new.look()
    old.stop()
    new.look()
    assert started(tmp_path, "b").look() == UNEXPECTED


def test_a_spoilt_memory_means_a_first_start(tmp_path: Path) -> None:
    started(tmp_path, "a").look()
    (tmp_path / "boot.json").write_text('{"boot": 7')
    agent = started(tmp_path, "b")
    assert agent.look() is None
    assert agent.unexpected == 0


def test_without_a_folder_nothing_is_known() -> None:
    agent = Reboots(None, lambda: "a")
    assert agent.look() is None
    agent.stop()
    assert agent.unexpected is None


def test_a_collector_that_never_ran_leaves_no_mark(tmp_path: Path) -> None:
    started(tmp_path, "a").stop()
    assert not (tmp_path / "boot.json").exists()


def test_a_disk_that_takes_no_writes_still_tells_and_counts(tmp_path: Path) -> None:
    started(tmp_path, "a").look()
    (tmp_path / "boot.json.draft").mkdir()
    agent = started(tmp_path, "b")
    assert [agent.look(), agent.look()] == [UNEXPECTED, None]
    assert agent.unexpected == 1
