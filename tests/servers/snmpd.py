"""net-snmp's agent, on this machine's own interfaces."""

from collections.abc import Sequence
from pathlib import Path

from agent.device.errors import DeviceError
from agent.network.wake import Wake
from agent.snmp.engine import Engine
from agent.snmp.login import Community
from agent.snmp.mib import SYS_UPTIME
from tests.servers.server import HOST, Server, find_program

COMMUNITY = "test-readers"
USER, PASSWORD, PRIVACY = "watchkeeper", "auth-password", "priv-password"


class Snmpd(Server):
    """Answers version 2c for `COMMUNITY`, and version 3 for `USER` (SHA-256 and AES) and for `{USER}-sha` (SHA)."""

    name = "snmpd"

    def __init__(self, folder: Path, port: int | None = None) -> None:
        super().__init__(folder, port)
        self._program = find_program("snmpd")

    def command(self) -> Sequence[str]:
        config = self.folder / "snmpd.conf"
        users = [(USER, "SHA-256"), (f"{USER}-sha", "SHA")]
        lines = [f"agentaddress udp:{HOST}:{self.port}", f"rocommunity {COMMUNITY} 127.0.0.1", "sysName under-test"]
        lines += [f'createUser {name} {kind} "{PASSWORD}" AES "{PRIVACY}"' for name, kind in users]
        lines += [f"rouser {name} priv" for name, _ in users]
        config.write_text("\n".join([*lines, f"[snmp] persistentDir {self.folder}"]) + "\n")
        pid = str(self.folder / "snmpd.pid")
        return [self._program, "-f", "-Lo", "-C", "-c", str(config), "-p", pid, "-I", "-smux,mteTrigger,mteTriggerConf"]

    def ready(self) -> bool:
        """It answers."""

        wake = Wake()
        engine = Engine((HOST, self.port), Community(COMMUNITY), wake, lambda: None)
        try:
            return engine.get([SYS_UPTIME], 0.3).status == 0
        except DeviceError:
            return False
        finally:
            engine.close()
            wake.close()
