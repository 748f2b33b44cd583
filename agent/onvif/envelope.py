"""SOAP answers: bytes to a tree with nothing dangerous in it, and faults to our errors."""

import re
from typing import NoReturn

from lxml import etree

from agent.onvif.errors import AuthRefused, BadAnswer, CredentialsWanted, OnvifError, Unsupported

SOAP = "http://www.w3.org/2003/05/soap-envelope"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"

_NOT_AUTHORIZED = frozenset({"NotAuthorized", "FailedAuthentication", "OperationProhibited", "InvalidSecurity"})
_UNSUPPORTED = frozenset({"ActionNotSupported", "OptionalActionNotImplemented", "UnknownAction", "NoSuchService"})


MAX_MARKUP = 20_000
"""The most tags, both opening and closing, in an answer of up to a megabyte; a larger one may have as many more."""

_ENCODING = re.compile(rb"^<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([^\"']{0,40})")
_ASCII_LIKE = re.compile(
    rb"(us-)?ascii|utf-?8|iso-?8859-?[0-9]{1,2}|windows-125[0-9]|gb2312|gbk|gb18030|big5|euc-(jp|kr)|shift_jis", re.I
)


def most_markup(max_bytes: int) -> int:
    """The most tags in an answer of a device whose answers may have `max_bytes`."""
    return max(MAX_MARKUP, MAX_MARKUP * max_bytes // 2**20)


def parse(body: bytes, max_markup: int = MAX_MARKUP) -> etree._Element:
    """The SOAP envelope in `body`. Raises BadAnswer for anything else, and for a DTD of any kind.

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
        raise BadAnswer("XML with a document type, which SOAP forbids")
    if root.tag not in (f"{{{SOAP}}}Envelope", f"{{{SOAP_11}}}Envelope"):
        raise BadAnswer(f"no SOAP: {str(root.tag)[:100]}")
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


def fault(root: etree._Element) -> etree._Element | None:
    """The fault in an envelope, if it carries one."""
    for soap in (SOAP, SOAP_11):
        found = root.find(f"{{{soap}}}Body/{{{soap}}}Fault")
        if found is not None:
            return found
    return None


def raise_fault(element: etree._Element, credentials_sent: bool) -> NoReturn:
    """The error a fault stands for; its subcodes decide, since its text is in the device's language."""
    values = [v.text or "" for v in element.iter(f"{{{SOAP}}}Value", "faultcode")]
    codes = [value.strip().rpartition(":")[2] for value in values][:8]
    reason = next((t.text for t in element.iter(f"{{{SOAP}}}Text", "faultstring") if t.text), "")
    text = f"fault {'/'.join(codes)[:120]}: {reason.strip()[:100]}"
    raise _kind(frozenset(codes), credentials_sent)(text)


def _kind(codes: frozenset[str], credentials_sent: bool) -> type[OnvifError]:
    if codes & _NOT_AUTHORIZED:
        return AuthRefused if credentials_sent else CredentialsWanted
    return Unsupported if codes & _UNSUPPORTED else BadAnswer
