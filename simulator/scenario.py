"""A site and the faults that befall it, as a YAML file says: see docs/scenarios.md.

`load` reads, checks and names every mistake with its line. Nothing here starts or opens anything.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, ValidationError

from wire.ids import ShortText, SlugId
from wire.messages import DeviceKind

MAX_FILE_BYTES = 1024 * 1024
MAX_PROBLEMS = 20
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]i?)?B?")
_SIZE_UNITS = {
    "": 1,
    **{p: 1000**n for n, p in enumerate("KMGT", 1)},
    **{f"{p}i": 1024**n for n, p in enumerate("KMGT", 1)},
}


class ScenarioError(Exception):
    """A script that cannot be played. Each problem is one line: file, line, place, what is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def parse_seconds(value: object) -> object:
    """`90`, `90s`, `1m30s`, `-2h` as seconds."""
    if not isinstance(value, str):
        return value
    sign, digits = (-1.0, value[1:]) if value.startswith("-") else (1.0, value)
    match = _DURATION.fullmatch(digits)
    if not match or not digits:
        raise ValueError(f"{value!r} is no duration: write 20s, 1m30s or 2h")
    hours, minutes, rest = (float(part or 0) for part in match.groups())
    return sign * (hours * 3600 + minutes * 60 + rest)


def parse_size(value: object) -> object:
    """`512MiB`, `8TB`, `1000` as bytes."""
    if not isinstance(value, str):
        return value
    match = _SIZE.fullmatch(value)
    if not match:
        raise ValueError(f"{value!r} is no size: write 32GiB, 8TB or a number of bytes")
    return int(float(match[1]) * _SIZE_UNITS[match[2] or ""])


Span = Annotated[float, BeforeValidator(parse_seconds), Field(ge=0, le=86_400)]
"""A duration, at most a day."""

Shift = Annotated[float, BeforeValidator(parse_seconds), Field(ge=-10 * 366 * 86_400, le=10 * 366 * 86_400)]
"""A difference of two clocks, at most ten years either way."""

Ratio = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """Any table of a script: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Series(Part):
    """Several like devices: `{count: 16, prefix: cam}` stands for cam-01 … cam-16."""

    count: int = Field(ge=0, le=512)
    prefix: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,34}$")] = "cam"

    def ids(self) -> list[str]:
        """Their ids, numbered with at least two digits."""
        return [f"{self.prefix}-{number:02}" for number in range(1, self.count + 1)]


def _number(value: object) -> object:
    """A bare number of cameras stands for a series of them."""
    return {"count": value} if isinstance(value, int) else value


def _form(value: object) -> str:
    return "ids" if isinstance(value, list) else "series"


Cameras = Annotated[
    Annotated[Series, Tag("series")] | Annotated[list[SlugId], Tag("ids")],
    Discriminator(_form),
    BeforeValidator(_number),
]
"""A number, a series, or a list of ids."""


class Recorder(Part):
    """A closed recorder with its cameras hidden behind it: channel n is the device `{id}-ch{n}`."""

    id: SlugId
    channels: int = Field(default=8, ge=1, le=64)

    def channel_ids(self) -> list[str]:
        """The device ids of its channels, in their order."""
        return [f"{self.id}-ch{number}" for number in range(1, self.channels + 1)]


class DoorController(Part):
    """A door controller and the doors on it."""

    id: SlugId
    doors: list[SlugId] = Field(min_length=1, max_length=32)


class Volume(Part):
    """A file system of the gateway: `fill` is the share in use, `role` and `overwrites` as the agent's settings say."""

    id: SlugId
    mount: str = Field(default="", max_length=200, pattern=r"^(/.*)?$")
    size: Annotated[int, BeforeValidator(parse_size), Field(gt=0, le=1 << 60)] = 32 << 30
    fill: Ratio = 0.4
    role: Literal["system", "recording"] = "system"
    overwrites: bool = False

    @property
    def path(self) -> str:
        """Where it is mounted: at `/` and its id where nothing else is said."""
        return self.mount or f"/{self.id}"


class Agent(Part):
    """An agent of the site and all that it watches. Each runs as a process of its own."""

    id: SlugId
    name: ShortText = ""
    cameras: Cameras = []
    recorders: list[Recorder] = []
    door_controllers: list[DoorController] = []
    volumes: list[Volume] = []

    def camera_ids(self) -> list[str]:
        """The ids of its cameras, in their order."""
        return self.cameras.ids() if isinstance(self.cameras, Series) else list(self.cameras)

    def devices(self) -> Iterator[tuple[str, DeviceKind]]:
        """Every device a fault or an expectation may name, the agent first."""
        yield self.id, DeviceKind.AGENT
        yield from ((camera, DeviceKind.CAMERA) for camera in self.camera_ids())
        for recorder in self.recorders:
            yield recorder.id, DeviceKind.RECORDER
            yield from ((channel, DeviceKind.CHANNEL) for channel in recorder.channel_ids())
        for controller in self.door_controllers:
            yield from ((door, DeviceKind.DOOR) for door in controller.doors)
        yield from ((volume.id, DeviceKind.VOLUME) for volume in self.volumes)


