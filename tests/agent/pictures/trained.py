"""A channel that has seen a week of a synthetic place."""

from functools import lru_cache

from agent.pictures.analysis import analyse
from agent.pictures.baseline import HOUR_PICTURES, Baseline, Hour
from agent.pictures.features import Features
from agent.pictures.verdict import Limits, Verdict, judge
from simulator.pictures import Light, Place, Shot, Weather

NEEDED = 16
"""Pictures of a kind of light that are learned from here, to spare the time of drawing them."""
DAY_HOUR, NIGHT_HOUR = 10, 22

USUAL_WEATHER = (Weather.CLEAR, Weather.CLEAR, Weather.SUN, Weather.RAIN, Weather.CROWD, Weather.HAZE)


def look(place: Place, shot: Shot) -> Features:
    return Features.model_validate(analyse(place.picture(shot)))


@lru_cache(maxsize=16)
def week(
    seed: int, indoors: bool = False, presets: int = 1, night: Light = Light.NIGHT, ptz: bool = False
) -> tuple[Place, Baseline]:
    """The place, and what was learned of it: days in all weathers, and nights."""
    place = Place(seed, indoors)
    baseline = Baseline(NEEDED, ptz)
    for light, hour in ((Light.DAY, DAY_HOUR), (night, NIGHT_HOUR)):
        for moment in range(NEEDED * (2 if ptz or presets > 1 else 1)):
            weather = USUAL_WEATHER[moment % len(USUAL_WEATHER)]
            if light is not Light.DAY and weather is Weather.SUN:
                weather = Weather.GLARE
            features = look(place, Shot(moment, light, weather, preset=moment % presets))
            baseline.learn(features, hour)
        baseline.hours[hour] = Hour(float(light is Light.DAY), baseline.hours[hour].brightness, HOUR_PICTURES)
    return place, baseline


def verdict(place: Place, baseline: Baseline, shot: Shot, limits: Limits | None = None) -> Verdict:
    hour = DAY_HOUR if shot.light in (Light.DAY, Light.TWILIGHT) else NIGHT_HOUR
    return judge(look(place, shot), baseline, hour, limits or Limits())
