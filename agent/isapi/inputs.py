"""Channels: network cameras (ContentMgmt/InputProxy/channels and its status), analogue ones (System/Video/inputs)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lxml import etree

from agent.isapi.document import root
from agent.isapi.element import child, descendants, text, yes
from agent.recorder.model import Input

MAX_INPUTS = 256
_NOWHERE = frozenset({"", "0.0.0.0", "::", "::0"})  # noqa: S104 - what they write for no address
_CONNECTED = frozenset({"connect", "connected", "online", "ok"})


@dataclass(frozen=True)
class Slot:
    """A channel as configured. `taken`: there is a sign that a camera was ever connected to it."""

    input: Input
    taken: bool


def proxied(body: bytes) -> list[Slot]:
    """Network channels in the recorder's order, at most 256. Raises BadAnswer (and what a ResponseStatus says).

    A recorder with PoE ports of its own lists all of them, each with an address of its inner network (192.168.254.x)
    whether or not anything hangs there: such a slot is taken only where it names a model or serial number.
    """
    listing = root(body, "inputproxychannellist", "inputproxychannel")
    return [_slot(token, channel) for token, channel in _tokens(listing, "inputproxychannel")]


def statuses(body: bytes) -> dict[str, bool | None]:
    """Token → online, of every network channel it lists now, at most 256. Raises as `proxied`."""
    listing = root(body, "inputproxychannelstatuslist", "inputproxychannelstatus")
    return {token: _online(channel) for token, channel in _tokens(listing, "inputproxychannelstatus")}


def wired(body: bytes) -> list[Input]:
    """Analogue channels that are switched on, at most 256. Raises as `proxied`.

    `resDesc` is the signal's resolution, or NO VIDEO. Where it is missing nothing is known.
    """
    found: list[Input] = []
    for token, channel in _tokens(root(body, "videoinputchannellist", "videoinputchannel"), "videoinputchannel"):
        if yes(text(channel, "videoinputenabled")) is False:
            continue
        signal = text(channel, "resdesc").upper().replace(" ", "")
        lost = (signal == "NOVIDEO") if signal else None
        found.append(Input(token, text(channel, "name"), None if lost is None else not lost, lost))
    return found


def listed(slots: Sequence[Slot], online: Mapping[str, bool | None]) -> list[Input]:
    """Network channels of a status list, with what is known of their cameras. Slots never used are left out."""
    known = {slot.input.token: slot for slot in slots}
    found: list[Input] = []
    for token, state in online.items():
        slot = known.get(token, Slot(Input(token), taken=True))
        if slot.taken or state:
            found.append(replace(slot.input, online=state))
    return found


def _tokens(listing: etree._Element, kind: str) -> list[tuple[str, etree._Element]]:
    found: dict[str, etree._Element] = {}
    for element in descendants(listing, kind):
        token = text(element, "id", limit=40)
        if token and len(found) < MAX_INPUTS:
            found.setdefault(token, element)
    return list(found.items())


def _slot(token: str, channel: etree._Element) -> Slot:
    source = child(channel, "sourceinputportdescriptor")
    address = next(
        (said for key in ("ipaddress", "ipv6address", "hostname") if (said := text(source, key)) not in _NOWHERE), ""
    )
    serial = text(source, "serialnumber")
    named = bool(serial or text(source, "model") or text(source, "deviceid"))
    plugged = text(source, "connmode").lower() == "plugplay"
    camera = Input(
        token, text(channel, "name"), address=address, serial=serial, mac=text(source, "macaddress", limit=40)
    )
    return Slot(camera, named or (bool(address) and not plugged))


def _online(channel: etree._Element) -> bool | None:
    said = text(channel, "online") or text(channel, "sourceinputportdescriptor", "online")
    if said:
        return yes(said)
    result = text(channel, "chandetectresult").lower()
    return result in _CONNECTED if result else None
