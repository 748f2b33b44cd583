"""What every simulated device has in common, whatever it speaks: its port, its login, its misbehaviour."""

import threading
from typing import Self

from simulator.device.auth import Gate
from simulator.device.server import Misbehaviour, Port


class Simulated:
    """A device on a port of its own, behind a login. Whoever derives from it makes `gate` and `_port`."""

    gate: Gate
    _port: Port

    def start(self) -> Self:
        """Switch on."""
        self._port.on()
        return self

    def stop(self) -> None:
        """Switch off and give the port back."""
        self._port.close()

    def off(self) -> None:
        """Switch off: connections are refused. `on()` brings it back on the same port."""
        self._port.off()

    def on(self) -> None:
        """Switch on again."""
        self._port.on()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def host(self) -> str:
        """Where it listens."""
        return self._port.host

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port.number

    @property
    def misbehaviour(self) -> Misbehaviour | None:
        """What it does instead of answering; None: it answers."""
        return self._port.misbehaviour

    @misbehaviour.setter
    def misbehaviour(self, how: Misbehaviour | None) -> None:
        self._port.misbehaviour = how

    @property
    def redirect_to(self) -> str:
        """Where Misbehaviour.REDIRECT points."""
        return self._port.redirect_to

    @redirect_to.setter
    def redirect_to(self, url: str) -> None:
        self._port.redirect_to = url

    @property
    def gone(self) -> threading.Event:
        """Set once it is switched off: long polls end then."""
        return self._port.gone

    @property
    def connections(self) -> int:
        """Connections accepted since the start."""
        return self._port.connections

    @property
    def received(self) -> int:
        """HTTP requests since the start, those that were only challenged included."""
        return self._port.received

    @property
    def refused_logins(self) -> int:
        """Wrong credentials since the start."""
        return self.gate.refused_logins
