"""An engine with a small site, for tests: one gateway, a recorder with a channel, a camera, a volume, a door."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hub.blindness import Blindness
from hub.engine import Engine
from hub.findings import Transition
from hub.rule import Rule, Settings, discover
from hub.series.store import Point
from wire.messages import Device, DeviceKind, Report

SITE = "school"
T0 = 1_800_000_000_000
"""Some moment in January 2027, ms UTC."""

DEVICES = [
    Device(device="gateway", kind=DeviceKind.AGENT, name="Gateway"),
    Device(device="gateway-host", kind=DeviceKind.HOST),
    Device(device="nvr-1", kind=DeviceKind.RECORDER),
    Device(device="nvr-1-ch1", kind=DeviceKind.CHANNEL, parent="nvr-1"),
    Device(device="cam-1", kind=DeviceKind.CAMERA, name="Gate", room="yard"),
    Device(device="vol-system", kind=DeviceKind.VOLUME, facts={"role": "system"}),
    Device(device="vol-rec", kind=DeviceKind.VOLUME, facts={"role": "recording", "overwrites": True}),
    Device(device="door-1", kind=DeviceKind.DOOR),
]


Changes = Mapping[str, Mapping[str, object]]
"""Rule name → settings that differ from its defaults."""


def settings_of(rules: Mapping[str, Rule], changes: Changes | None = None) -> dict[str, Settings]:
    """Every rule's settings."""
    return {name: rule.settings.model_validate((changes or {}).get(name, {})) for name, rule in rules.items()}


@dataclass
class Timeline:
    """Plays samples and silence into an engine and keeps what it says as `seconds device rule change` lines."""

    changes: Changes = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=discover)
    log: list[str] = field(default_factory=list)
    mono: int = 0

    def __post_init__(self) -> None:
        self.engine = Engine(self.rules, settings_of(self.rules, self.changes), Blindness())
        self.state = self.engine.hear(SITE, "gateway", T0)
        self.engine.inventory(self.state, DEVICES, T0)
        self.take()

    def sample(self, second: float, device: str, **values: float) -> None:
        """Values of one device at a second of the timeline, heard at that very second."""
        at = T0 + round(second * 1000)
        self.mono += 1
        self.engine.hear(SITE, "gateway", at)
        self.engine.clock_order(self.state, Report(id="abcdef:1", boot="b1", mono=self.mono, sent=at), at)
        self.observe(device, at, at, **values)

    def observe(self, device: str, at: int, received: int, **values: float) -> None:
        """Values as they come out of a report."""
        subject = self.engine.sites[SITE].devices[device]
        point = Point(subject.kind, SITE, "gateway", device, at, values)
        self.engine.observe(self.state, [(subject, point)], received)
        self.take()

    def samples(self, seconds: Iterable[float], device: str, **values: float) -> None:
        """The same values at each of these seconds."""
        for second in seconds:
            self.sample(second, device, **values)

    def tick(self, second: float) -> None:
        """Nothing comes, time passes."""
        self.engine.tick(T0 + round(second * 1000))
        self.take()

    def take(self) -> list[Transition]:
        """Note what the engine has said since."""
        taken = self.engine.take_transitions()
        for t in taken:
            self.log.append(f"{(t.at - T0) / 1000:g} {t.finding.device} {t.finding.rule} {t.change}")
        return taken
