"""The way to the broker, step by step: name, TCP, certificates, TLS, MQTT. The first step that fails is the last."""

import socket
import time
from collections.abc import Iterator

import psutil

from agent.checks.finding import Finding, Mark, Topic
from agent.checks.mqtt import check_mqtt
from agent.checks.presence import Presence
from agent.checks.tls import check_certificate, check_handshake
from agent.config import Config
from wire.settings import is_loopback
from wire.topics import Address

CONNECT_SECONDS = 5.0
_MOST_ADDRESSES = 4


def check_broker(config: Config, presence: Presence) -> Iterator[Finding]:
    """Everything that can be known without disturbing an agent that runs: brokers hang up on a client when another
    comes with its identity, so then MQTT is left out."""
    broker = config.broker
    try:
        addresses = _resolve(broker.host, broker.port)
    except OSError as error:
        mend = "correct broker.host, or the machine's name server (/etc/resolv.conf)"
        yield _finding("name", Mark.PROBLEM, f"{broker.host}: {error.strerror or error}", mend)
        return
    if addresses != [broker.host]:
        yield _finding("name", Mark.OK, f"{broker.host} is {', '.join(addresses)}")
    reached = _connect(addresses, broker.port)
    yield reached
    if reached.mark is not Mark.OK:
        return
    if broker.tls is not None:
        findings = [*check_certificate(broker.tls, Address(config.site, config.agent)), *check_handshake(broker)]
        yield from findings
        if any(finding.mark is Mark.PROBLEM for finding in findings):
            return
    elif not is_loopback(broker.host):
        mend = "give it certificates: [broker.tls]"
        yield _finding("encryption", Mark.WARNING, "reports and password travel in the clear", mend)
    if presence.running is False:
        yield from check_mqtt(broker, Address(config.site, config.agent))
    elif presence.running:
        yield _connected(presence, addresses, broker.port)
    else:
        text = "may not see whether the agent runs, and two at once would disturb each other"
        yield _finding("MQTT", Mark.SKIPPED, text, "run this as root or as the agent's account")


def _resolve(host: str, port: int) -> list[str]:
    """Raises OSError."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise OSError(f"{host!r} is no host name") from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))[:_MOST_ADDRESSES]


def _connect(addresses: list[str], port: int) -> Finding:
    reasons: list[str] = []
    for address in addresses:
        begun = time.monotonic()
        try:
            socket.create_connection((address, port), timeout=CONNECT_SECONDS).close()
        except OSError as error:
            reasons.append(f"{address} port {port}: {error.strerror or error}")
            continue
        took = (time.monotonic() - begun) * 1000
        return _finding("connection", Mark.OK, f"{address} port {port} accepts, {took:.0f} ms")
    mend = "is the broker running, the port right, and no firewall between?"
    return _finding("connection", Mark.PROBLEM, "; ".join(reasons), mend)


def _connected(presence: Presence, addresses: list[str], port: int) -> Finding:
    """Of an agent that runs: whether its process has a connection there."""
    who = f"the agent is running (process {presence.process or 'unknown'})"
    if presence.process is None:
        return _finding("MQTT", Mark.SKIPPED, f"{who}, not probed")
    try:
        # Lines are those of its network namespace: a container's are not ours.
        ours = [one for one in psutil.Process(presence.process).net_connections("tcp") if one.raddr]
    except psutil.Error:
        return _finding("MQTT", Mark.SKIPPED, f"{who}, not probed", "run this as root to see whether it is connected")
    there = {address.removeprefix("::ffff:") for address in addresses}
    for one in ours:
        if one.raddr.port == port and one.raddr.ip.removeprefix("::ffff:") in there and one.status == "ESTABLISHED":
            return _finding("MQTT", Mark.OK, f"{who} and connected to {one.raddr.ip} port {port}; not probed")
    text = f"{who}, but has no connection to the broker; not probed"
    return _finding("MQTT", Mark.WARNING, text, "its log says why (`no connection`): journalctl -u watchkeeper-agent")


def _finding(subject: str, mark: Mark, text: str, mend: str = "") -> Finding:
    return Finding(Topic.BROKER, subject, mark, text, mend)
