"""A survey's result to lay out, with every kind of bad news in it."""

from dataclasses import replace

from agent.recorder.model import Drive, Identity, Storage, TimeSettings
from agent.survey.report import DAY, ChannelFound, Found, Gaps, Subject, Untold, judged_box, judged_channel

NOW = 1_795_838_400.0  # 2026-11-28 04:00 UTC

WELL = ChannelFound(
    token="1",
    name="Main gate",
    address="10.0.0.21",
    online=True,
    video_loss=False,
    plan="continuous",
    wanted_now=True,
    recording=True,
    oldest=NOW - 31 * DAY,
    newest=NOW - 60,
    searched=True,
    gaps=Gaps(0, 0.0, 1.0),
)


def found(*channels: ChannelFound, **more: object) -> Found:
    """Judged, as a survey ends."""
    box = Found(
        host="10.0.0.5:80",
        speaks="isapi",
        at=NOW,
        zone="Asia/Shanghai",
        identity=Identity("Hikvision", "DS-7608NI", "V4.30.085", "DS7608-1"),
        clock_ahead=0.02,
        clock_error=0.09,
        time=TimeSettings(True, ("ntp.example",), "CST-8:00:00"),
        storage=Storage((Drive("1", True, size_bytes=4e12, free_bytes=0.0, temperature_celsius=38.0),), True),
        channels=channels,
        gap_days=1,
    )
    box = replace(box, **more)  # type: ignore[arg-type] # a test's table
    judged = tuple(replace(one, noticed=tuple(judged_channel(box, one))) for one in channels)
    box = replace(box, channels=judged)
    return replace(box, noticed=tuple(judged_box(box)))


def everything_bad() -> Found:
    """One channel for each remark."""
    return found(
        WELL,
        replace(WELL, token="2", name="Yard", online=False),
        replace(WELL, token="3", name="通道三", video_loss=True),
        replace(WELL, token="4", name="=cmd()", recording=False),
        replace(WELL, token="5", name="<b>Lobby</b>", plan="off", wanted_now=False),
        replace(WELL, token="6", oldest=NOW - 29.99 * DAY),
        replace(WELL, token="7", oldest=None, newest=None, gaps=None),
        replace(WELL, token="8", gaps=Gaps(3, 5400.0, 0.9376)),
        ChannelFound(token="9"),
        clock_ahead=-34.2,
        time=TimeSettings(False),
        storage=Storage((Drive("1", False, status="error", size_bytes=4e12), Drive("2", None, present=False)), False),
        untold=(Untold(Subject.PLANS, "", "HTTP 403"), Untold(Subject.GAPS, "9", "x"), Untold(Subject.GAPS, "8", "x")),
    )
