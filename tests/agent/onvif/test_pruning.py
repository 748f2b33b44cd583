"""A pruned definition speaks exactly as the whole one does, of the operations that are left in it."""

from pathlib import Path

import pytest
import zeep
from lxml import etree
from zeep.wsdl import Document

from agent.onvif.definitions import OPERATIONS, SERVICES, SETTINGS, TYPED
from agent.onvif.pruning import PrunedFiles

DEVICEMGMT = SERVICES["devicemgmt"]

ANSWER = b"""<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"
 xmlns:tt="http://www.onvif.org/ver10/schema"><s:Body><tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>
<tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>CST-8</tt:TZ>
</tt:TimeZone><tt:UTCDateTime><tt:Time><tt:Hour>1</tt:Hour><tt:Minute>2</tt:Minute><tt:Second>3</tt:Second></tt:Time>
<tt:Date><tt:Year>2026</tt:Year><tt:Month>2</tt:Month><tt:Day>3</tt:Day></tt:Date></tt:UTCDateTime>
</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse></s:Body></s:Envelope>"""


def definition(wsdl: Path, transport: object) -> Document:
    return Document(str(wsdl), transport, settings=SETTINGS)


def said_and_heard(document: Document, operation: str) -> tuple[bytes, object]:
    """The request that zeep makes, and what it makes of the answer."""
    binding = document.bindings[DEVICEMGMT.binding]
    client = zeep.Client(document, transport=zeep.Transport(), settings=SETTINGS)
    request = client.create_message(client.create_service(DEVICEMGMT.binding, "http://127.0.0.1/"), operation)
    heard = binding.get(operation).process_reply(etree.fromstring(ANSWER))
    return etree.tostring(request), zeep.helpers.serialize_object(heard, dict)


def test_requests_and_answers_are_those_of_the_whole_definition() -> None:
    whole = definition(DEVICEMGMT.wsdl, zeep.Transport())
    pruned = definition(DEVICEMGMT.wsdl, PrunedFiles(DEVICEMGMT.wsdl, OPERATIONS["devicemgmt"], TYPED))
    one, other = said_and_heard(whole, "GetSystemDateAndTime"), said_and_heard(pruned, "GetSystemDateAndTime")
    assert one == other
    assert "2026" in str(other[1])


@pytest.mark.parametrize(
    "name", ["devicemgmt", "events", "pullpoint", "subscription", "media", "search", "accesscontrol"]
)
def test_every_service_we_call_has_its_operations(name: str) -> None:
    service = SERVICES[name]
    wanted = OPERATIONS[service.wsdl.stem]
    document = definition(service.wsdl, PrunedFiles(service.wsdl, wanted, TYPED))
    left = {operation for binding in document.bindings.values() for operation in binding.all()}
    assert left == wanted
    whole = definition(service.wsdl, zeep.Transport())
    assert len(list(document.types.types)) <= len(list(whole.types.types))


def test_of_the_device_service_s_types_few_are_left() -> None:
    document = definition(DEVICEMGMT.wsdl, PrunedFiles(DEVICEMGMT.wsdl, OPERATIONS["devicemgmt"], TYPED))
    whole = definition(DEVICEMGMT.wsdl, zeep.Transport())
    assert len(list(document.types.types)) < len(list(whole.types.types)) / 4


def test_an_operation_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match=r"devicemgmt\.wsdl has no GetSystemDate$"):
        PrunedFiles(DEVICEMGMT.wsdl, frozenset({"GetSystemDate", "GetServices"}), TYPED)


def test_nothing_but_the_files_beside_it_is_ever_loaded() -> None:
    files = PrunedFiles(DEVICEMGMT.wsdl, OPERATIONS["devicemgmt"], TYPED)
    for url in ("http://127.0.0.1:9/onvif.xsd", "/etc/passwd", "file:///etc/passwd"):
        with pytest.raises(FileNotFoundError):
            files.load(url)
