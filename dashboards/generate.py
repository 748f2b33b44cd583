"""The committed JSON: `dashboards/json/LANGUAGE/NAME.json`. What is published is these files, so that publishing needs
neither the hub nor Grafana's SDK."""

import json
from collections.abc import Iterator
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.board import Board
from dashboards.boards import discover
from dashboards.text import LANGUAGES, Language

FOLDER = Path(__file__).parent / "json"


def rendered(board: Board, language: Language) -> str:
    """The file's text: the same for the same board."""
    encoder = JSONEncoder(sort_keys=True, indent=1, ensure_ascii=False)
    return encoder.encode(board.dashboard(language)) + "\n"


def files() -> Iterator[tuple[Path, str]]:
    """Every file there has to be, and its text."""
    for language in LANGUAGES:
        for name, board in sorted(discover().items()):
            yield FOLDER / language / f"{name}.json", rendered(board, language)


def stale() -> list[Path]:
    """Files that are missing, differ or belong to no board."""
    wanted = dict(files())
    there = {path: path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.json")}
    return sorted(path for path in {*wanted, *there} if wanted.get(path) != there.get(path))


def write() -> list[Path]:
    """Bring them up to date; those that changed."""
    wanted, changed = dict(files()), stale()
    for path in changed:
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
    return changed


def read(path: Path) -> dict[str, object]:
    """A committed dashboard."""
    found: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return found
