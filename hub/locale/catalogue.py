"""The catalogues: English is in the source, every other language in LOCALE/LC_MESSAGES/watchkeeper.po.

They are read from .po when first needed, so no compiled file is kept or forgotten.
"""

import gettext
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from hub.rule import discover

DEFAULT = "en"
LOCALES = ("en", "zh_CN")
DOMAIN = "watchkeeper"

_HERE = Path(__file__).parent
_HUB = _HERE.parent
_UNDATED = datetime(2026, 1, 1, tzinfo=UTC)
_KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
_FIELD = re.compile(r"\{(\w*)\}")


def path(locale: str) -> Path:
    """Where the catalogue of a locale lies."""
    return _HERE / locale / "LC_MESSAGES" / f"{DOMAIN}.po"


@cache
def translations(locale: str) -> gettext.NullTranslations:
    """The translations of one of LOCALES. English needs none: its messages are the ids, its plural the second one."""
    if locale == DEFAULT:
        return gettext.NullTranslations()
    binary = io.BytesIO()
    write_mo(binary, read(locale))
    binary.seek(0)
    return gettext.GNUTranslations(binary)


def read(locale: str) -> Catalog:
    """The catalogue as it lies on disk, empty where there is none."""
    if not path(locale).exists():
        return Catalog(locale=locale, domain=DOMAIN)
    with path(locale).open("rb") as file:
        return read_po(file, locale=locale, domain=DOMAIN)


def template() -> Catalog:
    """Every message in the source: Python and page templates of the hub, and the runbooks of its rules."""
    found = Catalog(domain=DOMAIN)
    for method, pattern in (("python", "*.py"), ("jinja2", "*.html")):
        for source in sorted(_HUB.rglob(pattern)):
            name = source.relative_to(_HUB.parent).as_posix()
            with source.open("rb") as file:
                for _, message, comments, context in extract(method, file, _KEYWORDS, ("Translators:",)):
                    found.add(message, locations=[(name, 0)], auto_comments=comments, context=context)
    for name, text in _runbooks():
        found.add(text, locations=[(name, 0)])
    return found


def _runbooks() -> Iterator[tuple[str, str]]:
    for rule in discover().values():
        if rule.runbook is not None:
            for text in (rule.runbook.title, rule.runbook.meaning, rule.runbook.why, rule.runbook.first_step):
                yield f"hub/rules/{rule.name}.py", text


def update(locale: str) -> None:
    """Merge the messages of the source into the catalogue. Those gone are dropped; nothing is guessed."""
    catalogue, source = read(locale), template()
    catalogue.update(source, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.header_comment = "# Watchkeeper in Chinese. Written by `python -m hub.locale --update`; translate msgstr."
    catalogue.fuzzy, catalogue.project, catalogue.version = False, "Watchkeeper", "1"
    path(locale).parent.mkdir(parents=True, exist_ok=True)
    # Dates in the header would make every run a change.
    catalogue.creation_date = catalogue.revision_date = _UNDATED
    with path(locale).open("wb") as file:
        write_po(file, catalogue, width=120, sort_output=True, include_lineno=False, include_previous=False)


def faults(locale: str) -> list[str]:
    """What is wrong with a catalogue, one line each; empty when it is complete."""
    catalogue, source = read(locale), template()
    wanted = {_key(message) for message in source if message.id}
    lines = [f"missing: {_name(m)}" for m in source if m.id and catalogue.get(m.id, m.context) is None]
    for message in catalogue:
        if not message.id:
            continue
        if _key(message) not in wanted:
            lines.append(f"obsolete: {_name(message)}")
        lines += [f"{fault}: {_name(message)}" for fault in _faults_of(message)]
    return [*lines, *(f"obsolete: {_name(m)}" for m in catalogue.obsolete.values())]


def _faults_of(message: Message) -> Iterator[str]:
    ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
    texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
    if message.fuzzy:
        yield "fuzzy"
    if not all(texts):
        yield "untranslated"
        return
    expected = set(_FIELD.findall(ids[-1]))
    if any(set(_FIELD.findall(text or "")) != expected for text in texts):
        yield "fields differ"


def _key(message: Message) -> tuple[str, str | None]:
    return _name(message), message.context


def _name(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]
