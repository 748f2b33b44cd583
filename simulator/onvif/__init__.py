"""Devices that are not there: real SOAP over HTTP on loopback, with faults to order. For tests and the demo only."""

from simulator.device.server import Misbehaviour
from simulator.onvif.camera import Camera
from simulator.onvif.device import Device
from simulator.onvif.door import Door, DoorController
from simulator.onvif.media import Profile
from simulator.onvif.recorder import Recorder

__all__ = ["Camera", "Device", "Door", "DoorController", "Misbehaviour", "Profile", "Recorder"]
