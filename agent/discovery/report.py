"""What was found, for people and for programs. Pure."""

import json
from collections.abc import Sequence

from agent.discovery.candidates import PORTS, Candidate

_HEADS = ("ADDRESS", "HARDWARE ADDRESS", "MAKER", "PROBABLY", "ANSWERS", "NAME, MODEL", "REMARKS")


def table(found: Sequence[Candidate]) -> str:
    """A line each."""
    rows = [_HEADS, *(_row(one) for one in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def document(found: Sequence[Candidate], draft: str | None) -> str:
    """JSON; `draft` is the file that the draft was written to."""
    devices = [
        {
            "address": one.address,
            "mac": one.mac,
            "maker": one.maker or None,
            "kind": str(one.kind),
            "open_ports": list(one.open),
            "onvif": str(one.onvif) or None,
            "answered_probe": one.match is not None,
            "http_port": one.http_port,
            "name": one.name or None,
            "hardware": one.hardware or None,
            "profiles": list(one.profiles),
            "remarks": list(one.remarks),
        }
        for one in found
    ]
    return json.dumps({"devices": devices, "draft": draft}, indent=2, ensure_ascii=False)


def _row(one: Candidate) -> tuple[str, ...]:
    answers = [str(one.onvif) or ("WS-Discovery" if one.match else "")]
    answers += [f"{port} {PORTS.get(port, 'HTTP')}" for port in one.open]
    called = ", ".join(part for part in (one.name, one.hardware) if part)
    return (
        one.address,
        one.mac or "",
        one.maker,
        str(one.kind),
        ", ".join(part for part in answers if part),
        called,
        "; ".join(one.remarks),
    )
