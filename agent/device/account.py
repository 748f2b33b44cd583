"""An account of a device. The password stays in its file or variable until it is needed: it may change meanwhile."""

import os
from dataclasses import dataclass
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
    """A user name and where its password is: a file (its first line) or an environment variable."""

    username: str
    password_file: Path | None = None
    password_env: str | None = None
    method: Method = Method.AUTO

    def password(self) -> str:
        """Raises PasswordMissing."""
        if self.password_file is not None:
            try:
                with self.password_file.open("rb") as file:
                    text = file.read(MAX_PASSWORD_BYTES).decode()
            except (OSError, UnicodeDecodeError) as error:
                raise PasswordMissing(f"password file {self.password_file}: {error}") from None
            return (text.splitlines() or [""])[0]
        if self.password_env is not None:
            value = os.environ.get(self.password_env)
            if value is None:
                raise PasswordMissing(f"environment variable {self.password_env} is not set")
            return value
        raise PasswordMissing(f"account {self.username!r} has neither password_file nor password_env")
