"""docs/rules.md: every rule with its symptom, the devices it looks at, and its settings with defaults and units.

`python -m hub.rule_table` writes the page from the rules themselves, `--check` only says whether it is current.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from hub.rule import Changed, Occurrence, Rule, Runbook, Settings, Threshold, Together, Unusual, discover

PAGE = Path("docs/rules.md")
DASH = "—"
_USUAL_FLAP: float = Settings.model_fields["flap_seconds"].default

HEAD = """# Rules

Every rule of the hub, as `python -m hub.rule_table` finds it. Times are seconds. A condition must last the hold time
before a ticket opens and be gone for the clear time before it resolves; every rule also has `enabled`, `severity` and
`flap_seconds`, {flap} unless it says otherwise ([settings.md](settings.md)). A name in *judged by* is a metric
([agent.md](agent.md)), an event, or other rules. *Key area* lists the defaults that differ there.
`watchkeeper-hub check-config --config hub.toml --settings` shows what holds for a device, and where it comes from.

What a rule **hides** are the findings of all devices below its own, what it **explains** those of other rules on the
same device: they are consequences on its ticket as long as it lasts.
"""


def page(rules: Mapping[str, Rule]) -> str:
    """The whole page."""
    kinds = sorted({kind.value for rule in rules.values() for kind in rule.kinds})
    parts = [HEAD.format(flap=_plain(_USUAL_FLAP)), _index(rules, kinds)]
    parts += [_section(rules[name]) for name in sorted(rules)]
    return "\n".join(parts).rstrip() + "\n"


def _index(rules: Mapping[str, Rule], kinds: list[str]) -> str:
    rows = ["| device | rules |", "|---|---|"]
    for kind in kinds:
        names = sorted(name for name, rule in rules.items() if any(one.value == kind for one in rule.kinds))
        rows.append(f"| {kind} | {', '.join(f'[{name}](#{name})' for name in names)} |")
    return "\n".join(rows) + "\n"


def _section(rule: Rule) -> str:
    settings = rule.settings()
    runbook = rule.runbook or Runbook(rule.name, "", "", "")
    rows = [
        f"## {rule.name}\n",
        f"{runbook.title}. {runbook.meaning}\n",
        "| on | judged by | severity | hold | clear |",
        "|---|---|---|---|---|",
        f"| {', '.join(sorted(kind.value for kind in rule.kinds))} | {_judged_by(rule)} | {settings.severity.value} "
        f"| {_plain(settings.hold_seconds)} | {_plain(settings.clear_seconds)} |",
    ]
    own = list(_own(rule.settings, settings))
    if own:
        rows += ["", "| setting | default | unit |", "|---|---|---|", *own]
    notes = list(_notes(rule))
    if notes:
        rows += ["", " ".join(notes)]
    return "\n".join(rows) + "\n"


def _judged_by(rule: Rule) -> str:
    match rule.condition:
        case Threshold(metric) | Unusual(metric):
            names: list[str] = [metric]
        case Occurrence(event):
            names = [event]
        case Changed(fact):
            names = [f"fact {fact}"]
        case Together(others):
            names = sorted(others)
        case _:
            names = ["silence"] if rule.absence else list(rule.metrics)
    return ", ".join(f"`{name}`" for name in names)


def _own(kind: type[Settings], settings: Settings) -> Iterator[str]:
    for name, field in kind.model_fields.items():
        if name not in Settings.model_fields:
            yield f"| `{name}` | {_plain(getattr(settings, name))} | {_unit(field)} |"


def _unit(field: FieldInfo) -> str:
    return re.sub(r"\|", "/", field.description or "") or DASH


def _notes(rule: Rule) -> Iterator[str]:
    flap = rule.settings().flap_seconds
    if flap != _USUAL_FLAP:
        yield f"`flap_seconds` {_plain(flap)}."
    if rule.darkens:
        yield "Hides what is below it."
    elif isinstance(rule.condition, Together):
        yield "Hides what it is made of."
    if rule.explains:
        yield f"Explains {', '.join(f'`{name}`' for name in sorted(rule.explains))}."
    if rule.explains_beside:
        yield f"Explains {', '.join(f'`{name}`' for name in sorted(rule.explains_beside))} of devices beside its own."
    if rule.outage:
        yield "Counts as down in availability."
    if rule.in_key_area:
        yield "Key area: " + ", ".join(f"`{key}` {_plain(value)}" for key, value in rule.in_key_area.items()) + "."


def _plain(value: Any) -> str:
    match value:
        case StrEnum():
            return value.value
        case bool():
            return str(value).lower()
        case float() | int():
            return f"{value:.10g}"
        case dict() | tuple() | list() | frozenset() if not value:
            return "none"
        case tuple() | list():
            return ", ".join(_plain(one) for one in value)
        case "":
            return DASH
    return str(value)


def main(arguments: list[str] | None = None) -> int:
    """Write or check the page. 1 when it is not current."""
    parser = argparse.ArgumentParser(prog="python -m hub.rule_table", description="Writes docs/rules.md.")
    parser.add_argument("--check", action="store_true", help="only say whether the page is current")
    wanted = page(discover())
    if not parser.parse_args(arguments).check:
        PAGE.write_text(wanted, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted:
        return 0
    sys.stderr.write(f"{PAGE} is not what the rules say: run python -m hub.rule_table\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
