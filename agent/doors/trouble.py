"""What is wrong with a source, logged once, and that it is over, once."""

import logging

from agent.device.errors import AuthRefused

log = logging.getLogger(__name__)


class Trouble:
    """`label` is what the log calls the source; `pause_seconds` how long its account rests after a refusal."""

    def __init__(self, label: str, pause_seconds: float) -> None:
        self._label = label
        self._pause_seconds = pause_seconds
        self._kind = "?"

    def note(self, trouble: Exception | None) -> None:
        """How it went this time."""
        kind = type(trouble).__name__ if trouble is not None else ""
        # A pause follows each refusal: that is one trouble, not two.
        kind = AuthRefused.__name__ if isinstance(trouble, AuthRefused) else kind
        if kind == self._kind:
            return
        self._kind = kind
        if trouble is None:
            log.info("%s: listened to", self._label)
            return
        log.warning("%s: %s: %s", self._label, kind, trouble)
        if isinstance(trouble, AuthRefused):
            log.warning("%s: account paused for %.0f min", self._label, self._pause_seconds / 60)
