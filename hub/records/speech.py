"""What records say, in English and in Chinese, in the words of the console. Pure."""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any

from hub.console import happenings, words
from hub.console.timeline import happened, said
from hub.locale import Translator, translator
from hub.rule import Rule
from hub.store import reads, records

SUFFIXES = {"en": "", "zh_CN": "_zh"}
"""Language → what its fields end in."""

Texts = dict[str, float | str | None]
"""Fields of a row."""


class Speech:
    """Speaks of tickets and events in both languages; times in one zone."""

    def __init__(self, rules: Mapping[str, Rule], zone: tzinfo) -> None:
        self._rules = rules
        self._speakers = {suffix: translator(locale, zone) for locale, suffix in SUFFIXES.items()}

    def both(self, name: str, tell: Callable[[Translator], str]) -> Texts:
        """A text as two fields."""
        return {name + suffix: tell(speech) for suffix, speech in self._speakers.items()}

    def title(self, ticket: reads.Ticket) -> Texts:
        """What kind of fault it is."""
        rule = self._rules.get(ticket.rule)
        return self.both("title", lambda speech: speech.ticket_texts(rule, ticket.detail, ticket.rule).title)

    def rule(self, name: str) -> Texts:
        """The title of every ticket of a rule; its name, where it is gone."""
        rule = self._rules.get(name)
        return self.both("title", lambda speech: speech.ticket_texts(rule, {}, name).title)

    def summary(self, ticket: reads.Ticket) -> Texts:
        """What is wrong, with its numbers."""
        rule = self._rules.get(ticket.rule)
        return self.both("summary", lambda speech: speech.ticket_texts(rule, ticket.detail, ticket.rule).summary)

    def entry(self, ticket: reads.Ticket, entry: records.Entry) -> Texts:
        """A line of its timeline: what happened; then the summary of that time, or which consequence."""
        return self.both("text", lambda speech: self._line(ticket, entry, speech))

    def _line(self, ticket: reads.Ticket, entry: records.Entry, speech: Translator) -> str:
        about = self._rules.get(ticket.rule)
        what = happened(about, entry.what, entry.data, entry.before == "clearing")
        word = speech.gettext(words.TIMELINE.get(what, what))
        if entry.what in ("consequence", "explained", "moved"):
            other = str(entry.data.get("rule", ""))
            rule = self._rules.get(other)
            title = speech.of_rule(rule, rule.runbook.title) if rule and rule.runbook else other
            more = ", ".join(part for part in (str(entry.data.get("device", "")), title) if part)
        else:
            more = said(about, entry.what, entry.data, speech)
        return _joined(word, more, speech)

    def event(self, event: records.Event) -> Texts:
        """What happened, and the details."""
        told = reads.Event(event.at, event.type, event.data)
        title = self.both("title", lambda speech: happenings.title(told, speech))
        return {**title, **self.both("text", lambda speech: _details(told, speech))}

    def word(self, table: Mapping[str, str], code: str, name: str = "text") -> Texts:
        """The word for a code, or the code itself."""
        return self.both(name, lambda speech: speech.gettext(table.get(code, code)))


def _details(event: reads.Event, speech: Translator) -> str:
    colon, comma = ("：", "，") if speech.locale == "zh_CN" else (": ", ", ")
    told = happenings.details(event, speech)
    return comma.join(f"{one.name}{colon}{one.text}" if one.text else one.name for one in told)


def _joined(word: str, more: str, speech: Translator) -> str:
    return word + ("。" if speech.locale == "zh_CN" else ". ") + more if more else word


def plain(data: Mapping[str, Any], *names: str) -> str | None:
    """The first of these that an event carries as text."""
    return next((value for name in names if isinstance(value := data.get(name), str) and value), None)
