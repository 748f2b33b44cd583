"""The channels of one recorder: which there are, which device each one is, and that one that vanished is down.

A channel that shows up after the recorder's first list and is gone again within an hour was a whim of the recorder, and
is forgotten; so is one that has been gone for 30 days. All others stay, over restarts too, as offline.
A channel whose camera is also watched by itself is that camera: one device, told under the camera's id.
"""

import ipaddress
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from agent.device.text import printable
from agent.memory import Memory
from agent.recorder.ids import channel_id, free, told
from agent.recorder.languages import Language
from agent.recorder.model import Input
from agent.recorder.settings import MAX_CHANNELS, ChannelSettings, RecorderSettings
from wire.ids import ShortText, SlugId
from wire.messages import Device, DeviceKind

MAX_TOKEN = 200

PROBATION_SECONDS = 3600.0
"""A channel that shows up later than the recorder's first list, and is gone again within this time, was none."""

KEPT_DAYS = 30
"""How long one that is gone is missed; then it was taken away for good."""

_DAY = 86_400
_CLOCK_IS_SET = 1_600_000_000


class _Known(BaseModel):
    model_config = ConfigDict(frozen=True)

    token: ShortText
    id: SlugId
    name: ShortText = ""
    camera: str = ""
    day: int = 0
    """When it was listed last, in days since 1970; 0 where the clock was not set."""


class ChannelsNote(BaseModel):
    """What is remembered of a recorder's channels."""

    channels: list[_Known] = Field(default=[], max_length=MAX_CHANNELS)


@dataclass
class Channel:
    """One channel as far as it is known. `camera` is the device id of the camera it is, empty where it is none."""

    token: str
    id: str
    name: str = ""
    room: str | None = None
    camera: str = ""
    address: str = ""
    configured: bool = False
    alone: bool = False
    """Whether it stays a device of its own whatever its address, or is the camera that the configuration says."""
    day: int = 0

    @property
    def device(self) -> str:
        """The id of the device it is."""
        return self.camera or self.id


