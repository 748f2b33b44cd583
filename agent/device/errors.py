"""What can go wrong when we ask a device. Each text is one line fit for a log and a terminal, without secrets."""

from agent.device.text import printable

MAX_TEXT = 500


class DeviceError(Exception):
    """Any of the errors below. Whatever a device said of it, its text is printable and bounded."""

    def __init__(self, text: str = "") -> None:
        super().__init__(printable(text, MAX_TEXT))


class Unreachable(DeviceError):  # noqa: N818 - a state
    """Nobody answers there: refused, no route, name unknown, or hung up without a word."""


class TimedOut(DeviceError):  # noqa: N818 - a state
    """The device did not answer, or not fully, within the time-out."""


class Interrupted(DeviceError):  # noqa: N818 - a state
    """We cut the exchange short ourselves, since the agent stops; nothing is known of the device."""


class AuthRefused(DeviceError):  # noqa: N818 - a verdict
    """The device refuses our account. Also what some recorders say when all their connections are taken."""


class AuthPaused(AuthRefused):
    """Not asked: this account was refused lately, and asking again might lock it."""


class Unsupported(DeviceError):  # noqa: N818 - a state
    """The device says that it does not know this service or operation."""


class BadAnswer(DeviceError):  # noqa: N818 - a verdict
    """Something answers, but not with what was asked: no SOAP, too much of it, a redirect, a fault, a missing value."""


class CredentialsWanted(DeviceError):  # noqa: N818 - a state
    """The device wants an account for this call, and none was offered in a way it takes. No login was tried."""


class Forbidden(DeviceError):  # noqa: N818 - a verdict
    """The device takes our account, but the account may not do this. No login was refused, so nothing is paused."""


class HeldBack(DeviceError):  # noqa: N818 - a state
    """Not asked: our own manners forbid it for now. Nothing is known of the device."""
