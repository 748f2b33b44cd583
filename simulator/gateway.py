"""The agent of a gateway that is not there: the very agent of the field, but for the figures of its volumes.

`python -m simulator.gateway --config FILE --volumes STATE` runs what `python -m agent run --config FILE` runs, with
statvfs and the mount table answered from STATE (JSON, see simulator/site.py), read anew at every question. So a volume
can fill up without anybody's disk being filled.
"""

import argparse
import errno
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.app import build
from agent.collector import discover
from agent.collectors import volumes
from agent.config import ConfigError, load
from agent.state import StateError

BLOCK_BYTES = 4096
OWN_INTERVAL_SECONDS = 5.0
"""The agent's figures of itself come more often than in the field: nobody watches a demo for a minute to see one."""


class VolumeState(BaseModel):
    """One volume as the site writes it. Sizes in bytes."""

    model_config = ConfigDict(frozen=True)

    mount: str
    size_bytes: int = Field(gt=0)
    free_bytes: int = Field(ge=0)
    read_only: bool = False


class VolumeStates(BaseModel):
    """The whole file."""

    volumes: list[VolumeState] = []


class ScriptedStat(NamedTuple):
    """What of statvfs the collector reads."""

    f_frsize: int
    f_blocks: int
    f_bfree: int
    f_bavail: int
    f_files: int
    f_ffree: int
    f_flag: int


class ScriptedVolumes:
    """Answers for the kernel, from a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def statvfs(self, path: str) -> ScriptedStat:
        """As os.statvfs: raises OSError where nothing is mounted at this path, or the file can't be read."""
        for volume in self._read():
            if volume.mount == path:
                blocks, free = volume.size_bytes // BLOCK_BYTES, volume.free_bytes // BLOCK_BYTES
                return ScriptedStat(BLOCK_BYTES, blocks, free, free, 0, 0, os.ST_RDONLY if volume.read_only else 0)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)

    def mounts(self) -> list[volumes.Mount]:
        """As psutil tells the mount table."""
        return [volumes.Mount(f"/dev/scripted{n}", volume.mount, "ext4") for n, volume in enumerate(self._read())]

    def _read(self) -> Sequence[VolumeState]:
        try:
            return VolumeStates.model_validate_json(self._path.read_bytes()).volumes
        except ValidationError as error:
            raise OSError(errno.EIO, f"{self._path}: {error.error_count()} mistakes") from None


def main(argv: list[str] | None = None) -> int:
    """Entry point. Exit code: 0 ended by SIGTERM or Ctrl-C, 2 wrong configuration or folder in use."""
    parser = argparse.ArgumentParser(prog="python -m simulator.gateway", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the agent's TOML file")
    parser.add_argument("--volumes", type=Path, required=True, metavar="STATE", help="JSON; see simulator/site.py")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    scripted = ScriptedVolumes(arguments.volumes)
    plugins = {**discover(), "volumes": volumes.plugin_with(scripted.statvfs, scripted.mounts)}
    try:
        app = build(load(arguments.config, plugins), plugins, own_interval=OWN_INTERVAL_SECONDS)
    except (ConfigError, StateError) as error:
        print(f"simulator.gateway: {error}", file=sys.stderr)
        return 2
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    app.start()
    ended.wait()
    app.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
