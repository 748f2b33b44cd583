"""The wall clock of a simulated recorder, and how it writes times."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo


class Calendar:
    """`zone` is where it stands; None: what `box_offset` seconds east of UTC is.

    `word` is how it names its zone. With `fake_zulu` it writes local time with a Z behind, and reads it so.
    """

    def __init__(self, box_offset: int) -> None:
        hours, minutes = divmod(abs(box_offset) // 60, 60)
        self.zone: tzinfo = timezone(timedelta(seconds=box_offset))
        self.word = f"CST{'-' if box_offset >= 0 else '+'}{hours}:{minutes:02}:00"
        self.fake_zulu = True
        self.states_summer = False
        """Whether the offset behind localTime knows of daylight saving; most firmware's does not."""

    def local(self, moment: float) -> datetime:
        """What its clock shows."""
        return datetime.fromtimestamp(int(moment), self.zone)

    def clock(self, moment: float) -> str:
        """As in System/time."""
        shown = self.local(moment)
        saved = timedelta(0) if self.states_summer else (shown.dst() or timedelta(0))
        offset = (shown.utcoffset() or timedelta(0)) - saved
        minutes = int(offset.total_seconds()) // 60
        sign = "-" if minutes < 0 else "+"
        return f"{shown:%Y-%m-%dT%H:%M:%S}{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"

    def stamp(self, moment: float) -> str:
        """As in a search's results."""
        shown = self.local(moment) if self.fake_zulu else datetime.fromtimestamp(int(moment), UTC)
        return f"{shown:%Y-%m-%dT%H:%M:%SZ}"

    def moment(self, stamp: str) -> float:
        """What a search's request means. Raises ValueError."""
        read = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S%z")
        return read.replace(tzinfo=self.zone if self.fake_zulu else UTC).timestamp()
