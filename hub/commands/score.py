"""`watchkeeper-hub score`: how unusual each value of any history is."""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from hub.config import HubConfig
from hub.history import TIMES, VALUES, HistoryError, write

EPILOG = f"""\
examples:
  watchkeeper-hub score temperature.csv > scored.csv
  watchkeeper-hub score temperature.csv -o scored.csv
  zcat month.csv.gz | watchkeeper-hub score - --json | jq 'select(.anomaly_score > 0.9)'

In: comma-separated timestamp and value, a header or none; further columns are kept. With a header the columns may be
in any order ({", ".join(TIMES)}; {", ".join(VALUES)});
without one the first is the time, the second the value.
Times: 2027-01-31 08:00:00, 2027-01-31T08:00:00Z, with offset or without (UTC), or the epoch's seconds or ms.
Out: the same rows and anomaly_score, each as soon as it is read. An empty value (also NaN) gets an empty score.

The score is from 0 to 1: 0.5 is as unusual as one value in ten thousand of a healthy series, 0.9 as one in a million,
0.99 as one in a hundred million. The first 32 values score 0. Days and weeks are learnt from the series, so give it at
least two weeks, if it has any; there is nothing to set. A new level scores high and is usual after a day, or 256
values. docs/score.md has the method, its limits, and how well it tells.

exit status: 0 done, 1 the output could not be written, 2 something in the input is no such table (the line is named;
rows before it are written)
"""


def add_to(commands: Any) -> None:
    """`score`, which needs no configuration."""
    text = "give every row of a timestamp,value table an anomaly score from 0 to 1"
    command = commands.add_parser(
        "score", help=text, description=text, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.add_argument("history", metavar="FILE.csv", help="the table; - for standard input")
    command.add_argument("-o", "--output", type=Path, metavar="OUT", help="where to write (default: standard output)")
    command.add_argument("--json", action="store_true", help="JSON lines instead of CSV")
    command.set_defaults(config=None)


def run(_config: HubConfig, arguments: argparse.Namespace) -> int:
    """The exit status."""
    try:
        with _source(arguments.history) as source, _sink(arguments.output, arguments.history) as sink:
            write(source, sink, as_json=arguments.json, eager=arguments.history == "-")
            sink.flush()
    except BrokenPipeError:
        sys.stdout = None  # whoever read has gone; nothing is left to flush at exit
        return 1
    except HistoryError as error:
        name = "standard input" if arguments.history == "-" else arguments.history
        print(f"watchkeeper-hub: {name}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"watchkeeper-hub: {error}", file=sys.stderr)
        return 2 if error.filename == arguments.history else 1
    return 0


@contextlib.contextmanager
def _source(name: str) -> Iterator[IO[str]]:
    if name == "-":
        sys.stdin.reconfigure(encoding="utf-8-sig", errors="replace", newline="")  # type: ignore[union-attr]
        yield sys.stdin
        return
    with Path(name).open(encoding="utf-8-sig", errors="replace", newline="") as file:
        yield file


@contextlib.contextmanager
def _sink(path: Path | None, source: str) -> Iterator[IO[str]]:
    if path is None:
        yield sys.stdout
        return
    if source != "-" and path.exists() and path.samefile(source):
        raise HistoryError("is the output, too: choose another file for the scores")
    with path.open("w", encoding="utf-8", newline="") as file:
        yield file
