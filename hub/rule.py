"""What a rule is. A new one is one file in rules/ and its test; discovery finds it by its file name.

A rule is a pure function of a snapshot and the time. Its module's docstring is the runbook a ticket shows: a first line
that names the symptom, then paragraphs headed `Meaning:`, `Why it matters:` and `First step:`. Title and paragraphs are
looked up in the gettext catalogues, so translators see them like any other string.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hub.series.store import Value
from wire.messages import DeviceKind


class Severity(StrEnum):
    """How soon a person is needed."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """The higher, the graver."""
        return list(Severity).index(self)


class Settings(BaseModel):
    """Of every rule: its hold and clear times and severity. Subclass it for thresholds; each field says its unit.

    A condition must last `hold_seconds` before a ticket opens, and be gone for `clear_seconds` before it resolves. What
    comes back within `flap_seconds` after that is the same ticket again, and from the third time on it resolves only
    after `flap_seconds` of quiet. Of a `raise_X` and a `clear_X` the same one is always the higher, as by default: who
    sets one past the other would turn the rule round, so that it tells of what is well and never of what is not.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    enabled: bool = True
    severity: Severity = Severity.WARNING
    hold_seconds: float = Field(default=0.0, ge=0, description="s")
    clear_seconds: float = Field(default=0.0, ge=0, description="s")
    flap_seconds: float = Field(default=3600.0, ge=0, le=86_400, description="s; 0: every time is a ticket of its own")

    @field_validator("hold_seconds", "clear_seconds", "flap_seconds")
    @classmethod
    def _time(cls, seconds: float) -> float:
        """Where a rule has a default of its own, too."""
        if not 0 <= seconds <= 366 * 86_400:
            raise ValueError("from 0 s to a year")
        return seconds

    @model_validator(mode="after")
    def _apart(self) -> Self:
        fields = type(self).model_fields
        for raising in (name for name in fields if name.startswith("raise_")):
            clearing = "clear_" + raising.removeprefix("raise_")
            if clearing not in fields:
                continue
            raise_at, clear_at = getattr(self, raising), getattr(self, clearing)
            below = fields[clearing].default < fields[raising].default
            if not (clear_at < raise_at if below else clear_at > raise_at):
                side = "below" if below else "above"
                raise ValueError(f"{clearing} ({clear_at:g}) has to lie {side} {raising} ({raise_at:g}): set both")
        return self


class Relatives(Protocol):
    """The devices around one, as they are now."""

    def parent(self) -> "Snapshot | None":
        """What it hangs on; the agent that watches it where the inventory names nothing else."""
        ...

    def children(self) -> "Iterator[Snapshot]":
        """What hangs on it; on a site its agents."""
        ...

    def tells(self, device: str, rule: str) -> bool:
        """Whether a finding of this rule on another device of the site gets a ticket, as far as that device goes: the
        rule is on there, and no maintenance window or silence of its own holds the finding it has."""
        ...


class Alone:
    """No device around."""

    def parent(self) -> "Snapshot | None":
        """None."""
        return None

    def children(self) -> "Iterator[Snapshot]":
        """None."""
        return iter(())

    def tells(self, device: str, rule: str) -> bool:
        """No."""
        return False


class Snapshot(NamedTuple):
    """All a rule may know of one device."""

    device: str
    kind: DeviceKind
    facts: Mapping[str, Any]
    latest: Mapping[str, Value]
    """Metric → newest value. A metric never reported is missing, not zero."""
    windows: Mapping[str, Sequence[Value]] = MappingProxyType({})
    """Metric → values within the rule's lookback, oldest first; only of metrics of a rule with a lookback."""
    heard: int | None = None
    """For an agent: hub time (ms) of its newest message."""
    unheard_seconds: float = 0.0
    """For an agent: time since then during which the hub could have heard it (blindness taken out)."""
    findings: frozenset[str] = frozenset()
    """The rules that have an open finding on it."""
    relatives: Relatives = Alone()
    """A relative's own snapshot has no windows."""
    area: str = ""
    """The name of the area it is in."""


Verdict = Literal["firing", "clear", "unknown"]


@dataclass(frozen=True)
class Judgement:
    """`firing`, `clear` or `unknown`: unknown neither raises nor clears. `detail` fills in the rule's summary."""

    verdict: Verdict
    detail: Mapping[str, float | str | bool | None] = field(default_factory=dict)
    severity: Severity | None = None
    """How grave this is, where it is not as the settings say. An open finding becomes worse by it, never better."""


CLEAR = Judgement("clear")
UNKNOWN = Judgement("unknown")


