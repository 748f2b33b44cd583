"""The service definitions that the onvif-zeep package ships, each parsed once for all devices of the process.

Only its WSDL files and its table of services serve us. One ONVIFCamera per camera took 748 MB for 64 of them; and
ONVIFService drops fault subcodes and sends a request again when its answer confuses it, which may cost an account.
"""

import logging
import threading
from pathlib import Path
from typing import Any, NamedTuple

import zeep
from zeep.wsdl import Document

from agent.collector import NotAvailable
from agent.footprint import trim
from agent.onvif.pruning import PrunedFiles

SETTINGS = zeep.Settings(
    strict=False,  # devices leave out what the schema requires
    forbid_dtd=True,
    forbid_entities=True,
    forbid_external=True,
    xml_huge_tree=False,
)
"""Of every document and client: no DTD, no entities, nothing fetched from elsewhere."""

# zeep logs each value that it cannot read, with a traceback: a device could fill the journal. We say it once.
logging.getLogger("zeep.xsd").setLevel(logging.CRITICAL)

_lock = threading.Lock()
_documents: dict[Path, Any] = {}


OPERATIONS: dict[str, frozenset[str]] = {
    "devicemgmt": frozenset(
        {"GetSystemDateAndTime", "GetDeviceInformation", "GetServices", "GetCapabilities"}
        | {"GetNTP", "GetNetworkInterfaces", "GetUsers"}
    ),
    "events": frozenset(
        {"CreatePullPointSubscription", "PullMessages", "SetSynchronizationPoint", "Renew", "Unsubscribe"}
    ),
    "media": frozenset(
        {"GetVideoSources", "GetVideoSourceConfigurations", "GetProfiles", "GetStreamUri", "GetSnapshotUri"}
    ),
    "search": frozenset(
        {"GetRecordingSummary", "FindRecordings", "GetRecordingSearchResults", "EndSearch", "GetRecordingInformation"}
    ),
    "recording": frozenset({"GetRecordingJobs", "GetRecordingJobState"}),
    "accesscontrol": frozenset({"GetAccessPointInfoList"}),
    "doorcontrol": frozenset({"GetDoorInfoList", "GetDoorState"}),
}
"""What we call of a definition, by the name of its file. What is not listed is not loaded."""

TYPED = frozenset({"GetSystemDateAndTime", "GetDeviceInformation", "GetRecordingSummary"})
"""Operations whose answers are read by their definition (`OnvifClient.ask`). The others' are read by hand (`ask_raw`):
devices leave out what the schema requires, and the types of their answers are most of a definition."""


class Service(NamedTuple):
    """A service's namespace, its definition's file and its binding's qualified name."""

    namespace: str
    wsdl: Path
    binding: str


def _import_onvif() -> Any:
    """The onvif package, without its logging.basicConfig(): that does nothing where the root logger has a handler."""
    root, noise = logging.getLogger(), logging.NullHandler()
    zeep_logger = logging.getLogger("zeep.client")
    level = zeep_logger.level
    root.addHandler(noise)
    try:
        import onvif
    finally:
        root.removeHandler(noise)
        zeep_logger.setLevel(level)
    return onvif


def _services() -> dict[str, Service]:
    package = _import_onvif()
    folder = Path(package.__file__).parent.parent / "wsdl"
    table = {
        name: Service(entry["ns"], folder / entry["wsdl"], f"{{{entry['ns']}}}{entry['binding']}")
        for name, entry in package.SERVICES.items()
    }
    events = table["events"]
    # The package knows the pull point, but not the manager of its life time.
    binding = f"{{{events.namespace}}}SubscriptionManagerBinding"
    # It ships these definitions, but has no entries for them.
    access = "http://www.onvif.org/ver10/accesscontrol/wsdl"
    door = "http://www.onvif.org/ver10/doorcontrol/wsdl"
    return table | {
        "subscription": events._replace(binding=binding),
        "accesscontrol": Service(access, folder / "accesscontrol.wsdl", f"{{{access}}}PACSBinding"),
        "doorcontrol": Service(door, folder / "doorcontrol.wsdl", f"{{{door}}}DoorControlBinding"),
    }


with _lock:
    SERVICES: dict[str, Service] = _services()
"""By onvif-zeep's names: devicemgmt, media, events, pullpoint, search, …; and `subscription`, `accesscontrol`,
`doorcontrol`."""


def document(service: Service) -> Any:
    """The parsed definition, shared by all devices. Raises NotAvailable where it is not installed."""
    with _lock:
        if service.wsdl not in _documents:
            if not service.wsdl.is_file():
                raise NotAvailable(f"{service.wsdl} is missing; install onvif-zeep with pip, without --target")
            files = PrunedFiles(service.wsdl, OPERATIONS[service.wsdl.stem], TYPED)
            _documents[service.wsdl] = Document(str(service.wsdl), files, settings=SETTINGS)
            trim()
        return _documents[service.wsdl]


def parsed() -> int:
    """How many definitions are in memory."""
    with _lock:
        return len(_documents)