class Expectation(Part):
    """The one ticket a fault must open: on which device, by which rule."""

    rule: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    device: SlugId


class FaultBase(Part):
    """What all faults have: when they begin (from the site's being up), how long they last, whom they befall."""

    at: Span
    for_: Span = Field(alias="for", gt=0)
    device: SlugId
    expect: Expectation | None = None

    @property
    def end(self) -> float:
        """When it heals, in seconds from the site's being up."""
        return self.at + self.for_


class CameraOff(FaultBase):
    """The camera loses power: connections are refused."""

    kind: Literal["camera_off"]


class CameraHang(FaultBase):
    """The camera takes connections and never answers."""

    kind: Literal["camera_hang"]


class CameraPassword(FaultBase):
    """Somebody changed the camera's password: it answers, but refuses our account."""

    kind: Literal["camera_password"]


class ClockJump(FaultBase):
    """The clock of a camera is off by `by` (ahead where positive), and right again at the end."""

    kind: Literal["clock_jump"]
    by: Shift = 3600.0


class VolumeFill(FaultBase):
    """A volume is suddenly filled to the share `to`, and freed at the end."""

    kind: Literal["volume_fill"]
    to: Ratio = 0.97


class VolumeReadOnly(FaultBase):
    """A volume turns read-only, as Linux does with a failing disk."""

    kind: Literal["volume_read_only"]


class DoorHeld(FaultBase):
    """A door is opened, and closed at the end."""

    kind: Literal["door_held"]


class RecorderOff(FaultBase):
    """The recorder loses power: it and all of its channels are gone."""

    kind: Literal["recorder_off"]


class ChannelOff(FaultBase):
    """A camera behind the recorder is gone: the recorder no longer lists its channel as present."""

    kind: Literal["channel_off"]


class AgentSilent(FaultBase):
    """The agent's process is stopped (SIGSTOP) and goes on at the end."""

    kind: Literal["agent_silent"]


AnyFault = (
    CameraOff
    | CameraHang
    | CameraPassword
    | ClockJump
    | VolumeFill
    | VolumeReadOnly
    | DoorHeld
    | RecorderOff
    | ChannelOff
    | AgentSilent
)
Fault = Annotated[AnyFault, Field(discriminator="kind")]

BEFALLS: dict[str, DeviceKind] = {
    "camera_off": DeviceKind.CAMERA,
    "camera_hang": DeviceKind.CAMERA,
    "camera_password": DeviceKind.CAMERA,
    "clock_jump": DeviceKind.CAMERA,
    "volume_fill": DeviceKind.VOLUME,
    "volume_read_only": DeviceKind.VOLUME,
    "door_held": DeviceKind.DOOR,
    "recorder_off": DeviceKind.RECORDER,
    "channel_off": DeviceKind.CHANNEL,
    "agent_silent": DeviceKind.AGENT,
}
"""The kind of device each kind of fault befalls."""

Setting = bool | int | float | str
Tables = dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")], dict[str, Setting]]


class Scenario(Part):
    """A whole script. `rules` and `collectors` go as they are into the configurations of hub and agents."""

    site: SlugId
    name: ShortText = ""
    agents: list[Agent] = Field(min_length=1, max_length=16)
    collectors: Tables = {}
    rules: Tables = {}
    settle: Span = 30.0
    """How long after the last fault's end the tickets may take to resolve, in seconds."""
    faults: list[Fault] = []

    @cached_property
    def devices(self) -> dict[str, DeviceKind]:
        """Every device of the site by its id."""
        return dict(device for agent in self.agents for device in agent.devices())

    @property
    def length(self) -> float:
        """Seconds from the first moment to the end of the last fault."""
        return max((fault.end for fault in self.faults), default=0.0)


Place = tuple[str | int, ...]


