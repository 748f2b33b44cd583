"""What a certificate says: whose it is, for which names, and how long. X.509 (RFC 5280) in DER, read by hand.

Python's ssl tells this only of a peer's certificate that it has verified; here those that fail are of interest. Nothing
is verified here.
"""

import base64
import binascii
import datetime
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

MAX_BYTES = 1024 * 1024

_OBJECT_ID = 0x06
_UTC_TIME = 0x17
_GENERALIZED_TIME = 0x18
_VERSION = 0xA0
_EXTENSIONS = 0xA3
_COMMON_NAME = bytes.fromhex("550403")
_SUBJECT_ALTERNATIVE_NAME = bytes.fromhex("551d11")
_DNS, _ADDRESS = 0x82, 0x87
_UTF16_STRING = 0x1E
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.S)


class Unreadable(Exception):  # noqa: N818 - a verdict
    """No certificate, or a broken one."""


@dataclass(frozen=True)
class Certificate:
    """`names` are those of the subject's alternative names: host names and addresses."""

    common_name: str
    names: tuple[str, ...]
    not_before: datetime.datetime
    not_after: datetime.datetime


def from_pem(text: bytes) -> Certificate:
    """The first certificate of a PEM file: with a chain in it, that is the owner's. Raises Unreadable."""
    found = _PEM.search(text[:MAX_BYTES])
    if found is None:
        raise Unreadable("holds no certificate (PEM)")
    try:
        return from_der(base64.b64decode(found[1]))
    except binascii.Error:
        raise Unreadable("holds a broken certificate") from None


def from_der(der: bytes) -> Certificate:
    """Raises Unreadable."""
    try:
        return _certificate(der)
    except (IndexError, ValueError, StopIteration):
        raise Unreadable("holds a broken certificate") from None


class _Element(NamedTuple):
    """A tag and what it holds."""

    tag: int
    body: bytes


def _certificate(der: bytes) -> Certificate:
    inner = _children(_children(der)[0].body)[0]
    parts = [part for part in _children(inner.body) if part.tag != _VERSION]
    # serial number, algorithm, issuer, validity, subject, public key; then what is optional
    validity, subject = parts[3], parts[4]
    begin, end = (_time(one) for one in _children(validity.body)[:2])
    extensions = next((part for part in parts[6:] if part.tag == _EXTENSIONS), None)
    names = tuple(_alternative_names(extensions)) if extensions else ()
    return Certificate(_common_name(subject), names, begin, end)


def _children(data: bytes) -> list[_Element]:
    return list(_elements(data))


def _elements(data: bytes) -> Iterator[_Element]:
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            count = length & 0x7F
            if not 1 <= count <= 4:
                raise ValueError("length")
            length = int.from_bytes(data[at : at + count])
            at += count
        if at + length > len(data):
            raise ValueError("cut off")
        yield _Element(tag, data[at : at + length])
        at += length


def _common_name(subject: _Element) -> str:
    for relative in _children(subject.body):
        for attribute in _children(relative.body):
            kind, value = _children(attribute.body)[:2]
            if kind == (_OBJECT_ID, _COMMON_NAME):
                encoding = "utf-16-be" if value.tag == _UTF16_STRING else "utf-8"
                return value.body.decode(encoding, "replace")
    return ""


def _alternative_names(extensions: _Element) -> Iterator[str]:
    for extension in _children(_children(extensions.body)[0].body):
        parts = _children(extension.body)
        if parts[0] != (_OBJECT_ID, _SUBJECT_ALTERNATIVE_NAME):
            continue
        for name in _children(_children(parts[-1].body)[0].body):
            if name.tag == _DNS:
                yield name.body.decode("ascii", "replace")
            elif name.tag == _ADDRESS:
                yield str(ipaddress.ip_address(name.body))


def _time(element: _Element) -> datetime.datetime:
    text = element.body.decode("ascii")
    if element.tag == _UTC_TIME:
        # Two digits: from 50 on they are of the last century (RFC 5280, 4.1.2.5.1).
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    elif element.tag != _GENERALIZED_TIME:
        raise ValueError("no time")
    return datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=datetime.UTC)
