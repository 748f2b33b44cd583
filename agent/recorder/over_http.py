"""What a recorder's language over plain HTTP answers of itself: the same for each, and all of its one client."""

from agent.device.http import DeviceHttp


class OverHttp:
    """Part of a `Speaker`. Whoever derives from it says which client it asks with."""

    @property
    def _http(self) -> DeviceHttp:
        raise NotImplementedError

    def interrupt(self) -> None:
        """See `Speaker`."""
        self._http.session.interrupt()

    @property
    def answers(self) -> int:
        """See `Speaker`."""
        return self._http.session.answers

    @property
    def elapsed(self) -> float:
        """See `Speaker`."""
        return self._http.session.elapsed

    @property
    def account_shown(self) -> bool:
        """See `Speaker`."""
        return self._http.account_shown

    @property
    def paused(self) -> bool:
        """See `Speaker`."""
        return self._http.paused
