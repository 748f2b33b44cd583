"""Temperature is unusual.

Meaning: In the last hours it has been much warmer or much colder here than it usually is at this time of the week, and
than on any other day at this hour. The limits for too hot have rules of their own.

Why it matters: A fan, a filter or an air conditioner that fails shows first as a temperature that is not the usual one,
long before anything is too hot. Much colder may be a machine that has stopped to work, or a window that stands open.

First step: Feel and listen: do fans and air conditioning run, are filters and vents free? Compare with the other
temperatures of the room. What has lasted for a day counts as usual, and the ticket resolves by itself.
"""

from hub.rule import N_, Rule, Unusual
from hub.unusual import DifferenceSettings
from wire.messages import DeviceKind


class TemperatureUnusualSettings(DifferenceSettings):
    """Seasons are slower, days are known."""

    least_difference: float = 8.0


rule = Rule(
    name="temperature_unusual",
    kinds=frozenset(
        {DeviceKind.ROOM, DeviceKind.DISK, DeviceKind.HOST, DeviceKind.RECORDER, DeviceKind.UPS, DeviceKind.SWITCH}
    ),
    condition=Unusual("temperature_celsius", lambda s: (s.raise_score, s.least_difference, s.learn_days)),
    summary=N_("It is {temperature_celsius} instead of the usual {usual_temperature_celsius}."),
    cases={
        "high": N_("It is {temperature_celsius}, much warmer than the usual {usual_temperature_celsius}."),
        "low": N_("It is {temperature_celsius}, much colder than the usual {usual_temperature_celsius}."),
    },
    settings=TemperatureUnusualSettings,
)
