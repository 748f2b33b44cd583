"""The agent as a service in a machine: started as its unit says, looked at through systemd, its spool and its log."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.vm.machine import Machine

UNIT = "watchkeeper-agent"
ACCOUNT = "watchkeeper-agent"
SPOOL = f"/var/lib/{UNIT}/spool.db"
CONFIG = "/etc/watchkeeper/agent.toml"
DROP_INS = f"/etc/systemd/system/{UNIT}.service.d"
PROVIDED = "/usr/share/watchkeeper"
"""Where the machine has the files of provisioning/systemd/."""

WHO = 'site = "north-gate"\nagent = "gateway-1"\n'
QUICK = """
[collectors.clock]
enabled = false
[collectors.host]
interval_seconds = 2
[collectors.volumes]
interval_seconds = 2
"""
"""No question to a time server that is not there, and the rest often."""
NO_DISKS = "[collectors.disks]\nenabled = false\n"
"""The unit by itself shows it no disk: `test_disks` looks at that."""

_READ = """
import json, sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
for (body,) in db.execute("SELECT body FROM report ORDER BY position"):
    print(body.decode())
"""

_NEWEST = """
import json, sqlite3, sys
path, device, wanted = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
known = {}
for (body,) in db.execute("SELECT body FROM report ORDER BY position"):
    for sample in json.loads(body).get("samples", []):
        if sample["device"] == device:
            known.update(sample["values"])
print(known)
sys.exit(any(known.get(metric) != value for metric, value in wanted.items()))
"""
"""Whether the newest that a spool knows of a device is this; prints all of it."""

_COUNT = "'SELECT reports FROM total'"


@dataclass(frozen=True)
class Report:
    """A report in the spool, as it goes on the wire."""

    body: Mapping[str, Any]

    @property
    def id(self) -> str:
        """`{spool}:{seq}`."""
        return str(self.body["id"])

    def values(self, device: str) -> Mapping[str, float]:
        """Everything it says of a device."""
        return {
            metric: value
            for sample in self.body.get("samples", [])
            if sample["device"] == device
            for metric, value in sample["values"].items()
        }

    def events(self) -> Iterator[Mapping[str, Any]]:
        """Its events."""
        yield from self.body.get("events", [])


class Service:
    """`watchkeeper-agent.service` in a machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def configure(self, text: str = QUICK) -> None:
        """Write its configuration: who it is, and this."""
        self.machine.write_file(CONFIG, WHO + text)

    def allow(self, *names: str) -> None:
        """Give it the rights of these drop-ins of provisioning/systemd/."""
        self.machine.run(f"mkdir -p {DROP_INS}").check()
        for name in names:
            self.machine.run(f"cp {PROVIDED}/{UNIT}.service.d/{name}.conf {DROP_INS}/").check()
        self.machine.run("systemctl daemon-reload").check()

    def start(self) -> None:
        """Returns when it says that it is ready."""
        self.machine.run(f"systemctl start {UNIT} || (systemctl status {UNIT}; journalctl -u {UNIT}; false)").check()

    def stop(self) -> None:
        """Returns when it has ended."""
        self.machine.run(f"systemctl stop {UNIT}").check()

    def show(self, name: str) -> str:
        """A property of the unit, as `systemctl show` has it."""
        return self.machine.run(f"systemctl show -P {name} {UNIT}").check().strip()

    def pid(self) -> int:
        """Its main process; 0 where it does not run."""
        return int(self.show("MainPID"))

    def log(self) -> str:
        """What it logged in this boot."""
        return self.machine.run(f"journalctl -b -o cat --no-pager -u {UNIT}").check()

    def await_log(self, text: str, *, timeout: float = 30.0) -> None:
        """Return once it has logged this."""
        log = f"journalctl -b -o cat --no-pager -u {UNIT}"
        self.machine.wait_until(f"{log} | grep -F {shlex.quote(text)}", timeout=timeout)

    def reports(self) -> Sequence[Report]:
        """What is in its spool: on disk, oldest first. Read in the agent's own name, that no file becomes root's."""
        read = f"runuser -u {ACCOUNT} -- /usr/bin/python3 -c '{_READ}' {SPOOL}"
        return [Report(json.loads(line)) for line in self.machine.run(read).check().splitlines()]

    def await_reports(self, more: int = 1, *, since: Sequence[Report] = (), timeout: float = 40.0) -> Sequence[Report]:
        """Return the spool once it holds so many more reports than `since`."""
        count = f"runuser -u {ACCOUNT} -- sqlite3 -readonly {SPOOL} {_COUNT}"
        self.machine.wait_until(f"[ $({count}) -ge {len(since) + more} ]", timeout=timeout)
        return self.reports()

    def await_event(self, kind: str) -> Sequence[Mapping[str, Any]]:
        """Return all events of this type that the spool holds, once it holds any."""
        search = f"runuser -u {ACCOUNT} -- /usr/bin/python3 -c '{_READ}' {SPOOL} | grep -F '\"{kind}\"'"
        self.machine.wait_until(search)
        return [event for report in self.reports() for event in report.events() if event["type"] == kind]

    def await_values(self, device: str, wanted: Mapping[str, float | None], *, timeout: float = 40.0) -> None:
        """Return once the newest that is known of a device is this; None stands for what was never told."""
        arguments = f"{SPOOL} {device} '{json.dumps(dict(wanted))}'"
        program = f"runuser -u {ACCOUNT} -- /usr/bin/python3 {PROVIDED}/newest.py {arguments}"
        self.machine.wait_until(program, timeout=timeout)


def install(machine: Machine) -> None:
    """Account and unit, as provisioning/README.md says; started and enabled by nobody yet."""
    folder = Path("provisioning/systemd")
    for path in sorted(folder.rglob("*.*")):
        if path.is_file():
            machine.write_file(f"{PROVIDED}/{path.relative_to(folder)}", path.read_text())
    machine.write_file(f"{PROVIDED}/newest.py", _NEWEST)
    machine.run(f"cp {PROVIDED}/{UNIT}.sysusers.conf /usr/lib/sysusers.d/{UNIT}.conf && systemd-sysusers").check()
    machine.run(f"cp {PROVIDED}/{UNIT}.service /etc/systemd/system/ && systemctl daemon-reload").check()


def gaps(reports: Sequence[Report]) -> Sequence[str]:
    """Numbers that are missing between the first and the last of each start of the agent, or there twice."""
    numbers: dict[str, list[int]] = {}
    for report in reports:
        spool, _, number = report.id.partition(":")
        numbers.setdefault(spool, []).append(int(number))
    return [
        f"{spool}: {sorted(found)}"
        for spool, found in numbers.items()
        if sorted(found) != list(range(1, len(found) + 1))
    ]
