"""What a collector remembers over restarts: one small file a subject, in the collector's own folder.

Written to another name, fsynced and renamed, so that a power cut leaves the old one or the new one. What is missing or
spoilt means starting afresh; a disk that takes no writes costs the memory and nothing else.
"""

import logging
import os
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

log = logging.getLogger(__name__)

T = TypeVar("T", bound=BaseModel)

MAX_BYTES = 256 * 1024


class Memory(Generic[T]):
    """One subject's file `{name}.json` in `folder`, holding a `model`. Without a folder nothing is kept."""

    def __init__(self, folder: Path | None, name: str, model: type[T]) -> None:
        self._path = folder / f"{name}.json" if folder is not None else None
        self._model = model
        self._failing = False

    def recall(self) -> T | None:
        """What was remembered last, None where there is nothing, or nothing that can be used."""
        if self._path is None:
            return None
        try:
            with self._path.open("rb") as file:
                body = file.read(MAX_BYTES + 1)
            if len(body) > MAX_BYTES:
                log.warning("memory is too large, starting afresh path=%s", self._path)
                return None
            return self._model.model_validate_json(body)
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            reason = error.strerror if isinstance(error, OSError) else f"{error.error_count()} mistakes"
            log.warning("memory is unreadable, starting afresh path=%s reason=%r", self._path, reason)
            return None

    def remember(self, what: T) -> None:
        """Keep it, durably. A disk that refuses is logged once until it takes writes again."""
        if self._path is None:
            return
        fresh = self._path.with_name(f"{self._path.name}.new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with fresh.open("wb") as file:
                file.write(what.model_dump_json().encode())
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError as error:
            if not self._failing:
                log.warning("memory not written path=%s reason=%r", self._path, error.strerror)
            self._failing = True
        else:
            self._failing = False
