"""A site and the faults that befall it, as a YAML file says: see docs/scenarios.md.

`load` reads, checks and names every mistake with its line. Nothing here starts or opens anything.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AwareDatetime, BeforeValidator, Discriminator, Field, Tag, ValidationError

from simulator.faults import KINDS, AnyFault, Fault
from simulator.parts import Part, Ratio, Span, Stretch, parse_seconds, parse_size
from wire.ids import ShortText, SlugId
from wire.messages import DeviceKind

MAX_FILE_BYTES = 1024 * 1024
MAX_PROBLEMS = 20


class ScenarioError(Exception):
    """A script that cannot be played. Each problem is one line: file, line, place, what is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


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
    speaks: Literal["onvif", "isapi", "dahua"] = "onvif"
    channels: int = Field(default=8, ge=1, le=64)

    def channel_ids(self) -> list[str]:
        """The device ids of its channels, in their order."""
        return [f"{self.id}-ch{number}" for number in range(1, self.channels + 1)]

    def token(self, number: int) -> str:
        """What the recorder itself calls a channel, counted from 1."""
        return f"ch{number}" if self.speaks == "onvif" else str(number)


class DoorController(Part):
    """A door controller and the doors on it."""

    id: SlugId
    doors: list[SlugId] = Field(min_length=1, max_length=32)


class Switch(Part):
    """A switch with power over Ethernet; port n is the device `{id}-p{n}`."""

    id: SlugId
    ports: int = Field(default=8, ge=1, le=48)

    def port_ids(self) -> list[str]:
        """The device ids of its ports, in their order."""
        return [f"{self.id}-p{number}" for number in range(1, self.ports + 1)]


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
    cameras: Cameras = Field(default=[])
    recorders: list[Recorder] = Field(default=[])
    door_controllers: list[DoorController] = Field(default=[])
    switches: list[Switch] = Field(default=[])
    volumes: list[Volume] = Field(default=[])

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
        for switch in self.switches:
            yield switch.id, DeviceKind.SWITCH
            yield from ((port, DeviceKind.NETWORK) for port in switch.port_ids())
        yield from ((volume.id, DeviceKind.VOLUME) for volume in self.volumes)


Setting = bool | int | float | str
Tables = dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")], dict[str, Setting]]


class Scenario(Part):
    """A whole script. `rules` and `collectors` go as they are into the configurations of hub and agents."""

    site: SlugId
    name: ShortText = ""
    agents: list[Agent] = Field(min_length=1, max_length=16)
    collectors: Tables = Field(default={})
    rules: Tables = Field(default={})
    start: AwareDatetime = datetime(2027, 1, 4, tzinfo=UTC)
    """Generated: the first moment. Unless told a Monday."""
    length: Stretch | None = None
    """Generated: for how long; unless told until `settle` after the last fault."""
    seed: Annotated[int, Field(ge=0, lt=1 << 63)] = 1
    """Generated: of all chance."""
    interval: Annotated[float, BeforeValidator(parse_seconds), Field(ge=1, le=3600)] = 60.0
    """Generated: between two reports of an agent."""
    utc_offset: Annotated[float, BeforeValidator(parse_seconds), Field(ge=-50_400, le=50_400)] = 28_800.0
    """Generated: of the site's own time; unless told China's."""
    duplicates: Ratio = 0.0
    """Generated: share of the reports that are delivered twice."""
    reorders: Ratio = 0.0
    """Generated: share of the reports that come late, after others made later."""
    settle: Span = 30.0
    """How long after the last fault's end the tickets may take to resolve, in seconds."""
    faults: list[Fault] = Field(default=[])

    @cached_property
    def devices(self) -> dict[str, DeviceKind]:
        """Every device of the site by its id."""
        return dict(device for agent in self.agents for device in agent.devices())

    @property
    def span(self) -> float:
        """Seconds a generated recording covers."""
        return self.length if self.length is not None else self.faults_end + self.settle

    @property
    def faults_end(self) -> float:
        """Seconds from the first moment to the end of the last fault."""
        return max((fault.end for fault in self.faults), default=0.0)


Place = tuple[str | int, ...]


def load(path: Path, *, living: bool = False) -> Scenario:
    """The script in a file; `living`: real devices are to play it. Raises ScenarioError naming up to 20 mistakes."""
    try:
        body = path.read_bytes()
        text = body.decode()
    except OSError as error:
        raise ScenarioError([f"{path}: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise ScenarioError([f"{path}: not UTF-8 at byte {error.start}"]) from None
    if len(body) > MAX_FILE_BYTES:
        raise ScenarioError([f"{path}: {len(body)} bytes, at most {MAX_FILE_BYTES} are read"])
    return parse(text, str(path), living=living)


def parse(text: str, source: str = "script", *, living: bool = False) -> Scenario:
    """The same in a text. Raises ScenarioError; `source` begins each of its lines."""
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
    wrong += [problem(place, what) for place, what in _unplayable(scenario)] if living else []
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
    tagged = loc[tag : tag + 1] and loc[tag] in (*KINDS, "series", "ids")
    place: Place = loc[:tag] + loc[tag + 1 :] if tagged else loc
    match error["type"]:
        case "extra_forbidden":
            return place, "unknown key"
        case "missing":
            return place, "is missing"
        case "union_tag_invalid":
            return (*place, "kind"), f"no such fault; there are {', '.join(KINDS)}"
        case "union_tag_not_found":
            return place, f"needs a kind: one of {', '.join(KINDS)}"
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


def _unplayable(scenario: Scenario) -> Iterator[tuple[Place, str]]:
    """Faults that no device or process can be given."""
    for number, fault in enumerate(scenario.faults):
        if not fault.living:
            yield (
                ("faults", number, "kind"),
                f"{fault.kind} can only be generated (watchkeeper-sim generate), not played",
            )


def _unknown(scenario: Scenario, fault: AnyFault) -> Iterator[tuple[Place, str]]:
    wanted = " or ".join(fault.befalls)
    if scenario.devices.get(fault.device) not in fault.befalls:
        there = [device for device, kind in scenario.devices.items() if kind in fault.befalls]
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
