"""Something asked of a device every so often."""

import random

_JITTER = (0.9, 1.1)


class Due:
    """Due at once, and from then on about every `seconds`: with jitter, so that the devices of a site are not all asked
    in the same round for ever. `now` is monotonic seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._at = 0.0

    def come(self, now: float) -> bool:
        """Whether it is time."""
        return now >= self._at

    def done(self, now: float) -> None:
        """Asked now, with whatever success."""
        self._at = now + self._seconds * random.uniform(*_JITTER)  # noqa: S311 - no secret

    def failed(self, now: float) -> None:
        """Asked now in vain: again after a tenth of the time."""
        self._at = now + self._seconds / 10 * random.uniform(*_JITTER)  # noqa: S311 - no secret

    def at_once(self) -> None:
        """It has to be asked anew: the device may be another one, or was set up otherwise."""
        self._at = 0.0
