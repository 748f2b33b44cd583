"""The dashboards, one file each: a module's `board`. `discover` finds them."""

import importlib
import pkgutil

from dashboards.board import Board


def discover() -> dict[str, Board]:
    """Every board by name. Raises ValueError for one that calls itself otherwise than its file."""
    found: dict[str, Board] = {}
    for module_info in pkgutil.iter_modules(__path__):
        board: Board = importlib.import_module(f"{__name__}.{module_info.name}").board
        if board.name != module_info.name:
            raise ValueError(f"board {module_info.name}.py calls itself {board.name!r}")
        found[board.name] = board
    return found
