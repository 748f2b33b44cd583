"""One view of a camera in one kind of light, as it usually is: its shapes, its brightness, its detail, cell by cell.

Likeness is a correlation of gradients with the mean taken off, tile by tile: it outlives clouds, lamps and exposure,
and what stands before some tiles (people, a car, dirt) does not change the middle one. A tour has several views.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from agent.pictures.features import Features
from agent.pictures.grid import CELLS, COLUMNS, FINENESS, ROWS
from agent.pictures.level import TRUSTED, Level, Table

STEADY = 0.35
"""A cell whose detail usually strays by more than this part (leaves, a road) says nothing of dirt."""
FEWEST_CELLS = 16
"""Cells with detail that a view must have: of a bare wall nobody can say whether it is sharp."""

_CROPPED = 2.5
"""Gradients above so many times the mean count as that: an overlay's letters must not be what makes two views alike."""
_DETAILED = FINENESS // 2
"""The least detail of a cell that counts, half a grey level."""
_TILES = [
    [(top + y) * COLUMNS + left + x for y in range(4) for x in range(4)]
    for top in range(0, ROWS, 4)
    for left in range(0, COLUMNS, 4)
]
"""Twelve tiles of sixteen cells."""
_EMPTY = 0.2
"""A tile with less than this part of the whole's variance has nothing in it that could be known again."""
_KEPT = 0.75
"""A tile this much alike is the one it was."""


@dataclass(frozen=True)
class Sharpness:
    """Against the view's usual: the middle cell's ratio, and the share of steady cells that lost their detail."""

    ratio: float
    lost: float | None


@dataclass
class Scene:
    """`visits`: how often the camera came here from another view; `seen`: at which of its light's pictures the last
    time."""

    across: Table
    upright: Table
    light: Table
    detail: Table
    swing: Table
    deviation: Level = field(default_factory=Level)
    likeness: Level = field(default_factory=Level)
    sharpness: Level = field(default_factory=Level)
    """Of its pictures that are well, against itself: haze and noise make soft views softer."""
    lost: Level = field(default_factory=Level)
    """Share of its cells that lost their detail, as it is in pictures that are well: people stand before them."""
    count: int = 0
    visits: int = 0
    seen: int = 0

    @classmethod
    def of(cls, features: Features) -> Self:
        """A view first seen in this picture."""
        f = features
        return cls(Table(f.across), Table(f.upright), Table(f.light), Table(f.detail), Table([0] * CELLS))

    def learn(self, features: Features, mature: bool) -> None:
        """One more picture of it."""
        f = features
        if self.count:
            self.likeness.learn(alike(f, self).middle, mature)
            off = [abs(value - usual) for value, usual in zip(f.detail, self.detail.cells, strict=True)]
            self.swing.learn(off, self.count - 1, mature)
        if self.count >= TRUSTED and (found := sharpness(f, self)) is not None:
            self.sharpness.learn(found.ratio, mature)
            if found.lost is not None:
                self.lost.learn(found.lost, mature)
        for table, values in (
            (self.across, f.across),
            (self.upright, f.upright),
            (self.light, f.light),
            (self.detail, f.detail),
        ):
            table.learn(values, self.count, mature)
        self.deviation.learn(f.deviation, mature)
        self.count = min(self.count + 1, 1_000_000)

    @property
    def noise(self) -> float:
        """What even its plainest cells have of detail."""
        return float(sorted(self.detail.cells)[CELLS // 10])

    def sharp(self) -> list[float]:
        """Usual detail of each cell, less the noise of the plainest."""
        floor = self.noise**2
        return [math.sqrt(max(0.0, cell * cell - floor)) for cell in self.detail.cells]


@dataclass(frozen=True)
class Likeness:
    """`middle`: of the middle tile, 1 the very same, about 0 another view. `kept`: share of tiles that are as ever."""

    middle: float
    kept: float


def alike(features: Features, scene: Scene) -> Likeness:
    """Whether it shows the same view. Tiles without anything in them do not count."""
    pairs = [
        (_cropped(features.across), _cropped(scene.across.cells)),
        (_cropped(features.upright), _cropped(scene.upright.cells)),
    ]
    least = _EMPTY * sum(_variance(usual) for _, usual in pairs)
    found = []
    for tile in _TILES:
        parts = [([now[n] for n in tile], [usual[n] for n in tile]) for now, usual in pairs]
        if sum(_variance(usual) for _, usual in parts) > least:
            found.append(sum(_correlation(now, usual) for now, usual in parts) / len(parts))
    if not found:
        return Likeness(0.0, 0.0)
    return Likeness(sorted(found)[len(found) // 2], sum(one >= _KEPT for one in found) / len(found))


def lit_alike(features: Features, scene: Scene) -> float:
    """Whether light falls as usual: sun and infra-red lamps light the same view differently."""
    return _correlation(features.light, scene.light.cells)


def sharpness(features: Features, scene: Scene) -> Sharpness | None:
    """Sharpness of a picture of this view; None where the view has too little detail to tell.

    In flat light all detail is fainter without being less sharp, so what contrast was lost is made good, up to half.
    """
    usual, noise = scene.sharp(), scene.noise
    detailed = [n for n, value in enumerate(usual) if value >= max(_DETAILED, noise)]
    if len(detailed) < FEWEST_CELLS:
        return None
    flat = min(1.0, max(0.5, features.deviation / max(scene.deviation.mid, 1e-6)))
    ratios = {n: features.sharp[n] / usual[n] / flat for n in detailed}
    swing, detail = scene.swing.cells, scene.detail.cells
    steady = [ratios[n] for n in detailed if swing[n] <= STEADY * detail[n]]
    lost = sum(ratio < LOST for ratio in steady) / len(steady) if len(steady) >= FEWEST_CELLS else None
    return Sharpness(sorted(ratios.values())[len(ratios) // 2], lost)


def plainness(sharp: Sequence[float]) -> float:
    """How much there is to see, in 512ths of a grey level: the mean detail, letters laid over the picture left out."""
    kept = sorted(sharp)[: CELLS * 9 // 10]
    return sum(kept) / len(kept)


LOST = 0.5
"""A cell has lost its detail below this part of its usual."""


def _cropped(cells: Sequence[int]) -> list[float]:
    """Compressed, so that strong edges do not outweigh all others."""
    most = _CROPPED * sum(cells) / len(cells)
    return [math.sqrt(min(cell, most)) for cell in cells]


def _variance(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values) / len(values)


def _correlation(one: Sequence[float], other: Sequence[float]) -> float:
    mean_one, mean_other = sum(one) / len(one), sum(other) / len(other)
    from_one, from_other = [value - mean_one for value in one], [value - mean_other for value in other]
    squares = sum(value * value for value in from_one) * sum(value * value for value in from_other)
    if squares <= 0:
        return 0.0
    return sum(a * b for a, b in zip(from_one, from_other, strict=True)) / math.sqrt(squares)
