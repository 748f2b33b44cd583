"""A camera that looks at a place: each call is its next picture. What goes wrong may be set at any time."""

from dataclasses import dataclass

from simulator.pictures.place import VIEW, Fault, Light, Place, Shot, Weather


@dataclass
class View:
    """One camera's view of a place; `moment` counts on with every picture."""

    place: Place
    light: Light = Light.DAY
    weather: Weather = Weather.CLEAR
    fault: Fault | None = None
    preset: int = 0
    size: tuple[int, int] = VIEW
    moment: int = 0

    def __call__(self) -> bytes:
        """The next JPEG."""
        self.moment += 1
        shot = Shot(self.moment, self.light, self.weather, self.fault, preset=self.preset, size=self.size)
        return self.place.picture(shot)
