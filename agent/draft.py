"""A report before it has its number: made by the runner, cut to the wire's size, numbered by the spool."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from wire.messages import Event, Lost, Offset, Report, Sample

MAX_BODY_BYTES = 240 * 1024
"""The largest report made. What is left to the wire's 256 KiB is room for what thinning adds later."""

MAX_ITEMS = 4096
"""The most samples, and the most events, the wire allows in one report."""

NO_OFFSET = Offset()

_LONGEST_ID = f"{'0' * 32}:{10**15 - 1}"


@dataclass(frozen=True)
class Draft:
    """All of a `wire.messages.Report` but its id.

    `stream` says which readings follow each other (one collector's, say): when the spool is full, every second report
    *of a stream* gives up its samples, so that no device vanishes entirely while another keeps all of its own.
    """

    boot: str
    mono: int
    sent: int
    stream: str = ""
    offset: Offset = NO_OFFSET
    inventory_hash: str | None = None
    samples: Sequence[Sample] = ()
    events: Sequence[Event] = ()
    lost: Sequence[Lost] = ()

    def numbered(self, report_id: str) -> Report:
        """The report with this id."""
        return Report(
            id=report_id,
            boot=self.boot,
            mono=self.mono,
            sent=self.sent,
            offset=self.offset,
            inventory_hash=self.inventory_hash,
            samples=list(self.samples),
            events=list(self.events),
            lost=list(self.lost),
        )


def body_of(report: Report) -> bytes:
    """Compact JSON, as `wire.codec.encode` has it."""
    return report.model_dump_json(by_alias=True, exclude_none=True).encode()


def cut(draft: Draft) -> list[Draft]:
    """The draft in as many parts as the wire's bounds ask for, each a stream of its own; nothing is lost."""
    parts = list(_parts(draft))
    if len(parts) == 1:
        return parts
    return [replace(part, stream=f"{draft.stream}/{number}") for number, part in enumerate(parts)]


def _parts(draft: Draft) -> Iterator[Draft]:
    if max(len(draft.samples), len(draft.events)) <= MAX_ITEMS:
        if len(body_of(draft.numbered(_LONGEST_ID))) <= MAX_BODY_BYTES:
            yield draft
            return
        if len(draft.samples) + len(draft.events) <= 1:
            # One event may carry 64 texts of 1000 characters; a sample's 256 numbers always fit.
            yield replace(draft, events=[_shortened(event) for event in draft.events])
            return
    if draft.samples and draft.events:
        yield from _parts(replace(draft, events=()))
        yield from _parts(replace(draft, samples=(), lost=()))
    elif draft.samples:
        half = len(draft.samples) // 2
        yield from _parts(replace(draft, samples=draft.samples[:half]))
        yield from _parts(replace(draft, samples=draft.samples[half:], lost=()))
    else:
        half = len(draft.events) // 2
        yield from _parts(replace(draft, events=draft.events[:half]))
        yield from _parts(replace(draft, events=draft.events[half:], lost=()))


def _shortened(event: Event) -> Event:
    """The same with its texts cut to 200 characters: 64 of them fit however they are escaped."""
    data = {key: value[:200] if isinstance(value, str) else value for key, value in event.data.items()}
    return event.model_copy(update={"data": data})


def joined(lost: Sequence[Lost], most: int = 32) -> list[Lost]:
    """Losses in order of time, the nearest neighbours made one until there are at most `most`; counts add up."""
    ordered = sorted(lost, key=lambda one: (one.from_, one.to))
    while len(ordered) > most:
        gaps = [later.from_ - earlier.to for earlier, later in pairwise(ordered)]
        at = gaps.index(min(gaps))
        first, second = ordered[at], ordered[at + 1]
        ordered[at : at + 2] = [Lost(from_=first.from_, to=max(first.to, second.to), count=first.count + second.count)]
    return ordered
