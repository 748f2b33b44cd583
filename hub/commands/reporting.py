"""How the subcommands tell what they do: progress on standard error, results as sentences or JSON."""

import sys
import time
from collections.abc import Callable, Mapping

from hub.store.restoration import Restoration

EVERY_SECONDS = 2.0


def progress(clock: Callable[[], float] = time.monotonic) -> Callable[[str], None]:
    """Prints one line in two seconds of what it is told, to standard error: short work says nothing."""
    last = clock()

    def tell(words: str) -> None:
        nonlocal last
        if clock() - last >= EVERY_SECONDS:
            last = clock()
            print(words, file=sys.stderr, flush=True)

    return tell


def moment(at: int) -> str:
    """A time (ms UTC) as people write it."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at / 1000))


def now_ms() -> int:
    """The clock, ms UTC."""
    return time.time_ns() // 1_000_000


def tell_restoration(noted: Restoration) -> None:
    """What was noted about time gone back, for a person."""
    if not noted.fresh:
        print(f"already noted at {moment(noted.at)}; nothing changed")
    print(f"went back to {moment(noted.went_back_to)}; from then to {moment(noted.at)} counts as blindness")
    print(f"tickets go on above number {noted.tickets_from}")
    print(
        "what agents still hold arrives again by itself; what was acknowledged since then and not in the backup is gone"
    )
    print("`watchkeeper-hub config list` shows agents that run what nobody desires here: set or clear it")


def tell_forgotten(forgotten: Mapping[str, int]) -> None:
    """Sites that came back though they had been erased."""
    for site, at in forgotten.items():
        print(f"{site} was forgotten at {moment(at)} and is back: watchkeeper-hub forget --site {site} again")
