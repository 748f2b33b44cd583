"""`python -m dashboards`: write the dashboards' JSON from their source, or check that it is current and sound."""

import argparse
import sys
from collections.abc import Sequence

from dashboards.boards import discover
from dashboards.generate import FOLDER, stale, write
from dashboards.lint import troubles


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where all is well, 1 where something is wrong, each on a line of its own."""
    parser = argparse.ArgumentParser(prog="python -m dashboards", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where a file is not current")
    options = parser.parse_args(arguments)
    found = [trouble for board in discover().values() for trouble in troubles(board)]
    for trouble in found:
        print(trouble, file=sys.stderr)
    if options.check:
        for path in stale():
            print(f"{path.relative_to(FOLDER)} is not what its source says: run python -m dashboards", file=sys.stderr)
            found.append(str(path))
    elif not found:
        for path in write():
            print(path.relative_to(FOLDER))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
