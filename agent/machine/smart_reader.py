"""Asks the disks for their SMART figures through smartctl, each once in a while, and keeps what they said last.

One disk after the other, none that sleeps is woken. A disk that did not answer, slept or refused is asked again in an
hour; one that answered, or has no SMART, after the set interval.
"""

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent.collector import CollectError
from agent.machine.block_devices import MOST_DISKS, BlockDevice
from agent.machine.disk_register import hidden_id
from agent.machine.smart import ASLEEP_STATUS, Outcome, Scanned, Smart, parse, parse_scan
from agent.tool import Output

PACKAGE = "smartmontools"
SMARTCTL_SECONDS = 30.0
"""A disk that is failing may take that long to say so."""
RETRY_SECONDS = 3600.0
SPEAKING = frozenset({"ata", "sas", "scsi", "nvme", "usb"})
"""Interfaces that may carry SMART: virtio, xen and mmc never do, and are not asked."""

_HIDDEN = re.compile(r"(sat\+)?(megaraid|cciss|areca|3ware|aacraid|hpt|sssraid),[0-9,/]+")
_NO_NODE = re.compile(r"no such (file|device)", re.IGNORECASE)
_SETTLED = frozenset({Outcome.READ, Outcome.UNSUPPORTED, Outcome.DISABLED})

Run = Callable[[Sequence[str], float], Output]
"""Runs smartctl with arguments and a time-out in seconds, as `agent.tool.run` does."""


@dataclass(frozen=True)
class Answer:
    """What a disk said, and when (monotonic). `behind` names the way to it behind a RAID controller; such a disk's id
    is empty until it has told its serial number."""

    disk: str
    smart: Smart
    mono: float
    path: str
    behind: str = ""


