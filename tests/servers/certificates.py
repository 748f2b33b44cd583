"""A throwaway certificate authority: a CA, a server certificate for loopback, client certificates by common name."""

import datetime
import ipaddress
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Life(NamedTuple):
    """When a certificate begins and ends, from now on."""

    begins: datetime.timedelta = -datetime.timedelta(minutes=5)
    ends: datetime.timedelta = datetime.timedelta(days=1)


USUAL = Life()


class KeyPair(NamedTuple):
    """Paths of a certificate and its private key (PEM)."""

    certificate: Path
    key: Path


class Authority:
    """A CA in a folder. `ca` is its certificate's path; `server` a pair for 127.0.0.1 and localhost."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Throwaway CA")
        self._certificate = self._build("Throwaway CA", self._key.public_key(), _ca_extensions())
        self.ca = folder / "ca.crt"
        self.ca.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        self.server = self._issue("localhost", "server", _server_extensions("localhost"))

    def client(self, common_name: str, life: Life = USUAL) -> KeyPair:
        """A new client certificate, as an agent's: its common name is `{site}/{agent}`."""
        extensions: list[x509.ExtensionType] = [x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])]
        return self._issue(common_name, common_name.replace("/", "_"), extensions, life)

    def renew_server(self, name: str = "localhost", life: Life = USUAL) -> None:
        """Another certificate for `server`: for 127.0.0.1 only where the name is localhost."""
        self.server = self._issue(name, f"server-{name}", _server_extensions(name), life)

    def _issue(self, common_name: str, stem: str, extensions: list[x509.ExtensionType], life: Life = USUAL) -> KeyPair:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._build(common_name, key.public_key(), extensions, life)
        pair = KeyPair(self.folder / f"{stem}.crt", self.folder / f"{stem}.key")
        pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        pair.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        pair.key.chmod(0o600)
        return pair

    def _build(
        self,
        common_name: str,
        public_key: ec.EllipticCurvePublicKey,
        extensions: list[x509.ExtensionType],
        life: Life = USUAL,
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(common_name))
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + life.begins)
            .not_valid_after(now + life.ends)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(self._key, hashes.SHA256())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _ca_extensions() -> list[x509.ExtensionType]:
    return [x509.BasicConstraints(ca=True, path_length=0)]


def _server_extensions(name: str) -> list[x509.ExtensionType]:
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name == "localhost":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    return [x509.SubjectAlternativeName(names), x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])]
