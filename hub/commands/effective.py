"""`check-config --settings`: what every setting of every rule is at some place of the fleet, and whence."""

import argparse
import json
from collections.abc import Iterator
from typing import Any

from hub.config import HubConfig
from hub.rule import Settings, Severity
from hub.scope import Whereabouts
from hub.scoped import Effective, Spot
from wire.messages import DeviceKind


def add_to(command: argparse.ArgumentParser) -> None:
    """Its options."""
    command.add_argument("--settings", action="store_true", help="every rule's settings, and where each comes from")
    place = command.add_argument_group("with --settings, for whom (default: where nothing more specific is said)")
    place.add_argument("--site", default="", help="a site's id")
    place.add_argument("--device", default="", help="a device's id")
    place.add_argument(
        "--kind", default="", choices=[kind.value for kind in DeviceKind], help="only rules of this kind"
    )
    place.add_argument("--room", default="", help="the id of the room that the device is in")
    place.add_argument("--rule", default="", help="only this rule")


def show(config: HubConfig, arguments: argparse.Namespace) -> int:
    """Print them; the exit status."""
    where = Whereabouts(arguments.site, arguments.device, arguments.kind, arguments.room)
    spot = config.rules.spot(where)
    rules = [
        name
        for name, rule in config.known.items()
        if (not where.kind or where.kind in rule.kinds) and arguments.rule in ("", name)
    ]
    found = [one for name in rules for one in config.rules.effective(name, spot)]
    if arguments.json:
        print(json.dumps(_record(config, where, spot, found), indent=2))
        return 0
    area = f", {'key ' if spot.key else ''}area {spot.area}" if spot.area else ""
    named = [f"{name} {value}" for name, value in where._asdict().items() if value]
    print(f"for {', '.join(named) or 'everything that nothing more specific is said of'}{area}:")
    for line in _lines(config, found):
        print(line)
    return 0


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


def _origin(config: HubConfig, one: Effective) -> str:
    """Where a setting comes from, in words: a line of the file, or who chose it."""
    if isinstance(one.source, str):
        return one.source
    top = f"[{one.source[0]}.{one.source[1]}]" if one.source[0] == "rules" else f"[[override]] {int(one.source[1]) + 1}"
    return f"{top}, {config.source}:{config.line((*one.source, one.name))}"
