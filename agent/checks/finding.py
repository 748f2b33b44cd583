"""What a check found."""

from dataclasses import dataclass, field
from enum import StrEnum


class Mark(StrEnum):
    """How a check ended; all but the first and the last are to be mended."""

    OK = "ok"
    WARNING = "warning"
    """Well now, but not for long, or not certainly."""
    PROBLEM = "problem"
    MISSING = "not available"
    """A tool, a right or a device that is missing on this machine."""
    SKIPPED = "not checked"


class Topic(StrEnum):
    """What a check is about; in the order of the report."""

    CONFIGURATION = "configuration"
    PERMISSIONS = "permissions"
    BROKER = "broker"
    CLOCK = "clock"
    DEVICES = "devices"
    TOOLS = "tools"


@dataclass(frozen=True)
class Finding:
    """One line of the report: `text` says what is, `mend` what to do; `details` are lines of the log about it."""

    topic: Topic
    subject: str
    mark: Mark
    text: str
    mend: str = ""
    details: tuple[str, ...] = field(default=())

    @property
    def to_mend(self) -> bool:
        """Somebody has something to do."""
        return self.mark not in (Mark.OK, Mark.SKIPPED)
