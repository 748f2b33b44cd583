"""The evaluation itself is right: ranks, alarms, delays, and labels in the form of NAB."""

import json
from pathlib import Path

import pytest

from tests.score.__main__ import main
from tests.score.families import ANOMALIES, FAMILIES, make
from tests.score.figures import alarms, area, measure


def test_the_area_is_one_a_half_and_nothing() -> None:
    assert area([0.1, 0.2, 0.9, 0.8], {2, 3}) == 1.0
    assert area([0.5] * 4, {2, 3}) == 0.5
    assert area([0.9, 0.8, 0.1, 0.2], {2, 3}) == 0.0


def test_alarms_near_each_other_are_one() -> None:
    scores = [0.0] * 200
    for row in (10, 12, 20, 100):
        scores[row] = 0.7
    assert alarms(scores, 0.5) == [range(10, 21), range(100, 101)]


def test_a_delay_counts_from_the_windows_first_row() -> None:
    scores = [0.0] * 200
    scores[50] = scores[107] = 0.8
    found = measure(scores, [range(100, 120)], 0.5)
    assert (found.delay, found.false_alarms, found.top) == (7, 1, False)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_made_is_the_same_for_the_same_seed(family: str) -> None:
    anomaly = next(iter(ANOMALIES))
    one, other = make(family, anomaly, 3), make(family, anomaly, 3)
    assert one == other
    assert len(one.times) == len(one.values)
    assert one.window is not None
    assert make(family, "", 3).window is None


def test_a_folder_in_the_form_of_nab_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data" / "real").mkdir(parents=True)
    (tmp_path / "labels").mkdir()
    values = [5.0 + row % 3 for row in range(1440)]
    values[1100] = 500.0
    rows = [f"2014-02-{1 + row // 96:02} {row // 4 % 24:02}:{row % 4 * 15:02}:00,{v}" for row, v in enumerate(values)]
    (tmp_path / "data" / "real" / "a.csv").write_text("timestamp,value\n" + "\n".join(rows) + "\n")
    windows = {"real/a.csv": [["2014-02-12 10:00:00.000000", "2014-02-12 13:00:00.000000"]], "real/b.csv": []}
    (tmp_path / "labels" / "combined_windows.json").write_text(json.dumps(windows))
    assert main(["--nab", str(tmp_path)]) == 0
    assert "| real | 1 | " in capsys.readouterr().out
