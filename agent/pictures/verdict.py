"""What is wrong with a picture, by what the channel's pictures usually are. Pure.

Each finding is yes, no, or missing where it cannot be told: before the light's baseline is mature, and where another
finding hides it (of a covered view nobody knows whether it is sharp).
"""

from dataclasses import dataclass, field

from agent.pictures.baseline import Baseline, Hour, Light
from agent.pictures.features import MONOCHROME, Features, Phase
from agent.pictures.scene import Scene, alike, lit_alike, plainness, sharpness

FLAGS = ("blurred", "dark", "bright", "covered", "dirty", "frozen", "colour_lost", "infrared_dead", "moved")
"""Everything that can be found; metrics are called `picture_{flag}`."""


@dataclass(frozen=True)
class Limits:
    """From where on something is wrong. Ratios are against the baseline."""

    blurred_below: float = 0.5
    dirty_above: float = 0.12
    moved_below: float = 0.65
    white_above: float = 0.3
    infrared_below: float = 0.45
    dark_below: float = 0.12
    """Mean brightness of a picture in an hour that is always light."""


@dataclass
class Verdict:
    """Flags and what they were told from. `learn`: the picture may be learned from."""

    flags: dict[str, bool] = field(default_factory=dict)
    sharpness: float | None = None
    similarity: float | None = None
    lost: float | None = None

    @property
    def good(self) -> bool:
        """Nothing is wrong with it, as far as can be told."""
        return not any(self.flags.values())


_COLOURED = 0.015
"""A saturation by day below which a scene has too little colour to lose."""
_BLANK = 0.45
"""A strange view with less than this part of the usual detail is something before the lens, not another view."""
_SAME = 0.5
"""A view this much alike is the same, whatever else is wrong."""
_RESTLESS = 0.2
"""A limit of likeness below this is none: the scene itself changes too much."""
_SURELY_BLURRED = 0.6
"""Below this part of the limit a picture is blurred, however soft the view may be at times."""
_PARTLY = 0.25
"""Where so many tiles are as ever, it is the same view, and something hangs or stands before the rest."""
_BRIGHTEST, _BRIGHTEST_GREY = (0.85, 0.12), (0.65, 0.3)
"""A mean brightness above the first, and so much above the usual, is too bright where something is burnt out as well:
snow by day is not, nor is a sheet of paper before the lens."""


def judge(features: Features, baseline: Baseline, hour: int | None, limits: Limits = Limits()) -> Verdict:
    """The verdict on one picture, taken in this hour of the day (UTC; None: not known)."""
    verdict = Verdict()
    if not baseline.mature():
        return verdict
    usual = baseline.hour(hour)
    if _judge_light(features, baseline, usual, limits, verdict):
        return verdict
    light = baseline.of(features.phase)
    if _lost_colour(features, baseline, usual):
        verdict.flags["colour_lost"] = True
        light = baseline.of(Phase.DAY)
    elif features.phase is Phase.DAY and light.mature:
        verdict.flags["colour_lost"] = False
    _judge_view(features, light, baseline, usual, limits, verdict)
    return verdict


def _judge_light(features: Features, baseline: Baseline, usual: Hour, limits: Limits, verdict: Verdict) -> bool:
    """Too bright, too dark, no infra-red; whether that is all that can be said of the picture."""
    own = baseline.of(features.phase)
    against = [own] if own.mature else baseline.mature()
    white = max(light.white.mid for light in against) + limits.white_above
    floor, more = _BRIGHTEST if features.colourful > MONOCHROME else _BRIGHTEST_GREY
    brightest = max(floor, max(light.brightness.mid for light in against) + more)
    burnt = features.white > white - limits.white_above / 2
    bright = features.white > white or (features.brightness > brightest and burnt)
    if bright or own.mature:
        verdict.flags["bright"] = bright
    if bright:
        return True
    if features.phase is Phase.DARK:
        _judge_dark(features, baseline, usual, verdict)
        return True
    if features.phase is Phase.NIGHT and not usual.day:
        return _judge_infrared(features, own, limits, verdict)
    if usual.day and features.brightness < limits.dark_below < usual.brightness / 2:
        verdict.flags["dark"] = True
        return True
    if own.mature:
        verdict.flags["dark"] = False
    return False


