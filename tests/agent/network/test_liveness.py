"""Whether a host is there at all: by ping, by TCP, or not."""

import pytest

from agent.network import liveness
from agent.network.liveness import alive
from agent.network.wake import Wake
from tests.namespaces import namespace
from tests.servers.server import free_port

PROGRAM = """
import sys
from agent.network.liveness import alive
from agent.network.wake import Wake
print([alive(host, Wake()) for host in sys.argv[1:]])
"""


def test_a_host_that_answers_pings_one_that_only_refuses_and_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with namespace([("10.9.0.1/24", "10.9.0.2/24")]) as (here, there):
        here.run("sysctl", "net.ipv4.neigh.wk0.mcast_solicit=1", "net.ipv4.neigh.wk0.retrans_time_ms=100")
        assert here.python("-c", PROGRAM, "10.9.0.2", "10.9.0.77").stdout == "[True, False]\n"
        there.run("sysctl", "net.ipv4.icmp_echo_ignore_all=1")
        assert here.python("-c", PROGRAM, "10.9.0.2").stdout == "[True]\n"


def test_without_pings_a_refusal_is_a_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.network.pings.icmp.PROTOCOLS", {})
    monkeypatch.setattr(liveness, "PORTS", (free_port(),))
    wake = Wake()
    assert alive("127.0.0.1", wake) is True
    assert alive("no-such-host.invalid", wake) is False
    wake.set()
    assert alive("127.0.0.1", wake) is None
    wake.close()
