"""Network UPS Tools: a server and its dummy driver, a UPS that is a text file."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.servers.server import HOST, Server, ServerFailed, ServerMissing, find_program
from tests.waiting import wait_until

UPS = "rack"
DRIVER_SECONDS = 20.0

ONLINE = {
    "device.mfr": "Acme",
    "device.model": "Smart 1500",
    "device.serial": "A1B2C3",
    "ups.status": "OL CHRG",
    "ups.load": "23",
    "ups.temperature": "31.5",
    "battery.charge": "87",
    "battery.runtime": "1820",
}
"""What the UPS says at first."""


def _nut_program(name: str) -> str:
    """Debian keeps NUT's daemons off the PATH (its `upsd` there is a script that asks whether NUT is switched on)."""
    path = Path("/lib/nut") / name
    if path.exists():
        return str(path)
    try:
        return find_program(name)
    except ServerMissing:
        raise ServerMissing("nut-server is not installed: run `make servers`") from None


class Nut(Server):
    """`upsd` on a loopback port, and the driver of one UPS, `rack`, which says what `say` last said."""

    name = "nut"

    def __init__(self, folder: Path, port: int | None = None) -> None:
        super().__init__(folder, port)
        self._upsd = _nut_program("upsd")
        self._dummy = _nut_program("dummy-ups")
        self._upsc = find_program("upsc")
        self._driver: subprocess.Popen[bytes] | None = None
        self._variables = dict(ONLINE)
        self._configure()

    def command(self) -> Sequence[str]:
        return [self._upsd, "-u", "root" if os.getuid() == 0 else "nut", "-F"]

    def start(self) -> None:
        self.start_driver()
        super().start()

    def stop(self) -> None:
        self.stop_driver()
        super().stop()

    def ready(self) -> bool:
        """The server has heard the driver out: at first it knows less than all."""
        asked = subprocess.run([self._upsc, f"{UPS}@{HOST}:{self.port}"], capture_output=True, timeout=10, check=False)
        told = dict(line.split(": ", 1) for line in asked.stdout.decode().splitlines() if ": " in line)
        return self._variables.items() <= told.items()

    def kill(self) -> None:
        self.stop_driver()
        super().kill()

    def say(self, variables: Mapping[str, str]) -> None:
        """Change what the UPS tells, as the real one would when mains or battery do."""
        self._variables |= variables
        lines = "".join(f"{name}: {value}\n" for name, value in self._variables.items())
        # By renaming: the driver reads the file all the time.
        fresh = self.folder / f"{UPS}.dev.new"
        fresh.write_text(lines)
        fresh.replace(self.folder / f"{UPS}.dev")

    def start_driver(self) -> None:
        """Plug the UPS in."""
        socket = self.folder / f"dummy-ups-{UPS}"
        socket.unlink(missing_ok=True)
        user = ["-u", "root"] if os.getuid() == 0 else []
        with self.log_path.open("ab") as log:
            self._driver = subprocess.Popen(
                [self._dummy, "-a", UPS, *user, "-F"],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
                env=self._environment(),
            )
        try:
            wait_until(socket.exists, DRIVER_SECONDS, "the UPS's driver listens")
        except AssertionError:
            self.stop_driver()
            raise ServerFailed(f"dummy-ups did not come up\n{self.log()}") from None

    def stop_driver(self) -> None:
        """Pull its plug: the server goes on without a word from the UPS."""
        if self._driver is not None:
            self._driver.send_signal(signal.SIGTERM)
            self._driver.wait(DRIVER_SECONDS)
            self._driver = None

    def _configure(self) -> None:
        self.folder.chmod(0o750)
        driver = f"[{UPS}]\n  driver = dummy-ups\n  port = {UPS}.dev\n  mode = dummy-loop\n  pollinterval = 1\n"
        files = {
            "ups.conf": driver,
            "upsd.conf": f"LISTEN {HOST} {self.port}\nMAXAGE 15\n",
            "upsd.users": "",
            "nut.conf": "MODE=standalone\n",
        }
        for name, text in files.items():
            (self.folder / name).write_text(text)
            (self.folder / name).chmod(0o640)
        self.say({})

    def _environment(self) -> dict[str, str]:
        """Every folder NUT would look in is ours."""
        names = ("NUT_CONFPATH", "NUT_STATEPATH", "NUT_PIDPATH", "NUT_ALTPIDPATH")
        return {**os.environ, **dict.fromkeys(names, str(self.folder))}

    def _identity(self) -> Mapping[str, Any]:
        return {**super()._identity(), "env": self._environment()}
