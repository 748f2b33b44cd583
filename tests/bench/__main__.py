"""Runs every benchmark, prints a table, writes build/bench.json."""

import json
import os
import platform
import sys
from pathlib import Path

from tests.bench import agent, codec, commit, recordings, spool

MODULES = {"codec": codec, "commit": commit, "spool": spool, "recordings": recordings, "agent": agent}


def main(names: list[str]) -> int:
    """All benchmarks, or those named."""
    unknown = set(names) - MODULES.keys()
    if unknown:
        print(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(MODULES)}", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    print(f"{'what':46} {'value':>10} {'unit':6} {'baseline':>10} {'ratio':>7}  against")
    rows = []
    for name in names or MODULES:
        for figure in MODULES[name].figures():
            print(
                f"{figure.name:46} {figure.value:>10g} {figure.unit:6} {figure.baseline:>10g} {figure.ratio:>7g}"
                f"  {figure.against}",
                flush=True,
            )
            rows.append(figure.row())
    out = Path("build/bench.json")
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
