"""Eclipse Mosquitto."""

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.servers.certificates import Authority
from tests.servers.server import HOST, Server, find_program


class MutualTls(NamedTuple):
    """Clients must show a certificate of this authority; its common name becomes user name and client id.

    `acl` is the text of Mosquitto's acl_file; with none, everyone may do everything.
    """

    authority: Authority
    acl: str | None = None


class Mosquitto(Server):
    """A broker with one listener: plain and anonymous, or with client certificates.

    `settings` are further lines of its configuration. Its queues are unbounded: the default of 1000 drops messages.
    """

    name = "mosquitto"

    def __init__(
        self, folder: Path, port: int | None = None, tls: MutualTls | None = None, settings: Sequence[str] = ()
    ) -> None:
        super().__init__(folder, port)
        self.tls = tls
        self.settings = tuple(settings)
        self._program = find_program("mosquitto")

    def command(self) -> Sequence[str]:
        """Writes the configuration anew at every start, so that a test may change `tls` and `settings` between."""
        config = self.folder / "mosquitto.conf"
        config.write_text("\n".join(self._lines()) + "\n")
        return [self._program, "-c", str(config)]

    def reload(self) -> None:
        """Let it read its access rules and its own certificate again (SIGHUP); those of live connections, too."""
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    def _lines(self) -> list[str]:
        # Without `user root` a broker started by root drops to a user that cannot read our folder.
        lines = ["user root", "persistence false", "max_queued_messages 0", "log_dest stderr"]
        lines += [f"log_type {kind}" for kind in ("error", "warning", "notice", "information")]
        lines += [*self.settings, f"listener {self.port} {HOST}"]
        if self.tls is None:
            return [*lines, "allow_anonymous true"]
        return lines + self._tls_lines(self.tls)

    def _tls_lines(self, tls: MutualTls) -> list[str]:
        server = tls.authority.server
        lines = [
            f"cafile {tls.authority.ca}",
            f"certfile {server.certificate}",
            f"keyfile {server.key}",
            "require_certificate true",
            "use_identity_as_username true",
            "use_username_as_clientid true",
        ]
        if tls.acl is not None:
            acl = self.folder / "acl"
            acl.write_text(tls.acl)
            acl.chmod(0o600)
            lines.append(f"acl_file {acl}")
        return lines
