"""What every simulated device of a site has in common, whatever it speaks."""

from typing import Protocol

from simulator.device.auth import Gate
from simulator.device.server import Misbehaviour


class Simulated(Protocol):
    """A device on a port of its own, behind a login."""

    gate: Gate
    misbehaviour: Misbehaviour | None

    @property
    def host(self) -> str:
        """Where it listens."""
        ...

    @property
    def port(self) -> int:
        """The port it listens on."""
        ...

    @property
    def received(self) -> int:
        """HTTP requests since the start, those that were only challenged included."""
        ...

    def start(self) -> object:
        """Switch on."""
        ...

    def stop(self) -> None:
        """Switch off and give the port back."""
        ...

    def on(self) -> None:
        """Switch on again."""
        ...

    def off(self) -> None:
        """Switch off: connections are refused."""
        ...
