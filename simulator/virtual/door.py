"""What a door tells while it is well, and who goes through it."""

from collections.abc import Iterator

from simulator.virtual.chance import stream
from simulator.virtual.habits import asked, pinged
from simulator.virtual.thing import DAY, HOUR, Facts, Happening, Place, Thing, Values
from wire.messages import DeviceKind as Kind

OPENINGS_AN_HOUR = 5.0
OPEN_SECONDS = (3.0, 14.0)
RUN_OPENINGS_AN_HOUR = 40.0
CARDS = 40


class Door(Thing):
    """A door that people go through while the school is open. What happens on a day depends on the day alone."""

    kind = Kind.DOOR

    def __init__(self, name: str, controller: str, seed: int, place: Place, run: float = 0.0) -> None:
        """`run`: how long it stands open at most (s) while everybody comes or leaves; 0: as ever."""
        super().__init__(name, place)
        self._controller, self._seed, self._run = controller, seed, run
        self._days: dict[int, list[tuple[float, float]]] = {}

    def openings(self, day: int) -> list[tuple[float, float]]:
        """From when to when it stands open on a day, in order."""
        if day not in self._days:
            self._days = {known: kept for known, kept in self._days.items() if abs(known - day) < 2}
            self._days[day] = list(self._traffic(day))
        return self._days[day]

    def _traffic(self, day: int) -> Iterator[tuple[float, float]]:
        chance = stream(self._seed, self.id, "traffic", day)
        moment = day * DAY - self.sky.start + 7 * HOUR
        while True:
            crowd = self._run > 0 and self.sky.school_run(moment)
            rate = RUN_OPENINGS_AN_HOUR if crowd else OPENINGS_AN_HOUR
            moment += chance.expovariate(rate / HOUR) + OPEN_SECONDS[1]
            if not self.sky.busy(moment) or self.sky.day(moment) != day:
                return
            crowd = self._run > 0 and self.sky.school_run(moment)
            longest = max(self._run, OPEN_SECONDS[1]) if crowd else OPEN_SECONDS[1]
            closes = moment + chance.uniform(OPEN_SECONDS[0], longest)
            yield moment, closes
            moment = max(moment, closes - OPEN_SECONDS[1])

    def _between(self, since: float, until: float) -> Iterator[tuple[float, float]]:
        """Openings that touch the time between two moments."""
        for day in range(self.sky.day(since), self.sky.day(until) + 1):
            for begin, end in self.openings(day):
                if begin >= until:
                    break
                if end >= since - 1.0:
                    yield begin, end

    def moments(self, since: float, until: float) -> Iterator[float]:
        """When it opens and closes."""
        for passage in self._between(since, until):
            yield from (one for one in passage if since <= one < until)

    def usual(self, at: float) -> Values:
        """How it stands. Its bolt stays thrown: a reader lets people in for a moment."""
        is_open = any(begin <= at < end for begin, end in self._between(at, at + 1.0))
        return {
            "door_reachable": 1.0,
            "door_open": float(is_open),
            "door_locked": 1.0,
            "door_alarm": 0.0,
            "door_fault": 0.0,
            "door_silence_seconds": self.chance.near(8.0),
            **asked(745.0),
            **pinged(self),
        }

    def happenings(self, since: float, until: float) -> Iterator[Happening]:
        """A card, the door opens, the door closes."""
        for begin, end in self._between(since, until + 1.0):
            card = f"card-{int(begin) % CARDS}"
            for one in (
                Happening(begin - 1.0, "door.access_granted", {"credential": card}),
                Happening(begin, "door.opened", {"state": "Open"}),
                Happening(end, "door.closed", {"state": "Closed"}),
            ):
                if since <= one.at < until:
                    yield one

    def facts(self) -> Facts:
        """Whose it is."""
        return {"controller": self._controller, "token": self.id}
