"""One channel over time: its baseline, whether its picture stands still, and what a picture's figures mean."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from agent.memory import Memory
from agent.pictures.baseline import Baseline
from agent.pictures.features import Features, Phase
from agent.pictures.keepsake import Keepsake
from agent.pictures.still import Still
from agent.pictures.verdict import Limits, Verdict, judge

log = logging.getLogger(__name__)

KEEP_SECONDS = 3600.0
"""How often a baseline is written to disk, at most."""
SET_SINCE = 1_793_491_200.0
"""2026-11-01, before this was written: a clock that says less was never set, and its hours mean nothing."""
RESIZED = 3
"""So many pictures of another size than before mean that the camera was set anew."""


class Channel:
    """One device's pictures. For one thread at a time. `order`: learn anew when it changes (any text)."""

    def __init__(
        self,
        device: str,
        folder: Path | None,
        *,
        needed: int,
        limits: Limits,
        ptz: bool = False,
        order: str = "",
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device = device
        self.size = (0, 0)
        """Of its pictures, in pixels."""
        self._needed, self._ptz, self._limits, self._order = needed, ptz, limits, order
        self._wall, self._monotonic = wall, monotonic
        self._memory = Memory(folder, device, Keepsake)
        self._identity = ""
        self._baseline = Baseline(needed, ptz)
        self._still = Still()
        self._resized = 0
        self._suspect = False
        self._kept_at = monotonic()
        self._recall()

    @property
    def presets(self) -> int:
        """Views it is known to have, of the kind of light that has most."""
        return max((len(light.scenes) for light in self._baseline.mature()), default=0)

    def identify(self, identity: str) -> None:
        """Who the camera says it is (empty: it does not say); another one begins anew."""
        if identity and self._identity and identity != self._identity:
            self._forget("another camera, or other firmware")
        self._identity = identity or self._identity

    def see(self, features: Features) -> tuple[dict[str, float], Verdict]:
        """The metrics of one picture, and the verdict they come from."""
        size = (features.width, features.height)
        still = self._still.see(features, self._monotonic())
        known = self._is_size(size)
        hour = self._hour()
        verdict = judge(features, self._baseline, hour, self._limits) if known else Verdict()
        if still is not None and self._baseline.mature():
            verdict.flags["frozen"] = still
        samples = self._baseline.of(features.phase).count
        if not verdict.good:
            self._suspect = True
        elif self._baseline.of(features.phase).mature:
            self._suspect = False
        # While something is wrong, light that cannot be judged yet would learn it as the way things are.
        if known and verdict.good and not self._suspect and self._still.again == 0:
            self._baseline.learn(features, hour)
        self._keep()
        return _values(features, verdict, samples, self._still.change), verdict

    def _is_size(self, size: tuple[int, int]) -> bool:
        """Whether it is of the size that was learned; after some that are not, another is learned."""
        if size == self.size or self.size == (0, 0):
            self.size, self._resized = size, 0
            return True
        self._resized += 1
        if self._resized < RESIZED:
            return False
        self._forget(f"pictures are {size[0]} × {size[1]} now")
        self.size = size
        return True

    def _hour(self) -> int | None:
        now = self._wall()
        return int(now // 3600) % 24 if now >= SET_SINCE else None

    def _forget(self, why: str) -> None:
        log.info("pictures are learned anew device=%s reason=%r", self.device, why)
        self._baseline = Baseline(self._needed, self._ptz)
        self._still = Still()
        self._resized = 0
        self._suspect = False

    def _recall(self) -> None:
        kept = self._memory.recall()
        if kept is None or kept.order != self._order:
            return
        try:
            self._baseline = kept.baseline(self._needed, self._ptz)
        except ValueError as error:
            log.warning("baseline is damaged, learning anew device=%s reason=%r", self.device, str(error))
            return
        self._identity, self.size = kept.identity, kept.size

    def _keep(self) -> None:
        now = self._monotonic()
        if now - self._kept_at < KEEP_SECONDS:
            return
        self._kept_at = now
        self._memory.remember(Keepsake.of(self._baseline, self._identity, self._order, self.size))


def _values(features: Features, verdict: Verdict, samples: int, change: float | None) -> dict[str, float]:
    values = {
        "picture_taken": 1.0,
        "picture_age_seconds": 0.0,
        "picture_baseline_samples": float(samples),
        "picture_infrared": float(features.phase is Phase.NIGHT and not verdict.flags.get("colour_lost")),
        "picture_brightness_ratio": features.brightness,
        "picture_contrast_ratio": features.contrast,
        "picture_saturation_ratio": features.saturation,
    }
    told = {"sharpness": verdict.sharpness, "similarity": verdict.similarity, "change": change}
    values |= {f"picture_{name}_ratio": value for name, value in told.items() if value is not None}
    return values | {f"picture_{flag}": float(found) for flag, found in verdict.flags.items()}
