"""Pictures of a place that is not there: by day, by infra-red, at dusk, with every fault a camera's picture can have.

from simulator.pictures import Fault, Light, Place, Shot
Place(seed=7).picture(Shot(moment=3, light=Light.NIGHT, fault=Fault.WEB))  # a JPEG, always the same
"""

from simulator.pictures.place import Fault, Light, Place, Shot, Weather
from simulator.pictures.view import View

__all__ = ["Fault", "Light", "Place", "Shot", "View", "Weather"]