def _judge_dark(features: Features, baseline: Baseline, usual: Hour, verdict: Verdict) -> None:
    """Nothing can be seen: lights out, no infra-red, or something before the lens. The hour tells, where it can."""
    night = baseline.of(Phase.NIGHT).mature
    if usual.day:
        found = baseline.of(Phase.DAY).nearest(features)
        shapes = found is not None and found[1].middle >= _BLANK
        verdict.flags |= {"dark": True} if shapes else {"covered": True}
    elif baseline.of(Phase.DARK).mature:
        verdict.flags["dark"] = False  # as black as ever
    elif night and usual.night:
        verdict.flags["infrared_dead"] = True
    elif night:
        verdict.flags["dark"] = True


def _judge_infrared(features: Features, own: Light, limits: Limits, verdict: Verdict) -> bool:
    if not own.mature:
        return False
    usual = own.brightness
    dead = features.brightness < min(limits.infrared_below * usual.mid, usual.mid - 4 * usual.spread)
    verdict.flags["infrared_dead"] = dead
    return dead


def _lost_colour(features: Features, baseline: Baseline, usual: Hour) -> bool:
    """Without colour, yet lit as by day: infra-red lamps light a scene from the camera, and leave the far in the dark.

    Lights that go out by day, and the infra-red that then comes on, are no loss of colour.
    """
    day, night = baseline.of(Phase.DAY), baseline.of(Phase.NIGHT)
    if features.phase is not Phase.NIGHT or not day.mature or day.saturation.mid < _COLOURED or usual.night:
        return False
    found = day.nearest(features)
    if found is None or found[1].middle < _SAME:
        return False
    by_day = lit_alike(features, found[0])
    by_night = max((lit_alike(features, scene) for scene in night.scenes), default=0.0)
    if night.mature:
        return by_day >= 0.6 and by_day > by_night + 0.1
    return by_day >= 0.6 and usual.day


def _judge_view(
    features: Features, light: Light, baseline: Baseline, hour: Hour, limits: Limits, verdict: Verdict
) -> None:
    """Covered, moved, blurred, dirty."""
    found = light.nearest(features) if light.mature else None
    if found is None:
        if hour.day and _strange(features, baseline, limits):
            verdict.flags["covered"] = True
        return
    scene, likeness = found
    verdict.similarity = max(0.0, likeness.middle)
    limit = _least_likeness(scene, limits)
    if likeness.middle < limit and likeness.kept < _PARTLY:
        _judge_strange(features, light, limit >= _RESTLESS, verdict)
        return
    verdict.flags |= {"moved": False, "covered": False}
    found_sharp = sharpness(features, scene)
    if found_sharp is None:
        return
    verdict.sharpness, verdict.lost = found_sharp.ratio, found_sharp.lost
    blurred = found_sharp.ratio < _least_sharpness(scene, limits)
    verdict.flags["blurred"] = blurred
    if not blurred and found_sharp.lost is not None:
        usual = scene.lost
        verdict.flags["dirty"] = found_sharp.lost > max(limits.dirty_above, usual.mid + 5 * usual.spread)


def _judge_strange(features: Features, light: Light, telling: bool, verdict: Verdict) -> None:
    """Not the view that was learned: what is it then?"""
    if plainness(features.sharp) < _BLANK * min(plainness(s.sharp()) for s in light.scenes):
        verdict.flags["covered"] = True
        verdict.flags.pop("colour_lost", None)
    elif telling and not light.roaming:
        verdict.flags |= {"moved": True, "covered": False}


def _least_sharpness(scene: Scene, limits: Limits) -> float:
    """Lower where the view is soft, and haze and noise come and go."""
    usual = scene.sharpness
    least = usual.mid - 3 * usual.spread if usual.count else limits.blurred_below
    return max(_SURELY_BLURRED * limits.blurred_below, min(limits.blurred_below, least))


def _least_likeness(scene: Scene, limits: Limits) -> float:
    """Lower where the view itself changes much: water, crowds."""
    return min(limits.moved_below, scene.likeness.mid - 5 * scene.likeness.spread)


def _strange(features: Features, baseline: Baseline, limits: Limits) -> bool:
    """Unlike every view of every light, and plain."""
    scenes = [scene for light in baseline.mature() for scene in light.scenes]
    if not scenes or max(alike(features, scene).middle for scene in scenes) >= limits.moved_below:
        return False
    return plainness(features.sharp) < _BLANK * min(plainness(scene.sharp()) for scene in scenes)
