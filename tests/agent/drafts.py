"""Drafts for tests: as small or large as wanted."""

from collections.abc import Sequence

from agent.draft import Draft
from wire.messages import Event, Report, Sample

BOOT = "0b0b0b0b-0000-4000-8000-000000000000"


def samples(count: int, first: int = 0, device: str = "cam-1") -> list[Sample]:
    return [Sample(device=device, at=1_000_000 + first + n, values={"reachable": 1.0}) for n in range(count)]


def events(count: int, first: int = 0) -> list[Event]:
    return [Event(device="door-1", at=1_000_000 + first + n, type="door.opened", data={"n": n}) for n in range(count)]


def draft(count: int = 1, happened: int = 0, *, first: int = 0, stream: str = "a", sent: int = 1_000_000) -> Draft:
    """A draft of `count` samples and `happened` events whose times begin at `first`."""
    return Draft(
        boot=BOOT,
        mono=1,
        sent=sent,
        stream=stream,
        samples=samples(count, first),
        events=events(happened, first),
    )


def reports(bodies: Sequence[bytes]) -> list[Report]:
    return [Report.model_validate_json(body) for body in bodies]
