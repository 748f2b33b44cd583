"""Whether the machine's time service holds its clock: the kernel's word, chrony's and systemd-timesyncd's.

The kernel knows (adjtimex), whatever service there is, without rights or programs. It may not say so: chrony without
`rtcsync` never tells it, a service with `ProtectClock=yes` may not ask, and it knows no stratum. So the service itself
is asked as well, every few minutes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from agent import tool
from agent.collector import CollectError, NotAvailable

ASK_SECONDS = 300.0
"""How often a program is run to ask."""

SILENT_SECONDS = 24 * 3600.0
"""A service that has not heard from its source for so long holds the clock no more."""

TIMESYNCD = Path("/run/systemd/timesync")
_TIME_ERROR = 5
_TIMEX_BYTES = 512
"""More than struct timex takes anywhere (208 on 64 bit). Zeroes ask for nothing to be set."""
_TOOL_SECONDS = 5.0
_LAST_STRATUM = 15
_SECONDS = r"\d{1,12}(\.\d{1,12})?"
_OWN_CLOCK = "7F7F01"
"""How chrony calls the machine's own clock (127.127.1.x): it serves time, and follows nobody."""


@dataclass(frozen=True)
class Sync:
    """What is known; None is not known. `stratum` is the clock's own distance to a reference, 1 to 15."""

    synchronised: bool | None = None
    stratum: int | None = None


class TimeService:
    """Asks the kernel each time, and the service's own program at most every `ASK_SECONDS`."""

    def __init__(
        self,
        *,
        kernel: Callable[[], bool | None] | None = None,
        run: Callable[..., tool.Output] = tool.run,
        timesyncd: Path = TIMESYNCD,
    ) -> None:
        self._kernel = kernel or kernel_synchronised
        self._run = run
        self._timesyncd = timesyncd
        self._asked = float("-inf")
        self._told = Sync()

    def sync(self, mono: float, wall: float) -> Sync:
        """What is known at this moment of the two clocks. Raises nothing: what can't be asked is not known."""
        if mono - self._asked >= ASK_SECONDS:
            self._asked = mono
            self._told = self._ask(wall)
        if self._told.synchronised is not None:
            return self._told
        synchronised = self._kernel()
        if synchronised is None and self._timesyncd.is_dir():
            synchronised = (self._timesyncd / "synchronized").exists()
        # A server's stratum of an hour ago says nothing of a clock that runs free since.
        return replace(self._told, synchronised=synchronised, stratum=self._told.stratum if synchronised else None)

    def _ask(self, wall: float) -> Sync:
        chrony = self._output("chronyc", "-c", "tracking", package="chrony")
        if chrony is not None:
            return chrony_tracking(chrony, wall)
        if self._timesyncd.is_dir():
            shown = self._output("timedatectl", "show-timesync", "--property=NTPMessage", package="systemd")
            return Sync(stratum=timesyncd_stratum(shown)) if shown is not None else Sync()
        return Sync()

    def _output(self, *command: str, package: str) -> bytes | None:
        """What a program printed, None where it is missing or its service does not answer."""
        try:
            output = self._run(command, package=package, timeout=_TOOL_SECONDS, max_bytes=65536)
        except (NotAvailable, CollectError):
            return None
        return output.stdout if output.status == 0 else None


def kernel_synchronised() -> bool | None:
    """Whether the kernel holds its clock to be within its error bound; None where it may not be asked."""
    import ctypes  # here, for the simulators and tests that never ask

    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None
    state: int = adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return None if state < 0 else state != _TIME_ERROR


def chrony_tracking(text: bytes, wall: float) -> Sync:
    """`chronyc -c tracking`: one line, of which four fields count; `wall` is the time by the same clock.

    First the reference's id, third the stratum, fourth when the source was last heard, last the leap status. That goes
    on being "Normal" when every source has fallen silent, and where chrony follows its own clock (`local stratum 10`).
    """
    fields = text.decode("ascii", "replace").strip().split(",")
    if len(fields) < 10 or not re.fullmatch(r"[0-9A-F]{8}", fields[0]) or not re.fullmatch(_SECONDS, fields[3]):
        return Sync()
    leap = fields[-1]
    silent = wall - float(fields[3]) > SILENT_SECONDS
    if leap == "Not synchronised" or fields[0].startswith(_OWN_CLOCK) or silent:
        return Sync(synchronised=False)
    if leap not in {"Normal", "Insert second", "Delete second"}:
        return Sync()
    return Sync(synchronised=True, stratum=_stratum(fields[2]))


def timesyncd_stratum(text: bytes) -> int | None:
    """`timedatectl show-timesync`: its server's stratum and one more; None where no server has answered."""
    message = re.search(r"^NTPMessage=\{ Leap=([0-3]),.*? Stratum=(\d{1,3}),", text.decode("ascii", "replace"), re.M)
    if message is None or message[1] == "3":
        return None
    server = _stratum(message[2])
    return server + 1 if server is not None and server < _LAST_STRATUM else None


def _stratum(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,2}", text) and 1 <= int(text) <= _LAST_STRATUM else None
