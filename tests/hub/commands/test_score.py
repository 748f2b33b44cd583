"""`watchkeeper-hub score`: a table in, the same table with scores out; garbage is named by its line."""

import io
import json
import math
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.__main__ import main
from hub.detector import Detector
from hub.history import TIMES, VALUES, HistoryError, parse_time, write


def scored(text: str, **options: bool) -> str:
    sink = io.StringIO()
    write(io.StringIO(text, newline=""), sink, as_json=options.get("as_json", False))
    return sink.getvalue()


def test_the_rows_come_back_with_a_score(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "nab.csv"
    table.write_text("timestamp,value\n2014-02-14 14:27:00,51.846\n2014-02-14 14:32:00,44.508\n")
    assert main(["score", str(table)]) == 0
    assert capsys.readouterr().out == (
        "timestamp,value,anomaly_score\n2014-02-14 14:27:00,51.846,0.000000\n2014-02-14 14:32:00,44.508,0.000000\n"
    )


def test_into_a_file_and_as_json(tmp_path: Path) -> None:
    table, out = tmp_path / "in.csv", tmp_path / "out.jsonl"
    table.write_text("time,camera,value\n1700000000,gate,5\n1700000060,gate,\n")
    assert main(["score", str(table), "--json", "-o", str(out)]) == 0
    assert [json.loads(line) for line in out.read_text().splitlines()] == [
        {"time": "1700000000", "camera": "gate", "value": 5.0, "anomaly_score": 0.0},
        {"time": "1700000060", "camera": "gate", "value": None, "anomaly_score": None},
    ]


def test_from_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("\ufeff1700000000,5\r\n".encode()), encoding="utf-8"))
    assert main(["score", "-"]) == 0
    assert capsys.readouterr().out == "1700000000,5,0.000000\n"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2027-01-31 08:00:00", 1_801_382_400.0),
        ("2027-01-31T08:00:00Z", 1_801_382_400.0),
        ("2027-01-31T16:00:00+08:00", 1_801_382_400.0),
        ("2027-01-31 08:00:00.250000", 1_801_382_400.25),
        ("2027-01-31", 1_801_353_600.0),
        ("20270131", 1_801_353_600.0),
        ("1801382400", 1_801_382_400.0),
        ("1801382400.5", 1_801_382_400.5),
        ("1801382400000", 1_801_382_400.0),
        ("1.8013824e9", 1_801_382_400.0),
        (" 1801382400 ", 1_801_382_400.0),
        ("yesterday", None),
        ("inf", None),
        ("2027-13-01", None),
    ],
)
def test_times_as_people_and_machines_write_them(text: str, seconds: float | None) -> None:
    assert parse_time(text) == seconds


def test_columns_go_by_name_and_the_others_are_kept() -> None:
    text = 'value,note,timestamp\n5,"a, b",2027-01-31 08:00:00\n'
    assert scored(text) == 'value,note,timestamp,anomaly_score\n5,"a, b",2027-01-31 08:00:00,0.000000\n'


@pytest.mark.parametrize("missing", ["", "NaN", "null", " "])
def test_no_value_no_score(missing: str) -> None:
    assert scored(f"1700000000,5\n1700000060,{missing}\n").splitlines()[1] == f"1700000060,{missing},"


def test_blank_lines_are_passed_over() -> None:
    assert len(scored("\n1700000000,5\n\n\n1700000060,6\n").splitlines()) == 2


def test_values_that_are_missing_teach_nothing() -> None:
    rows = [(1_700_000_000 + 60 * row, 5 + math.sin(row)) for row in range(80)]
    whole = "".join(f"{at},{value}\n" for at, value in rows)
    gappy = "".join(f"{at},{value}\n{at + 30},\n" for at, value in rows)
    assert scored(whole).splitlines() == scored(gappy).splitlines()[::2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("timestamp\n1700000000\n", "line 1: 'timestamp' is one column"),
        ("timestamp,value\n1700000000,5\nsoon,6\n", "line 3: 'soon' is no time"),
        ("timestamp,value\n1700000000,five\n", "line 2: 'five' is no number"),
        ("timestamp,value\n1700000000,inf\n", "line 2: 'inf' is no number"),
        ("timestamp,value\n1700000000\n", "line 2: 1 column instead of 2"),
        ("a,b\n1700000000," + "9" * 400 + "\n", "is no number"),
        ('timestamp,value\n1700000000,"' + "x" * (1 << 21), "line 2: field larger than field limit"),
        ("timestamp,value\n\x00\x01\x02,5\n", "is no time"),
    ],
)
def test_garbage_is_named_by_its_line(text: str, message: str) -> None:
    with pytest.raises(HistoryError) as caught:
        scored(text)
    assert message in str(caught.value)


def test_the_exit_status_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "bad.csv"
    table.write_text("timestamp,value\n1700000000,5\nsoon,6\n")
    assert main(["score", str(table)]) == 2
    heard = capsys.readouterr()
    assert "bad.csv: line 3: 'soon' is no time" in heard.err
    assert heard.out.splitlines()[1] == "1700000000,5,0.000000"  # what was read is written
    assert main(["score", str(tmp_path / "none.csv")]) == 2
    assert main(["score", str(table), "-o", str(tmp_path / "nowhere" / "out.csv")]) == 1
    assert main(["score", str(table), "-o", str(table)]) == 2
    assert table.read_text().startswith("timestamp,value\n1700000000,5")


def test_bytes_that_are_no_text_do_not_crash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "picture.csv"
    table.write_bytes(bytes(range(256)) * 20)
    assert main(["score", str(table)]) == 2
    assert "picture.csv" in capsys.readouterr().err


def test_a_header_that_a_terminal_would_obey_is_not_repeated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "rubbish"
    table.write_bytes(b"\x89PNG\x00,\x1b[31m\x07\n\x01,2\n")
    assert main(["score", str(table)]) == 2
    heard = capsys.readouterr()
    assert heard.out == ""
    assert heard.err == f"watchkeeper-hub: {table}: line 1: is no text\n"


def test_the_help_names_every_column_that_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["score", "--help"])
    told = capsys.readouterr().out
    assert f"({', '.join(TIMES)}; {', '.join(VALUES)})" in told.replace("\n", " ")


def test_a_scored_table_can_be_scored_again() -> None:
    once = scored("timestamp,value\n1700000000,5\n1700000060,6\n")
    assert scored(once).splitlines()[0] == "timestamp,value,anomaly_score,anomaly_score"


class Endless(io.StringIO):
    """A file of any length that is never whole in memory."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self._rows = iter(range(rows))

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        return (f"{1_700_000_000 + 300 * row},{row % 7}\n" for row in self._rows)


class Nowhere(io.StringIO):
    """Takes anything."""

    def write(self, text: str) -> int:
        return len(text)


def test_memory_does_not_grow_with_the_table() -> None:
    write(Endless(500), Nowhere(), as_json=False)
    tracemalloc.start()
    try:
        write(Endless(500), Nowhere(), as_json=False)
        _, short = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        write(Endless(4000), Nowhere(), as_json=False)
        _, long = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert long < short + 50_000


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60))
def test_row_by_row_is_as_all_at_once(values: list[float]) -> None:
    text = "".join(f"{1_700_000_000 + 60 * row},{value!r}\n" for row, value in enumerate(values))
    detector = Detector()
    direct = [detector.update(1_700_000_000 + 60 * row, value).score for row, value in enumerate(values)]
    assert [float(line.rsplit(",", 1)[1]) for line in scored(text).splitlines()] == [round(one, 6) for one in direct]
