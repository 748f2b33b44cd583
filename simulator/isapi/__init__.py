"""A simulated recorder that speaks ISAPI, as Hikvision and its rebrands do."""

from simulator.isapi.recorder import IsapiRecorder

__all__ = ["IsapiRecorder"]
