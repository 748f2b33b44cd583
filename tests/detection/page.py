"""The figures as text: what is printed, and docs/detection.md."""

from collections.abc import Iterator, Sequence

from tests.detection import ranges
from tests.detection.scores import Month, Score, by_kind, overall, precision, troubles

HEAD = """# How well faults are detected

Written by `python -m tests.detection --docs` (`make detection`); not edited by hand.

Every site is made up from a seed: one or two agents, four to six cameras each, a recorder with its channels, a
recorder's software, door, switch, disks, UPS and room. Faults of {kinds} kinds befall it at random times, beside all
that healthy rooms do ([the ranges](../tests/detection/ranges.py), fixed before rules were tuned;
[what each means](scenarios.md)). Since then what a site draws was changed three times, where earlier seeds had drawn
what nobody can tell from something else: a healthy camera is not away twice within a quarter of an hour, an agent is
silent after four missed reports instead of three, two channels of one store are not cut short at a time.

A site's telemetry is generated and replayed through the hub's own intake, engine and
tickets. A ticket is about a fault if it is on the device, or on what hangs on it, and overlaps it in time. The seeds of
this page were never tuned on: rules were tuned on others.

The targets: recall and precision of 0.99 at least, one ticket a fault, none where nothing happens.
"""


def summary(months: Sequence[Month], healthy: Sequence[Month]) -> Iterator[str]:
    """The few figures that count."""
    score, false = overall(months), sum(len(month.false) for month in months)
    yield f"| site-months | {len(months)} |"
    yield f"| faults | {score.faults} |"
    yield f"| recall | {score.recall:.4f} ({score.found} of {score.faults}) |"
    yield f"| precision | {precision(months):.4f} ({false} of {score.tickets + false} tickets without a fault) |"
    yield f"| tickets per fault | {score.per_fault:.3f} |"
    yield f"| tickets in thirty healthy days of {len(healthy)} sites | {sum(len(month.false) for month in healthy)} |"


def table(months: Sequence[Month]) -> Iterator[str]:
    """A row a kind of fault."""
    yield "| kind of fault | faults | recall | tickets per fault | delay, median | slowest |"
    yield "|---|---|---|---|---|---|"
    for kind, score in by_kind(months).items():
        times = f"{_time(score.median)} | {_time(score.slowest)}"
        yield f"| `{kind}` | {score.faults} | {score.recall:.3f} | {_per(score)} | {times} |"


def _per(score: Score) -> str:
    return f"{score.per_fault:.2f}" if score.found else ""


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 5400:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} d"


def page(months: Sequence[Month], healthy: Sequence[Month]) -> str:
    """The whole of docs/detection.md."""
    lines = [
        HEAD.format(kinds=len(ranges.FAULTS)),
        f"Seeds {months[0].seed} to {months[-1].seed}; healthy ones {healthy[0].seed} to {healthy[-1].seed}."
        if months and healthy
        else "",
        "",
        "| | |",
        "|---|---|",
        *summary(months, healthy),
        "",
        "## By kind of fault",
        "",
        "The delay is from the fault's first second to the ticket: hold times and the agents' paces included.",
        "",
        *table(months),
        "",
        "## What went wrong",
        "",
        *([f"- {one}{_remark(one)}" for one in troubles([*months, *healthy])] or ["Nothing."]),
        "",
    ]
    return "\n".join(lines)


def _remark(trouble: str) -> str:
    """Why, where somebody has looked."""
    return next(
        (f" ({why})" for seed, why in ranges.REMARKS.items() if trouble.startswith((f"seed {seed},", f"seed {seed}:"))),
        "",
    )
