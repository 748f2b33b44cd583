"""How a simulated device was set up: its clock, time servers, accounts and network interface. Pure functions."""

import datetime
import ipaddress
from collections.abc import Sequence

from lxml import etree

from simulator.onvif.soap import TDS, TT, element


def moment(name: str, when: datetime.datetime) -> etree._Element:
    """A clock's reading: UTCDateTime, LocalDateTime."""

    def numbers(group: str, **parts: int) -> etree._Element:
        return element(TT, group, *(element(TT, part, text=str(number)) for part, number in parts.items()))

    time = numbers("Time", Hour=when.hour, Minute=when.minute, Second=when.second)
    return element(TT, name, time, numbers("Date", Year=when.year, Month=when.month, Day=when.day))


def users(accounts: Sequence[tuple[str, str]]) -> etree._Element:
    """GetUsersResponse. Passwords are never told."""
    told = (
        element(TDS, "User", element(TT, "Username", text=name), element(TT, "UserLevel", text=level))
        for name, level in accounts
    )
    return element(TDS, "GetUsersResponse", *told)


def ntp(servers: Sequence[str], from_dhcp: bool) -> etree._Element:
    """GetNTPResponse."""
    children = [element(TT, "FromDHCP", text=str(from_dhcp).lower())]
    children += [_server("NTPFromDHCP" if from_dhcp else "NTPManual", server) for server in servers]
    return element(TDS, "GetNTPResponse", element(TDS, "NTPInformation", *children))


def network_interfaces(mac: str) -> etree._Element:
    """GetNetworkInterfacesResponse: a spare interface that is switched off, and the one in use."""
    spare, used = (
        element(
            TDS,
            "NetworkInterfaces",
            element(TT, "Enabled", text=enabled),
            element(TT, "Info", element(TT, "Name", text=name), element(TT, "HwAddress", text=address)),
            token=name,
        )
        for name, enabled, address in (("wlan0", "false", "02:00:00:00:00:ff"), ("eth0", "true", mac))
    )
    return element(TDS, "GetNetworkInterfacesResponse", spare, used)


def _server(tag: str, server: str) -> etree._Element:
    try:
        version = ipaddress.ip_address(server).version
    except ValueError:
        return element(TT, tag, element(TT, "Type", text="DNS"), element(TT, "DNSname", text=server))
    kind = f"IPv{version}"
    return element(TT, tag, element(TT, "Type", text=kind), element(TT, f"{kind}Address", text=server))
