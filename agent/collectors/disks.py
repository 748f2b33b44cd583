"""Disks: whether each is there, what its SMART says, and how the arrays made of them fare.

Three collectors share this name, each honest on its own:

- *presence* lists /sys/block at every interval, which wakes no disk and needs no rights. A disk once seen that is
  missing is told with `present` 0, over restarts too, until it is back or its serial number is in `forget`. An empty
  slot (a card reader, size 0) was never a disk. Disks are known by serial number, else world-wide name, else (USB) the
  serial number of the plug, else place.
- *SMART* asks `smartctl -j -a` every `smart_hours` and at the start, ATA, NVMe and SAS, behind RAID controllers too; a
  sleeping disk is not woken (`-n standby`) and asked again in an hour. It needs read access to the disks (group disk)
  and CAP_SYS_RAWIO for ATA and SAS, CAP_SYS_ADMIN for NVMe. Disks without SMART (virtio, card readers, unknown USB
  bridges) are present and say nothing more; for a bridge smartctl does not know, `types` can name the right `-d` type.
- *arrays* reads /proc/mdstat, which anyone may: one device an array, `present` 0 while it does not run.

Of Seagate's attribute 188 the count of all command timeouts is told, of three packed into it. `smart_wear_ratio` is
life used: 0.1 is a tenth, and it can pass 1. NVMe disks' temperature is read at every interval, others' with SMART.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from agent import tool
from agent.collector import (
    CollectError,
    Collector,
    Context,
    Measurement,
    Need,
    NotAvailable,
    Plugin,
    Reading,
    Settings,
)
from agent.machine import block_devices
from agent.machine.arrays import Arrays
from agent.machine.block_devices import BlockDevice
from agent.machine.disk_register import Known, Register, facts_of, identify
from agent.machine.smart import Outcome
from agent.machine.smart_reader import PACKAGE, SPEAKING, Answer, Answers, Run, SmartReader
from wire.messages import Device

_FIRST_ROUND_SECONDS = 8.0
"""How long the first telling waits for the first asking, so that a start shows SMART at once."""
_ROUND_SHARE = 0.75
"""Of the time-out is spent on asking disks; the rest are asked in the next run."""
_HOUR_SECONDS = 3600.0
_MOST_NAMED = 4

DiskType = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([,+/][a-z0-9]+)*$", max_length=40)]
"""As smartctl's `-d` takes it: `sat`, `usbjmicron,1`, `sntasmedia`."""


class DisksSettings(Settings):
    """`[collectors.disks]`."""

    interval_seconds: float = Field(default=300.0, ge=0.05, le=86_400.0)
    """How often it is looked whether the disks are there and the arrays whole."""
    timeout_seconds: float = Field(default=120.0, ge=0.05, le=3_600.0)
    """A run that takes longer counts as failed; asking many slow disks is spread over several runs."""
    smart_hours: float = Field(default=24.0, ge=0.25, le=168.0)
    """How often a disk is asked for its SMART values."""
    removable: bool = False
    """Whether disks made to be taken out (USB sticks, card readers) are watched too."""
    forget: Annotated[tuple[str, ...], Field(max_length=256)] = ()
    """Disks (serial number or device id) and arrays (name) that were taken away for good, and are not missed."""
    types: Annotated[Mapping[str, DiskType], Field(max_length=64)] = Field(default_factory=dict)
    """smartctl's device type by serial number, for USB bridges it does not know: `"WX1234" = "sat"`."""


class DiskList:
    """The disks to watch, as the kernel shows them now."""

    def __init__(self, host: str, sys: Path, removable: bool) -> None:
        self._host = host
        self._sys = sys
        self._removable = removable

    def now(self) -> dict[str, BlockDevice]:
        """By device id. Raises CollectError."""
        try:
            devices = block_devices.read(self._sys)
        except OSError as error:
            raise CollectError(f"{self._sys}/block: {error.strerror or error}") from None
        return identify((one for one in devices if self._removable or not one.removable), self._host)


class SmartAsking:
    """Asks the disks. What they say is told by `Presence`, whose devices they are."""

    def __init__(self, disks: DiskList, reader: SmartReader, answers: Answers, budget: float) -> None:
        self._disks = disks
        self._reader = reader
        self._answers = answers
        self._budget = budget

    def collect(self) -> Reading:
        """One run. Raises NotAvailable where smartctl is missing or may not read; nothing to ask is well."""
        try:
            disks = self._disks.now()
            if any(disk.interface in SPEAKING for disk in disks.values()):
                self._reader.round(disks, self._budget)
        finally:
            self._answers.first.set()
        return verdict(self._answers)

    def interrupt(self) -> None:
        """Ask no further disk; the one under way is waited for."""
        self._reader.stop()

    def close(self) -> None:
        """Nothing is held."""


