"""One agent a folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from agent.state import StateDir, StateError


def test_a_second_agent_in_the_same_folder_is_refused_by_name_of_the_first(tmp_path: Path) -> None:
    first = StateDir(tmp_path / "state")
    first.open()
    code = "import sys; from pathlib import Path; from agent.state import StateDir; StateDir(Path(sys.argv[1])).open()"
    second = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "state")], capture_output=True, text=True, check=False
    )
    assert "is in use by another agent, process" in second.stderr
    with pytest.raises(StateError, match="in use by another agent"):
        StateDir(tmp_path / "state").open()
    first.close()
    again = StateDir(tmp_path / "state")
    again.open()
    again.close()


def test_the_folder_is_private(tmp_path: Path) -> None:
    state = StateDir(tmp_path / "a" / "state")
    state.open()
    assert state.path.stat().st_mode & 0o777 == 0o700
    state.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="state_dir"):
        StateDir(tmp_path / "file" / "state").open()