@dataclass(frozen=True)
class Threshold:
    """A condition as data: one metric against a level to raise at and a level to clear at, from the settings.

    Raises at or above the first level where that is the higher one, at or below it where it is the lower one.
    Between the two nothing changes (hysteresis). The detail is the metric's own name and value.
    """

    metric: str
    levels: Callable[[Any], tuple[float, float]]


def always_matters(data: Mapping[str, Any], settings: Any, at: int) -> bool:
    """No event is passed over."""
    return False


@dataclass(frozen=True)
class Occurrence:
    """A condition as data: something that happens instead of something that lasts.

    An event of this type with these values in its data raises it at once, whatever the hold time. It clears when the
    rule's `clear_seconds` have passed without another. The detail is the event's own data and, as `case`, "late" where
    the hub heard of it long after; what is not `late` is then not judged at all.
    """

    event: str
    where: Mapping[str, object] = field(default_factory=dict)
    late: bool = False
    """Worth a ticket even days afterwards, and nobody's consequence: somebody's safety or the evidence of a crime
    depends on it."""
    count: Callable[[Any], tuple[int, float]] | None = None
    """Settings → (number, s): only so many within that time raise it, and keep it open. The detail then has their
    `count`."""
    also: tuple[str, ...] = ()
    """Events of these types are meant, too."""
    unless: Callable[[Mapping[str, Any], Any, int], bool] = always_matters
    """(its data, settings, when it happened in ms UTC) → whether it does not matter after all."""
    over: str = ""
    """An event of this type ends it at once, where it tells of the same `by`."""
    by: str = ""
    """What of an event's data says that two are about the same thing. Of several the detail has the names of all that
    are not over, and "several" as `case`; it is over when the last of them is."""
    lasting: str = ""
    """A metric: it is not over while this is 1."""
    aftermath: bool = False
    """It tells how a fault above its device ended: what explained it explains it for good, and so does what closed just
    before it was told."""


@dataclass(frozen=True)
class Changed:
    """A condition as data: a fact has another value than the inventory before told, and both are known.

    Raised at once; it clears when the rule's `clear_seconds` have passed without another change. The detail is
    `before` and `after`.
    """

    fact: str


@dataclass(frozen=True)
class Together:
    """A condition as data: many children of one parent have a finding that began at about the same time.

    The children are what hangs on the device by inventory or on one of its ports, or is watched by it and hangs on
    nothing; a site's are its agents. Raised at once, when the first of them would open and enough others have one that
    is pending or open; the children's findings of these rules are then its consequences where the rule
    `hides_children`, and no others: what else fails there has its own cause. It clears when fewer than the number are
    left whose condition has not gone. The detail is their `number` and `of` how many.
    """

    rules: frozenset[str]
    """The children's rules."""
    levels: Callable[[Any], tuple[int, float, float]]
    """Settings → (number, share from 0 to 1 of the children that one of the rules looks at, s in which they began)."""
    abrupt: bool = False
    """What they share went at one moment: what begins later than those seconds after the group's opening is no part of
    it, and has a cause of its own. Else whoever joins is one more of the same."""


@dataclass(frozen=True)
class Unusual:
    """A condition as data: the mean of an hour is far from what this series usually has at this hour of the week.

    For metrics whose natural limit nobody knows. Raised where both the anomaly score and the change are large enough,
    and the value is unusual for this hour on every day of the week, so that a holiday may be like a Sunday; not where
    the device, or what it hangs on, has another finding that began within a day: it is one more symptom of that then.
    It clears when the value comes back, or after a day, when what has lasted so long is usual. The detail is the
    metric's own name and value, `usual_` with the name, and as `case` "high" or "low". Unknown until enough was learnt.
    """

    metric: str
    levels: Callable[[Any], tuple[float, float, float]]
    """Settings → (score, least change, d of learning)."""
    floor: float = 0.0
    """Above 0 the change is a factor, and smaller values are taken as this; else it is a difference."""
    towards: frozenset[str] = frozenset({"high", "low"})
    """Which of the two raises."""
    sum_of: frozenset[DeviceKind] = frozenset()
    """What it is a sum over: fresh findings of such devices of the same agent explain it, too."""


def everywhere(facts: Mapping[str, Any]) -> bool:
    """The rule applies to every device of its kinds."""
    return True


def restless(_: Any) -> Mapping[str, tuple[float, float]]:
    """The rule looks at every number."""
    return {}


def a_minute(_: Any, latest: Mapping[str, Value]) -> float:
    """Who says nothing for so long (s) is looked at, whatever it said last."""
    return 60.0


