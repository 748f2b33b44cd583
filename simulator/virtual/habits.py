"""What several kinds of devices have in common while they are well."""

from math import pi, sin

from simulator.virtual.thing import Thing, Values

PING_SECONDS = 0.0008
OF_THE_BOX = ("storage_failure", "fan_failure", "power_failure", "temperature_critical")
"""What a device that is heard over ONVIF says of its hardware as soon as we subscribe."""

_FLAGS = ("blurred", "dark", "bright", "covered", "dirty", "frozen", "moved")


def warmth(thing: Thing, at: float, mean: float, swing: float) -> float:
    """A temperature that is highest in the afternoon."""
    return mean + swing * sin((thing.sky.hour(at) - 9.0) / 24.0 * 2 * pi) + thing.chance.normal(0, 0.4)


def asked(requests: float) -> Values:
    """Of every device that is asked over an account."""
    return {"account_paused": 0.0, "authenticated": 1.0, "requests_per_hour": requests, "requests_held_back": 0.0}


def pinged(thing: Thing) -> Values:
    """Of every device that is pinged."""
    return {"ping_seconds": thing.chance.near(PING_SECONDS), "ping_loss_ratio": 0.0}


def heard(thing: Thing) -> Values:
    """Of every device whose events are subscribed to."""
    return {"events_subscribed": 1.0, "events_unknown": 0.0, "events_silence_seconds": thing.chance.near(10.0)}


class Clock:
    """A clock that NTP holds: it wanders within a tenth of a second, and is measured to half a second and better."""

    def __init__(self, thing: Thing) -> None:
        self._chance = thing.chance
        self._offset = self._chance.normal(0, 0.03)

    def values(self) -> Values:
        """Our own clock minus the device's, and how exactly that was measured."""
        self._offset = 0.98 * self._offset + self._chance.normal(0, 0.008)
        return {"clock_offset_seconds": self._offset, "clock_offset_error_seconds": 0.05}


class Lens:
    """What is seen of a camera's pictures: colour by day, infra-red by night."""

    def __init__(self, thing: Thing, *, tours: bool = False, still: bool = False) -> None:
        """`tours`: it looks elsewhere all the time; `still`: nothing moves before it."""
        self._thing, self._tours, self._still = thing, tours, still
        self._day = thing.chance.uniform(0.4, 0.6)
        self._samples = 200

    def values(self, at: float) -> Values:
        """All that a judged picture tells, no flag raised."""
        thing, light = self._thing, self._thing.sky.daylight(at)
        self._samples = min(self._samples + 1, 400)
        normal = thing.chance.normal
        change = 0.0004 if self._still else abs(normal(0.02, 0.01)) + 0.001
        likeness = thing.chance.uniform(0.7, 1.0) if self._tours else min(1.0, normal(0.97, 0.01))
        return {
            "picture_taken": 1.0,
            "picture_age_seconds": 0.0,
            "picture_baseline_samples": float(self._samples),
            "picture_infrared": float(not light),
            "picture_brightness_ratio": (self._day if light else 0.35) + normal(0, 0.02),
            "picture_contrast_ratio": normal(0.2, 0.01),
            "picture_saturation_ratio": normal(0.3, 0.01) if light else 0.0,
            "picture_sharpness_ratio": normal(1.0, 0.05),
            "picture_similarity_ratio": likeness,
            "picture_change_ratio": 0.3 if self._tours else change,
            **{f"picture_{flag}": 0.0 for flag in _FLAGS},
            "picture_colour_lost" if light else "picture_infrared_dead": 0.0,
        }
