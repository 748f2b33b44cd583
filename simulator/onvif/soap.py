"""SOAP 1.2 for the simulated devices: requests to an operation, answers and faults to bytes. Pure functions."""

from dataclasses import dataclass

from lxml import etree

SOAP = "http://www.w3.org/2003/05/soap-envelope"
TDS = "http://www.onvif.org/ver10/device/wsdl"
TRT = "http://www.onvif.org/ver10/media/wsdl"
TEV = "http://www.onvif.org/ver10/events/wsdl"
TSE = "http://www.onvif.org/ver10/search/wsdl"
TRC = "http://www.onvif.org/ver10/recording/wsdl"
TAC = "http://www.onvif.org/ver10/accesscontrol/wsdl"
TDC = "http://www.onvif.org/ver10/doorcontrol/wsdl"
TT = "http://www.onvif.org/ver10/schema"
TER = "http://www.onvif.org/ver10/error"
TNS1 = "http://www.onvif.org/ver10/topics"
WSNT = "http://docs.oasis-open.org/wsn/b-2"
WSA = "http://www.w3.org/2005/08/addressing"

PREFIXES = {
    **{"s": SOAP, "tds": TDS, "trt": TRT, "tev": TEV, "tse": TSE, "trc": TRC, "tac": TAC, "tdc": TDC},
    **{"tt": TT, "wsnt": WSNT, "wsa": WSA},
}


class BadRequest(ValueError):  # noqa: N818 - a verdict
    """Bytes that are no SOAP request we take."""


class Fault(Exception):  # noqa: N818 - SOAP's own word
    """An answer that says no: HTTP status, SOAP's code and ONVIF's subcodes, outermost first."""

    def __init__(self, reason: str, *subcodes: str, code: str = "Sender", status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.subcodes = subcodes
        self.status = status


def not_authorized(status: int = 400) -> Fault:
    """What ONVIF Core 5.11.2 prescribes for a missing or wrong account."""
    return Fault("Sender not authorized", "NotAuthorized", status=status)


@dataclass(frozen=True)
class Request:
    """One operation that was asked for: its namespace and name, its element, and the whole envelope."""

    namespace: str
    operation: str
    body: etree._Element
    envelope: etree._Element
    path: str

    def text(self, name: str) -> str | None:
        """The text of a child of the operation, whatever its namespace."""
        return self.body.findtext(f"{{*}}{name}")


def parse_request(body: bytes, path: str) -> Request:
    """Raises BadRequest. Document types are refused, entities never resolved."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadRequest(str(error)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadRequest("document type")
    body_element = root.find(f"{{{SOAP}}}Body")
    if root.tag != f"{{{SOAP}}}Envelope" or body_element is None or not len(body_element):
        raise BadRequest("no SOAP 1.2")
    name = etree.QName(body_element[0])
    return Request(name.namespace or "", name.localname, body_element[0], root, path)


def answer(body: etree._Element) -> bytes:
    """An envelope around one element."""
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap=PREFIXES)
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(body)
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def fault(problem: Fault) -> bytes:
    """An envelope around a fault."""
    element = etree.Element(f"{{{SOAP}}}Fault", nsmap={"s": SOAP, "ter": TER})
    code = etree.SubElement(element, f"{{{SOAP}}}Code")
    etree.SubElement(code, f"{{{SOAP}}}Value").text = f"s:{problem.code}"
    for subcode in problem.subcodes:
        code = etree.SubElement(code, f"{{{SOAP}}}Subcode")
        etree.SubElement(code, f"{{{SOAP}}}Value").text = f"ter:{subcode}"
    reason = etree.SubElement(element, f"{{{SOAP}}}Reason")
    text = etree.SubElement(reason, f"{{{SOAP}}}Text")
    text.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    text.text = problem.reason
    return answer(element)


def element(
    namespace: str, name: str, *children: etree._Element, text: str | None = None, **attributes: str
) -> etree._Element:
    """An element with its children, or with text."""
    made = etree.Element(f"{{{namespace}}}{name}", dict(attributes), nsmap=PREFIXES)
    made.text = text
    made.extend(children)
    return made
