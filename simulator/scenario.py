"""A site and the faults that befall it, as a YAML file says: see docs/scenarios.md.

`load` reads, checks and names every mistake with its line. Nothing here starts or opens anything.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AwareDatetime, BeforeValidator, Field, ValidationError

from simulator.faults import KINDS, AnyFault, Fault, UplinkDown
from simulator.layout import Agent
from simulator.parts import Part, Ratio, Span, Stretch, parse_seconds
from wire.ids import ShortText, SlugId
from wire.messages import DeviceKind

MAX_FILE_BYTES = 1024 * 1024
MAX_PROBLEMS = 20
MAX_DEPTH = 20
MAX_SCALAR_CHARACTERS = 4096
_OPENING = (
    yaml.BlockMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)
_SHOWN_CHARACTERS = 80


class ScenarioError(Exception):
    """A script that cannot be played. Each problem is one line: file, line, place, what is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


Setting = bool | int | float | str | list[str]
Tables = dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")], dict[str, Setting]]


class Closed(Part):
    """A stretch in which the site is closed and dark: nobody comes, blinds are down, lights are off."""

    at: Stretch
    for_: Stretch = Field(alias="for", gt=0)

    @property
    def end(self) -> float:
        """When people are back, in seconds from the first moment."""
        return self.at + self.for_


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
    late_by: Annotated[float, BeforeValidator(parse_seconds), Field(ge=10, le=86_400)] = 300.0
    """Generated: at most how much later such a report comes, and the second of two."""
    short_outages: Annotated[float, Field(ge=0, le=1000)] = 0.0
    """Generated: a week, of each agent's uplink, of half a minute to two and a half."""
    blips: Annotated[float, Field(ge=0, le=1000)] = 0.0
    """Generated: a week, of each camera: it is gone for half a minute to four."""
    school_run: Span = 0.0
    """Generated: how long doors stand open at most when everybody comes and leaves; 0: as at any other hour."""
    closed: list[Closed] = Field(default=[], max_length=100)
    """Generated: holidays."""
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
        with path.open("rb") as file:
            body = file.read(MAX_FILE_BYTES + 1)
        if len(body) > MAX_FILE_BYTES:
            raise ScenarioError([f"{path}: at most {MAX_FILE_BYTES} bytes are read"])
        text = body.decode()
    except OSError as error:
        raise ScenarioError([f"{path}: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise ScenarioError([f"{path}: not UTF-8 at byte {error.start}"]) from None
    return parse(text, str(path), living=living)


def parse(text: str, source: str = "script", *, living: bool = False) -> Scenario:
    """The same in a text. Raises ScenarioError; `source` begins each of its lines."""
    try:
        _scan(text, source)
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


def _scan(text: str, source: str) -> None:
    """Before anything is built: a few lines of YAML can stand for gigabytes, or keep a reader busy for days."""
    depth = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        where = f"{source}:{token.start_mark.line + 1}"
        if isinstance(token, yaml.AliasToken):
            raise ScenarioError([f"{where}: aliases (*name) are not read"])
        if isinstance(token, yaml.ScalarToken) and len(token.value) > MAX_SCALAR_CHARACTERS:
            raise ScenarioError([f"{where}: a value of more than {MAX_SCALAR_CHARACTERS} characters"])
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if depth > MAX_DEPTH:
            raise ScenarioError([f"{where}: nested deeper than {MAX_DEPTH}"])


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
            shown = repr(error["input"])[:_SHOWN_CHARACTERS]
            if "a-z0-9-" not in error["ctx"]["pattern"]:
                return place, f"{shown} does not match {error['ctx']['pattern']}"
            return place, f"{shown} is no id: lower-case letters, digits and -, at most 40"
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
        yield from (((("agents", number, *place)), what) for place, what in _misplaced(agent))
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


def _misplaced(agent: Agent) -> Iterator[tuple[Place, str]]:
    """Parents that are none, cameras that the agent does not have."""
    ports = {one for switch in agent.switches for one in (switch.id, *switch.port_ids())}
    for device, parent in agent.behind.items():
        if device not in {*agent.camera_ids(), *(one.id for one in agent.recorders)}:
            yield ("behind", device), f"{agent.id} has no camera or recorder {device}"
        if parent not in ports:
            yield ("behind", device), f"{agent.id} has no switch or port {parent}"
    for key in ("tours", "storerooms"):
        for camera in set(getattr(agent, key)) - set(agent.camera_ids()):
            yield (key,), f"{agent.id} has no camera {camera}"


def _unplayable(scenario: Scenario) -> Iterator[tuple[Place, str]]:
    """Devices and faults that nothing here can be."""
    for number, agent in enumerate(scenario.agents):
        for key in ("software", "disks", "arrays", "ups", "rooms", "behind"):
            if getattr(agent, key):
                yield ("agents", number, key), f"{key} can only be generated (watchkeeper-sim generate), not played"
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
    if isinstance(fault, UplinkDown):
        for agent in fault.also:
            if scenario.devices.get(agent) is not DeviceKind.AGENT:
                yield ("also",), f"no agent {agent}"


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
