from dataclasses import replace

import pytest

from agent.recorder.model import Drive, Storage, TimeSettings
from agent.survey.report import DAY, ChannelFound, Gaps, Noticed, Outcome, Remark, Subject, Untold, Weight
from tests.agent.survey.found import NOW, WELL, everything_bad, found


def remarks(noticed: object) -> list[Remark]:
    assert isinstance(noticed, tuple)
    return [one.remark for one in noticed if isinstance(one, Noticed)]


def test_a_healthy_recorder_deserves_no_remark_although_its_disk_is_full() -> None:
    well = found(WELL)
    assert well.bad == 0
    assert well.noticed == ()


@pytest.mark.parametrize(
    ("channel", "remark"),
    [
        (replace(WELL, online=False), Remark.OFFLINE),
        (replace(WELL, video_loss=True), Remark.VIDEO_LOSS),
        (replace(WELL, plan="off", wanted_now=False), Remark.PLAN_OFF),
        (replace(WELL, recording=False), Remark.NOT_RECORDING),
        (replace(WELL, newest=NOW - 700), Remark.NOT_RECORDING),
        (replace(WELL, oldest=NOW - 30 * DAY + 1), Remark.SHORT),
        (replace(WELL, oldest=None, newest=None), Remark.NO_RECORDINGS),
        (replace(WELL, gaps=Gaps(2, 900.0, 0.98)), Remark.GAPS),
    ],
)
def test_each_fault_of_a_channel_is_remarked(channel: ChannelFound, remark: Remark) -> None:
    (judged,) = found(channel).channels
    assert remarks(judged.noticed) == [remark]


@pytest.mark.parametrize(
    "channel",
    [
        ChannelFound("1"),
        replace(WELL, plan="motion", wanted_now=None, newest=NOW - 3 * 3600, recording=False),
        replace(WELL, plan="scheduled", wanted_now=False, newest=NOW - 3 * 3600, recording=False),
        replace(WELL, oldest=NOW - 30 * DAY),
    ],
    ids=["nothing told", "on motion", "outside the plan", "thirty days to the second"],
)
def test_what_is_not_told_or_not_wanted_is_no_fault(channel: ChannelFound) -> None:
    (judged,) = found(channel).channels
    assert judged.noticed == ()


def test_days_count_by_the_recorders_own_clock() -> None:
    """A recorder an hour ahead stamps its recordings an hour ahead, too."""
    (judged,) = found(replace(WELL, oldest=NOW + 3600 - 30 * DAY, newest=NOW + 3590), clock_ahead=3600.0).channels
    assert judged.noticed == ()


def test_each_fault_of_the_box_is_remarked() -> None:
    bad = found(WELL, clock_ahead=-34.2, time=TimeSettings(False), storage=Storage((), False))
    assert remarks(bad.noticed) == [Remark.CLOCK, Remark.NO_NTP, Remark.NO_DISK, Remark.NO_OVERWRITE]
    failing = found(storage=Storage((Drive("1", False, status="error"), Drive("2", None), Drive("3", True, False))))
    assert [one.name for one in failing.noticed] == ["1 (error)", "3"]


def test_what_could_not_be_read_is_told_and_counts_as_no_fault() -> None:
    blind = found(
        clock_ahead=None,
        clock_error=None,
        time=None,
        storage=None,
        untold=(Untold(Subject.CLOCK, "", "no"), Untold(Subject.PLANS, "", "no")),
    )
    assert [(one.remark, one.weight) for one in blind.noticed] == [
        (Remark.CLOCK_UNKNOWN, Weight.UNKNOWN),
        (Remark.NOT_TOLD, Weight.UNKNOWN),
    ]
    assert blind.bad == 0


def test_the_result_counts_box_and_channels() -> None:
    assert everything_bad().bad == 7 + 5


def test_only_what_was_told_in_full_is_well() -> None:
    assert found(WELL).outcome is Outcome.WELL
    assert found(WELL, untold=(Untold(Subject.DISKS, "", "no"),)).outcome is Outcome.PARTLY
    assert found(WELL, clock_ahead=None).outcome is Outcome.PARTLY
    assert everything_bad().outcome is Outcome.BAD


@pytest.mark.parametrize("clock", [0.0, 60.0, None], ids=["right", "wrong", "not told"])
def test_a_box_that_told_nothing_of_itself_is_unread_whatever_its_clock(clock: float | None) -> None:
    assert found(identity=None, storage=None, time=None, clock_ahead=clock).outcome is Outcome.UNREAD