@dataclass(frozen=True)
class Rule:
    """One rule. `name` is its module's. `summary` is one sentence with {fields} of the judgement's detail."""

    name: str
    kinds: frozenset[DeviceKind]
    condition: "Threshold | Occurrence | Changed | Together | Unusual | Callable[[Snapshot, Any, int], Judgement]"
    """Data, or a pure function of snapshot, settings and the time of the newest sample (ms UTC)."""
    summary: str
    cases: Mapping[str, str] = field(default_factory=dict)
    """Other summaries, for judgements whose detail has a `case` that is named here."""
    metrics: tuple[str, ...] = ()
    """What wakes a function; a threshold is woken by its own metric."""
    settings: type[Settings] = Settings
    lookback_seconds: float = 0.0
    """The window of its metrics it wants; 0 for the newest value only. It holds the newest 512 values at most."""
    sample_seconds: float = 0.0
    """The window keeps the first value of every so many seconds (counted from 1970), so that days cost little; 0: all.
    The newest value may thus be missing from it; it is in `latest`."""
    applies: Callable[[Mapping[str, Any]], bool] = everywhere
    """Whether it holds for a device with these facts; asked when the inventory changes, not per sample."""
    quiet: Callable[[Any], Mapping[str, tuple[float, float]]] = restless
    """Settings → metric → the numbers between which this metric alone can't make a function raise anything. It is not
    called for these while it has no finding: most numbers of a healthy fleet then cost no Python call."""
    absence: bool = False
    """Judged as time passes without a message instead of by samples."""
    patience: Callable[[Any, Mapping[str, Value]], float] = a_minute
    """Of such a rule: settings and newest values → s without a message before which it raises nothing."""
    never_covered: bool = False
    """No maintenance window and no silence keeps it from having a ticket."""
    outage: bool = False
    """While open the device does not do its work: counts as down in availability."""
    hides_children: bool = False
    """A possible root cause: while open, findings of devices below it are consequences on its ticket; of a group those
    it is made of."""
    fickle: bool = False
    """What it looks at comes and goes many times an hour: across a report that is missing nothing lasts."""
    seldom: bool = False
    """What it looks at is told a few times a day: its hold time passes on the hub's clock, without being told again."""
    explains: frozenset[str] = frozenset()
    """Rules whose findings on the very same device are its consequences while it is open; of a group also on devices
    below."""
    explains_beside: frozenset[str] = frozenset()
    """Rules whose findings on devices of the same parent, or on that parent as a group, are consequences while this one
    is open: a disk that is gone explains what its recorder keeps too little of."""
    in_key_area: Mapping[str, Any] = field(default_factory=dict)
    """The rule's own defaults in a key area, where they differ: name of the setting → value."""
    runbook: "Runbook | None" = None
    translations: Mapping[str, str] = field(default_factory=dict)
    """Chinese for those of its texts that no gettext catalogue has."""

    @property
    def may_explain(self) -> bool:
        """Whether others' findings may be consequences of its own."""
        return self.hides_children or bool(self.explains or self.explains_beside)

    @property
    def darkens(self) -> bool:
        """Whether nothing of what is below is known while it is open: the device is gone. A group's is not, its members
        say for themselves how they are."""
        return self.hides_children and not isinstance(self.condition, Together)

    @property
    def wakes(self) -> tuple[str, ...]:
        """The metrics that make the engine judge."""
        return (self.condition.metric,) if isinstance(self.condition, Threshold | Unusual) else self.metrics


@dataclass(frozen=True)
class Runbook:
    """A rule's docstring, taken apart. Each text is a gettext message id."""

    title: str
    meaning: str
    why: str
    first_step: str


def parse_runbook(docstring: str) -> Runbook:
    """A rule module's docstring as title and paragraphs. Raises ValueError naming what is missing."""
    parts: dict[str, str] = {}
    paragraphs = [" ".join(block.split()) for block in docstring.strip().split("\n\n")]
    for paragraph in paragraphs[1:]:
        heading, _, body = paragraph.partition(": ")
        parts[heading] = body
    missing = [h for h in ("Meaning", "Why it matters", "First step") if not parts.get(h)]
    if missing:
        raise ValueError(f"runbook {paragraphs[0]!r} lacks {', '.join(missing)}")
    return Runbook(paragraphs[0].rstrip("."), parts["Meaning"], parts["Why it matters"], parts["First step"])


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark a message for translation where it is written; it is looked up where it is shown."""
    return message


def discover(package: str = "hub.rules") -> dict[str, Rule]:
    """Every rule in the package by name, its runbook read from its docstring."""
    found: dict[str, Rule] = {}
    for module_info in pkgutil.iter_modules(importlib.import_module(package).__path__):
        module = importlib.import_module(f"{package}.{module_info.name}")
        rule: Rule = module.rule
        if rule.name != module_info.name:
            raise ValueError(f"rule {module_info.name}.py calls itself {rule.name!r}")
        found[rule.name] = replace(rule, runbook=parse_runbook(module.__doc__ or ""))
    return found
