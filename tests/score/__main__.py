"""python -m tests.score: the detector's figures over series that are made, or over a folder in the form of NAB.

    python -m tests.score --seeds 100:110          every family with every anomaly, ten of each
    python -m tests.score --nab DIR                DIR/data/**.csv against DIR/labels/combined_windows.json
    python -m tests.score --level 0.7              what counts as an alarm

Prints, by family and by anomaly: area under the curve of rows; recall and median delay of windows; precision of alarms;
false alarms in ten thousand rows. Takes about a second a series.
"""

import argparse
import json
import statistics
import sys
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from hub.detector import Detector
from hub.history import Table
from tests.score.families import every
from tests.score.figures import Figures, measure


class Series(NamedTuple):
    """A series with its scores; `windows` are its anomalies."""

    family: str
    anomaly: str
    windows: Sequence[range]
    scores: Sequence[float]


class Scored(NamedTuple):
    """What came of a series. `windows`: how many anomalies it has."""

    family: str
    anomaly: str
    windows: int
    seen: int
    figures: Figures


def judged(one: Series, level: float) -> Scored:
    """By alarms at a level."""
    seen = sum(any(one.scores[row] >= level for row in window) for window in one.windows)
    return Scored(one.family, one.anomaly, len(one.windows), seen, measure(one.scores, one.windows, level))


def made(seeds: range) -> Iterator[Series]:
    """Every series that is made for these seeds."""
    for one in every(seeds):
        detector = Detector()
        scores = array("d", (detector.update(at, value).score for at, value in zip(one.times, one.values, strict=True)))
        yield Series(one.family, one.anomaly or "healthy", [one.window] if one.window else [], scores)


def labelled(folder: Path) -> Iterator[Series]:
    """Every table of the folder that has an entry among the labels. Labels are times without an offset: UTC."""
    for name, spans in sorted(json.loads((folder / "labels" / "combined_windows.json").read_text()).items()):
        path = folder / "data" / name
        if not path.exists():
            continue
        times, scores, detector = [], array("d"), Detector()
        with path.open(encoding="utf-8", newline="") as source:
            for row in Table(source):
                times.append(row.at)
                scores.append(0.0 if row.value is None else detector.update(row.at, row.value).score)
        bounds = [[datetime.fromisoformat(f"{end}+00:00").timestamp() for end in span] for span in spans]
        rows = [[row for row, at in enumerate(times) if first <= at <= last] for first, last in bounds]
        windows = [range(found[0], found[-1] + 1) for found in rows if found]
        yield Series(name.partition("/")[0], Path(name).stem, windows, scores)


def table(scored: Iterable[Scored], name: Callable[[Scored], str]) -> Iterator[str]:
    """A line of figures for each name, in Markdown, and one for all."""
    groups: dict[str, list[Scored]] = {}
    for one in scored:
        groups.setdefault(name(one), []).append(one)
    yield "| | series | AUC | windows seen | highest in window | median delay, rows | false alarms in 10,000 |"
    yield "|---|---|---|---|---|---|---|"
    for title, ones in [*groups.items(), ("all", [one for group in groups.values() for one in group])]:
        yield _line(title, ones)


def _line(title: str, ones: list[Scored]) -> str:
    figures = [one.figures for one in ones]
    areas = [found.auc for found in figures if found.auc is not None]
    delays = [found.delay for found in figures if found.delay is not None]
    windows, rows = sum(one.windows for one in ones), sum(found.rows for found in figures)
    planted = [one for one in ones if one.windows]
    return " | ".join(
        (
            f"| {title}",
            f"{len(ones)}",
            f"{statistics.fmean(areas):.3f}" if areas else "",
            f"{sum(one.seen for one in ones)} of {windows}" if windows else "",
            f"{sum(one.figures.top for one in planted)} of {len(planted)}" if planted else "",
            f"{statistics.median(delays):.0f}" if delays else "",
            f"{1e4 * sum(found.false_alarms for found in figures) / rows:.2f} |",
        )
    )


def main(argv: list[str] | None = None) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.score", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", default="100:110", help="FIRST:END (default: %(default)s)")
    parser.add_argument("--level", type=float, nargs="+", default=[0.5, 0.9], help="scores of alarms (%(default)s)")
    parser.add_argument("--nab", type=Path, metavar="DIR", help="a copy of the Numenta Anomaly Benchmark")
    arguments = parser.parse_args(argv)
    began = time.monotonic()
    if arguments.nab:
        series = list(labelled(arguments.nab))
    else:
        first, _, end = arguments.seeds.partition(":")
        series = list(made(range(int(first), int(end))))
    for level in arguments.level:
        print(f"## Alarms at {level:g}\n")
        scored = [judged(one, level) for one in series]
        for name in (lambda one: one.family, lambda one: one.anomaly):
            print("\n".join(table(scored, name)) + "\n")
        seen, false = sum(one.seen for one in scored), sum(one.figures.false_alarms for one in scored)
        print(f"precision of alarms: {seen / max(seen + false, 1):.3f}\n")
    rows = sum(len(one.scores) for one in series)
    print(f"{rows} rows in {time.monotonic() - began:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
