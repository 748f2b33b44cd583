"""What was done to a hub's databases as a whole, kept outside of them: going back in time must not forget it.

Lines of JSON in `state_dir`, a few in a hub's life. Nothing of what was erased is in them but the site's id.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "history.jsonl"


@dataclass(frozen=True)
class Restored:
    """The database went back from `at` to `went_back_to` (ms UTC); tickets go on above `tickets_from`."""

    at: int
    went_back_to: int
    tickets_from: int


@dataclass(frozen=True)
class Forgotten:
    """A site was erased at `at` (ms UTC)."""

    at: int
    site: str


def add(folder: Path, entry: Restored | Forgotten) -> None:
    """On disk when this returns. Raises OSError."""
    line = json.dumps({"what": type(entry).__name__.lower(), **asdict(entry)}) + "\n"
    descriptor = os.open(folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    with os.fdopen(descriptor, "w") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> list[Restored | Forgotten]:
    """Everything, oldest first; a line that a power cut left half is none. Raises OSError."""
    found: list[Restored | Forgotten] = []
    path = folder / NAME
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            fields = json.loads(line)
            what = {"restored": Restored, "forgotten": Forgotten}[fields.pop("what")]
            found.append(what(**fields))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def forgotten_since(folder: Path, moment: int) -> dict[str, int]:
    """Site → when it was last erased, of those erased after `moment` (ms UTC)."""
    return {one.site: one.at for one in read(folder) if isinstance(one, Forgotten) and one.at > moment}


def tickets_seen(folder: Path) -> int:
    """The highest number that tickets were made to go on from."""
    return max((one.tickets_from for one in read(folder) if isinstance(one, Restored)), default=0)
