"""What is found in pictures of synthetic places, and what is found where nothing is wrong.

`python -m tests.agent.pictures.matrix [SEEDS]` prints the table that the documentation quotes.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from simulator.pictures import Fault, Light, Shot, Weather
from tests.agent.pictures.trained import verdict, week

WANTED: dict[tuple[Light, Fault], frozenset[str]] = {
    (Light.DAY, Fault.DEFOCUSED): frozenset({"blurred"}),
    (Light.DAY, Fault.SPRAYED): frozenset({"dirty"}),
    (Light.DAY, Fault.WEB): frozenset({"dirty"}),
    (Light.DAY, Fault.TAPED): frozenset({"covered"}),
    (Light.DAY, Fault.CLOTH): frozenset({"covered"}),
    (Light.DAY, Fault.PAPER): frozenset({"covered"}),
    (Light.DAY, Fault.UNDEREXPOSED): frozenset({"dark"}),
    (Light.DAY, Fault.OVEREXPOSED): frozenset({"bright"}),
    (Light.DAY, Fault.COLOURLESS): frozenset({"colour_lost"}),
    (Light.DAY, Fault.TURNED): frozenset({"moved"}),
    (Light.NIGHT, Fault.DEFOCUSED): frozenset({"blurred"}),
    (Light.NIGHT, Fault.SPRAYED): frozenset({"dirty"}),
    # Thick threads lit by the lamps take over the view.
    (Light.NIGHT, Fault.WEB): frozenset({"dirty", "blurred", "moved"}),
    # Black is black: nothing tells tape from lamps that are out.
    (Light.NIGHT, Fault.TAPED): frozenset({"infrared_dead"}),
    (Light.NIGHT, Fault.CLOTH): frozenset({"covered"}),
    (Light.NIGHT, Fault.PAPER): frozenset({"covered"}),
    (Light.NIGHT, Fault.UNDEREXPOSED): frozenset({"infrared_dead"}),
    (Light.NIGHT, Fault.OVEREXPOSED): frozenset({"bright"}),
    (Light.NIGHT, Fault.INFRARED_DEAD): frozenset({"infrared_dead"}),
    (Light.NIGHT, Fault.TURNED): frozenset({"moved"}),
}
"""By light and fault: the flags of which one, and nothing but these, is to be raised."""


class Case(NamedTuple):
    """One picture and what was said of it."""

    light: Light
    what: Weather | Fault
    flags: frozenset[str]
    judged: bool

    @property
    def right(self) -> bool:
        """Nothing where nothing is wrong; else what was wanted, and nothing else."""
        if isinstance(self.what, Weather):
            return not self.flags and self.judged
        return bool(self.flags) and self.flags <= WANTED[self.light, self.what]


def cases(seed: int, each: int = 1) -> Iterator[Case]:
    """All pictures of one place, so many of each kind: every third place is a store room."""
    place, baseline = week(seed, seed % 3 == 2)

    def case(shot: Shot, what: Weather | Fault) -> Case:
        found = verdict(place, baseline, shot)
        flags = frozenset(name for name, raised in found.flags.items() if raised)
        return Case(shot.light, what, flags, found.flags.get("moved") is not None)

    for light in (Light.DAY, Light.NIGHT):
        for weather in Weather:
            for moment in range(500, 500 + each):
                yield case(Shot(moment, light, weather), weather)
    for light, fault in WANTED:
        for moment in range(600, 600 + each):
            yield case(Shot(moment, light, fault=fault), fault)


def main() -> None:
    """Print the table."""
    seeds = range(1000, 1000 + int(sys.argv[1] if len(sys.argv) > 1 else 20))
    rows: defaultdict[tuple[Light, Weather | Fault], Counter[str]] = defaultdict(Counter)
    right: Counter[bool] = Counter()
    for seed in seeds:
        for case in cases(seed, 3):
            rows[case.light, case.what][", ".join(sorted(case.flags)) or "-"] += 1
            right[isinstance(case.what, Fault)] += case.right
    healthy = sum(n for (_, what), row in rows.items() for n in row.values() if isinstance(what, Weather))
    faulty = sum(n for (_, what), row in rows.items() for n in row.values() if isinstance(what, Fault))
    print(
        f"{len(seeds)} places; healthy pictures without a flag {right[False]}/{healthy}, "
        f"faulty ones told right {right[True]}/{faulty}"
    )
    for (light, what), row in rows.items():
        told = "; ".join(f"{flags} {count}" for flags, count in row.most_common())
        print(f"{light:<7} {type(what).__name__.lower():<8} {what:<14} {told}")


if __name__ == "__main__":
    main()
