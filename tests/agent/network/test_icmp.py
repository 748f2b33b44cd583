"""Echo requests and replies, and why there may be none."""

import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.network.icmp import family_of, request, sockaddr, token_of, why_not

V4, V6 = socket.AF_INET, socket.AF_INET6


@pytest.mark.parametrize(("family", "kind", "reply"), [(V4, 8, 0), (V6, 128, 129)])
def test_an_answer_carries_the_token_of_its_request(family: socket.AddressFamily, kind: int, reply: int) -> None:
    packet = request(family, 70_000, b"12345678")
    assert (packet[0], packet[1], len(packet)) == (kind, 0, 32)
    assert token_of(family, bytes([reply]) + packet[1:]) == b"12345678"
    assert token_of(family, packet) is None, "our own request is no answer"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=64), st.sampled_from([V4, V6]))
def test_any_packet_is_a_token_or_nothing(packet: bytes, family: socket.AddressFamily) -> None:
    token = token_of(family, packet)
    assert token is None or len(token) == 8


def test_an_address_is_of_its_family() -> None:
    assert family_of("10.0.0.1") is V4
    assert family_of("fe80::1%eth0") is V6
    assert sockaddr("10.0.0.1", 80) == ("10.0.0.1", 80)
    assert sockaddr("fe80::1%lo")[0:2] == ("fe80::1%lo", 0) or sockaddr("fe80::1%lo")[3] == 1
    with pytest.raises(ValueError, match="camera"):
        family_of("camera")
    with pytest.raises(OSError, match="Name"):
        sockaddr("camera")


@pytest.mark.parametrize(
    ("text", "groups", "says"),
    [
        ("1\t0\n", {0}, "none of our groups"),
        ("100\t200\n", {99, 201}, "none of our groups"),
        ("0\t2147483647\n", {1000}, "though net.ipv4.ping_group_range allows"),
        ("", {0}, "no unprivileged ping"),
        ("what?", {0}, "no unprivileged ping"),
    ],
)
def test_who_may_not_ping_is_told_why(text: str, groups: set[int], says: str) -> None:
    assert says in why_not(text, groups)
