"""One recorder or camera over many rounds: listening to it, and what of that is reported."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agent.collector import Happening, Measurement
from agent.device.account import PasswordMissing
from agent.device.errors import AuthRefused, DeviceError, Forbidden, HeldBack, Interrupted, Unsupported
from agent.device.flood import Allowance
from agent.device.settings import DeviceSettings
from agent.hardware.ears import Ears, Heard
from agent.hardware.model import PER_CHANNEL, Kind
from agent.hardware.voices import Voice
from wire.messages import Device, DeviceKind

log = logging.getLogger(__name__)

FLOOD = "hardware.flood"
"""One event for those that were too many: `count` of them, `by_type` what they were."""

REFUSED_SECONDS = 3600.0
"""After how long a device that offers no events, or not to us, is asked again."""

_EVERYDAY = frozenset({Kind.VIDEO_LOSS, Kind.TAMPER, Kind.ILLEGAL_LOGIN})

EVENTS: tuple[str, ...] = (*(kind.value for kind in Kind), FLOOD)

METRICS: tuple[str, ...] = (
    *("events_subscribed", "events_silence_seconds", "events_unknown"),
    *("storage_failure", "fan_failure", "power_failure", "temperature_critical", "video_loss", "tampered"),
)


@dataclass
class Report:
    """What one device has to say in a round."""

    measurements: list[Measurement] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    problem: str = ""


class Watched:
    """`channels` are a recorder's channels by token, as they stand in the inventory; a camera has none."""

    def __init__(
        self,
        device: DeviceSettings,
        kind: DeviceKind,
        ears: Ears,
        voice: Voice,
        channels: Callable[[], Mapping[str, Device]] = dict,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device = device
        self.kind = kind
        self.voice = voice
        self._ears = ears
        self._channels = channels
        self._monotonic = monotonic
        self._allowance = Allowance(monotonic, FLOOD, _EVERYDAY)
        self._due = 0.0
        self._trouble: str | None = None
        self._told_of: dict[str, Device] = {}

    def visit(self) -> None:
        """Hear what there is to hear. No error leaves this: each is a state of the device."""
        if self._monotonic() < self._due:
            return
        try:
            self.voice.round()
        except (Interrupted, HeldBack):
            return  # our own doing tells nothing of the device, and takes nothing from it: the subscription goes on
        except (DeviceError, PasswordMissing) as error:
            self.voice.lost(error)
            if isinstance(error, Unsupported | Forbidden):
                self._due = self._monotonic() + REFUSED_SECONDS
            self._note(error)
        else:
            self._note(None)

    def report(self) -> Report:
        """What is known since the last one."""
        now = self._monotonic()
        heard, dropped = self._ears.take(now)
        channels = self._channels()
        happenings = [self._happening(one, channels) for one in heard]
        told, folded = self._allowance.spend(happenings)
        lost = folded + dropped
        problem = f"{self.kind} {self.device.id}: {lost} events too many" if lost else ""
        return Report([*self._measure(now), *self._measure_channels(now, channels)], told, problem)

    def claims(self) -> list[Device]:
        """The device, and the channels that it ever told of, as others claim them."""
        d = self.device
        facts = {"events": "unknown" if self._trouble is None else self._trouble or self.voice.name}
        own = Device(device=d.id, kind=self.kind, name=d.name, parent=d.parent, room=d.room, facts=facts)
        return [own, *(device.model_copy(update={"facts": {}}) for _, device in sorted(self._told_of.items()))]

    # -- how -----------------------------------------------------------------------------------------------------

    def _measure(self, now: float) -> list[Measurement]:
        if self._trouble is None:
            return []  # not yet known whether it can be heard
        values = {"events_subscribed": float(self.voice.open), "events_unknown": float(self._ears.unknown)}
        if self.voice.open:
            values |= {"events_silence_seconds": self.voice.silence(now)} | self._ears.values()
            if self.kind is DeviceKind.CAMERA:
                values |= self._ears.views()
        return [Measurement(self.device.id, values, now)]

    def _measure_channels(self, now: float, channels: Mapping[str, Device]) -> list[Measurement]:
        """Of those that somebody has listed. Where two are the same camera, a fault on either is one of the camera."""
        found: dict[str, dict[str, float]] = {}
        for token in sorted(self._ears.channels()) if self.voice.open else ():
            device = channels.get(token)
            values = self._ears.values(token)
            if device is not None and values:
                self._told_of[token] = device
                known = found.setdefault(device.device, {})
                known |= {metric: max(value, known.get(metric, 0.0)) for metric, value in values.items()}
        return [Measurement(device, values, now) for device, values in found.items()]

    def _happening(self, heard: Heard, channels: Mapping[str, Device]) -> Happening:
        """At the channel's device, where it is known, else at the recorder, with the channel's token."""
        change, told = heard.change, heard.change.told
        data: dict[str, str | float | bool | None] = {} if change.active is None else {"active": change.active}
        data["code"] = told.code
        device = self.device.id
        if told.channel and self.kind is DeviceKind.RECORDER:
            channel = channels.get(told.channel)
            if channel is not None:
                self._told_of[told.channel] = channel
                device = channel.device
            else:
                data["channel"] = told.channel
        if told.part and told.kind not in PER_CHANNEL and told.part.lower() != told.code.lower():
            data["part"] = told.part
        if told.detail:
            data["address"] = told.detail
        if change.after_gap:
            data["after_gap"] = True
        if change.assumed:
            data["assumed"] = True
        elif told.at is not None:
            data["device_time"] = told.at.isoformat(timespec="milliseconds")
        return Happening(device, told.kind.value, data, heard.mono)

    def _note(self, error: Exception | None) -> None:
        """Log what is wrong once, and that it is over once. A pause follows each refusal: one trouble, not two."""
        kind = "" if error is None else type(error).__name__
        if isinstance(error, AuthRefused):
            kind = AuthRefused.__name__
        before, self._trouble = self._trouble, _FACTS.get(kind, "trouble") if kind else ""
        if before == self._trouble:
            return
        if error is None:
            log.info("%s %s: its events are heard (%s)", self.kind, self.device.id, self.voice.name)
        else:
            level = logging.INFO if isinstance(error, Unsupported) else logging.WARNING
            log.log(level, "%s %s: its events cannot be heard: %s: %s", self.kind, self.device.id, kind, error)


_FACTS: Mapping[str, str] = {
    "Unreachable": "unreachable",
    "TimedOut": "unreachable",
    "AuthRefused": "account refused",
    "Forbidden": "not allowed to our account",
    "Unsupported": "not offered",
    "PasswordMissing": "password missing",
}
"""What an inventory says of a device whose events cannot be heard."""
