"""What a recorder tells of its channels, recordings, disks and accounts."""

from typing import Annotated, Literal

from pydantic import Field

from simulator.faults.base import FaultBase
from simulator.parts import Span
from wire.messages import DeviceKind as Kind


class ChannelOff(FaultBase):
    """A camera behind the recorder is gone: the recorder no longer lists its channel as present."""

    kind: Literal["channel_off"]
    befalls = (Kind.CHANNEL,)
    tells = "the camera of channel {fault.device} is gone"


class ChannelGone(FaultBase):
    """Somebody deleted the channel on the recorder: it is no longer listed at all."""

    kind: Literal["channel_gone"]
    befalls = (Kind.CHANNEL,)
    tells = "channel {fault.device} is deleted on its recorder"
    living = False


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


class RecordingsIncomplete(FaultBase):
    """A part of the recordings of all its channels is missing, the same of each: `length` long, beginning `ago` before
    now. The recorder stood still then, or what it wrote was lost since."""

    kind: Literal["recordings_incomplete"]
    ago: Span = 43_200.0
    length: Span = 1800.0
    befalls = (Kind.RECORDER,)
    tells = "{fault.length:g} s of all recordings of {fault.device} are gone"
    living = False
    spreads = True


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
    spreads = True


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


class RetentionFalls(FaultBase):
    """Recordings reach back less and less, `a_day` days each day down to `to`, for a reason that can be seen.

    `cause` is bitrate (channels write more), cameras_added (one more channel), lost_disk (a disk in slot 2 is gone, and
    half of the recordings at once) or undersized (nothing changed: the store never was large enough).
    """

    kind: Literal["retention_falls"]
    cause: Literal["undersized", "cameras_added", "bitrate", "lost_disk"] = "undersized"
    to: Annotated[float, Field(gt=0, le=365)] = 20.0
    a_day: Annotated[float, Field(gt=0, le=10_000)] = 1.0
    befalls = (Kind.RECORDER,)
    tells = "recordings of {fault.device} reach back less and less ({fault.cause})"
    living = False
    spreads = True


class WriteRate(FaultBase):
    """A channel of watched software writes `times` as many bytes as ever."""

    kind: Literal["write_rate"]
    times: Annotated[float, Field(ge=0, le=100)] = 0.2
    befalls = (Kind.CHANNEL,)
    tells = "{fault.device} is recorded at {fault.times:g} times its rate"
    living = False


class ProcessDown(FaultBase):
    """The recorder's software on the agent's own machine does not run; nothing is recorded."""

    kind: Literal["process_down"]
    befalls = (Kind.RECORDER,)
    tells = "the recorder's software {fault.device} ended"
    living = False
    spreads = True
