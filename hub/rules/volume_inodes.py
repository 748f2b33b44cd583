"""Volume runs out of inodes.

Meaning: Nearly all the file system's entries for files are taken, whatever space is left.

Why it matters: No new file can be made once they are used up: recording stops as on a full disk.

First step: Find the folder with millions of small files (snapshots, thumbnails, a mail queue) and delete what is old.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class VolumeInodesSettings(Settings):
    """As for space."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 120.0
    clear_seconds: float = 60.0
    raise_ratio: float = Field(default=0.9, gt=0, le=1, description="1")
    clear_ratio: float = Field(default=0.85, gt=0, le=1, description="1")


rule = Rule(
    name="volume_inodes",
    kinds=frozenset({DeviceKind.VOLUME}),
    condition=Threshold("inodes_used_ratio", lambda s: (s.raise_ratio, s.clear_ratio)),
    summary=N_("{inodes_used_ratio} of the inodes are in use."),
    settings=VolumeInodesSettings,
)
