"""`watchkeeper-agent picture DEVICE`: one picture of a configured camera or channel, for a technician at the box.

The one way a picture gets out of the process: into a file that is named, on this machine, readable by its owner only.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.pictures.features import Features
    from agent.pictures.roll import Entry
    from agent.pictures.settings import PicturesSettings
    from agent.pictures.verdict import Verdict

OK, WRONG, BAD_USAGE, FAILED = 0, 1, 2, 4

_DESCRIPTION = """\
Takes one picture of a camera or of a recorder's channel and says what the agent makes of it, held against what it has
learned so far. With --out the picture is written to that file too; it goes nowhere else.
"""

_EXAMPLES = """\
examples:
  watchkeeper-agent picture gate --config /etc/watchkeeper/agent.toml
  watchkeeper-agent picture nvr-1-3 --config /etc/watchkeeper/agent.toml --out hall.jpg

exit status: 0 nothing is wrong with it, as far as can be told; 1 something is; 2 wrong usage, configuration
or password file; 4 no picture
"""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Its parser."""
    parser = commands.add_parser(
        "picture",
        help="take one picture of a camera or channel, say what is wrong with it, write it to a file",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(tool=run)
    parser.add_argument(
        "device", metavar="DEVICE", help="its device id, as `collect cameras` and `collect recorders` print it"
    )
    parser.add_argument("--config", type=Path, required=True, metavar="FILE")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the JPEG there")
    parser.add_argument("--force", action="store_true", help="overwrite a file that is there")


def run(options: argparse.Namespace) -> int:
    """Take it, judge it, write it; the exit status. Raises ConfigError."""
    from agent import out_file
    from agent.collector import discover
    from agent.config import load
    from agent.device.account import PasswordMissing
    from agent.device.errors import DeviceError
    from agent.pictures.roll import Roll
    from agent.pictures.settings import PicturesSettings

    out: Path | None = options.out
    if out is not None and (complaint := out_file.complaint(out, force=options.force)):
        return _complain(complaint, BAD_USAGE)
    config = load(options.config, discover())
    settings = config.collectors.get("pictures") or PicturesSettings()
    cameras, recorders = config.collectors.get("cameras"), config.collectors.get("recorders")
    roll = Roll(cameras, recorders, settings.device_timeout_seconds)
    try:
        entry = roll.find(options.device)
        if entry is None:
            return _complain(f"no camera or channel {options.device!r} is configured", BAD_USAGE)
        body = entry.source.picture(entry.token)
    except PasswordMissing as error:
        return _complain(f"{options.device}: {error}", BAD_USAGE)
    except DeviceError as error:
        return _complain(f"{options.device}: {error}", FAILED)
    finally:
        for source in roll.sources():
            source.release()
    return _told(entry, body, out, options.force, settings, config.state_dir / "collectors" / "pictures")


def _told(entry: "Entry", body: bytes, out: Path | None, force: bool, settings: "PicturesSettings", state: Path) -> int:
    from agent.collector import NotAvailable
    from agent.pictures.darkroom import Darkroom
    from agent.pictures.header import NotAPicture

    darkroom = Darkroom()
    try:
        features = darkroom.develop(body)
    except (NotAPicture, NotAvailable) as error:
        return _complain(f"{entry.device.device}: {error}", FAILED)
    finally:
        darkroom.close()
    if out is not None:
        try:
            write(out, body, force)
        except OSError as error:
            return _complain(f"{out}: {error.strerror or error}", FAILED)
    return _print(entry, features, settings, state, "" if out is None else f"written to {out}, {len(body)} bytes")


def _print(entry: "Entry", features: "Features", settings: "PicturesSettings", state: Path, written: str) -> int:
    from agent.pictures.channel import Channel

    name = entry.device.device
    channel = Channel(
        name,
        state,
        needed=settings.learn_pictures,
        limits=settings.limits,
        ptz=name in settings.ptz,
        order=settings.relearn.get(name, ""),
    )
    values, verdict = channel.see(features)  # writes nothing: it does so hourly
    print(f"{name}: {features.width} × {features.height}, {features.phase}")
    for metric, value in sorted(values.items()):
        if metric.endswith("_ratio"):
            print(f"  {metric.removeprefix('picture_').removesuffix('_ratio'):<14} {value:.3f}")
    print(f"  learned from   {values['picture_baseline_samples']:.0f} pictures in this light")
    print(f"  {_words(verdict)}")
    if written:
        print(written)
    return OK if verdict.good else WRONG


def _words(verdict: "Verdict") -> str:
    wrong = [flag.replace("_", " ") for flag, raised in verdict.flags.items() if raised]
    if wrong:
        return f"WRONG: {', '.join(wrong)}"
    well = [flag.replace("_", " ") for flag in verdict.flags]
    return f"not {', not '.join(well)}" if well else "nothing can be told yet: too few pictures were learned from"


def write(path: Path, body: bytes, force: bool) -> None:
    """A file that its owner alone may read; no link is followed. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_TRUNC if force else os.O_EXCL)
    with open(os.open(path, flags, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor, not a path
        os.fchmod(file.fileno(), 0o600)
        file.write(body)


def _complain(text: str, status: int) -> int:
    print(f"watchkeeper-agent: {text}", file=sys.stderr)
    return status
