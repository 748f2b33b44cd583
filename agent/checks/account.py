"""Which account the agent runs under, and what that account may read: asked by root on another's behalf."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

import psutil

from agent.checks.presence import Presence


@dataclass(frozen=True)
class UserAccount:
    """A user of the machine, with all groups."""

    uid: int
    name: str
    groups: frozenset[int]

    @property
    def is_ours(self) -> bool:
        """Whether this process has it."""
        return self.uid == os.geteuid()


def agents_account(state_dir: Path, presence: Presence) -> UserAccount:
    """That of the process that runs, else the owner of the state folder, else our own."""
    if presence.process is not None:
        try:
            return _of(psutil.Process(presence.process).uids().effective)
        except psutil.Error:
            pass
    try:
        return _of(state_dir.stat().st_uid)
    except OSError:
        return _of(os.geteuid())


def may_read(account: UserAccount, path: Path) -> bool:
    """Whether its rights are enough for a file, by the bits of the file and of every folder above it.

    Of others than ourselves access lists and capabilities are not known. Raises FileNotFoundError.
    """
    path.stat()
    if account.is_ours:
        return os.access(path, os.R_OK)
    folders = path.resolve().parents
    return _allows(account, path, 4) and all(_allows(account, folder, 1) for folder in folders)


def _allows(account: UserAccount, path: Path, right: int) -> bool:
    if account.uid == 0:
        return True
    status = path.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & (right << 6))
    if status.st_gid in account.groups:
        return bool(status.st_mode & (right << 3))
    return bool(status.st_mode & right)


def _of(uid: int) -> UserAccount:
    if uid == os.geteuid():
        return UserAccount(uid, _name(uid), frozenset({os.getegid(), *os.getgroups()}))
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return UserAccount(uid, str(uid), frozenset())
    return UserAccount(uid, entry.pw_name, frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid)))


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
