"""ContentMgmt/Storage: disks and network volumes; whether the oldest recordings give way."""

from lxml import etree

from agent.isapi.document import root
from agent.isapi.element import anywhere, descendants, number, text, yes
from agent.recorder.model import Drive, Storage

MAX_DRIVES = 64
_MEGABYTE = 1024.0 * 1024.0
_MOST_MEGABYTES = 1e8
"""100 TB in one disk: more than that are bytes, as rebrands write them."""

_MOST_BYTES = 1e17
_ASLEEP = frozenset({"sleeping", "sleep", "standby", "hibernating"})
_HEALTHY = frozenset({"ok", "normal", "idle", "active"}) | _ASLEEP
_ILL = frozenset(
    {"error", "abnormal", "exception", "smartfailed", "unformatted", "uninitialized", "mismatch", "offline", "damaged"}
)
_NO_DISK = frozenset({"notexist", "none", "empty"})
"""An empty slot, which some recorders list and which is no missing disk."""


def read(body: bytes) -> Storage:
    """The first 64 drives. Free space of 0 is normal where the oldest gives way. Raises BadAnswer (and what a
    ResponseStatus says)."""
    element = root(body, "storage", "hddlist")
    drives: dict[str, Drive] = {}
    for one in descendants(element, "hdd", "nas"):
        drive = _drive(one)
        if drive is not None and len(drives) < MAX_DRIVES:
            drives.setdefault(drive.token, drive)
    return Storage(tuple(drives.values()), overwrites(element))


def is_awake(drive: Drive) -> bool:
    """Whether a disk of the recorder's own may be asked how it is: one that sleeps is left to."""
    return not drive.token.startswith("nas") and drive.status.lower() not in _ASLEEP


def extension(body: bytes) -> bool | None:
    """Storage/extension: whether it overwrites. Raises as `read`."""
    return overwrites(root(body, "storageextension"))


def overwrites(element: etree._Element) -> bool | None:
    """Whether a document says that the oldest gives way; None where it says nothing."""
    return yes(anywhere(element, "loopenable", "overwrite", "overwriteenable"))


def _drive(element: etree._Element) -> Drive | None:
    number_of = text(element, "id", limit=20)
    status = text(element, "status", limit=40)
    word = status.lower().replace(" ", "").replace("_", "")
    if not number_of or word in _NO_DISK:
        return None
    network = element.tag.rpartition("}")[2].lower() == "nas"
    size = _bytes(text(element, "capacity"))
    return Drive(
        token=f"nas{number_of}" if network else number_of,
        healthy=True if word in _HEALTHY else False if word in _ILL else None,
        status=status,
        name=text(element, "path" if network else "hddname"),
        size_bytes=size or None,
        free_bytes=_bytes(text(element, "freespace")),
        temperature_celsius=number(text(element, "temperature"), -20, 120),
    )


def _bytes(said: str) -> float | None:
    value = number(said, 0, _MOST_BYTES)
    return value * _MEGABYTE if value is not None and value <= _MOST_MEGABYTES else value
