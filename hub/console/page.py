"""One page in one language: the templates' environment, and the words, times and icons they may use."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from hub.api.routes import COOKIE, source_of, translator_of
from hub.console import words
from hub.locale import Translator
from hub.locale.negotiation import match
from hub.locale.translator import MISSING
from hub.rule import N_

HERE = Path(__file__).parent
LANGUAGES = (("en", "English"), ("zh_CN", "中文"))
LATEST = 253_402_300_799_999
"""The end of the year 9999, ms UTC: what is later is no time."""
YEAR_SECONDS = 365 * 86_400
_AGO, _FOR = N_("{duration} ago"), N_("for {duration}")

_environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Writer:
    """What templates call: every text through the translator, every field escaped."""

    def __init__(self, speech: Translator, now: int) -> None:
        self.speech = speech
        self.now = now

    def text(self, message: str, **fields: Any) -> Markup:
        """A translated message with {fields}; markup in fields stays, anything else is escaped."""
        return Markup(escape(self.speech.gettext(message))).format(**fields)  # noqa: S704 - escaped before

    def plural(self, one: str, many: str, count: int, **fields: Any) -> Markup:
        """A translated message in the form that fits `count`, which is also a field."""
        text = self.speech.ngettext(one, many, count)
        return Markup(escape(text)).format(count=count, **fields)  # noqa: S704 - escaped before

    def word(self, table: Mapping[str, str], code: str | None) -> str:
        """The word for a code, or the code itself where none is known."""
        return self.speech.gettext(table[code]) if code and code in table else (code or "")

    def fact(self, key: str, value: Any) -> str:
        """A fact's value: by its name's suffix (`_since` is a time, ms UTC), in words where it is a code we know."""
        if isinstance(value, str):
            return self.word(words.VALUES, value) or MISSING
        known_time = key.endswith("_since") and isinstance(value, int | float) and 0 < value <= LATEST
        return self.speech.moment(round(value)) if known_time else self.speech.value(key, value)

    def time(self, at: int, shown: str | Markup | None = None) -> Markup:
        """A time (ms UTC) as `<time>`: written in full, or as `shown` with the full time on hover."""
        full = self.speech.moment(at)
        text = full if shown is None else shown
        return Markup('<time datetime="{}" title="{}">{}</time>').format(self.speech.iso(at), full, text)

    def ago(self, at: int) -> Markup:
        """How long ago, with the full time on hover."""
        return self.time(at, self.text(_AGO, duration=self.age(at)))

    def lasting(self, at: int) -> Markup:
        """How long something has lasted, with the full time of its beginning on hover."""
        return self.time(at, self.text(_FOR, duration=self.age(at)))

    def short(self, at: int) -> Markup:
        """A time without zone, and without year unless long ago; in full on hover. The page's end names the zone."""
        return self.time(at, self.speech.short(at, self.now))

    def age(self, at: int) -> str:
        """How long ago as a bare duration, in whole seconds."""
        return self.speech.duration(max(1, (self.now - at) // 1000))

    def span(self, start: int, end: int) -> str:
        """The duration between two times."""
        return self.speech.duration(max(1, (end - start) // 1000))


def render(request: Request, template: str, code: int = 200, /, **context: Any) -> HTMLResponse:
    """A page in the language of the request. A language chosen by `?lang=` is remembered in a cookie."""
    speech = translator_of(request)
    now = source_of(request).clock()
    writer = Writer(speech, now)
    body = _environment.get_template(template).render(
        w=writer,
        _=writer.text,
        ngettext=writer.plural,
        words=words,
        speech=speech,
        now=now,
        hub=request.app.state.health.standing(),
        languages=[(code, name, _address(request, lang=code)) for code, name in LANGUAGES],
        path=request.url.path,
        **context,
    )
    headers = {"content-language": speech.tag, "vary": "Accept-Language, Cookie"}
    response = HTMLResponse(body, code, headers)
    chosen = match(request.query_params.get("lang") or "")
    if chosen:
        response.set_cookie(COOKIE, chosen, max_age=YEAR_SECONDS, httponly=True, samesite="lax")
    return response


def _address(request: Request, **changes: str) -> str:
    """This page's own address with other parameters."""
    return "?" + urlencode({**request.query_params, **changes})
