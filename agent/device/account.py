"""An account of a device. The password stays in its file or variable until it is needed: it may change meanwhile."""

import getpass
import os
import sys
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

MAX_PASSWORD_BYTES = 1024


class Method(StrEnum):
    """How to show an account: HTTP Digest as the standard wants, WS-UsernameToken as older devices do, or find out."""

    AUTO = "auto"
    DIGEST = "digest"
    TOKEN = "token"  # noqa: S105 - the name of a method


class PasswordMissing(Exception):  # noqa: N818 - a state
    """The password's file or variable is not there or not readable; the text says which."""


@dataclass(frozen=True)
class Account:
    """A user name and where its password is: a file (its first line) or an environment variable; or what a person at
    the device typed in, for a command that asks once."""

    username: str
    password_file: Path | None = None
    password_env: str | None = None
    method: Method = Method.AUTO
    typed: str | None = field(default=None, repr=False)

    def password(self) -> str:
        """Raises PasswordMissing; for an empty file, too: one that is just being written must not cost a refused login.
        An account without a password has an empty variable."""
        if self.typed is not None:
            return self.typed
        if self.password_file is not None:
            try:
                with self.password_file.open("rb") as file:
                    text = file.read(MAX_PASSWORD_BYTES).decode()
            except OSError as error:
                raise PasswordMissing(f"password file {self.password_file}: {error.strerror or error}") from None
            except UnicodeDecodeError:  # whose text would quote a byte of it
                raise PasswordMissing(f"password file {self.password_file} is no text in UTF-8") from None
            password = (text.splitlines() or [""])[0]
            if not password:
                raise PasswordMissing(f"password file {self.password_file} is empty, or its first line is")
            return password
        if self.password_env is not None:
            value = os.environ.get(self.password_env)
            if value is None:
                raise PasswordMissing(f"environment variable {self.password_env} is not set")
            return value
        raise PasswordMissing(f"account {self.username!r} has neither password_file nor password_env")


def asked_for(username: str, host: str, password_file: Path | None) -> Account:
    """The account of a command's options, its password known: read from its file now, else typed by a person.

    Read once, as a pipe (`<(pass …)`) can be. Raises PasswordMissing where that fails or nobody is there to ask. A
    password is never taken as an argument: everybody on the machine could read it there.
    """
    if password_file is not None:
        return Account(username, typed=Account(username, password_file).password())
    if not sys.stdin.isatty():
        raise PasswordMissing(f"no terminal to ask for the password of {username!r}: give --password-file")
    try:
        return Account(username, typed=getpass.getpass(f"Password of {username} at {host}: "))
    except EOFError:
        raise PasswordMissing(f"no password given for {username!r}") from None
