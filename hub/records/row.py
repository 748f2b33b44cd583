"""A record's row and its line of line protocol, text fields among it. Pure.

    ticket,site=school number=17.0,open=1.0,device="cam-1",title="Camera …" 1800000000000000017

The time is in nanoseconds: the record's own to the millisecond, below it the number it has in SQL, so that two rows of
one series and moment stay two, and a row written again is the same.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

from wire.records import Record

MAX_TEXT = 2000
"""Characters of a text field; a longer one is cut. InfluxDB takes 64 KiB."""

NS_PER_MS = 1_000_000

_TAG = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ ", "\\": "_", "\n": "_", "\r": "_", "\t": "_", "\0": "_"})
"""A tag's backslash can't be escaped everywhere, and no tag may hold a line break; none of ours has either."""
_TEXT = str.maketrans({'"': '\\"', "\\": "\\\\", "\0": None, "\r": " "})


class Row(NamedTuple):
    """One row. `at` is ms UTC, `number` what tells it from others of its series and moment.

    A value that is None is left out: what is not known is absent. What may have been written before and is no longer
    so must be overwritten, for InfluxDB takes no field away: a text then is "".
    """

    record: Record
    tags: Mapping[str, str]
    at: int
    fields: Mapping[str, float | str | None]
    number: int = 0

    @property
    def time_ns(self) -> int:
        """Where it stands."""
        return self.at * NS_PER_MS + self.number % NS_PER_MS


def to_line(row: Row) -> str:
    """Its line, without a line feed; "" for a row without any value. Raises ValueError where it is not as declared."""
    record = row.record
    if set(row.tags) != set(record.tags) or not all(row.tags.values()):
        raise ValueError(f"{record.name}: tags {dict(row.tags)}, declared are {record.tags}")
    declared = {field.name: field.type for field in record.fields}
    parts = []
    for name, value in row.fields.items():
        if value is None:
            continue
        kind = declared.get(name)
        if isinstance(value, str) != (kind == "string") or kind is None:
            raise ValueError(f"{record.name}.{name}: {value!r}, declared is {kind}")
        if isinstance(value, str):
            parts.append(f"{name}={_quoted(value)}")
        elif math.isfinite(value):
            parts.append(f"{name}={float(value)!r}")
    if not parts:
        return ""
    tags = "".join(f",{name}={row.tags[name].translate(_TAG)}" for name in sorted(row.tags))
    return f"{record.name}{tags} {','.join(parts)} {row.time_ns}"


def _quoted(text: str) -> str:
    """A string field, whatever is in it. What UTF-8 can't carry becomes a question mark."""
    whole = text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
    return '"' + whole.encode("utf-8", "replace").decode().translate(_TEXT) + '"'
