"""`python -m tests.detection`: randomised site-months generated, replayed and judged, over all processors."""

import argparse
import os
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from tests.detection import ranges
from tests.detection.matching import match
from tests.detection.page import page, summary, table
from tests.detection.playing import play
from tests.detection.scores import Month, met, month, troubles
from tests.detection.sites import parts, site
from tests.detection.topology import Topology

PAGE = Path(__file__).parents[2] / "docs" / "detection.md"


def judged(
    seed: int,
    days: float = 30.0,
    faults: bool = True,
    *,
    since: float = 0.0,
    until: float | None = None,
    only: Collection[str] = (),
) -> Month:
    """One site-month. `since`, `until`: from its so many-th day on, up to another; `only`: of these devices."""
    began = time.process_time()
    script = site(seed, days=days, faults=faults)
    if only:
        script = parts(script, only)
    if until is not None:
        over = [fault for fault in script.faults if fault.end + ranges.GAP_SECONDS <= until * ranges.DAY]
        script = script.model_copy(update={"length": until * ranges.DAY, "faults": over})
    seen = [fault for fault in script.faults if fault.at >= since * ranges.DAY]
    outcomes, false = match(seen, play(script, since=since * ranges.DAY), Topology(script), script.span)
    return month(seed, outcomes, false, time.process_time() - began)


def judged_all(seeds: Sequence[int], days: float, faults: bool, processes: int) -> list[Month]:
    """All of them, in the order of their seeds; progress on stderr."""
    found: list[Month] = []
    with ProcessPoolExecutor(processes) as pool:
        waiting = [pool.submit(judged, seed, days, faults) for seed in seeds]
        for future in as_completed(waiting):
            found.append(future.result())
            for trouble in troubles(found[-1:]):
                print(trouble, file=sys.stderr)
            print(f"{len(found)} of {len(seeds)}: {found[-1].seconds:.0f} s of CPU", file=sys.stderr, flush=True)
    return sorted(found)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. 0 where the targets are met, else 1."""
    options = _options(arguments)
    seeds, healthy = _seeds(options)
    months = judged_all(seeds, options.days, True, options.processes)
    well = judged_all(healthy, options.days, False, options.processes)
    for line in _told(months, well):
        print(line)
    if options.docs:
        PAGE.write_text(page(months, well), encoding="utf-8")
    return 0 if met(months, well) else 1


def _told(months: Sequence[Month], well: Sequence[Month]) -> Iterator[str]:
    yield from summary(months, well)
    yield ""
    yield from table(months)
    yield ""
    yield from troubles([*months, *well])


def _seeds(options: argparse.Namespace) -> tuple[list[int], list[int]]:
    """Those of faults, and the healthy ones."""
    if options.seeds:
        return options.seeds, []
    seeds, healthy = ranges.PUBLICATION_SEEDS, ranges.HEALTHY_SEEDS
    if options.tuning:
        seeds, healthy = ranges.TUNING_SEEDS, ranges.HEALTHY_TUNING_SEEDS
    share = options.months / len(seeds)
    return list(seeds[: options.months]), list(healthy[: max(1, round(share * len(healthy)))])


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.detection", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", metavar="SEED", help="only these, and no healthy sites")
    parser.add_argument("--months", type=int, default=100, help="site-months with faults (100)")
    parser.add_argument("--days", type=float, default=30.0, help="days of each (30)")
    parser.add_argument("--tuning", action="store_true", help="the seeds that rules may be tuned on")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="at once (one a processor)")
    parser.add_argument("--docs", action="store_true", help="write docs/detection.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
