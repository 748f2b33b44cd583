"""Maintenance, silences and blindness as rows, at their beginnings. Pure."""

from collections.abc import Iterable, Iterator

from hub.console import words
from hub.cover import Cover
from hub.records.row import Row
from hub.records.speech import Speech
from hub.recurrence import Span
from hub.store import records
from wire.records import BLINDNESS, EVERYWHERE, MAINTENANCE, SILENCE


def begun(cover: Cover, spans: Iterable[Span], speech: Speech, now: int) -> Iterator[Row]:
    """A row for each of its times that has begun: what has not may still be called off."""
    record = MAINTENANCE if cover.kind == "maintenance" else SILENCE
    scope = cover.scope
    tags = {"site": scope.site or EVERYWHERE, "device": scope.device or EVERYWHERE}
    for start, end in spans:
        if start <= now:
            fields: dict[str, float | str | None] = {
                "number": float(cover.id),
                "until_at": float(end),
                "duration_seconds": (end - start) / 1000,
                "author": cover.author,
                "reason": cover.reason,
                "rule": scope.rule or None,
            }
            told = speech.both("text", lambda one: f"{one.gettext(words.COVERS[cover.kind])}: {cover.reason}")
            yield Row(record, tags, start, {**fields, **told}, cover.id)


def blind(one: records.Blind, speech: Speech) -> Row:
    """An interval in which nobody was heard."""
    fields: dict[str, float | str | None] = {
        "number": float(one.id),
        "until_at": None if one.end is None else float(one.end),
        "duration_seconds": None if one.end is None else max(one.end - one.start, 0) / 1000,
    }
    return Row(BLINDNESS, {"reason": one.reason}, one.start, {**fields, **speech.word(words.BLIND, one.reason)}, one.id)
