"""Variables in a text: `$name`, `${name}`, `${name:format}`, `[[name]]`."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from tests.dashboards.player.errors import DashboardError

_PLACE = re.compile(r"\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:}]+))?(?::([^}]+))?\}", re.ASCII)
_SPECIAL = re.compile(r"[\\^$*+?.()|\[\]{}/]")


@dataclass(frozen=True)
class Chosen:
    """What a variable stands at: `values`, one unless it is `multi`, and how they are shown.

    `whole` is the text that stands for "All" as it is (`allValue`), where that is chosen.
    """

    values: tuple[str, ...]
    texts: tuple[str, ...]
    multi: bool = False
    whole: str | None = None

    @property
    def text(self) -> str:
        """As shown in a title."""
        return " + ".join(self.texts)


def escaped(value: str) -> str:
    """Taken literally by a regular expression."""
    return _SPECIAL.sub(lambda found: "\\" + found[0], value)


def formatted(name: str, chosen: Chosen, form: str) -> str:
    """In one of Grafana's formats. Raises DashboardError for one that is not known here."""
    if form == "text":
        return chosen.text
    if chosen.whole is not None:
        return chosen.whole
    values = chosen.values
    match form:
        case "regex":
            return escaped(values[0]) if len(values) == 1 else f"({'|'.join(escaped(one) for one in values)})"
        case "raw" | "csv" | "":
            return ",".join(values)
        case "pipe":
            return "|".join(values)
        case "percentencode":
            return quote(",".join(values), safe="")
        case "queryparam":
            return "&".join(f"var-{name}={quote(one, safe='')}" for one in values)
    raise DashboardError(f"${{{name}:{form}}}: no format that is known here")


Form = Callable[[str, Chosen, str], str]
"""How a place without a format is filled: by name, what is chosen, and the text around it with a NUL in its place."""


def filled(text: str, variables: Mapping[str, Chosen], plain: Form, beside: Sequence[str] = ()) -> str:
    """Every place filled. `beside` are names left as they are, for whoever comes next. Raises DashboardError for a
    variable that is not there."""

    def fill(found: re.Match[str]) -> str:
        name = found[1] or found[2] or found[4]
        form = found[3] or found[6]
        if name in beside:
            return found[0]
        if name not in variables:
            raise DashboardError(f"{found[0]} is no variable, in: {text}")
        chosen = variables[name]
        if form:
            return formatted(name, chosen, form)
        around = text[: found.start()] + "\0" + text[found.end() :]
        return plain(name, chosen, around)

    return _PLACE.sub(fill, text)


def as_text(name: str, chosen: Chosen, around: str) -> str:
    """In titles and texts."""
    return chosen.text


def as_influxql(name: str, chosen: Chosen, around: str) -> str:
    """Within a regular expression escaped, else as it is. Raises DashboardError where several values would become a
    regular expression outside of one."""
    inside = _inside_regex(around)
    if not inside and (chosen.multi or chosen.whole is not None):
        raise DashboardError(f"${name} may hold several values and stands outside of a /…/, in: {around!r}")
    if chosen.whole is not None:
        return chosen.whole
    if not inside:
        return chosen.values[0]
    if chosen.multi or len(chosen.values) > 1:
        many = "|".join(escaped(one) for one in chosen.values)
        return many if len(chosen.values) == 1 else f"({many})"
    return escaped(chosen.values[0])


def _inside_regex(around: str) -> bool:
    """Whether the NUL stands between the slashes of `=~ /…/`."""
    return any("\0" in found[0] for found in re.finditer(r"[=!]~\s*/(?:[^/\\]|\\.)*/", around))
