"""Writes the reference in docs/agent.md from the code: `python -m agent.reference`; `--check` only says if it is old.

What stands between the two markers is replaced: keys, collectors with their metrics, events and needs, and the agent's
own figures. What stands before and behind them is written by hand.
"""

import argparse
import importlib
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from agent.collector import Need, Plugin, Settings, discover
from agent.config import DEFAULT_COLLECTORS, FOLLOWING_COLLECTORS, Config
from agent.keys import Key, KeyTable, key_tables
from wire.messages import DeviceKind
from wire.metrics import BY_NAME, CATALOGUE, COLLECTORS, Metric

PAGE = Path(__file__).parents[1] / "docs" / "agent.md"

BEGIN = "<!-- Generated from the code by `make docs`: what is changed between here and the end marker is lost. -->"
END = "<!-- End of the generated part. -->"

_COMMON = tuple(Settings.model_fields)
_UNITS = {"1": "", "Cel": "°C"}


class PageError(Exception):
    """The page has no place for the reference; the text says what is wrong with it."""


def own_metrics() -> list[Metric]:
    """What the agent tells of itself, not through a collector."""
    return [metric for metric in CATALOGUE if DeviceKind.AGENT in metric.kinds]


def reference(plugins: Mapping[str, Plugin], package: str = "agent.collectors") -> str:
    """The whole generated part, without its markers."""
    ordered = [plugins[name] for name in COLLECTORS if name in plugins]
    ordered += [plugins[name] for name in sorted(plugins.keys() - set(COLLECTORS))]
    abouts = {one.name: _about(f"{package}.{one.name}") for one in ordered}
    parts = [
        _keys_of_the_agent(),
        _overview(ordered, abouts),
        *(_section(one, abouts[one.name]) for one in ordered),
        _own_figures(),
    ]
    return "\n\n".join(parts)


def page(text: str, plugins: Mapping[str, Plugin]) -> str:
    """The page with its generated part made anew. Raises PageError."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise PageError(f"the two markers have to stand in it once, in their order: {BEGIN} {END}")
    before, _, rest = text.partition(BEGIN)
    behind = rest.partition(END)[2]
    return f"{before}{BEGIN}\n\n{reference(plugins)}\n\n{END}{behind}"


# Parts


def _keys_of_the_agent() -> str:
    tables = key_tables(Config, "")
    lines = ["## Keys of the configuration", "", "At the top of the file:", "", *_key_rows(tables[0].keys)]
    for table in tables[1:]:
        lines += ["", _heading(table), "", *_key_rows(table.keys)]
    return "\n".join(lines)


def _overview(plugins: Sequence[Plugin], abouts: Mapping[str, str]) -> str:
    rows = [
        (
            f"[{plugin.name}](#{plugin.name})",
            _when(plugin),
            _seconds(plugin.settings.model_fields["interval_seconds"].default),
            " ".join(abouts[plugin.name].partition("\n\n")[0].split()),
        )
        for plugin in plugins
    ]
    common = key_tables(Settings, "collectors.NAME")[0]
    return "\n".join(
        [
            "## Collectors",
            "",
            "Those that run always are switched off by `enabled = false` in their table; the others run once they have",
            "one. A tool or a right that is missing costs what needs it: the collector says so, the rest goes on.",
            "",
            *_table(("collector", "runs", "every", "what it reads"), rows),
            "",
            "Every collector has these keys; its own section says its interval and time-out where they differ.",
            "",
            *_key_rows(common.keys),
        ]
    )


def _when(plugin: Plugin) -> str:
    if plugin.name in DEFAULT_COLLECTORS:
        return "always"
    if plugin.name in FOLLOWING_COLLECTORS:
        return f"with its table, and beside {' or '.join(FOLLOWING_COLLECTORS[plugin.name])}"
    return "with its table"


def _section(plugin: Plugin, about: str) -> str:
    blocks = [f"### {plugin.name}", about, _timing(plugin)]
    known: dict[tuple[Key, ...], str] = {}
    for number, table in enumerate(key_tables(plugin.settings, f"collectors.{plugin.name}")):
        keys = [key for key in table.keys if number or not _is_common(key)]
        if table.keys in known:
            blocks.append(f"**`{table.heading}`** as `{known[table.keys]}`.")
        elif keys:
            blocks += [_heading(table), "\n".join(_key_rows(keys))]
        known.setdefault(table.keys, table.heading)
    if plugin.metrics:
        blocks.append("\n".join(_metric_rows(BY_NAME[name] for name in plugin.metrics)))
    if plugin.events:
        blocks.append("Events: " + ", ".join(f"`{event}`" for event in plugin.events) + ".")
    if plugin.needs:
        blocks.append("\n".join(_need_rows(plugin.needs)))
    return "\n\n".join(blocks)


def _own_figures() -> str:
    names = set(COLLECTORS)
    own = [m for m in own_metrics() if not any(m.name.startswith(f"collector_{name}_") for name in names)]
    lines = [
        "## The agent's figures about itself",
        "",
        "Told once a minute, and with each collector's run how it went: `collector_NAME_ok` (1 or 0) and",
        "`collector_NAME_seconds`, of several devices the worst and the slowest.",
        "",
        *_metric_rows(own),
    ]
    return "\n".join(lines)


def _about(module: str) -> str:
    """What a collector's module says of itself."""
    return inspect.cleandoc(importlib.import_module(module).__doc__ or "")


