"""What a channel's pictures usually are, by the light they are taken in; and at which hours there is which light."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from agent.pictures.features import Features, Phase
from agent.pictures.level import Level
from agent.pictures.scene import Likeness, Scene, alike

MOST_SCENES = 4
"""Views kept for each kind of light: a tour's presets."""
JOINS = 0.55
"""A picture this much alike a view is one of it."""
KNOWN = 4
"""Pictures that make a view a known one."""
_ONCE = 12
"""Pictures after which a view that did not come again was a passing thing."""
ROAMING = 0.2
"""Where more than this share of the pictures learned from fits no view, the camera looks about freely."""

HOUR_PICTURES = 42
"""Pictures that an hour of the day must have had before anything is said of it: a week of them."""
_HOUR_RATE = 1 / 84
_ALWAYS = 0.97


@dataclass
class Light:
    """Pictures of one phase. `needed` of them make it mature; what is learned after that creeps."""

    needed: int
    ptz: bool = False
    count: int = 0
    stray: int = 0
    """Pictures learned from that fit no view."""
    last: int = -1
    """The view of the last picture."""
    brightness: Level = field(default_factory=Level)
    white: Level = field(default_factory=Level)
    saturation: Level = field(default_factory=Level)
    scenes: list[Scene] = field(default_factory=list)

    @property
    def mature(self) -> bool:
        """Whether it can be judged against."""
        return self.count >= self.needed

    @property
    def roaming(self) -> bool:
        """Whether the camera looks where nobody can know."""
        return self.stray > ROAMING * min(self.count, self.needed)

    def nearest(self, features: Features) -> tuple[Scene, Likeness] | None:
        """The view it is most alike, and how much; None where none is known."""
        found = [(scene, alike(features, scene)) for scene in self.scenes]
        return max(found, key=lambda one: one[1].middle, default=None)

    def learn(self, features: Features) -> None:
        """One more picture that is as it should be."""
        mature = self.mature
        self.brightness.learn(features.brightness, mature)
        self.white.learn(features.white, mature)
        self.saturation.learn(features.saturation, mature)
        self._learn_view(features, mature)
        self.count = min(self.count + 1, 1_000_000)
        if self.mature and not mature:
            self._settle()

    def _learn_view(self, features: Features, mature: bool) -> None:
        found = self.nearest(features)
        if found is not None and found[1].middle >= JOINS:
            index = self.scenes.index(found[0])
            found[0].visits += index != self.last
            self.last = index
        elif mature:
            return
        else:
            self._take_up(features)
            if self.last < 0:
                return
        self.scenes[self.last].seen = self.count
        self.scenes[self.last].learn(features, mature)

    def _take_up(self, features: Features) -> None:
        """A view not seen before. Where there are too many, one that was seen once, long ago, gives way."""
        self.last = -1
        if len(self.scenes) >= MOST_SCENES:
            self.stray += 1
            once = [n for n, s in enumerate(self.scenes) if s.count <= 1 and self.count - s.seen > _ONCE]
            if not once:
                return
            del self.scenes[once[0]]
        scene = Scene.of(features)
        scene.visits = 1
        self.scenes.append(scene)
        self.last = len(self.scenes) - 1

    def _settle(self) -> None:
        """Keep the views of a tour: those that were come back to. A camera that was turned while we learned has left
        its old view for good."""
        current = self.scenes[self.last] if self.last >= 0 else None
        tour = [s for s in self.scenes if s.count >= KNOWN and (self.ptz or s.visits > 1)]
        fixed = [current] if current is not None and current.count >= KNOWN else []
        kept = tour if self.ptz or len(tour) > 1 else fixed or tour
        self.stray += sum(s.count for s in self.scenes if s.count < KNOWN and s not in kept)
        self.scenes = kept or self.scenes
        self.last = next((n for n, s in enumerate(self.scenes) if s is current), -1)


@dataclass
class Hour:
    """One hour of the day (UTC): which share of its pictures had colour, and how bright those were."""

    lit: float = 0.0
    brightness: float = 0.0
    count: int = 0

    def learn(self, features: Features) -> None:
        """One more picture in it."""
        rate = max(1 / (self.count + 1), _HOUR_RATE)
        lit = features.phase in (Phase.DAY, Phase.TWILIGHT)
        self.lit += rate * (lit - self.lit)
        self.brightness += rate * (features.brightness - self.brightness)
        self.count = min(self.count + 1, 1_000_000)

    @property
    def day(self) -> bool:
        """There is always light and colour at this hour."""
        return self.count >= HOUR_PICTURES and self.lit >= _ALWAYS

    @property
    def night(self) -> bool:
        """There is never."""
        return self.count >= HOUR_PICTURES and self.lit <= 1 - _ALWAYS


@dataclass
class Baseline:
    """Of one channel. `needed`: pictures of a phase that make it mature."""

    needed: int = 72
    ptz: bool = False
    lights: dict[Phase, Light] = field(default_factory=dict)
    hours: list[Hour] = field(default_factory=lambda: [Hour() for _ in range(24)])

    def of(self, phase: Phase) -> Light:
        """What is known of this light, nothing at first."""
        return self.lights.get(phase) or Light(self.needed)

    def mature(self) -> Iterable[Light]:
        """All that can be judged against."""
        return [light for light in self.lights.values() if light.mature]

    def learn(self, features: Features, hour: int | None) -> None:
        """One more picture that is as it should be, taken in this hour (UTC; None: the clock is not to be trusted)."""
        if features.phase not in self.lights:
            # A tour shows each view less often.
            self.lights[features.phase] = Light(self.needed * (2 if self.ptz else 1), self.ptz)
        self.lights[features.phase].learn(features)
        if hour is not None:
            self.hours[hour].learn(features)

    def hour(self, hour: int | None) -> Hour:
        """What is usual at this hour."""
        return self.hours[hour] if hour is not None else Hour()