class Channels:
    """`cameras` are those watched by themselves: device id → host. For one thread at a time."""

    def __init__(
        self,
        recorder: RecorderSettings,
        most: int,
        reserved: Collection[str],
        foreign: tuple[str, ...],
        cameras: Mapping[str, str],
        memory: Memory[ChannelsNote],
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.too_many = 0
        """Channels that the recorder listed beyond those watched."""
        self._recorder = recorder
        self._most = most
        self._reserved = frozenset(reserved) | cameras.keys()
        self._foreign = foreign
        self._cameras = cameras
        self._hosts = _one_each((host_name(host), camera) for camera, host in cameras.items())
        self._memory = memory
        self._wall = wall
        self._monotonic = monotonic
        self._channels = {c.token: self._of_settings(c) for c in recorder.channels}
        self._listed = False
        self._probation: dict[str, float] = {}
        self._kept = memory.recall() or ChannelsNote()
        self._recall()

    def __len__(self) -> int:
        return len(self._channels)

    @property
    def tokens(self) -> list[str]:
        """Of every channel, listed now or not."""
        return sorted(self._channels)

    def learn(self, inputs: Sequence[Input]) -> dict[str, dict[str, float]]:
        """What the recorder lists now; token → values. A channel it lists no more is offline, not forgotten."""
        listed = {one.token: one for one in inputs if _is_token(one.token)}
        self._forget(listed.keys())
        self._add(listed)
        self._match(listed)
        self._remember()
        return {token: self._values(listed.get(token)) for token in self.tokens}

    def devices(self, facts: Mapping[str, Mapping[str, float | str]]) -> dict[str, Device]:
        """Token → how it stands in the inventory; `facts` are further ones by token."""
        return {token: self._entry(self._channels[token], facts.get(token, {})) for token in self.tokens}

    def device(self, token: str) -> str:
        """The device id of a channel, empty for one that is not watched."""
        channel = self._channels.get(token)
        return channel.device if channel is not None else ""

    def _values(self, one: Input | None) -> dict[str, float]:
        """Of one that the recorder lists, or does not: over ONVIF many list only those that are online."""
        known = {} if self._recorder.speaks is Language.ONVIF else {"listed": float(one is not None)}
        if one is None:
            return {"online": 0.0, **known}
        told = {"online": one.online, "video_loss": one.video_loss}
        return {name: float(value) for name, value in told.items() if value is not None} | known

    # What there is

    def _forget(self, present: Collection[str]) -> None:
        now, today = self._monotonic(), self._today()
        self._probation = {t: since for t, since in self._probation.items() if now - since < PROBATION_SECONDS}
        for token in self._probation.keys() - present:
            del self._probation[token], self._channels[token]
        for token, channel in list(self._channels.items()):
            if token in present:
                channel.day = today or channel.day
            elif not channel.configured and _long_gone(channel.day, today):
                del self._channels[token]

    def _add(self, listed: Mapping[str, Input]) -> None:
        unknown = sorted(listed.keys() - self._channels.keys())
        new = unknown[: max(0, self._most - len(self._channels))]
        self.too_many = len(unknown) - len(new)
        # What is there when we start counts at once: else a restart of ours would make every loss look like a whim.
        if self._listed:
            self._probation |= dict.fromkeys(new, self._monotonic())
        self._listed = self._listed or bool(listed)
        for token in new:
            self._channels[token] = Channel(token, self._free_id(token), day=self._today())
        for token, one in listed.items():
            channel = self._channels.get(token)
            if channel is not None:
                channel.name = channel.name or printable(one.name)
                channel.address = printable(one.address) or channel.address

    def _free_id(self, token: str) -> str:
        recorder = self._recorder.id
        taken = self._reserved | {channel.id for channel in self._channels.values()}
        return free(recorder, token, channel_id(recorder, token), taken, self._foreign)

    def _of_settings(self, one: ChannelSettings) -> Channel:
        own = one.id or channel_id(self._recorder.id, one.token)
        alone = one.id is not None or one.camera is not None
        return Channel(one.token, own, one.name, one.room, one.camera or "", configured=True, alone=alone)

    # Which camera

    def _match(self, listed: Mapping[str, Input]) -> None:
        """A camera is one channel: an address that several of them share says nothing."""
        shared = Counter(host_name(one.address) for one in listed.values() if one.address)
        taken = {channel.camera for channel in self._channels.values() if channel.alone and channel.camera}
        for token in self.tokens:
            channel = self._channels[token]
            if channel.alone:
                continue
            if token in listed and listed[token].address:
                host = host_name(listed[token].address)
                channel.camera = self._hosts.get(host, "") if shared[host] == 1 else ""
            if channel.camera in taken:
                channel.camera = ""
            if channel.camera:
                taken.add(channel.camera)

    def _entry(self, channel: Channel, facts: Mapping[str, float | str]) -> Device:
        token = told(channel.token)
        if channel.camera:
            own = {"recorder": self._recorder.id, "recorder_channel": token}
        else:
            own = {"token": token} | ({"address": channel.address} if channel.address else {})
        return Device(
            device=channel.device,
            kind=DeviceKind.CAMERA if channel.camera else DeviceKind.CHANNEL,
            name=channel.name,
            parent=self._recorder.id,
            room=channel.room or self._recorder.room,
            facts={**own, **facts},
        )

    # Memory

    def _recall(self) -> None:
        today = self._today()
        for known in self._kept.channels:
            taken = self._reserved | {channel.id for channel in self._channels.values()}
            full = len(self._channels) >= self._most
            if known.token in self._channels or full or _long_gone(known.day, today) or known.id in taken:
                continue
            camera = known.camera if known.camera in self._cameras else ""
            self._channels[known.token] = Channel(
                known.token, known.id, known.name, camera=camera, day=known.day or today
            )

    def _remember(self) -> None:
        note = ChannelsNote(
            channels=[
                _Known(token=one.token, id=one.id, name=one.name, camera=one.camera, day=one.day)
                for token, one in sorted(self._channels.items())
                if not one.configured and token not in self._probation
            ]
        )
        if note != self._kept:
            self._kept = note
            self._memory.remember(note)

    def _today(self) -> int:
        wall = self._wall()
        return int(wall // _DAY) if wall >= _CLOCK_IS_SET else 0


def _is_token(token: str) -> bool:
    return 0 < len(token) <= MAX_TOKEN and token.isprintable()


def host_name(host: str) -> str:
    """A host as it is compared: an address in its one spelling, a name in lower case."""
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return host.lower().removesuffix(".")


def _one_each(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Host → camera, without hosts that stand for several: forwarded ports of one router."""
    listed = list(pairs)
    count = Counter(host for host, _ in listed)
    return {host: camera for host, camera in listed if count[host] == 1}


def _long_gone(day: int, today: int) -> bool:
    return bool(day and today) and today - day > KEPT_DAYS
