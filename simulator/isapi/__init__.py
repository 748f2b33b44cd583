"""Simulated devices that speak ISAPI, as those of Hikvision and its rebrands do: a recorder, an access controller."""

from simulator.isapi.access import AccessController
from simulator.isapi.recorder import IsapiRecorder

__all__ = ["AccessController", "IsapiRecorder"]