def verdict(answers: Answers) -> Reading:
    """How the last asking of each disk went, taken together. Raises NotAvailable where permission is missing."""
    last = answers.last().values()
    failed = [f"{one.path}: {one.smart.reason}" for one in last if one.smart.outcome is Outcome.FAILED]
    if answers.trouble:
        failed.append(answers.trouble)
    if failed:
        return Reading(problem="; ".join(failed[:_MOST_NAMED]))
    denied = sorted({one.path for one in last if one.smart.outcome is Outcome.DENIED})
    if denied:
        wanted = sorted({_capability(path) for path in denied})
        drop_ins = sorted({_drop_in(path) for path in denied})
        raise NotAvailable(
            f"smartctl may not read {', '.join(denied[:_MOST_NAMED])}: allow the agent {' and '.join(wanted)}, "
            f"and read access to the device (group disk): copy the systemd drop-in {' and '.join(drop_ins)}"
        )
    return Reading()


def _capability(path: str) -> str:
    return "CAP_SYS_ADMIN (NVMe)" if path.startswith("/dev/nvme") else "CAP_SYS_RAWIO (ATA, SAS)"


def _drop_in(path: str) -> str:
    """In provisioning/systemd/watchkeeper-agent.service.d."""
    return "nvme.conf" if path.startswith("/dev/nvme") else "disks.conf"


class Presence:
    """Tells which disks are there, and what they said when they were asked."""

    def __init__(self, disks: DiskList, register: Register, answers: Answers) -> None:
        self._disks = disks
        self._register = register
        self._answers = answers
        self._waited = False
        self._told: list[Device] | None = None

    def collect(self) -> Reading:
        """One run. Raises NotAvailable where no disk is, or ever was."""
        if not self._waited:
            self._answers.first.wait(_FIRST_ROUND_SECONDS)
            self._waited = True
        disks = self._disks.now()
        taken = self._answers.take()
        behind, certain = self._answers.hidden()
        there = {name: _known(disk, taken.get(name)) for name, disk in disks.items()}
        there |= {name: _known(None, taken.get(name)) for name in behind}
        present = self._register.note(there)
        if not present:
            raise NotAvailable("no disk is to be seen in /sys/block: a container, or a machine without any")
        measurements = [
            Measurement(name, {"present": float(here)} | _warmth(disks.get(name)))
            for name, here in present.items()
            if here or certain or not self._register.is_hidden(name)
        ]
        measurements += [
            Measurement(name, answer.smart.values, answer.mono)
            for name, answer in taken.items()
            if answer.smart.values and name in present
        ]
        return Reading(measurements, devices=self._devices())

    def _devices(self) -> list[Device] | None:
        devices = self._register.devices()
        changed = devices != self._told
        self._told = devices
        return devices if changed else None

    def interrupt(self) -> None:
        """Wait no longer."""
        self._answers.first.set()

    def close(self) -> None:
        """Nothing is held."""


def _known(disk: BlockDevice | None, answer: Answer | None) -> Known:
    """A disk that is there, with what is known of it now."""
    facts = facts_of(disk) if disk is not None else {}
    smart: dict[str, str | float] = {}
    if answer is not None:
        smart = dict(answer.smart.facts)
        if answer.smart.outcome in {Outcome.READ, Outcome.UNSUPPORTED, Outcome.DISABLED}:
            smart["smart"] = str(answer.smart.outcome)
        if disk is None:
            facts = {"path": answer.path, "behind": answer.behind}
    return Known(facts=facts, smart=smart, hidden=disk is None)


def _warmth(disk: BlockDevice | None) -> dict[str, float]:
    celsius = block_devices.celsius(disk) if disk is not None else None
    return {"temperature_celsius": celsius} if celsius is not None else {}


def run_smartctl(arguments: Sequence[str], timeout: float) -> tool.Output:
    """smartctl, from its package. Raises as `tool.run`."""
    return tool.run(arguments, package=PACKAGE, timeout=timeout)


def build(
    settings: DisksSettings,
    context: Context,
    *,
    run: Run = run_smartctl,
    sys: Path = Path("/sys"),
    mdstat: Path = Path("/proc/mdstat"),
) -> Sequence[Collector]:
    """The three collectors; `run`, `sys` and `mdstat` may be another machine's."""
    answers = Answers()
    disks = DiskList(context.host, sys, settings.removable)
    reader = SmartReader(context.host, run, answers, settings.smart_hours * _HOUR_SECONDS, settings.types)
    register = Register(context.host, context.state, settings.forget)
    return [
        SmartAsking(disks, reader, answers, settings.timeout_seconds * _ROUND_SHARE),
        Presence(disks, register, answers),
        Arrays(context.host, context.state, settings.forget, mdstat),
    ]


plugin = Plugin(
    "disks",
    DisksSettings,
    build,
    metrics=(
        *("present", "temperature_celsius", "power_on_seconds", "smart_healthy"),
        *("smart_reallocated_sectors", "smart_pending_sectors", "smart_uncorrectable_sectors"),
        *("smart_uncorrectable_errors", "smart_command_timeouts"),
        *("smart_wear_ratio", "smart_spare_ratio", "smart_critical_warning"),
        *("raid_disks", "raid_disks_missing", "raid_degraded", "raid_resync_ratio"),
    ),
    needs=(
        Need("smartctl", "no SMART values, presence and arrays are told all the same", PACKAGE),
        Need("read access to the disks (group disk)", "no SMART values"),
        Need("CAP_SYS_RAWIO", "no SMART values of ATA and SAS disks"),
        Need("CAP_SYS_ADMIN", "no SMART values of NVMe disks"),
    ),
)
