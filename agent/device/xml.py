"""XML of devices: bytes to a tree with nothing dangerous in it.

libxml2 keeps every name that a thread ever read: parse in threads that end (`workers.apart`).
"""

import re

from lxml import etree

from agent.device.errors import BadAnswer

MAX_MARKUP = 20_000
"""The most tags, both opening and closing, in an answer of up to a megabyte; a larger one may have as many more."""

MAX_ATTRIBUTES = 100
"""The most attributes of one element, namespaces aside. What reads SOAP for us looks each up from the first on: 40,000,
half a megabyte, kept it and the whole agent busy for 16 s."""

_ENCODING = re.compile(rb"^<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([^\"']{0,40})")
_ASCII_LIKE = re.compile(
    rb"(us-)?ascii|utf-?8|iso-?8859-?[0-9]{1,2}|windows-125[0-9]|gb2312|gbk|gb18030|big5|euc-(jp|kr)|shift_jis", re.I
)


def most_markup(max_bytes: int) -> int:
    """The most tags in an answer of a device whose answers may have `max_bytes`."""
    return max(MAX_MARKUP, MAX_MARKUP * max_bytes // 2**20)


def parse(body: bytes, max_markup: int = MAX_MARKUP) -> etree._Element:
    """The root element of `body`. Raises BadAnswer for anything else, and for a DTD of any kind.

    Tags are counted first: libxml2 keeps every name it meets as long as its thread lives, and an empty tag of four
    bytes becomes a node of a hundred and more.
    """
    _count_markup(body, max_markup)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadAnswer(f"no XML: {str(error)[:100]}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadAnswer("XML with a document type, which no device of ours needs")
    if any(len(element.attrib) > MAX_ATTRIBUTES for element in root.iter("*")):
        raise BadAnswer(f"XML with an element of more than {MAX_ATTRIBUTES} attributes")
    return root


def _count_markup(body: bytes, most: int) -> None:
    count = body.count(b"<")
    if count > most:
        raise BadAnswer(f"XML with {count} tags, {most} are taken")
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:300]
    declared = _ENCODING.match(start)
    # In UTF-7 or EBCDIC a `<` is another byte, and the count says nothing.
    if not start.startswith(b"<") or (declared and not _ASCII_LIKE.fullmatch(declared[1])):
        raise BadAnswer("no XML in an encoding that devices use")
