"""A recorder's clock: what it shows, what it shows now, and its time zone."""

import time
from collections.abc import Callable

from agent.dahua import system
from agent.dahua.client import DahuaClient
from agent.dahua.table import Table
from agent.dahua.zone import Zone, zone_of
from agent.device.errors import BadAnswer, CredentialsWanted, Forbidden, Unsupported

ZONE_SECONDS = 3600.0
"""How long the recorder's word for its time zone is taken as known."""

CLOCK_SECONDS = 600.0
"""How long a reading serves to say what `now` is in a search."""

_QUESTION = {"action": "getCurrentTime"}
_NO_SUMMER = {"table.locales.dstenable": "false"}


class Clock:
    """Of one recorder. `fixed` is its zone where that was configured."""

    def __init__(
        self, client: DahuaClient, fixed: Zone | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._fixed = fixed
        self._monotonic = monotonic
        self._needs_account = False
        self._no_locales = False
        self._zone: Zone | None = None
        self._zone_until = 0.0
        self._reading: tuple[float, float] | None = None  # what it showed, when by our monotonic clock

    def shown(self) -> int:
        """What it shows, wall clock seconds; asked without the account where that does. Raises DeviceError."""
        if not self._needs_account:
            try:
                return self._read(self._client.table("global.cgi", _QUESTION, anonymous=True))
            except CredentialsWanted:
                self._needs_account = True
        return self._read(self._client.table("global.cgi", _QUESTION))

    def now(self) -> float:
        """What it shows now, as known from a reading not long ago. Raises DeviceError."""
        if self._reading is None or self._monotonic() - self._reading[1] > CLOCK_SECONDS:
            return float(self.shown())
        return self._reading[0] + self._monotonic() - self._reading[1]

    def zone(self) -> Zone:
        """Its zone. Raises DeviceError; BadAnswer where the recorder leaves it open."""
        if self._fixed is not None:
            return self._fixed
        if self._zone is None or self._monotonic() >= self._zone_until:
            self.learn(self._client.config("NTP"))
        if self._zone is None:
            raise BadAnswer(f"{self._client.http.endpoint}: tells its time without a time zone that we know")
        return self._zone

    def learn(self, ntp: Table) -> Zone | None:
        """Its zone, of the configuration `NTP` and what goes with it; None where that leaves it open.

        Raises DeviceError.
        """
        self._zone = zone_of(ntp, self._locales())
        self._zone_until = self._monotonic() + ZONE_SECONDS
        return self._fixed or self._zone

    def _locales(self) -> Table | None:
        if not self._no_locales:
            try:
                return self._client.config("Locales")
            except Forbidden:
                return None
            except Unsupported:
                self._no_locales = True
        return _NO_SUMMER  # a firmware without the setting has no summer time

    def _read(self, table: Table) -> int:
        shown = system.shown(table)
        self._reading = (float(shown), self._monotonic())
        return shown
