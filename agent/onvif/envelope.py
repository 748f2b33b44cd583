"""SOAP answers: bytes to a tree with nothing dangerous in it, and faults to our errors."""

from typing import NoReturn

from lxml import etree

from agent.device import xml
from agent.device.errors import AuthRefused, BadAnswer, CredentialsWanted, DeviceError, Unsupported

SOAP = "http://www.w3.org/2003/05/soap-envelope"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"

_NOT_AUTHORIZED = frozenset({"NotAuthorized", "FailedAuthentication", "OperationProhibited", "InvalidSecurity"})
_UNSUPPORTED = frozenset({"ActionNotSupported", "OptionalActionNotImplemented", "UnknownAction", "NoSuchService"})


def parse(body: bytes, max_markup: int = xml.MAX_MARKUP) -> etree._Element:
    """The SOAP envelope in `body`. Raises BadAnswer for anything else, and for what `agent.device.xml` refuses."""
    root = xml.parse(body, max_markup)
    if root.tag not in (f"{{{SOAP}}}Envelope", f"{{{SOAP_11}}}Envelope"):
        raise BadAnswer(f"no SOAP: {str(root.tag)[:100]}")
    return root


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


def _kind(codes: frozenset[str], credentials_sent: bool) -> type[DeviceError]:
    if codes & _NOT_AUTHORIZED:
        return AuthRefused if credentials_sent else CredentialsWanted
    return Unsupported if codes & _UNSUPPORTED else BadAnswer
