"""A ticket's timeline in words: what happened, and the summary as it was then. Pure."""

from collections.abc import Mapping
from typing import Any

from hub.console import words
from hub.locale import Translator
from hub.rule import Occurrence, Rule

WITH_SUMMARY = ("opened", "promoted", "reopened", "relapsed", "amended")
"""The entries at which the fault was there."""


def happens(rule: Rule | None) -> bool:
    """Whether it tells of what happens, and not of what lasts."""
    return rule is not None and isinstance(rule.condition, Occurrence)


def happened(rule: Rule | None, what: str, data: Mapping[str, Any], clearing: bool) -> str:
    """The entry's word, for words.TIMELINE: why it resolved or was opened, where that is not the usual.

    `clearing`: the entry before it, consequences aside, says that the condition had gone.
    """
    why = data.get("why")
    if what == "resolved" and why in words.ENDINGS:
        return str(why)
    if what == "resolved" and not clearing:
        return "ended"  # a rule switched off shows nothing to be over
    if what == "relapsed" and happens(rule):
        return "again"
    if what == "promoted" and (why == "reconciled" or "cover" in data):
        return "uncovered" if "cover" in data else "found"
    return what


def said(rule: Rule | None, what: str, data: Mapping[str, Any], speech: Translator) -> str:
    """The summary as it was then, where the fault was there; and what had covered it."""
    if rule is None or what not in WITH_SUMMARY:
        return ""
    summary = speech.ticket_texts(rule, data).summary
    cover = data.get("cover")
    return f"{summary} ({cover['reason']}, {cover['author']})" if isinstance(cover, dict) else summary
