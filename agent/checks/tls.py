"""Certificates and the TLS handshake with the broker: whether each side takes the other, and for how long yet."""

import datetime
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

from agent.checks.finding import Finding, Mark, Topic
from agent.device.certificate import Certificate, Unreadable, from_der, from_pem
from wire.settings import Broker, Tls
from wire.topics import Address

HANDSHAKE_SECONDS = 5.0
REFUSAL_SECONDS = 0.5
"""With TLS 1.3 a broker says only after the handshake that it does not take our certificate; it does so at once."""
SOON = datetime.timedelta(days=30)
"""A certificate that ends within this time, or within the last third of its life, should have been renewed."""

ANEW = "have a key and certificate made anew (docs/install.md): provisioning/compose/setup.sh --agent SITE/AGENT"
"""The authority's folder is where it was made, which no agent knows."""

_EXPIRED, _NOT_YET = 10, 9
_OTHER_NAME, _OTHER_ADDRESS = 62, 64
"""OpenSSL's X509_V_ERR_…"""
_REFUSALS = {
    "CERTIFICATE_EXPIRED": "it has expired by the broker's clock",
    "CERTIFICATE_REVOKED": "it was revoked",
    "UNKNOWN_CA": "the broker does not know who signed it",
    "DECRYPT_ERROR": "the broker does not know who signed it",
    "CERTIFICATE_UNKNOWN": "the broker gives no reason",
    "BAD_CERTIFICATE": "the broker calls it bad",
    "CERTIFICATE_REQUIRED": "the broker wants one",
    "HANDSHAKE_FAILURE": "the broker gives no reason",
}
"""The last words of OpenSSL's reason for an alert."""


def check_certificate(tls: Tls, address: Address) -> Iterator[Finding]:
    """Our own: whose it is, how long it is good, and whether the key belongs to it."""
    try:
        certificate = from_pem(tls.certificate.read_bytes())
    except (OSError, Unreadable) as error:
        yield _unreadable("our certificate", tls.certificate, error)
        return
    if certificate.common_name != str(address):
        text = f"is {certificate.common_name or 'nobody'}'s by its common name, this agent is {address}"
        mend = f"correct site and agent in the configuration, or {ANEW}"
        yield _finding("our certificate", Mark.PROBLEM, text, mend)
    else:
        yield _lifetime("our certificate", certificate, f"{certificate.common_name}, ", ANEW)
    trouble = _files_fit(tls)
    if trouble is not None:
        yield trouble


def check_handshake(broker: Broker) -> Iterator[Finding]:
    """Shake hands as the agent would, and hang up. The broker takes it for a client that changed its mind."""
    if broker.tls is None:
        return
    try:
        context = ssl.create_default_context(cafile=str(broker.tls.ca))
        context.load_cert_chain(str(broker.tls.certificate), str(broker.tls.key), password="")
    except (OSError, ValueError):
        return  # told already
    try:
        version, der = _shake(broker, context)
    except ssl.SSLCertVerificationError as error:
        yield _distrust(broker, broker.tls, error)
    except ssl.SSLError as error:
        yield _alert(error)
    except OSError as error:
        text = f"the broker hangs up in the handshake: {error.strerror or error}"
        yield _finding("TLS", Mark.PROBLEM, text, "does this port speak TLS? The broker's log says more")
    else:
        yield _finding("TLS", Mark.OK, f"{version}, both sides take each other's certificate")
        yield from _lifetime_of_broker(der)


def _shake(broker: Broker, context: ssl.SSLContext) -> tuple[str, bytes]:
    """The version and the broker's certificate (DER). Raises OSError."""
    with (
        socket.create_connection((broker.host, broker.port), timeout=HANDSHAKE_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=broker.host) as wrapped,
    ):
        wrapped.settimeout(REFUSAL_SECONDS)
        try:
            if wrapped.recv(1) == b"":
                raise ConnectionResetError("hung up after it")
        except TimeoutError:
            pass  # silence is consent: it waits for MQTT
        return wrapped.version() or "TLS", wrapped.getpeercert(binary_form=True) or b""


