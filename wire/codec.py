"""Bytes to messages and back, with the bounds of the wire."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from pydantic import ValidationError

from wire.messages import Device, Message, Report

MAX_BYTES = 256 * 1024
"""The largest encoded message. A sender splits before it numbers."""

MAX_ID_SPAN = 1_000_000
"""The most ids one range of an acknowledgement may stand for."""

M = TypeVar("M", bound=Message)


class DecodeError(ValueError):
    """Bytes that are no valid message. `report_id` is set where at least a report's id could be read."""

    def __init__(self, reason: str, report_id: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.report_id = report_id


class TooLarge(ValueError):  # noqa: N818 - says what is wrong, as it is raised
    """A message over `MAX_BYTES`, before it is sent."""


def encode(message: Message) -> bytes:
    """Compact UTF-8 JSON. A NUL that some device put into its name becomes U+FFFD. Raises TooLarge."""
    body = message.model_dump_json(by_alias=True, exclude_none=True).encode().replace(b"\\u0000", b"\\ufffd")
    if len(body) > MAX_BYTES:
        raise TooLarge(f"{type(message).__name__} of {len(body)} bytes, at most {MAX_BYTES} go on the wire")
    return body


def encode_committed(ids: Iterable[str]) -> bytes:
    """An Ack of ids or ranges that were read off the wire or made by `pack_ids`: as `encode`, for far less."""
    return ('{"committed":["' + '","'.join(ids) + '"],"refused":[]}').encode()


def decode(kind: type[M], body: bytes) -> M:
    """The message in `body`. Raises DecodeError with a reason fit for a log line."""
    if len(body) > MAX_BYTES:
        raise DecodeError(f"{len(body)} bytes, at most {MAX_BYTES} are taken")
    if b"\\u0000" in body:  # no text of ours has a NUL in it, and PostgreSQL stores none
        raise DecodeError("a text with a NUL character", _report_id(body) if kind is Report else None)
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = f"{where}: {first['msg']}" if where else first["msg"]
        raise DecodeError(_one_line(reason), _report_id(body) if kind is Report else None) from None


def _one_line(reason: str) -> str:
    """A reason that quotes a stranger's keys, without the control characters that would forge log lines."""
    return "".join(c if c.isprintable() else "?" for c in reason[:200])


def _report_id(body: bytes) -> str | None:
    """The id of a report whose rest is unusable, so that it can be refused by name."""
    try:
        head = json.loads(body)
        return Report.model_validate({"id": head["id"], "boot": "0", "mono": 0, "sent": 0}).id
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def inventory_hash(devices: Iterable[Device]) -> str:
    """A hash of what is watched, the same in whatever order devices and facts come.

    Defaults are left out, so that a field added later changes no hash of devices that do not use it.
    """
    rows = sorted(
        json.dumps(device.model_dump(mode="json", by_alias=True, exclude_defaults=True), sort_keys=True)
        for device in devices
    )
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


def config_revision(settings: Mapping[str, object]) -> str:
    """The hash of a desired configuration: the same for equal settings in whatever order their keys come."""
    body = json.dumps(settings, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def pack_ids(ids: Iterable[str]) -> list[str]:
    """Report ids as the fewest ranges, duplicates once: `a:1 a:2 a:3 b:7` → `a:1-3 b:7`."""
    ids = list(ids)
    if len(ids) == 1:
        return ids
    by_spool: dict[str, set[int]] = {}
    for report_id in ids:
        spool, _, number = report_id.partition(":")
        by_spool.setdefault(spool, set()).add(int(number))
    packed: list[str] = []
    for spool, seqs in by_spool.items():
        ordered = sorted(seqs)
        first = last = ordered[0]
        for seq in ordered[1:]:
            if seq != last + 1 or seq - first == MAX_ID_SPAN:
                packed.append(_range(spool, first, last))
                first = seq
            last = seq
        packed.append(_range(spool, first, last))
    return packed


def _range(spool: str, first: int, last: int) -> str:
    return f"{spool}:{first}" if first == last else f"{spool}:{first}-{last}"


def unpack_range(packed: str) -> tuple[str, int, int]:
    """`spool:first-last` or `spool:seq` as (spool, first, last). Raises DecodeError for a backward or absurd span."""
    spool, _, span = packed.partition(":")
    first, _, last = span.partition("-")
    low, high = int(first), int(last or first)
    if not 0 <= high - low < MAX_ID_SPAN:
        raise DecodeError(f"range {packed}: backward, or over {MAX_ID_SPAN} ids")
    return spool, low, high


def unpack_ids(packed: Iterable[str]) -> Iterator[str]:
    """Every id that the ranges stand for."""
    for item in packed:
        spool, low, high = unpack_range(item)
        for seq in range(low, high + 1):
            yield f"{spool}:{seq}"
