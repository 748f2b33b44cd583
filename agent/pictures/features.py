"""The figures of one picture, as the analyst tells them: checked, since the analyst read foreign bytes."""

import math
from enum import StrEnum
from functools import cached_property
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from agent.pictures.grid import CELLS, STRIPS

Ratio = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_Cell = Annotated[int, Field(ge=0, le=65_535)]
Map = Annotated[tuple[_Cell, ...], Field(min_length=CELLS, max_length=CELLS)]
_Strips = Annotated[tuple[Annotated[int, Field(ge=0, lt=1 << 32)], ...], Field(min_length=STRIPS, max_length=STRIPS)]

NOTHING_SEEN = 0.12
"""The brightest twentieth of a picture below this: nothing can be seen in it."""
MONOCHROME = 0.02
"""Up to this share of coloured cells a picture is one without colour: an overlay's may be all there is."""
DUSK = 0.2
"""Below this mean brightness a coloured picture is one of twilight."""


class Phase(StrEnum):
    """The light a picture was taken in, as the picture itself shows it."""

    DAY = "day"
    """Coloured, and bright: daylight, or lamps."""
    TWILIGHT = "twilight"
    """Coloured, and dim."""
    NIGHT = "night"
    """Without colour, by infra-red light."""
    DARK = "dark"
    """Nothing to be seen."""


class Features(BaseModel):
    """One picture's. `light` is in 256ths of a grey level; `across`, `upright` (gradients) and `detail` (a Laplacian)
    are root mean squares in 512ths of one, `strips` checksums."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int = Field(ge=1, le=65_535)
    height: int = Field(ge=1, le=65_535)
    brightness: Ratio
    contrast: Ratio
    deviation: Ratio
    highlight: Ratio
    white: Ratio
    saturation: Ratio
    colourful: Ratio
    light: Map
    across: Map
    upright: Map
    detail: Map
    strips: _Strips

    @cached_property
    def phase(self) -> Phase:
        """Its light."""
        if self.highlight < NOTHING_SEEN:
            return Phase.DARK
        if self.colourful <= MONOCHROME:
            return Phase.NIGHT
        return Phase.DAY if self.brightness >= DUSK else Phase.TWILIGHT

    @cached_property
    def noise(self) -> float:
        """What even the plainest cells have of detail: the sensor's noise."""
        return float(sorted(self.detail)[CELLS // 10])

    @cached_property
    def sharp(self) -> tuple[float, ...]:
        """Detail of each cell, less the noise."""
        floor = self.noise**2
        return tuple(math.sqrt(max(0.0, cell * cell - floor)) for cell in self.detail)
