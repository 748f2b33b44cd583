"""What a camera tells while it is well."""

from simulator import faults
from simulator.virtual.habits import OF_THE_BOX, Clock, Lens, asked, heard, pinged
from simulator.virtual.thing import DAY, Facts, Place, Thing, Values
from wire.messages import DeviceKind as Kind


class Camera(Thing):
    """A camera that answers ONVIF and RTSP, and whose events are heard."""

    kind = Kind.CAMERA

    def __init__(self, name: str, place: Place, *, tours: bool = False, still: bool = False) -> None:
        super().__init__(name, place)
        self._clock, self._lens = Clock(self), Lens(self, tours=tours, still=still)
        self._speed = self.chance.uniform(0.02, 0.12)

    def usual(self, at: float) -> Values:
        """Whether it is there every time; streams, pictures and settings at their paces."""
        values = {
            "connectable": 1.0,
            "reachable": 1.0,
            "response_seconds": self.chance.near(self._speed),
            **asked(126.0),
            **pinged(self),
            **heard(self),
            **dict.fromkeys(OF_THE_BOX, 0.0),
            **self._clock.values(),
        }
        if self.due(self.paces.stream):
            values |= {"streaming": 1.0, "stream_response_seconds": self.chance.near(self._speed)}
        if self.due(self.paces.camera):
            values |= {"profiles": 2.0, "ntp_enabled": 1.0}
            if any(isinstance(fault, faults.CertificateExpires) for fault in self.faults):
                values["certificate_left_days"] = 400.0 - at / DAY
        if self.due(self.paces.picture):
            values |= self._lens.values(at)
        return values

    def facts(self) -> Facts:
        """What it says it is."""
        return {
            "manufacturer": "Simulated",
            "model": "camera",
            "firmware": "1.0",
            "serial": f"SIM-{self.id}",
            "time_zone": "CST-8",
            "ntp_servers": "192.0.2.123",
            "codec": "H264",
            "resolution": "1920x1080",
            "frame_rate": 25.0,
            "picture_size": "640x360",
            "events": "pullpoint",
        }