def load(path: Path) -> Scenario:
    """The script in a file. Raises ScenarioError naming up to 20 mistakes."""
    try:
        body = path.read_bytes()
        text = body.decode()
    except OSError as error:
        raise ScenarioError([f"{path}: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise ScenarioError([f"{path}: not UTF-8 at byte {error.start}"]) from None
    if len(body) > MAX_FILE_BYTES:
        raise ScenarioError([f"{path}: {len(body)} bytes, at most {MAX_FILE_BYTES} are read"])
    return parse(text, str(path))


def parse(text: str, source: str = "script") -> Scenario:
    """The script in a text. Raises ScenarioError; `source` begins each of its lines."""
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, Loader=yaml.SafeLoader)):
            raise ScenarioError([f"{source}: aliases (*name) are not read"])
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        table = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ScenarioError([_yaml_problem(error, source)]) from None
    except (RecursionError, ValueError) as error:
        raise ScenarioError([f"{source}: no script: {error}"]) from None

    def problem(place: Place, what: str) -> str:
        named = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
        return f"{source}:{_line(root, place)}: {named}: {what}" if named else f"{source}:{_line(root, place)}: {what}"

    twice = [problem(place, "is set twice") for place in _doubled(root)]
    if twice:
        raise ScenarioError(twice[:MAX_PROBLEMS])
    try:
        scenario = Scenario.model_validate(table)
    except ValidationError as error:
        found = [_said(one) for one in error.errors(include_url=False)]
        raise ScenarioError([problem(*one) for one in found[:MAX_PROBLEMS]]) from None
    wrong = [problem(place, what) for place, what in _contradictions(scenario)]
    if wrong:
        raise ScenarioError(wrong[:MAX_PROBLEMS])
    return scenario


def _yaml_problem(error: yaml.YAMLError, source: str) -> str:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error)
    return f"{source}:{mark.line + 1}: no YAML: {what}" if mark else f"{source}: no YAML: {what}"


def _said(error: Any) -> tuple[Place, str]:
    """One of pydantic's errors as a place and words. Tags of unions are no part of the place a person wrote."""
    loc = error["loc"]
    tag = {"faults": 2, "agents": 3}.get(str(loc[0]) if loc else "", len(loc))
    tagged = loc[tag : tag + 1] and loc[tag] in (*BEFALLS, "series", "ids")
    place: Place = loc[:tag] + loc[tag + 1 :] if tagged else loc
    match error["type"]:
        case "extra_forbidden":
            return place, "unknown key"
        case "missing":
            return place, "is missing"
        case "union_tag_invalid":
            return (*place, "kind"), f"no such fault; there are {', '.join(BEFALLS)}"
        case "union_tag_not_found":
            return place, f"needs a kind: one of {', '.join(BEFALLS)}"
        case "string_pattern_mismatch":
            if "a-z0-9-" not in error["ctx"]["pattern"]:
                return place, f"{error['input']!r} does not match {error['ctx']['pattern']}"
            return place, f"{error['input']!r} is no id: lower-case letters, digits and -, at most 40"
        case "model_type" | "model_attributes_type" | "dict_type":
            return place, "must be a table of keys and values"
    return place, error["msg"].removeprefix("Value error, ")


def _contradictions(scenario: Scenario) -> Iterator[tuple[Place, str]]:
    """What is wrong although each line for itself is right."""
    seen: set[str] = set()
    for number, agent in enumerate(scenario.agents):
        controllers = [controller.id for controller in agent.door_controllers]
        for device in [*(device for device, _ in agent.devices()), *controllers]:
            if device in seen:
                yield ("agents", number), f"device {device} is there twice; ids are unique in a site"
            seen.add(device)
        paths = [volume.path for volume in agent.volumes]
        yield from (
            (("agents", number, "volumes"), f"{path} is there twice")
            for path in sorted({p for p in paths if paths.count(p) > 1})
        )
    busy: dict[tuple[str, str], float] = {}
    for number, fault in sorted(enumerate(scenario.faults), key=lambda pair: pair[1].at):
        yield from (((("faults", number, *place)), what) for place, what in _unknown(scenario, fault))
        until = busy.get((fault.kind, fault.device), 0.0)
        if fault.at < until:
            yield ("faults", number, "at"), f"{fault.device} already has a {fault.kind} until {until:g}s"
        busy[fault.kind, fault.device] = max(until, fault.end)


def _unknown(scenario: Scenario, fault: AnyFault) -> Iterator[tuple[Place, str]]:
    wanted = BEFALLS[fault.kind]
    if scenario.devices.get(fault.device) != wanted:
        there = [device for device, kind in scenario.devices.items() if kind == wanted]
        yield ("device",), f"no {wanted} {fault.device}; {_listed(there) if there else f'the site has no {wanted}'}"
    if fault.expect and fault.expect.device not in scenario.devices:
        yield ("expect", "device"), f"the site has no device {fault.expect.device}"


def _listed(ids: Sequence[str]) -> str:
    return f"there are {', '.join(ids)}" if len(ids) <= 4 else f"there are {ids[0]}, {ids[1]} … {ids[-1]}"


def _line(node: yaml.Node | None, place: Place) -> int:
    """The line (from 1) of a place, or of the nearest thing above it."""
    line = node.start_mark.line + 1 if node else 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == part]
            if not found:
                break
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return int(line)


def _doubled(node: yaml.Node | None, place: Place = ()) -> Iterator[Place]:
    """Keys that a table sets twice: YAML forbids it, PyYAML lets the last one win without a word."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield (*place, str(key.value))
            seen.add(str(key.value))
            yield from _doubled(value, (*place, str(key.value)))
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _doubled(item, (*place, number))
