"""The default gateway out of the kernel's tables."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.network.routes import Gateway, default_gateway

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
LAN = "eth0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n"
V6_LAN = f"fe80{'0' * 28} 40 {'0' * 32} 00 {'0' * 32} 00000100 00000002 00000000 00000001     eth0\n"
V6_REJECT = f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} ffffffff 00000001 00000000 00200200       lo\n"


def v4(interface: str, gateway: str, metric: int = 0, flags: str = "0003", mask: str = "00000000") -> str:
    return f"{interface}\t00000000\t{gateway}\t{flags}\t0\t0\t{metric}\t{mask}\t0\t0\t0\n"


def v6(interface: str, gateway: str, metric: str = "00000400") -> str:
    return f"{'0' * 32} 00 {'0' * 32} 00 {gateway} {metric} 00000002 00000000 00000003     {interface}\n"


def test_the_default_route_with_the_least_metric_says_it() -> None:
    table = HEAD + LAN + v4("wwan0", "0101A8C0", 700) + v4("eth0", "FE01000A", 100)
    assert default_gateway(table) == Gateway("10.0.1.254", "eth0")


def test_routes_that_lead_nowhere_else_are_none() -> None:
    down = v4("eth0", "0101A8C0", flags="0002")
    tunnel = v4("ppp0", "00000000", flags="0001")
    half = v4("tun0", "0100080A", mask="00000080")
    assert default_gateway(HEAD + LAN + down + tunnel + half, V6_LAN + V6_REJECT) is None
    assert default_gateway("", "") is None


def test_ipv6_counts_where_there_is_no_other_and_a_link_local_one_has_its_zone() -> None:
    near, far = f"fe80{'0' * 27}1", f"20010db8{'0' * 23}1"
    assert default_gateway(HEAD, V6_LAN + v6("eth0", near)) == Gateway("fe80::1%eth0", "eth0")
    assert default_gateway(HEAD, v6("eth0", near) + v6("eth1", far, "00000001")) == Gateway("2001:db8::1", "eth1")
    assert default_gateway(v4("eth0", "0101A8C0", 9), v6("eth1", far)) == Gateway("192.168.1.1", "eth0")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_is_a_gateway_or_none(ipv4: str, ipv6: str) -> None:
    default_gateway(ipv4, ipv6)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(alphabet="0123456789ABCDEFx-", max_size=33), max_size=12))
def test_any_fields_are_a_gateway_or_none(fields: list[str]) -> None:
    default_gateway(" ".join(fields), " ".join(fields))
