"""What befalls cameras and recorders as such, streams and pictures."""

from typing import Annotated, Literal

from pydantic import Field

from simulator.device.server import Misbehaviour
from simulator.faults.base import FaultBase
from simulator.parts import Shift
from simulator.pictures.place import Fault as PictureFault
from wire.ids import ShortText
from wire.messages import DeviceKind as Kind


class CameraOff(FaultBase):
    """The camera loses power: connections are refused."""

    kind: Literal["camera_off"]
    befalls = (Kind.CAMERA,)
    tells = "{fault.device} loses power"


class CameraHang(FaultBase):
    """The camera takes connections and never answers."""

    kind: Literal["camera_hang"]
    befalls = (Kind.CAMERA,)
    tells = "{fault.device} hangs: it takes connections and never answers"


class CameraPassword(FaultBase):
    """Somebody changed the camera's password: it answers, but refuses our account."""

    kind: Literal["camera_password"]
    befalls = (Kind.CAMERA,)
    tells = "the password of {fault.device} is changed"


class RecorderOff(FaultBase):
    """The recorder loses power: it and all of its channels are gone."""

    kind: Literal["recorder_off"]
    befalls = (Kind.RECORDER,)
    tells = "recorder {fault.device} loses power"
    spreads = True


class RecorderPassword(FaultBase):
    """Somebody changed our account's password at the recorder."""

    kind: Literal["recorder_password"]
    befalls = (Kind.RECORDER,)
    tells = "our password at recorder {fault.device} is changed"
    spreads = True


class Misbehaves(FaultBase):
    """It answers as no device should: `how` is hang, drip, garbage, noise, huge, entity_bomb, redirect and the like."""

    kind: Literal["misbehaves"]
    how: Misbehaviour
    befalls = (Kind.CAMERA, Kind.RECORDER)
    tells = "{fault.device} misbehaves: {fault.how}"
    spreads = True


class ClockJump(FaultBase):
    """The device's clock is off by `by` (ahead where positive), and right again at the end."""

    kind: Literal["clock_jump"]
    by: Shift = 3600.0
    befalls = (Kind.CAMERA, Kind.RECORDER)
    tells = "the clock of {fault.device} jumps by {fault.by:+g} s"


class ClockDrift(FaultBase):
    """The device's clock runs fast by `a_day` seconds a day (slow where negative), and is set right at the end."""

    kind: Literal["clock_drift"]
    a_day: Annotated[float, Field(ge=-3600, le=3600)] = 5.0
    befalls = (Kind.CAMERA, Kind.RECORDER)
    tells = "the clock of {fault.device} runs off by {fault.a_day:+g} s a day"
    living = False


class FirmwareChanged(FaultBase):
    """It runs another firmware, and the former one again at the end."""

    kind: Literal["firmware_changed"]
    to: ShortText = "9.9"
    befalls = (Kind.CAMERA, Kind.RECORDER)
    tells = "{fault.device} runs firmware {fault.to}"


class StreamLost(FaultBase):
    """The camera answers its management, but describes no stream any more."""

    kind: Literal["stream_lost"]
    befalls = (Kind.CAMERA,)
    tells = "{fault.device} delivers no stream any more"


class PictureSpoilt(FaultBase):
    """Its picture is spoilt: `how` is defocused, sprayed, web, taped, turned, frozen and the like."""

    kind: Literal["picture_spoilt"]
    how: PictureFault
    befalls = (Kind.CAMERA, Kind.CHANNEL)
    tells = "the picture of {fault.device} is spoilt: {fault.how}"


class NtpOff(FaultBase):
    """Its time settings name no server any more."""

    kind: Literal["ntp_off"]
    befalls = (Kind.CAMERA, Kind.RECORDER)
    tells = "{fault.device} no longer sets its clock by NTP"
    living = False


class CertificateExpires(FaultBase):
    """Its certificate has `days` left when the fault begins, and is renewed at the end."""

    kind: Literal["certificate_expires"]
    days: Annotated[float, Field(ge=-365, le=365)] = 10.0
    befalls = (Kind.CAMERA,)
    tells = "the certificate of {fault.device} has {fault.days:g} days left"
    living = False


class SlowAnswers(FaultBase):
    """It takes `times` as long as ever to answer."""

    kind: Literal["slow_answers"]
    times: Annotated[float, Field(gt=1, le=1000)] = 20.0
    befalls = (Kind.CAMERA, Kind.RECORDER, Kind.SWITCH)
    tells = "{fault.device} takes {fault.times:g} times as long to answer"
    living = False


class EventsLost(FaultBase):
    """It answers, but its subscription to events is gone and no new one holds."""

    kind: Literal["events_lost"]
    befalls = (Kind.CAMERA, Kind.RECORDER)
    tells = "the events of {fault.device} are no longer heard"
    living = False


class PicturesRefused(FaultBase):
    """It gives no single picture any more."""

    kind: Literal["pictures_refused"]
    befalls = (Kind.CAMERA, Kind.CHANNEL)
    tells = "{fault.device} gives no picture any more"
    living = False
