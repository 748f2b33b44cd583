"""Elements of ISAPI documents, found by their local name: the namespace differs by firmware.

Spelling differs too (`hdd` and `HDD`, `Enable` and `enable`), so case does not count.
"""

import re
from collections.abc import Iterator

from lxml import etree

from agent.device.text import printable

_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,9})?")
_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


def name(element: etree._Element) -> str:
    """Its local name in small letters; empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def children(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """Children of these names (small letters), in their order."""
    return (child for child in element if name(child) in names)


def child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """What lies at the end of a path of names (small letters), first ones first; None where there is none."""
    for step in path:
        if element is None:
            return None
        element = next(children(element, step), None)
    return element


def descendants(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """All below it (and itself) of these names, in the document's order."""
    return (one for one in element.iter() if name(one) in names)


def text(element: etree._Element | None, *path: str, limit: int = 200) -> str:
    """The text at the end of a path, printable and cut; empty where there is none."""
    found = child(element, *path)
    return printable(found.text, limit) if found is not None else ""


def anywhere(element: etree._Element, *names: str, limit: int = 200) -> str:
    """The text of the first descendant of one of these names that has any: firmware moves them about."""
    return next((said for one in descendants(element, *names) if (said := printable(one.text, limit))), "")


def number(said: str, low: float, high: float) -> float | None:
    """A decimal number within these bounds; None for anything else."""
    if not _NUMBER.fullmatch(said):
        return None
    value = float(said)
    return value if low <= value <= high else None


def yes(said: str) -> bool | None:
    """A flag; None where it is neither true nor false."""
    word = said.lower()
    return True if word in _TRUE else False if word in _FALSE else None
