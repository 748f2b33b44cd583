"""RTSP servers that are not there: real sockets on loopback, digest really checked, with faults to order."""

from simulator.rtsp.server import RtspFault, RtspServer

__all__ = ["RtspFault", "RtspServer"]
