"""A recorder that speaks Dahua's HTTP API on loopback."""

from simulator.dahua.recorder import DahuaRecorder

__all__ = ["DahuaRecorder"]
