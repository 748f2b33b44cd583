"""What may befall a device, a class a kind of fault: whom it befalls and how it is told. `effects.py` makes it happen.

Nothing here starts or touches anything.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from simulator.device.server import Misbehaviour
from simulator.parts import Part, Ratio, Shift, Span, Stretch
from simulator.pictures.place import Fault as PictureFault
from wire.ids import ShortText, SlugId
from wire.messages import DeviceKind as Kind


class Expectation(Part):
    """The one ticket a fault must open: on which device, by which rule."""

    rule: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    device: SlugId


class FaultBase(Part):
    """What all faults have: when they begin (from the site's being up), how long they last, whom they befall."""

    befalls: ClassVar[tuple[Kind, ...]]
    tells: ClassVar[str]
    """What happened, for a person; `{fault.…}` are its fields."""
    living: ClassVar[bool] = True
    """Whether it can befall a site of processes and sockets; else only one that is generated."""

    at: Stretch
    for_: Stretch = Field(alias="for", gt=0)
    device: SlugId
    expect: Expectation | None = None

    @property
    def end(self) -> float:
        """When it heals, in seconds from the site's being up."""
        return self.at + self.for_


# Cameras and recorders


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


class RecorderPassword(FaultBase):
    """Somebody changed our account's password at the recorder."""

    kind: Literal["recorder_password"]
    befalls = (Kind.RECORDER,)
    tells = "our password at recorder {fault.device} is changed"


class Misbehaves(FaultBase):
    """It answers as no device should: `how` is hang, drip, garbage, noise, huge, entity_bomb, redirect and the like."""

    kind: Literal["misbehaves"]
    how: Misbehaviour
    befalls = (Kind.CAMERA, Kind.RECORDER)
    tells = "{fault.device} misbehaves: {fault.how}"


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


# Streams and pictures


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


# What a recorder tells


class ChannelOff(FaultBase):
    """A camera behind the recorder is gone: the recorder no longer lists its channel as present."""

    kind: Literal["channel_off"]
    befalls = (Kind.CHANNEL,)
    tells = "the camera of channel {fault.device} is gone"


class VideoLoss(FaultBase):
    """The recorder gets no picture from a channel that it still lists."""

    kind: Literal["video_loss"]
    befalls = (Kind.CHANNEL,)
    tells = "channel {fault.device} has no picture"


class RecordingStopped(FaultBase):
    """The recorder records the channel no more, whatever its plan says; live view goes on."""

    kind: Literal["recording_stopped"]
    befalls = (Kind.CHANNEL,)
    tells = "channel {fault.device} is no longer recorded"


class RecordingGap(FaultBase):
    """A part of the channel's recordings is missing: `length` long, beginning `ago` before now."""

    kind: Literal["recording_gap"]
    ago: Span = 43_200.0
    length: Span = 1800.0
    befalls = (Kind.CHANNEL,)
    tells = "{fault.length:g} s of the recordings of {fault.device} are gone"


class PlanOff(FaultBase):
    """Somebody switched the channel's recording plan off."""

    kind: Literal["plan_off"]
    befalls = (Kind.CHANNEL,)
    tells = "the recording plan of {fault.device} is switched off"


class HistoryShort(FaultBase):
    """The channel's recordings reach back `days` days only."""

    kind: Literal["history_short"]
    days: Annotated[float, Field(gt=0, le=3650)] = 9.0
    befalls = (Kind.CHANNEL,)
    tells = "recordings of {fault.device} reach back {fault.days:g} days only"


class DiskFails(FaultBase):
    """A disk of the recorder: `state` is error, smart_failing, unformatted or missing."""

    kind: Literal["disk_fails"]
    slot: Annotated[int, Field(ge=1, le=64)] = 1
    state: Literal["error", "smart_failing", "unformatted", "missing"] = "error"
    befalls = (Kind.RECORDER,)
    tells = "disk {fault.slot} of {fault.device}: {fault.state}"


class HardwareAlarm(FaultBase):
    """It tells of a failure of its own hardware over its events."""

    kind: Literal["hardware_alarm"]
    alarm: Literal["storage_failure", "fan_failure", "power_failure", "temperature_critical"] = "fan_failure"
    befalls = (Kind.RECORDER, Kind.CAMERA)
    tells = "{fault.device} tells of a {fault.alarm}"


class AccountAdded(FaultBase):
    """Somebody made an account on the recorder, and takes it away at the end."""

    kind: Literal["account_added"]
    user: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")] = "helper"
    level: Literal["administrator", "operator", "viewer"] = "administrator"
    befalls = (Kind.RECORDER,)
    tells = "account {fault.user} is made on {fault.device}"


class FootageTaken(FaultBase):
    """Somebody downloads recordings of a channel: a line in the recorder's log. Nothing heals at the end."""

    kind: Literal["footage_taken"]
    user: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")] = "admin"
    address: Annotated[str, Field(max_length=45)] = "10.0.0.99"
    befalls = (Kind.CHANNEL,)
    tells = "{fault.user} downloads recordings of {fault.device} from {fault.address}"


# Doors


class DoorHeld(FaultBase):
    """A door is opened, and closed at the end."""

    kind: Literal["door_held"]
    befalls = (Kind.DOOR,)
    tells = "{fault.device} is held open"


class DoorForced(FaultBase):
    """A door is opened by force, and closed at the end."""

    kind: Literal["door_forced"]
    befalls = (Kind.DOOR,)
    tells = "{fault.device} is forced open"


class DoorTampered(FaultBase):
    """Somebody is at the door's contacts."""

    kind: Literal["door_tampered"]
    befalls = (Kind.DOOR,)
    tells = "{fault.device} is tampered with"


class DoorFails(FaultBase):
    """The door's hardware reports a fault."""

    kind: Literal["door_fails"]
    befalls = (Kind.DOOR,)
    tells = "the hardware of {fault.device} fails"


class DoorDenied(FaultBase):
    """A credential is turned away `times` times. Nothing heals at the end."""

    kind: Literal["door_denied"]
    times: Annotated[int, Field(ge=1, le=1000)] = 5
    befalls = (Kind.DOOR,)
    tells = "{fault.device} turns a card away {fault.times} times"


class DoorDuress(FaultBase):
    """Somebody opens the door under threat. Nothing heals at the end."""

    kind: Literal["door_duress"]
    befalls = (Kind.DOOR,)
    tells = "{fault.device} is opened under duress"


# Switches


class SwitchOff(FaultBase):
    """The switch loses power, or its management hangs: it answers nothing."""

    kind: Literal["switch_off"]
    befalls = (Kind.SWITCH,)
    tells = "switch {fault.device} falls silent"


class PortDown(FaultBase):
    """A cable is pulled: the port has no link."""

    kind: Literal["port_down"]
    befalls = (Kind.NETWORK,)
    tells = "port {fault.device} has no link"


class PortErrors(FaultBase):
    """A bad cable: packets with errors, `rate` a second."""

    kind: Literal["port_errors"]
    rate: Annotated[float, Field(gt=0, le=1e6)] = 50.0
    befalls = (Kind.NETWORK,)
    tells = "port {fault.device} has {fault.rate:g} errors a second"


class PowerLost(FaultBase):
    """The port feeds its device no more: overload or a short circuit."""

    kind: Literal["power_lost"]
    befalls = (Kind.NETWORK,)
    tells = "port {fault.device} gives no power any more"


# The gateway itself


class VolumeFill(FaultBase):
    """A volume is suddenly filled to the share `to`, and freed at the end."""

    kind: Literal["volume_fill"]
    to: Ratio = 0.97
    befalls = (Kind.VOLUME,)
    tells = "volume {fault.device} fills up to {fault.to:.0%}"


class VolumeReadOnly(FaultBase):
    """A volume turns read-only, as Linux does with a failing disk."""

    kind: Literal["volume_read_only"]
    befalls = (Kind.VOLUME,)
    tells = "volume {fault.device} turns read-only"


class AgentSilent(FaultBase):
    """The agent's process is stopped (SIGSTOP) and goes on at the end."""

    kind: Literal["agent_silent"]
    befalls = (Kind.AGENT,)
    tells = "agent {fault.device} falls silent"


class AgentReboot(FaultBase):
    """The gateway's machine loses power, and boots at the end."""

    kind: Literal["agent_reboot"]
    befalls = (Kind.AGENT,)
    tells = "the machine of agent {fault.device} loses power"
    living = False


class AgentClockJump(FaultBase):
    """The agent's own clock is off by `by` (ahead where positive); it knows, as a reference answers."""

    kind: Literal["agent_clock_jump"]
    by: Shift = 3600.0
    befalls = (Kind.AGENT,)
    tells = "the clock of agent {fault.device} jumps by {fault.by:+g} s"
    living = False


class AgentClockDrift(FaultBase):
    """The agent's own clock runs fast by `a_day` seconds a day (slow where negative), and is set right at the end."""

    kind: Literal["agent_clock_drift"]
    a_day: Annotated[float, Field(ge=-3600, le=3600)] = 60.0
    befalls = (Kind.AGENT,)
    tells = "the clock of agent {fault.device} runs off by {fault.a_day:+g} s a day"
    living = False


class UplinkDown(FaultBase):
    """The agent has no way to the hub; it measures on, and sends what it kept when the way is open again."""

    kind: Literal["uplink_down"]
    befalls = (Kind.AGENT,)
    tells = "agent {fault.device} has no way to the hub"
    living = False


AnyFault = (
    CameraOff
    | CameraHang
    | CameraPassword
    | RecorderOff
    | RecorderPassword
    | Misbehaves
    | ClockJump
    | ClockDrift
    | FirmwareChanged
    | StreamLost
    | PictureSpoilt
    | ChannelOff
    | VideoLoss
    | RecordingStopped
    | RecordingGap
    | PlanOff
    | HistoryShort
    | DiskFails
    | HardwareAlarm
    | AccountAdded
    | FootageTaken
    | DoorHeld
    | DoorForced
    | DoorTampered
    | DoorFails
    | DoorDenied
    | DoorDuress
    | SwitchOff
    | PortDown
    | PortErrors
    | PowerLost
    | VolumeFill
    | VolumeReadOnly
    | AgentSilent
    | AgentReboot
    | AgentClockJump
    | AgentClockDrift
    | UplinkDown
)
Fault = Annotated[AnyFault, Field(discriminator="kind")]

KINDS: dict[str, type[FaultBase]] = {
    one.model_fields["kind"].annotation.__args__[0]: one  # type: ignore[union-attr] # a Literal of one
    for one in FaultBase.__subclasses__()
}
"""Every kind of fault by its name."""


def tell(fault: AnyFault) -> str:
    """What befalls whom, in a few words."""
    return fault.tells.format(fault=fault)