@dataclass
class Answers:
    """What was said last, between the thread that asks and the one that tells. `first` is set after the first round."""

    first: threading.Event = field(default_factory=threading.Event)
    trouble: str = ""
    """Why disks behind RAID controllers could not be looked for."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _last: dict[str, Answer] = field(default_factory=dict)
    _untold: dict[str, Answer] = field(default_factory=dict)

    def put(self, key: str, answer: Answer) -> None:
        """A disk answered, or did not. `key` is its id, or the way to it behind a RAID controller."""
        with self._lock:
            self._last[key] = self._untold[key] = answer

    def drop(self, key: str) -> None:
        """This one is no longer there."""
        with self._lock:
            self._last.pop(key, None)

    def last(self) -> dict[str, Answer]:
        """The last answer of every disk that is there, by key."""
        with self._lock:
            return dict(self._last)

    def take(self) -> dict[str, Answer]:
        """Answers that nobody took yet, by disk."""
        with self._lock:
            taken, self._untold = self._untold, {}
        return {answer.disk: answer for answer in taken.values() if answer.disk}

    def hidden(self) -> tuple[set[str], bool]:
        """The disks behind RAID controllers that answered, and whether that is all of them for sure."""
        answers = [one for one in self.last().values() if one.behind]
        there = {one.disk for one in answers if one.disk and one.smart.outcome is not Outcome.FAILED}
        return there, self.first.is_set() and not self.trouble and all(one.disk for one in answers)


class SmartReader:
    """Asks what is due. `types` are `-d` types by serial number, `interval` in seconds. For one thread."""

    def __init__(self, host: str, run: Run, answers: Answers, interval: float, types: Mapping[str, str]) -> None:
        self._host = host
        self._run = run
        self._answers = answers
        self._interval = interval
        self._types = {serial.lower(): kind for serial, kind in types.items()}
        self._due: dict[str, float] = {}
        self._scan_due = float("-inf")
        self._hidden: dict[str, Scanned] = {}
        self._stopping = threading.Event()

    def round(self, disks: Mapping[str, BlockDevice], budget: float) -> None:
        """Ask every disk that is due, for at most `budget` seconds. Raises NotAvailable where smartctl is missing."""
        began = time.monotonic()
        self._forget_gone(disks)
        self._scan(began)
        for name, disk in disks.items():
            if disk.interface in SPEAKING and self._is_due(name) and not self._over(began, budget):
                kind = self._types.get(disk.serial.lower(), "")
                self._keep(name, name, _denied_if_hidden(self._ask(disk.path, kind), disk), disk.path)
        for key, scanned in self._hidden.items():
            if self._is_due(key) and not self._over(began, budget):
                smart = self._ask(scanned.name, scanned.type)
                serial = str(smart.facts.get("serial", ""))
                before = self._answers.last().get(key)
                disk_id = hidden_id(self._host, serial) if serial else (before.disk if before else "")
                self._keep(key, disk_id, smart, scanned.name, scanned.type)

    def stop(self) -> None:
        """Ask no further disk."""
        self._stopping.set()

    def _over(self, began: float, budget: float) -> bool:
        return self._stopping.is_set() or time.monotonic() - began > budget

    def _is_due(self, name: str) -> bool:
        return time.monotonic() >= self._due.get(name, float("-inf"))

    def _forget_gone(self, disks: Mapping[str, BlockDevice]) -> None:
        for name, one in self._answers.last().items():
            if not one.behind and name not in disks:
                self._drop(name)

    def _drop(self, key: str) -> None:
        self._answers.drop(key)
        self._due.pop(key, None)

    def _scan(self, now: float) -> None:
        """Look for disks behind RAID controllers, of which the kernel shows only the array."""
        if now < self._scan_due:
            return
        try:
            output = self._unbroken("smartctl", "-j", "--scan-open")
        except CollectError as error:
            self._answers.trouble = str(error)
            self._scan_due = now + min(RETRY_SECONDS, self._interval)
            return
        self._answers.trouble = ""
        self._scan_due = now + self._interval
        hidden = [one for one in parse_scan(output.stdout) if _HIDDEN.fullmatch(one.type)][:MOST_DISKS]
        self._hidden = {f"{one.name} {one.type}": one for one in hidden}
        for key, answer in self._answers.last().items():
            if answer.behind and key not in self._hidden:
                self._drop(key)

    def _ask(self, path: str, kind: str) -> Smart:
        arguments = ["smartctl", "-j", "-a", "-l", "devstat", "-n", f"standby,{ASLEEP_STATUS}"]
        try:
            output = self._unbroken(*arguments, *(["-d", kind] if kind else []), path)
        except CollectError as error:
            return Smart(Outcome.FAILED, str(error))
        return parse(output.stdout, output.status)

    def _unbroken(self, *arguments: str) -> Output:
        """smartctl's output. Raises CollectError too where it was ended: what it printed is not the whole."""
        output = self._run(arguments, SMARTCTL_SECONDS)
        if output.status < 0:
            raise CollectError(f"smartctl was ended by signal {-output.status}")
        return output

    def _keep(self, key: str, disk: str, smart: Smart, path: str, behind: str = "") -> None:
        now = time.monotonic()
        before = self._answers.last().get(key)
        if smart.outcome is Outcome.UNSUPPORTED and before is not None and before.smart.outcome is Outcome.READ:
            # It had SMART yesterday: a disk or a bridge that is failing, not one that never spoke it.
            smart = Smart(Outcome.FAILED, f"gave SMART values before: {smart.reason}", facts=smart.facts)
        settled = smart.outcome in _SETTLED
        self._due[key] = now + (self._interval if settled else min(RETRY_SECONDS, self._interval))
        self._answers.put(key, Answer(disk, smart, now, path, behind))


def _denied_if_hidden(smart: Smart, disk: BlockDevice) -> Smart:
    """A disk that the kernel has and /dev has not is withheld from us (PrivateDevices=yes, a container), not broken."""
    if smart.outcome is not Outcome.FAILED or not _NO_NODE.search(smart.reason):
        return smart
    withheld = disk.folder.exists() and not Path(disk.path).exists()
    return replace(smart, outcome=Outcome.DENIED) if withheld else smart