def _timing(plugin: Plugin) -> str:
    fields = plugin.settings.model_fields
    interval, timeout = (_seconds(fields[name].default) for name in ("interval_seconds", "timeout_seconds"))
    when = f"Runs {_when(plugin).replace('its table', f'a table `[collectors.{plugin.name}]`')}"
    return f"{when}, every {interval}; a run may take {timeout}."


def _is_common(key: Key) -> bool:
    """Whether a key of every collector means here what it means everywhere."""
    common = {one.name: one.meaning for one in key_tables(Settings, "")[0].keys}
    return key.name in _COMMON and key.meaning == common[key.name]


def _seconds(value: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if value >= 2 * size and value % size == 0:
            return f"{value / size:g} {unit}"
    return f"{value:g} s"


# Rows


def _heading(table: KeyTable) -> str:
    about = table.about if not table.about.startswith(f"`{table.heading}`") else ""
    return f"**`{table.heading}`**" + (f" {about}" if about else "")


def _key_rows(keys: Sequence[Key]) -> Iterator[str]:
    rows = [
        (f"`{key.name}`", key.kind, "has to be given" if key.required else key.default or "–", key.meaning)
        for key in keys
    ]
    return _table(("key", "type", "default", "meaning"), rows)


def _metric_rows(metrics: Iterable[Metric]) -> Iterator[str]:
    rows = [(f"`{m.name}`", _UNITS.get(m.unit, m.unit), ", ".join(sorted(m.kinds)), m.en) for m in metrics]
    return _table(("metric", "unit", "of", "meaning"), rows)


def _need_rows(needs: Sequence[Need]) -> Iterator[str]:
    rows = [(need.what, need.why, f"`{need.package}`" if need.package else "") for need in needs]
    return _table(("needs", "missing without it", "Debian package"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(head)
    yield _row(["---"] * len(head))
    for row in rows:
        yield _row(row)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; exit status 1 when `--check` finds the page not current, 2 when it has no place for it."""
    parser = argparse.ArgumentParser(prog="python -m agent.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; say whether the page is current")
    parser.add_argument("--page", type=Path, default=PAGE, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    text = options.page.read_text(encoding="utf-8")
    try:
        wanted = page(text, discover())
    except PageError as error:
        print(f"{options.page}: {error}", file=sys.stderr)
        return 2
    if options.check:
        if wanted != text:
            print("not current: docs/agent.md (run: make docs)", file=sys.stderr)
        return int(wanted != text)
    if wanted != text:
        options.page.write_text(wanted, encoding="utf-8")
        print(f"written: {options.page.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
