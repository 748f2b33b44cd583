"""Reads become few events, and every open is counted."""

from agent.machine.read_log import MOST_EVENTS, MOST_FILES, MOST_READERS, OTHERS, ReadLog, Told, printable
from agent.machine.readers import Reader

EVE, BOB = Reader("cp", "eve"), Reader("vlc", "bob")
WINDOW = 600.0


def files(told: list[Told]) -> list[tuple[str, str, int]]:
    return [(one.reader.user, one.path, one.count) for one in told]


def test_the_first_open_of_a_file_is_told_at_once_and_again_only_in_the_next_window() -> None:
    log = ReadLog(WINDOW)
    assert log.take(0.0) == []
    log.note(EVE, 7, "/r/a", 1.0)
    assert log.take(2.0) == [Told(EVE, "/r/a", 7, 1, 1, 1.0, 1.0)]
    for moment in (3.0, 4.0):
        log.note(EVE, 8, "/r/a", moment)
        assert log.take(moment) == []
    assert log.take(601.0) == [Told(EVE, "/r/a", 8, 2, 0, 3.0, 4.0)]
    assert log.take(2000.0) == []
    log.note(EVE, 9, "/r/a", 2001.0)
    assert files(log.take(2001.0)) == [("eve", "/r/a", 1)]
    assert log.opens == 4


def test_readers_are_told_apart() -> None:
    log = ReadLog(WINDOW)
    for reader in (EVE, BOB):
        log.note(reader, 7, "/r/a", 1.0)
    assert files(log.take(2.0)) == [("eve", "/r/a", 1), ("bob", "/r/a", 1)]


def test_a_backup_of_a_hundred_thousand_files_is_eleven_events() -> None:
    log = ReadLog(WINDOW)
    told: list[Told] = []
    for number in range(100_000):
        log.note(EVE, 7, f"/srv/rec/cam{number % 8}/{number}.mp4", number / 1000)
        if number % 10_000 == 0:
            told += log.take(number / 1000)
    told += log.take(WINDOW)
    assert len(told) == MOST_FILES + 1
    assert told[-1].path == "/srv/rec"
    assert told[-1].files == 10_000
    assert sum(one.count for one in told) == log.opens == 100_000


def test_readers_without_end_are_told_as_one() -> None:
    log = ReadLog(WINDOW)
    for number in range(5000):
        log.note(Reader(f"p{number}", "eve"), number + 1, f"/r/{number}", 1.0)
    told = log.take(WINDOW + 1)
    assert len(told) <= MOST_READERS + 1
    assert sum(one.count for one in told) == 5000
    assert [one.path for one in told if one.reader == OTHERS] == ["/r"]


def test_events_of_single_files_are_bounded_over_all_readers() -> None:
    log = ReadLog(WINDOW)
    for reader in range(MOST_READERS):
        for number in range(20):
            log.note(Reader(f"p{reader}", "eve"), 7, f"/r/{reader}/{number}", 1.0)
    told = log.take(1.0)
    assert len(told) == MOST_EVENTS
    assert sum(one.count for one in told + log.take(WINDOW + 1)) == MOST_READERS * 20


def test_at_the_end_all_is_told() -> None:
    log = ReadLog(WINDOW)
    log.note(EVE, 7, "/r/a", 1.0)
    log.note(EVE, 7, "/r/a", 2.0)
    log.take(2.0)
    log.note(EVE, 7, "/r/a", 3.0)
    assert files(log.take(3.0, all_of_it=True)) == [("eve", "/r/a", 1)]
    assert log.take(3.0, all_of_it=True) == []


def test_names_can_be_shown_whatever_they_hold() -> None:
    assert printable("/r/ü 录像.mp4") == "/r/ü 录像.mp4"
    assert printable("/r/a\nb\x1b[2J\udcff\u202e") == "/r/a\\x0ab\\x1b[2J\\xff\\u202e"
    assert len(printable("/r/" + "x" * 4000)) == 500