def _files_fit(tls: Tls) -> Finding | None:
    """What is wrong with authority, certificate and key as files."""
    try:
        ssl.create_default_context(cafile=str(tls.ca))
    except (OSError, ValueError) as error:
        return _unreadable("authority", tls.ca, error)
    try:
        tls.key.open("rb").close()
        # An empty password: else an encrypted key is asked for on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(str(tls.certificate), str(tls.key), password="")
    except ssl.SSLError as error:
        text = f"{tls.key} is no key of {tls.certificate}, or has a password: {error.reason or 'unreadable'}"
        return _finding(
            "our key", Mark.PROBLEM, text, "put the key there that the certificate was made for, unencrypted"
        )
    except (OSError, ValueError) as error:
        return _unreadable("our key", tls.key, error)
    return None


def _distrust(broker: Broker, tls: Tls, error: ssl.SSLCertVerificationError) -> Finding:
    """We do not take the broker's certificate: which one it is says another connection, on which nothing is sent."""
    certificate = _shown(broker)
    if error.verify_code == _EXPIRED:
        until = f" on {_day(certificate.not_after)}" if certificate else ""
        mend = "renew the broker's certificate; or is this machine's clock ahead?"
        return _finding("TLS", Mark.PROBLEM, f"the broker's certificate, or its authority's, expired{until}", mend)
    if error.verify_code == _NOT_YET:
        since = f" before {_day(certificate.not_before)}" if certificate else " yet"
        mend = "is this machine's clock behind?"
        return _finding("TLS", Mark.PROBLEM, f"the broker's certificate is not valid{since}", mend)
    if error.verify_code in (_OTHER_NAME, _OTHER_ADDRESS):
        names = ", ".join(certificate.names) if certificate and certificate.names else "another name"
        mend = "set broker.host to a name in it, or have one made for this name"
        return _finding("TLS", Mark.PROBLEM, f"the broker's certificate is for {names}, not for {broker.host}", mend)
    text = f"the broker's certificate is not signed by the authority in {tls.ca}: {error.verify_message}"
    return _finding("TLS", Mark.PROBLEM, text, "put the authority's certificate there that signed the broker's")


def _shown(broker: Broker) -> Certificate | None:
    """The certificate the broker shows, whatever it is worth: nothing else is said on this connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((broker.host, broker.port), timeout=HANDSHAKE_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=broker.host) as wrapped,
        ):
            return from_der(wrapped.getpeercert(binary_form=True) or b"")
    except (OSError, Unreadable):
        return None


def _alert(error: ssl.SSLError) -> Finding:
    reason = error.reason or str(error)
    why = next((text for ending, text in _REFUSALS.items() if reason.endswith(ending)), None)
    if why is not None:
        return _finding("TLS", Mark.PROBLEM, f"the broker refuses our certificate: {why}", ANEW)
    text = f"no handshake: {reason.replace('_', ' ').lower()}"
    return _finding("TLS", Mark.PROBLEM, text, "does this port speak TLS? The broker's log says more")


def _lifetime_of_broker(der: bytes) -> Iterator[Finding]:
    try:
        certificate = from_der(der)
    except Unreadable:
        return
    yield _lifetime("broker's certificate", certificate, "", "renew it")


def _lifetime(subject: str, certificate: Certificate, whose: str, renew: str) -> Finding:
    now = datetime.datetime.now(datetime.UTC)
    left = certificate.not_after - now
    if now < certificate.not_before:
        text = f"{whose}is not valid before {_day(certificate.not_before)}"
        return _finding(subject, Mark.PROBLEM, text, "is this machine's clock behind?")
    if left <= datetime.timedelta(0):
        text = f"{whose}expired on {_day(certificate.not_after)}"
        return _finding(subject, Mark.PROBLEM, text, f"{renew}; or is this machine's clock ahead?")
    text = f"{whose}valid until {_day(certificate.not_after)}"
    if left < min(SOON, (certificate.not_after - certificate.not_before) / 3):
        return _finding(subject, Mark.WARNING, f"{text}: {_left(left)}", renew)
    return _finding(subject, Mark.OK, text)


def _left(left: datetime.timedelta) -> str:
    return f"{left.days} days left" if left.days >= 2 else f"{left.total_seconds() / 3600:.0f} hours left"


def _day(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _unreadable(subject: str, path: Path, error: Exception) -> Finding:
    reason = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else None
    return _finding(
        subject,
        Mark.PROBLEM,
        f"{path}: {reason or (str(error) if isinstance(error, Unreadable) else 'no PEM file of that kind')}",
        "put the file there, readable for the agent's account",
    )


def _finding(subject: str, mark: Mark, text: str, mend: str = "") -> Finding:
    return Finding(Topic.BROKER, subject, mark, text, mend)
