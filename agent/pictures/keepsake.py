"""A channel's baseline as it is kept over restarts: JSON, tables as base64; some ten kilobytes a channel."""

import base64
import binascii
from array import array
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from agent.pictures.baseline import MOST_SCENES, Baseline, Hour, Light
from agent.pictures.features import Phase, Ratio
from agent.pictures.grid import CELLS
from agent.pictures.level import Level, Table
from agent.pictures.scene import Scene

_Finite = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
_Count = Annotated[int, Field(ge=0, le=1_000_000)]
_Level = tuple[_Finite, _Finite, _Count]
_Text = Annotated[str, Field(max_length=CELLS * 4)]


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KeptScene(_Kept):
    """A view."""

    tables: tuple[_Text, _Text, _Text, _Text, _Text]
    levels: tuple[_Level, _Level, _Level, _Level]
    count: _Count
    visits: _Count
    seen: _Count


class KeptLight(_Kept):
    """A kind of light."""

    count: _Count
    stray: _Count
    last: int = Field(ge=-1, lt=MOST_SCENES)
    levels: tuple[_Level, _Level, _Level]
    scenes: list[KeptScene] = Field(max_length=MOST_SCENES)


class Keepsake(_Kept):
    """All that is remembered of a channel. `identity`, `order` and `size` say what it was learned of: baselines of
    another camera, or from before an order to learn anew, are worth nothing."""

    identity: str = Field(default="", max_length=1000)
    order: str = Field(default="", max_length=100)
    size: tuple[int, int] = (0, 0)
    lights: dict[Phase, KeptLight] = Field(default={}, max_length=len(Phase))
    hours: list[tuple[Ratio, Ratio, _Count]] = Field(default=[], max_length=24)

    @classmethod
    def of(cls, baseline: Baseline, identity: str, order: str, size: tuple[int, int]) -> Self:
        """What is worth keeping."""
        return cls(
            identity=identity,
            order=order,
            size=size,
            lights={phase: _kept_light(light) for phase, light in baseline.lights.items()},
            hours=[(hour.lit, hour.brightness, hour.count) for hour in baseline.hours],
        )

    def baseline(self, needed: int, ptz: bool) -> Baseline:
        """The baseline as it was. Raises ValueError where tables are damaged."""
        baseline = Baseline(needed, ptz)
        baseline.lights = {phase: _light(kept, needed * (2 if ptz else 1), ptz) for phase, kept in self.lights.items()}
        for n, (lit, brightness, count) in enumerate(self.hours):
            baseline.hours[n] = Hour(lit, brightness, count)
        return baseline


def _kept_light(light: Light) -> KeptLight:
    return KeptLight(
        count=light.count,
        stray=light.stray,
        last=light.last,
        levels=(_numbers(light.brightness), _numbers(light.white), _numbers(light.saturation)),
        scenes=[_kept_scene(scene) for scene in light.scenes],
    )


def _light(kept: KeptLight, needed: int, ptz: bool) -> Light:
    brightness, white, saturation = (Level(*level) for level in kept.levels)
    scenes = [_scene(scene) for scene in kept.scenes]
    last = kept.last if kept.last < len(scenes) else -1
    return Light(needed, ptz, kept.count, kept.stray, last, brightness, white, saturation, scenes)


def _kept_scene(scene: Scene) -> KeptScene:
    tables = (scene.across, scene.upright, scene.light, scene.detail, scene.swing)
    across, upright, light, detail, swing = (base64.b64encode(table.cells.tobytes()).decode() for table in tables)
    return KeptScene(
        tables=(across, upright, light, detail, swing),
        levels=(
            _numbers(scene.deviation),
            _numbers(scene.likeness),
            _numbers(scene.sharpness),
            _numbers(scene.lost),
        ),
        count=scene.count,
        visits=scene.visits,
        seen=scene.seen,
    )


def _scene(kept: KeptScene) -> Scene:
    across, upright, light, detail, swing = (_table(text) for text in kept.tables)
    scene = Scene(across, upright, light, detail, swing, count=kept.count, visits=kept.visits, seen=kept.seen)
    scene.deviation, scene.likeness, scene.sharpness, scene.lost = (Level(*level) for level in kept.levels)
    return scene


def _table(text: str) -> Table:
    try:
        cells = array("H", base64.b64decode(text, validate=True))
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    if len(cells) != CELLS:
        raise ValueError(f"a table of {len(cells)} cells")
    return Table(cells)


def _numbers(level: Level) -> tuple[float, float, int]:
    return level.mid, level.spread, level.count
