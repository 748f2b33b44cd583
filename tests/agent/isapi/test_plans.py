import pytest

from agent.device.errors import BadAnswer
from agent.isapi import plans
from agent.recorder.model import RecordingPlan
from agent.recordings.plan import Window

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def action(day: str, begin: str, end: str, mode: str = "CMR", end_day: str | None = None, record: str = "true") -> str:
    return (
        f"<ScheduleAction><id>1</id><ScheduleActionStartTime><DayOfWeek>{day}</DayOfWeek><TimeOfDay>{begin}</TimeOfDay>"
        f"</ScheduleActionStartTime><ScheduleActionEndTime><DayOfWeek>{end_day or day}</DayOfWeek>"
        f"<TimeOfDay>{end}</TimeOfDay></ScheduleActionEndTime><Actions><Record>{record}</Record>"
        f"<ActionRecordingMode>{mode}</ActionRecordingMode></Actions></ScheduleAction>"
    )


def tracks(*actions: str, number: int = 101, enable: str = "true", extension: str = "", schedule: bool = True) -> bytes:
    blocks = f"<ScheduleBlockList><ScheduleBlock>{''.join(actions)}</ScheduleBlock></ScheduleBlockList>"
    switch = f"<CustomExtension><enableSchedule>{extension}</enableSchedule></CustomExtension>" if extension else ""
    return (
        '<TrackList xmlns="http://www.hikvision.com/ver20/XMLSchema"><Track>'
        f"<id>{number}</id><Channel>{number}</Channel><Enable>{enable}</Enable>"
        "<DefaultRecordingMode>CMR</DefaultRecordingMode>"
        f"{f'<TrackSchedule>{blocks}</TrackSchedule>' if schedule else ''}"
        f"<CustomExtensionList>{switch}</CustomExtensionList></Track></TrackList>"
    ).encode()


def test_a_whole_week_is_one_window() -> None:
    whole = [action(day, "00:00:00", "24:00:00") for day in WEEKDAYS]
    assert plans.read(tracks(*whole)) == {"1": RecordingPlan(True, (Window(),))}


def test_midnight_at_the_end_may_be_written_as_the_beginning() -> None:
    for end in ("00:00:00", "24:00", "23:59:59", "23:59"):
        [window] = plans.read(tracks(action("Monday", "00:00:00", end)))["1"].continuous
        assert (window.days, window.from_, window.to) == (("mon",), "00:00", "24:00")


def test_recording_on_events_only_is_told_apart() -> None:
    read = plans.read(
        tracks(action("Monday", "08:00:00", "18:00:00"), action("Monday", "18:00:00", "24:00:00", "MOTION"))
    )
    assert [(w.from_, w.to) for w in read["1"].continuous] == [("08:00", "18:00")]
    assert [(w.from_, w.to) for w in read["1"].eventful] == [("18:00", "24:00")]


def test_a_window_over_midnight_is_cut_there() -> None:
    read = plans.read(tracks(action("Sunday", "22:00:00", "06:00:00", end_day="Monday")))["1"]
    assert [(w.days, w.from_, w.to) for w in read.continuous] == [
        (("mon",), "00:00", "06:00"),
        (("sun",), "22:00", "24:00"),
    ]


def test_the_switch_is_that_of_the_extension_where_there_is_one() -> None:
    whole = action("Monday", "00:00:00", "24:00:00")
    assert plans.read(tracks(whole, enable="false", extension="true"))["1"].enabled
    assert not plans.read(tracks(whole, enable="true", extension="false"))["1"].enabled
    assert not plans.read(tracks(whole, enable="false"))["1"].enabled


def test_a_track_without_a_schedule_goes_by_its_mode_and_one_with_an_empty_one_never_records() -> None:
    assert plans.read(tracks(schedule=False))["1"].continuous == (Window(),)
    assert plans.read(tracks())["1"] == RecordingPlan(True)


def test_only_main_streams_count() -> None:
    assert plans.read(tracks(number=102)) == {}
    assert set(plans.read(tracks(number=6401))) == {"64"}


def test_what_is_not_to_be_recorded_is_no_window() -> None:
    assert plans.read(tracks(action("Monday", "08:00:00", "18:00:00", record="false")))["1"].continuous == ()


@pytest.mark.parametrize(
    "bad",
    [
        action("Someday", "08:00:00", "18:00:00"),
        action("Monday", "18:00:00", "08:00:00"),
        action("Monday", "8", "18"),
        action("Monday", "25:00:00", "26:00:00"),
        action("Monday", "08:99:00", "18:00:00"),
        action("Monday", "08:00:00", "18:00:00") * 101,
    ],
)
def test_a_schedule_that_makes_no_sense_is_a_bad_answer(bad: str) -> None:
    with pytest.raises(BadAnswer):
        plans.read(tracks(bad))
