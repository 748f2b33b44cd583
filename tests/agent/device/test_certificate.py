"""Certificates read by hand, against those that a real library makes."""

import datetime
import ssl
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.device.certificate import Unreadable, from_der, from_pem
from tests.servers.certificates import Authority, Life


def test_a_certificate_tells_whose_it_is_and_how_long(authority: Authority) -> None:
    now = datetime.datetime.now(datetime.UTC)
    year = datetime.timedelta(days=365)
    pair = authority.client("north-gate/gateway-1", Life(-year, 30 * year))  # into the years with four digits
    certificate = from_pem(pair.certificate.read_bytes())
    assert certificate.common_name == "north-gate/gateway-1"
    assert certificate.names == ()
    assert abs(certificate.not_before - (now - year)) < datetime.timedelta(minutes=1)
    assert abs(certificate.not_after - (now + 30 * year)) < datetime.timedelta(minutes=1)


def test_a_servers_certificate_tells_its_names(authority: Authority) -> None:
    certificate = from_pem(authority.server.certificate.read_bytes())
    assert (certificate.common_name, certificate.names) == ("localhost", ("localhost", "127.0.0.1"))


def test_of_a_chain_the_first_is_the_owners(authority: Authority) -> None:
    chain = b"Bag Attributes\n" + authority.server.certificate.read_bytes() + authority.ca.read_bytes()
    assert from_pem(chain).common_name == "localhost"
    assert from_pem(authority.ca.read_bytes()).common_name == "Throwaway CA"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
    ],
)
def test_what_is_no_certificate_is_said_to_be_none(text: bytes) -> None:
    with pytest.raises(Unreadable):
        from_pem(text)


@given(data=st.data())
def test_damage_is_noticed_or_harmless(data: st.DataObject) -> None:
    der = bytearray(_SERVER)
    for _ in range(data.draw(st.integers(1, 4))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(der[: data.draw(st.integers(0, len(der)))])
    for body in (bytes(der), cut):
        try:
            from_der(body)
        except Unreadable:
            continue


def _server_der() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return ssl.PEM_cert_to_DER_cert(Authority(Path(folder)).server.certificate.read_text())


_SERVER = _server_der()
