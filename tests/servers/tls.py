"""OpenSSL's own server with a certificate of OpenSSL's making, valid for as long as a test wants."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.servers.server import HOST, Server, find_program

_AUTHORITY = """\
[ca]
default_ca = it
[it]
new_certs_dir = {folder}
database = {folder}/index.txt
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
"""


def make_certificate(folder: Path, begins: str, ends: str, name: str = "camera", key: str = "rsa:2048") -> Path:
    """A self-signed one from `begins` to `ends` (`YYYYMMDDHHMMSSZ`), with its key in one PEM file."""
    openssl = find_program("openssl")
    (folder / "ca.conf").write_text(_AUTHORITY.format(folder=folder))
    (folder / "index.txt").write_text("")
    private, request, signed = (str(folder / name) for name in ("key.pem", "request.pem", "signed.pem"))
    asked = ["-newkey", key, "-nodes", "-keyout", private, "-out", request, "-subj", f"/CN={name}"]
    subprocess.run([openssl, "req", *asked], check=True, capture_output=True, timeout=60)
    dates = ["-startdate", begins, "-enddate", ends]
    paths = ["-config", str(folder / "ca.conf"), "-keyfile", private, "-in", request, "-out", signed, "-notext"]
    subprocess.run([openssl, "ca", "-batch", "-selfsign", *dates, *paths], check=True, capture_output=True, timeout=60)
    both = folder / "both.pem"
    both.write_bytes(Path(private).read_bytes() + Path(signed).read_bytes())
    return both


class TlsServer(Server):
    """`openssl s_server`; `options` are its own (`-tls1_2`)."""

    name = "tls"

    def __init__(self, folder: Path, certificate: Path, options: Sequence[str] = ()) -> None:
        super().__init__(folder)
        self._certificate = certificate
        self._options = options

    def command(self) -> Sequence[str]:
        openssl = find_program("openssl")
        where = ["-accept", f"{HOST}:{self.port}", "-cert", str(self._certificate)]
        return [openssl, "s_server", "-www", *where, *self._options]  # with -www it reads no input of ours
