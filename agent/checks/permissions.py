"""The state folder and the secrets: whether the agent may use them, and others may not."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from agent.checks.account import UserAccount, agents_account, may_read
from agent.checks.finding import Finding, Mark, Topic
from agent.checks.presence import Presence
from agent.config import Config
from agent.device.account import Account, PasswordMissing
from agent.privacy import Exposed, exposed, passwords, secrets
from agent.state import StateDir

SPOOL_FACTOR = 2
SPOOL_LOG_BYTES = 8 * 1024 * 1024
"""The spool's files take up to twice `spool.max_bytes`, and this."""

CREDENTIALS = Path("/run/credentials")
"""Where systemd puts a service's secrets (LoadCredential=), for its account alone and while it runs."""

_MOST_NAMED = 3
_UNITS = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def check_permissions(config: Config, presence: Presence) -> Iterator[Finding]:
    """State folder, room for the spool, every secret. Writes a file into the state folder and removes it."""
    account = agents_account(config.state_dir, presence)
    if not account.is_ours:
        yield _other_account(account)
    wide = {one.path: _too_wide(one) for one in exposed(config)}
    found = _state_folder(config.state_dir, account)
    yield wide.get(config.state_dir, found) if found.mark is Mark.OK else found
    yield from _space(config)
    first_lines = passwords(config)
    for path in secrets(config):
        found = _secret(path, account)
        if found.mark is Mark.OK and path in first_lines:
            found = _first_line(path) or found
        yield wide.get(path, found) if found.mark is Mark.OK else found


def _other_account(account: UserAccount) -> Finding:
    """Who looks is not who runs: root sees more than the agent may, anybody else less."""
    if os.geteuid() == 0:
        text = f"the agent's is {account.name}, this is root: tools found here may be closed to it"
        return _finding("account", Mark.SKIPPED, text, "what it lacks: journalctl -u watchkeeper-agent -g unavailable")
    text = f"the agent's is {account.name}, this is another: not all that is said here holds for it"
    return _finding(
        "account",
        Mark.SKIPPED,
        text,
        "run this as root" + (f" or as {account.name}" if account.uid else ""),
    )


def _too_wide(one: Exposed) -> Finding:
    return _finding(one.path.name, Mark.PROBLEM, f"{one.path}: {one.what}", f"chmod {one.change} {one.path}")


def _state_folder(path: Path, account: UserAccount) -> Finding:
    if not _there(path):
        parent = next(folder for folder in path.parents if _there(folder))
        if os.access(parent, os.W_OK | os.X_OK):
            return _finding("state folder", Mark.OK, f"{path} is made at the first start")
        text = f"{path} is not there, and can't be made in {parent}"
        return _finding("state folder", Mark.PROBLEM, text, f"install -d -m 700 -o ACCOUNT {path}")
    trouble = _trouble_writing(path)
    if trouble in (errno.EACCES, errno.EPERM) and not account.is_ours:
        return _finding("state folder", Mark.SKIPPED, f"{path} is {account.name}'s alone")
    if trouble is not None:
        text = f"{path}: {os.strerror(trouble)}"
        return _finding("state folder", Mark.PROBLEM, text, _remedy(trouble, path, account))
    strange = _owned_by_another(path, account)
    if strange:
        text = f"files in {path} are not {account.name}'s: {', '.join(strange)}"
        return _finding("state folder", Mark.PROBLEM, text, f"chown -R {account.name} {path}")
    return _finding("state folder", Mark.OK, f"{path}, writable for {account.name}")


def _there(path: Path) -> bool:
    """Also where it may not be looked at: using it then says why not."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _trouble_writing(path: Path) -> int | None:
    """The error's number. A read-only file system or a full one shows only when something is written."""
    try:
        with tempfile.TemporaryFile(dir=path) as file:
            file.write(b"doctor")
            file.flush()
    except OSError as error:
        return error.errno or errno.EIO
    return None


def _remedy(trouble: int, path: Path, account: UserAccount) -> str:
    if trouble in (errno.EACCES, errno.EPERM):
        return f"chown -R {account.name} {path}"
    if trouble == errno.EROFS:
        return "its file system is read-only: look into dmesg for disk errors, then mount -o remount,rw"
    if trouble in (errno.ENOSPC, errno.EDQUOT):
        return "make room on its file system"
    if trouble == errno.ENOTDIR:
        return "state_dir has to name a folder"
    return "look into dmesg for disk errors"


def _owned_by_another(path: Path, account: UserAccount) -> list[str]:
    """What somebody left there who ran the agent under another account: root may write it, the service may not."""
    if account.uid == 0:
        return []
    try:
        found = sorted(one.name for one in path.iterdir() if one.lstat().st_uid != account.uid)
    except OSError:
        return []
    return [*found[:_MOST_NAMED], f"{len(found) - _MOST_NAMED} more"] if len(found) > _MOST_NAMED else found


def _space(config: Config) -> Iterator[Finding]:
    folder = next(one for one in (config.state_dir, *config.state_dir.parents) if _there(one))
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return
    bound = SPOOL_FACTOR * config.spool.max_bytes + SPOOL_LOG_BYTES
    wanted = max(0, bound - _taken(StateDir(config.state_dir).spool))
    text = f"{size(free)} free, the spool may still take {size(wanted)}"
    if free >= wanted:
        yield _finding("space", Mark.OK, text)
    else:
        yield _finding("space", Mark.WARNING, text, "make room, lower spool.max_bytes, or move state_dir")


def _taken(spool: Path) -> int:
    try:
        return sum(one.stat().st_size for one in spool.parent.glob(f"{spool.name}*"))
    except OSError:
        return 0


def _secret(path: Path, account: UserAccount) -> Finding:
    if path.is_relative_to(CREDENTIALS) and not account.is_ours:
        return _finding(path.name, Mark.SKIPPED, f"{path} is handed over by systemd when the service starts")
    try:
        readable = may_read(account, path)
    except FileNotFoundError:
        return _finding(path.name, Mark.PROBLEM, f"{path} is not there", "put the secret there, or name another file")
    except OSError as error:
        return _finding(path.name, Mark.PROBLEM, f"{path}: {error.strerror}", f"let {account.name} read it")
    if not readable:
        mend = f"chgrp to a group of {account.name}, chmod g+r (and x on the folders above it)"
        return _finding(path.name, Mark.PROBLEM, f"{path} can't be read by {account.name}", mend)
    return _finding(path.name, Mark.OK, f"{path}, readable for {account.name}")


def _first_line(path: Path) -> Finding | None:
    """What is wrong with a password's file that may be read: it is read as the agent does. What is read stays here."""
    if not os.access(path, os.R_OK):
        return None
    try:
        Account("", path).password()
    except PasswordMissing as error:
        return _finding(path.name, Mark.PROBLEM, str(error), "write the password into its first line, as UTF-8")
    return None


def size(count: int) -> str:
    """Bytes for people."""
    return next((f"{count / unit:.1f} {name}" for unit, name in _UNITS if count >= unit), f"{count} B")


def _finding(subject: str, mark: Mark, text: str, mend: str = "") -> Finding:
    return Finding(Topic.PERMISSIONS, subject, mark, text, mend)
