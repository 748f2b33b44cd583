"""Flaws of pictures, as timelines: three in a row in one light, and one ticket for one cause."""

import pytest

from hub.picture import RANKS
from tests.hub.fleets import Timeline
from tests.hub.rules.timelines import HOUR, MINUTE, lives, others, timeline

EVERY = 10 * MINUTE
DAY_ONLY, NIGHT_ONLY = ("dark", "colour_lost"), ("infrared_dead",)


def light_of(flaw: str) -> float:
    """The light that it is seen in: 1 is infra-red."""
    return float(flaw in NIGHT_ONLY)


def picture(line: Timeline, second: float, *flaws: str, infrared: float = 0.0, unknown: tuple[str, ...] = ()) -> None:
    """One picture of cam-1, with these flaws and no other."""
    hidden = {*unknown, *(NIGHT_ONLY if not infrared else ("colour_lost",))} - {*flaws}
    told = {f"picture_{flaw}": float(flaw in flaws) for flaw in RANKS if flaw not in hidden}
    line.sample(second, "cam-1", picture_taken=1, picture_infrared=infrared, **told)


def pictures(line: Timeline, begin: float, end: float, *flaws: str, infrared: float = 0.0) -> None:
    """One every ten minutes."""
    for second in range(round(begin), round(end), EVERY):
        picture(line, second, *flaws, infrared=infrared)


@pytest.mark.parametrize("flaw", sorted(RANKS))
def test_three_pictures_in_a_row_are_a_ticket_and_three_good_ones_end_it(flaw: str) -> None:
    line, light = timeline(), light_of(flaw)
    pictures(line, 0, HOUR, infrared=light)
    pictures(line, HOUR, HOUR + 2 * EVERY, flaw, infrared=light)  # a passing van, a spider
    pictures(line, HOUR + 2 * EVERY, 2 * HOUR, infrared=light)
    assert [entry.split()[-1] for entry in line.log] == ["pending", "dropped"]
    line.log.clear()
    pictures(line, 2 * HOUR, 3 * HOUR, flaw, infrared=light)
    pictures(line, 3 * HOUR, 4 * HOUR, infrared=light)
    assert lives(line, f"picture_{flaw}") == ["7200 pending", "8400 opened", "10800 clearing", "12000 closed"]
    assert others(line, f"picture_{flaw}") == []


def test_pictures_of_two_lights_do_not_make_three() -> None:
    line = timeline()
    pictures(line, 0, 2 * EVERY, "blurred")
    pictures(line, 2 * EVERY, 4 * EVERY, "blurred", infrared=1)
    assert lives(line, "picture_blurred") == ["0 pending"]
    pictures(line, 4 * EVERY, 7 * EVERY, "blurred", infrared=1)
    assert [entry.split()[-1] for entry in line.log] == ["pending", "opened"]


def test_what_is_seen_by_night_only_is_one_ticket_night_after_night() -> None:
    line = timeline()
    for day in range(3):
        pictures(line, day * 24 * HOUR, (day * 24 + 12) * HOUR, "blurred", infrared=1)
        pictures(line, (day * 24 + 12) * HOUR, (day + 1) * 24 * HOUR)
    changes = [entry.split()[-1] for entry in line.log if entry.split()[-1] not in ("pending", "dropped")]
    assert changes[:4] == ["opened", "clearing", "closed", "reopened"]
    assert "opened" not in changes[1:]


@pytest.mark.parametrize(("by_day", "begin"), [("covered", "day"), ("covered", "night"), ("dark", "day")])
def test_a_lens_that_is_taped_over_is_black_by_night_and_still_one_ticket(by_day: str, begin: str) -> None:
    line = timeline()
    shift = 0 if begin == "day" else 12
    for half in range(4):
        night = (half + (shift > 0)) % 2 == 1
        span = (half * 12 * HOUR, (half + 1) * 12 * HOUR)
        pictures(line, *span, "infrared_dead" if night else by_day, infrared=float(night))
    opened = [entry for entry in line.log if entry.endswith("opened")]
    assert len(opened) == 1, line.log
    assert opened[0].split()[2] == ("picture_infrared_dead" if begin == "night" else f"picture_{by_day}")
    pictures(line, 48 * HOUR, 60 * HOUR, infrared=1.0)
    pictures(line, 60 * HOUR, 72 * HOUR)
    assert [entry.split()[-1] for entry in line.log][-1] == "closed"


def test_a_graver_flaw_has_its_own_ticket_and_a_lesser_one_none_beside_it() -> None:
    line = timeline()
    pictures(line, 0, 2 * HOUR, "dirty")
    pictures(line, 2 * HOUR, 4 * HOUR, "moved")  # turned away since: that is another cause
    pictures(line, 4 * HOUR, 6 * HOUR, "moved", "blurred")
    opened = [entry.split()[2] for entry in line.log if entry.endswith("opened")]
    assert opened == ["picture_dirty", "picture_moved"]


def test_of_two_equals_in_one_picture_one_has_the_ticket() -> None:
    line = timeline()
    pictures(line, 0, 2 * HOUR, "frozen", "moved")
    assert [entry.split()[2] for entry in line.log if entry.endswith("opened")] == ["picture_frozen"]


def test_a_blue_screen_of_a_recorder_is_no_picture() -> None:
    line = timeline()
    for second in range(0, 2 * HOUR, EVERY):
        line.sample(second, "nvr-1-ch1", online=1, video_loss=1)
        line.sample(second + 1, "nvr-1-ch1", picture_taken=1, picture_infrared=0, picture_covered=1)
    assert [entry.split()[2] for entry in line.log if entry.endswith("opened")] == ["channel_video_loss"]


def test_what_cannot_be_told_of_a_picture_neither_raises_nor_clears() -> None:
    line = timeline()
    pictures(line, 0, HOUR, "blurred")
    for second in range(HOUR, 2 * HOUR, EVERY):
        picture(line, second, unknown=("blurred",))
    assert lives(line, "picture_blurred") == ["0 pending", "1200 opened"]
