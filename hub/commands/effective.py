"""`check-config --settings`: what every setting of every rule is at some place of the fleet, and whence."""

import argparse
import json
from collections.abc import Iterator
from typing import Any

from hub.config import ConfigError, HubConfig
from hub.rule import Settings, Severity
from hub.scope import Whereabouts
from hub.scoped import OF_KEY_AREAS, Effective, Spot
from wire.messages import DeviceKind


def add_to(command: argparse.ArgumentParser) -> None:
    """Its options."""
    command.add_argument("--settings", action="store_true", help="every rule's settings, and where each comes from")
    place = command.add_argument_group("whose settings (default: where nothing more specific is said)")
    place.add_argument("--site", default="", help="a site's id")
    place.add_argument("--device", default="", help="a device's id")
    place.add_argument(
        "--kind", default="", choices=[kind.value for kind in DeviceKind], help="only rules of this kind"
    )
    place.add_argument("--room", default="", help="the id of the room that the device is in")
    place.add_argument("--rule", default="", help="only this rule")


def show(config: HubConfig, arguments: argparse.Namespace) -> int:
    """Print them; the exit status. Raises ConfigError for a rule that there is not, or not for this kind."""
    where = Whereabouts(arguments.site, arguments.device, arguments.kind, arguments.room)
    spot = config.rules.spot(where)
    found = [one for name in _meant(config, where.kind, arguments.rule) for one in _effective(config, name, where)]
    if arguments.json:
        print(json.dumps(_record(config, where, spot, found), indent=2))
        return 0
    area = f", {'key ' if spot.key else ''}area {spot.area}" if spot.area else ""
    named = [f"{name} {value}" for name, value in where._asdict().items() if value]
    print(f"for {', '.join(named) or 'everything that nothing more specific is said of'}{area}:")
    for line in (*_lines(config, found), *([] if where.kind else _uncounted(config, {one.rule for one in found}))):
        print(line)
    return 0


def asked(arguments: argparse.Namespace) -> bool:
    """Whether the command line wants them: who says for whom does."""
    return bool(arguments.settings or any(getattr(arguments, name) for name in (*Whereabouts._fields, "rule")))


def _meant(config: HubConfig, kind: str, rule: str) -> list[str]:
    """The rules to show, by name. Raises ConfigError."""
    if rule and rule not in config.known:
        raise ConfigError(f"unknown rule {rule}; known: {', '.join(sorted(config.known))}")
    names = [rule] if rule else list(config.known)
    found = [name for name in names if not kind or kind in config.known[name].kinds]
    if rule and not found:
        raise ConfigError(f"{rule} is a rule for: {', '.join(sorted(config.known[rule].kinds))}")
    return found


def _effective(config: HubConfig, rule: str, where: Whereabouts) -> Iterator[Effective]:
    """A rule for one kind of device need not be told that kind: nothing else is ever judged by it."""
    kinds = config.known[rule].kinds
    if not where.kind and len(kinds) == 1:
        where = where._replace(kind=next(iter(kinds)))
    return config.rules.effective(rule, config.rules.spot(where))


def _record(config: HubConfig, where: Whereabouts, spot: Spot, found: list[Effective]) -> dict[str, Any]:
    rules: dict[str, dict[str, Any]] = {}
    for one in found:
        rules.setdefault(one.rule, {})[one.name] = {"value": one.value, "from": _origin(config, one)}
    return {**where._asdict(), "area": spot.area, "key": spot.key, "rules": rules}


def _lines(config: HubConfig, found: list[Effective]) -> Iterator[str]:
    for one in found:
        value = one.value.value if isinstance(one.value, Severity) else one.value
        described = type(config.rules[one.rule]).model_fields[one.name].description
        of_all = Settings.model_fields.get(one.name)
        unit = (described or (of_all and of_all.description) or "").partition(";")[0]
        yield f"{one.rule}.{one.name} = {json.dumps(value)}{' ' + unit if unit else ''}  # {_origin(config, one)}"


def _uncounted(config: HubConfig, shown: set[str]) -> Iterator[str]:
    """What would hold for one kind of device, where none was said and the rule is for several."""
    several = {name for name in shown if len(config.known[name].kinds) > 1}
    for number, override in enumerate(config.file.override, 1):
        if override.kind and several & set(override.rules):
            yield f"# without --kind nothing counts that [[override]] {number} says for {override.kind}"


def _origin(config: HubConfig, one: Effective) -> str:
    """Where a setting comes from, in words: a line of the file, or who chose it."""
    if isinstance(one.source, str):
        place = ("threshold", one.rule, *(("in_key_area",) if one.source == OF_KEY_AREAS else ()), one.name)
        own = config.file.threshold.get(one.rule)
        if own is None or one.name not in (own.in_key_area if one.source == OF_KEY_AREAS else own.model_fields_set):
            return one.source
        return f"[threshold.{one.rule}], {config.source}:{config.line(place)}"
    top = f"[{one.source[0]}.{one.source[1]}]" if one.source[0] == "rules" else f"[[override]] {int(one.source[1]) + 1}"
    return f"{top}, {config.source}:{config.line((*one.source, one.name))}"
