"""Readings made into reports: monotonic times become the wall clock's, and only what fits the wire goes on."""

import logging
import math
from collections.abc import Callable, Mapping

from pydantic import ValidationError

from agent.clock import Clock, Reference, boot_id, milliseconds, moment
from agent.collector import Happening, Measurement, Reading
from agent.draft import Draft
from agent.inventory import InventoryBook
from wire.messages import Event, Sample

log = logging.getLogger(__name__)

_MOST_COMPLAINTS = 1000


class Reports:
    """Makes them in the name of one agent. `sink` keeps a report; it must not raise and may block briefly."""

    def __init__(
        self, agent: str, book: InventoryBook, sink: Callable[[Draft], object], clock: Clock, reference: Reference
    ) -> None:
        self._agent = agent
        self._book = book
        self._sink = sink
        self._clock = clock
        self._reference = reference
        self._boot = boot_id()
        self._complaints: set[str] = set()

    def put(self, stream: str, reading: Reading, own: Mapping[str, float]) -> None:
        """A report of what was read, and of the agent's `own` figures, as of this moment."""
        # All of it by one look at the clocks: the wall clock may be set while this report is made.
        now = moment(self._clock.wall, self._clock.mono)
        mono, wall = now

        def at(read: float | None) -> int:
            return milliseconds(wall - (mono - read) if read is not None else wall)

        measured = [*reading.measurements, Measurement(self._agent, own)]
        samples = [self._sample(one, at(one.mono)) for one in measured]
        events = [self._event(one, at(one.mono)) for one in reading.happenings]
        inventory = self._book.whole()
        draft = Draft(
            stream=stream,
            boot=self._boot,
            mono=max(0, round(mono * 1000)),
            sent=milliseconds(wall),
            offset=self._reference.offset(now),
            inventory_hash=inventory.hash if inventory else None,
            samples=[sample for sample in samples if sample is not None],
            events=[event for event in events if event is not None],
        )
        if draft.samples or draft.events:
            self._sink(draft)

    def complain(self, text: str) -> None:
        """Log it, once."""
        if text not in self._complaints and len(self._complaints) < _MOST_COMPLAINTS:
            self._complaints.add(text)
            log.error("%s", text)

    def _sample(self, measurement: Measurement, at: int) -> Sample | None:
        """On the wire only finite numbers go, under well-formed names; what is left out is logged once."""
        # A millionth is below what any collector can tell; the other digits would be a third of the wire.
        values = {name: round(float(value), 6) for name, value in measurement.values.items() if math.isfinite(value)}
        if len(values) < len(measurement.values):
            left = ",".join(sorted(set(measurement.values) - set(values)))
            self.complain(f"value is no finite number, left out device={measurement.device} metrics={left}")
        if not values:
            return None
        try:
            return Sample(device=measurement.device, at=at, values=values)
        except ValidationError as error:
            self.complain(f"sample left out device={measurement.device[:60]!r} reason={_first(error)!r}")
            return None

    def _event(self, happening: Happening, at: int) -> Event | None:
        """An event whose details do not fit the wire goes without them."""
        data = {key: value[:1000] if isinstance(value, str) else value for key, value in happening.data.items()}
        for details in (data, {}):
            try:
                return Event(device=happening.device, at=at, type=happening.type, data=details)
            except ValidationError as error:
                self.complain(f"event cut or left out device={happening.device[:60]!r} reason={_first(error)!r}")
        return None


def _first(error: ValidationError) -> str:
    one = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"[:200]
