"""Makers by the first three bytes of a hardware address: the few that are certain and common. A guess all the same:
rebrands carry their maker's."""

from collections.abc import Mapping

_PREFIXES: Mapping[str, str] = {
    prefix: maker
    for maker, prefixes in (
        ("Hikvision", "44:19:b6 c0:56:e3 bc:ad:28 28:57:be 54:c4:15 4c:bd:8f 18:68:cb a4:14:37 c4:2f:90"),
        ("Dahua", "3c:ef:8c a0:bd:1d 90:02:a9 4c:11:bf 9c:14:63 bc:32:5f"),
        ("Axis", "00:40:8c ac:cc:8e b8:a4:4f"),
        ("Uniview", "48:ea:63"),
    )
    for prefix in prefixes.split()
}


def maker(mac: str | None) -> str:
    """The maker, empty where it is not known."""
    return _PREFIXES.get((mac or "")[:8], "")
