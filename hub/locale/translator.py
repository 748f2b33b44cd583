"""One language and everything written in it: texts, durations, sizes, shares, dates."""

import gettext
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Any

from babel import Locale
from babel.dates import format_datetime, format_time
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

from hub.locale.catalogue import DEFAULT, LOCALES, translations
from hub.rule import N_, Rule
from wire.metrics import BY_NAME

_FIELD = re.compile(r"\{(\w+)\}")
_DURATIONS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_SIZES = (("terabyte", 1e12), ("gigabyte", 1e9), ("megabyte", 1e6), ("kilobyte", 1e3))
_SPEEDS = (("Gbit/s", 1e9), ("Mbit/s", 1e6), ("kbit/s", 1e3))
_HALF_YEAR_MS = 183 * 86_400_000
MISSING = "–"
"""Shown for a number that is not there."""

_NO_RULE = N_("This rule is no longer part of the hub; its runbook is gone.")


@dataclass(frozen=True)
class TicketTexts:
    """What a ticket says in one language. All but title and summary are empty for a rule that is gone."""

    title: str
    summary: str
    meaning: str
    why: str
    first_step: str


class Translator:
    """Texts in one locale, and times in one time zone. Immutable; shared by threads."""

    def __init__(self, locale: str = DEFAULT, zone: tzinfo = UTC) -> None:
        if locale not in LOCALES:
            raise ValueError(f"locale {locale!r}: one of {', '.join(LOCALES)}")
        self.locale = locale
        self.zone = zone
        self._babel = Locale.parse(locale)
        self._translations: gettext.NullTranslations = translations(locale)
        self._writers: tuple[tuple[str, Callable[[float], str]], ...] = (
            ("_seconds", self.duration),
            ("_ratio", self.percent),
            ("_bytes", self.size),
            ("_bytes_per_second", lambda value: f"{self.size(value)}/s"),
            ("_bytes_per_hour", lambda value: f"{self.size(value)}/h"),
            ("_bits_per_second", self.speed),
            ("_per_second", lambda value: f"{self.number(value)}/s"),
            ("_per_hour", lambda value: f"{self.number(value)}/h"),
            ("_watts", lambda value: f"{self.number(value)} W"),
            ("_days", self.days),
            ("_celsius", self.celsius),
        )

    @property
    def tag(self) -> str:
        """The BCP 47 tag, for `<html lang>` and Content-Language."""
        return {"zh_CN": "zh-Hans-CN"}.get(self.locale, self.locale)

    def gettext(self, message: str) -> str:
        """The message in this language, or itself. An empty message stays empty."""
        return self._translations.gettext(message) if message else ""

    def ngettext(self, one: str, many: str, count: int) -> str:
        """The form of a message that fits `count`."""
        return self._translations.ngettext(one, many, count)

    def number(self, value: float, decimals: int = 2) -> str:
        """A number with at most so many decimals; three significant digits where it is small."""
        if not abs(value) < 1e15:
            return f"{value:.3g}"
        if value and abs(value) < 1:
            decimals = max(decimals, 4)
        return format_decimal(round(value, decimals), format="#,##0." + "#" * decimals, locale=self._babel)

    def percent(self, ratio: float) -> str:
        """A share: 0.934 → 93.4 %."""
        return format_percent(ratio, format="#,##0.#%", locale=self._babel)

    def size(self, count: float) -> str:
        """Bytes in decimal units, as disks are sold."""
        unit, factor = next(((u, f) for u, f in _SIZES if abs(count) >= f), ("byte", 1.0))
        return format_unit(round(count / factor, 1), f"digital-{unit}", length="short", locale=self._babel)

    def duration(self, seconds: float) -> str:
        """In its two largest units: 5,700 → 1 hr 35 min; below ten seconds with decimals."""
        sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
        if seconds < 10:
            return sign + self._unit(round(seconds, 3 if seconds < 1 else 1), "second")
        left = round(seconds)
        parts: list[str] = []
        for unit, length in _DURATIONS:
            count, left = divmod(left, length)
            if count or parts:
                parts.append(self._unit(count, unit) if count else "")
            if len(parts) == 2:
                break
        return sign + (" " if self.locale == "en" else "").join(part for part in parts if part)

    def _unit(self, count: float, unit: str) -> str:
        written = format_unit(count, f"duration-{unit}", length="short", locale=self._babel)
        return written.replace(" ", "") if self.locale == "zh_CN" else written

    def moment(self, at: int) -> str:
        """A time (ms UTC) in full, with its zone."""
        return format_datetime(
            self._when(at),
            "d MMM y, HH:mm:ss ZZZZ" if self.locale == "en" else "y年M月d日 HH:mm:ss ZZZZ",
            tzinfo=self.zone,
            locale=self._babel,
        )

    def short(self, at: int, now: int) -> str:
        """A time (ms UTC) without its zone, and without its year within half a year of `now`."""
        if abs(now - at) < _HALF_YEAR_MS:
            pattern = "d MMM, HH:mm:ss" if self.locale == "en" else "M月d日 HH:mm:ss"
        else:
            pattern = "d MMM y, HH:mm" if self.locale == "en" else "y年M月d日 HH:mm"
        return format_datetime(self._when(at), pattern, tzinfo=self.zone, locale=self._babel)

    def clock(self, at: int) -> str:
        """Hours and minutes of a time (ms UTC)."""
        return format_time(self._when(at), "HH:mm", tzinfo=self.zone, locale=self._babel)

    def day(self, at: int) -> str:
        """Day and month of a time (ms UTC)."""
        return format_datetime(
            self._when(at), "d MMM" if self.locale == "en" else "M月d日", tzinfo=self.zone, locale=self._babel
        )

    def iso(self, at: int) -> str:
        """A time (ms UTC) for machines."""
        return self._when(at).astimezone(self.zone).isoformat(timespec="milliseconds")

    def zone_name(self, at: int) -> str:
        """The zone times are written in, with its offset."""
        offset = format_datetime(self._when(at), "ZZZZ", tzinfo=self.zone, locale=self._babel)
        name = getattr(self.zone, "key", None)
        return offset if name is None else f"{name} ({offset})"

    def _when(self, at: int) -> datetime:
        return datetime.fromtimestamp(at / 1000, UTC)

    def metric(self, name: str) -> str:
        """What a metric means, from the catalogue of the wire."""
        known = BY_NAME.get(name)
        if known is None:
            return name
        return known.zh_CN if self.locale == "zh_CN" else known.en

    def value(self, name: str, value: Any) -> str:
        """A field by the unit its name ends in; without one as it is."""
        if isinstance(value, bool):
            return self.gettext("yes") if value else self.gettext("no")
        if value is None:
            return MISSING
        if not isinstance(value, int | float):
            return str(value)
        if not abs(value) < 1e15:  # nothing we measure comes near it; Babel's formats fail on it
            return f"{value:.3g}"
        for suffix, write in self._writers:
            if name.endswith(suffix):
                return write(value)
        return self.number(value)

    def speed(self, bits: float) -> str:
        """Bits a second in decimal units, as network links are sold."""
        unit, factor = next(((u, f) for u, f in _SPEEDS if abs(bits) >= f), ("bit/s", 1.0))
        return f"{self.number(round(bits / factor, 1))} {unit}"

    def days(self, count: float) -> str:
        """Days with a decimal; below two in hours and minutes."""
        return self._unit(round(count, 1), "day") if abs(count) >= 2 else self.duration(count * 86_400)

    def celsius(self, degrees: float) -> str:
        """A temperature."""
        return format_unit(round(degrees, 1), "temperature-celsius", length="short", locale=self._babel)

    def fill(self, template: str, fields: Mapping[str, Any]) -> str:
        """A template's {fields}, each written by its name's suffix. Never fails: what is missing is a dash."""
        return _FIELD.sub(lambda found: self.value(found[1], fields.get(found[1])), template)

    def of_rule(self, rule: Rule, message: str) -> str:
        """One of a rule's texts in this language."""
        own = rule.translations.get(message) if self.locale == "zh_CN" else None
        return own or self.gettext(message)

    def ticket_texts(self, rule: Rule | None, detail: Mapping[str, Any], name: str = "") -> TicketTexts:
        """A rule's runbook and the summary with its detail; `name` stands for a rule that is gone."""
        if rule is None or rule.runbook is None:
            return TicketTexts(rule.name if rule else name, self.gettext(_NO_RULE), "", "", "")
        book, _ = rule.runbook, lambda message: self.of_rule(rule, message)
        summary = self.fill(_(rule.cases.get(str(detail.get("case")), rule.summary)), detail)
        return TicketTexts(_(book.title), summary, _(book.meaning), _(book.why), _(book.first_step))


@cache
def translator(locale: str, zone: tzinfo = UTC) -> Translator:
    """The one translator of a locale and zone."""
    return Translator(locale, zone)
