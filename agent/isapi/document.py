"""An answer as the root of the document that was asked for."""

from lxml import etree

from agent.device.errors import BadAnswer
from agent.device.text import printable
from agent.device.xml import MAX_MARKUP, parse
from agent.isapi import refusal
from agent.isapi.element import name

_BYTES_A_TAG = 12
"""Fewer on average is not a document of theirs."""

_MOST_MARKUP = 100_000
"""Tags of the schedules of 256 channels, two streams each."""


def root(body: bytes, *names: str) -> etree._Element:
    """The root, which has one of these names (small letters).

    Raises BadAnswer for any other document; of a ResponseStatus under status 200 what that says (Unsupported,
    Forbidden, BadAnswer).
    """
    element = parse(body, min(max(MAX_MARKUP, len(body) // _BYTES_A_TAG), _MOST_MARKUP))
    said = name(element)
    if said not in names:
        raise refusal.of_document(element) or BadAnswer(f"a {printable(said, 40)!r} where {names[0]!r} was asked for")
    return element
