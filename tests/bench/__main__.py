"""Runs every benchmark, prints a table, writes build/bench.json."""

import datetime
import json
import os
import platform
import sys
from pathlib import Path

from tests.bench import (
    agent,
    boards,
    codec,
    commit,
    devices,
    fleet,
    ingest,
    memory,
    recordings,
    records,
    replay,
    rollups,
    rules,
    spool,
    start,
    takeover,
)
from tests.bench.measure import Figure

MODULES = {
    "codec": codec,
    "commit": commit,
    "fleet": fleet,
    "ingest": ingest,
    "rollups": rollups,
    "records": records,
    "boards": boards,
    "rules": rules,
    "memory": memory,
    "replay": replay,
    "start": start,
    "takeover": takeover,
    "spool": spool,
    "recordings": recordings,
    "agent": agent,
    "devices": devices,
}


PAGE = Path("docs/benchmarks.md")
MARK = "<!-- the table: `make bench ARGS=--docs` -->\n"


def main(arguments: list[str]) -> int:
    """All benchmarks, or those named; `--docs` writes the table of all into docs/benchmarks.md as well."""
    names = [name for name in arguments if name != "--docs"]
    unknown = set(names) - MODULES.keys()
    if unknown or (names and "--docs" in arguments):
        print(f"usage: [--docs | NAME …], of {', '.join(MODULES)}", file=sys.stderr)
        return 2
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}"
    print(machine)
    print(f"{'what':46} {'value':>10} {'unit':6} {'baseline':>10} {'ratio':>7}  against")
    figures: list[Figure] = []
    for name in names or MODULES:
        for figure in MODULES[name].figures():
            print(
                f"{figure.name:46} {figure.value:>10g} {figure.unit:6} {figure.baseline:>10g} {figure.ratio:>7g}"
                f"  {figure.against}",
                flush=True,
            )
            figures.append(figure)
    out = Path("build/bench.json")
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps([figure.row() for figure in figures], indent=2, ensure_ascii=False) + "\n")
    if "--docs" in arguments:
        _write(machine, figures)
    return 0


def _write(machine: str, figures: list[Figure]) -> None:
    """The table behind the mark of the page, in the place of the one before."""
    lines = [MARK, f"\n{machine}, {datetime.datetime.now(datetime.UTC):%Y-%m-%d}.\n\n"]
    lines += ["| what | value | unit | baseline | ratio | against |\n", "|---|---:|---|---:|---:|---|\n"]
    lines += [f"| {f.name} | {f.value:g} | {f.unit} | {f.baseline:g} | {f.ratio:g} | {f.against} |\n" for f in figures]
    PAGE.write_text(PAGE.read_text(encoding="utf-8").partition(MARK)[0] + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
