"""Archives somebody made to do harm: each is refused with a word, nothing is changed, and little is spent on it."""

import hashlib
import json
import sqlite3
import stat
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hub.archive import tables
from hub.archive.container import Archive
from hub.archive.manifest import MAX_BYTES, MAX_MEMBERS, ArchiveError
from hub.series.embedded import EmbeddedSeries
from hub.series.journal import Journal
from hub.series.store import Point
from tests.hub.archive.places import Place, live
from tests.hub.fleets import SITE, T0

NAME = "manifest.json"
MEBIBYTE = 1024**2
Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The members of an honest archive."""
    folder = tmp_path_factory.mktemp("honest")
    place = Place(folder / "here")
    hub = place.hub()
    live(hub, 6)
    hub.close()
    journal = Journal(place.state / "buffer.db", 1 << 30)
    journal.append([Point("camera", SITE, "gateway", "cam-1", T0, {"reachable": 1.0})], T0)
    journal.close()
    place.backup(folder / "b.zip")
    with zipfile.ZipFile(folder / "b.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def target(tmp_path: Path) -> Place:
    return Place(tmp_path / "there")


def manifest_of(members: dict[str, bytes]) -> Manifest:
    manifest: Manifest = json.loads(members[NAME])
    return manifest


def packed(file: Path, members: dict[str, bytes], change: Callable[[Manifest], object] = lambda _: None) -> Path:
    """An archive whose manifest is right about its members, but for `change`."""
    manifest = manifest_of(members)
    manifest["members"] = {
        name: {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        for name, body in members.items()
        if name != NAME
    }
    change(manifest)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, json.dumps(manifest) if name == NAME else body)
    return file


def refused(target: Place, file: Path, said: str) -> None:
    """And nothing is left of the attempt."""
    before = sorted(target.state.rglob("*"))
    with pytest.raises(ArchiveError, match=said) as caught:
        target.restore(file)
    assert len(str(caught.value)) < 1000
    assert str(caught.value).isprintable()
    assert [path for path in sorted(target.state.rglob("*")) if path not in before and path.name != "lock"] == []


def test_an_honest_one_is_restored(target: Place, whole: dict[str, bytes], tmp_path: Path) -> None:
    assert target.restore(packed(tmp_path / "b.zip", whole)).buffered_points == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["members"]["hub.toml"].update(bytes=-1),
        lambda m: m["members"]["hub.toml"].update(sha256="0" * 63 + "\x1b"),
        lambda m: m.update(taken=10**30),
        lambda m: m.update(buffered_points=-5),
        lambda m: m.update(watchkeeper="\x1b]0;owned\x07"),
        lambda m: m.update(schema_revision="x" * 10_000),
        lambda m: m["numbers"].update(ticket=-1),
        lambda m: m["numbers"].update(ticket=1 << 60),
        lambda m: m["tables"]["ticket"].update(rows=-1),
        lambda m: m["tables"]["ticket"].update(columns=[f"c{n}" for n in range(5000)]),
        lambda m: m.update(members=[]),
        lambda m: m.pop("tables"),
    ],
)
def test_a_manifest_that_says_the_impossible(
    target: Place, whole: dict[str, bytes], tmp_path: Path, change: Callable[[Manifest], object]
) -> None:
    refused(target, packed(tmp_path / "b.zip", whole, change), r"manifest\.json is damaged: \d+ faults")


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 100_000, b"\xff", b"", b"null"])
def test_a_manifest_that_is_none(target: Place, whole: dict[str, bytes], tmp_path: Path, body: bytes) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr(NAME, body)
    refused(target, tmp_path / "b.zip", "damaged")


def test_a_manifest_that_unpacks_to_gigabytes_is_not_unpacked(target: Place, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(NAME, b" " * (200 * MAX_BYTES))
    tracemalloc.start()
    refused(target, tmp_path / "b.zip", "not a backup")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20 * MEBIBYTE


def test_files_without_number(target: Place, whole: dict[str, bytes], tmp_path: Path) -> None:
    many = {f"sql/x{number}.jsonl": b"" for number in range(MAX_MEMBERS)}
    refused(target, packed(tmp_path / "b.zip", whole | many), r"\d+ files in it")


@pytest.mark.parametrize("name", ["../../evil.db", "/etc/evil.db", "sql/../../evil.jsonl", "C:\\evil.db", "e\x1b.db"])
def test_a_name_that_leads_elsewhere(target: Place, whole: dict[str, bytes], tmp_path: Path, name: str) -> None:
    refused(target, packed(tmp_path / "b.zip", whole | {name: b"x"}), "damaged: 1 faults")
    # Not told in the manifest, either.
    refused(target, packed(tmp_path / "b.zip", whole | {name: b"x"}, lambda m: m["members"].pop(name)), "differ in")
    assert not list(tmp_path.rglob("evil*"))


def test_a_link_is_a_file_like_any_other(target: Place, whole: dict[str, bytes], tmp_path: Path) -> None:
    link = zipfile.ZipInfo("series.db")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    body = str(tmp_path / "victim").encode()
    (tmp_path / "victim").write_text("mine")
    members = {name: one for name, one in whole.items() if name not in ("series.db", NAME)}
    packed(tmp_path / "b.zip", members | {NAME: whole[NAME], "series.db": body})
    with zipfile.ZipFile(tmp_path / "b.zip") as archive, zipfile.ZipFile(tmp_path / "c.zip", "w") as linked:
        for one in archive.infolist():
            linked.writestr(link if one.filename == "series.db" else one, archive.read(one))
    refused(target, tmp_path / "c.zip", "not a database")
    assert (tmp_path / "victim").read_text() == "mine"


def test_two_files_of_one_name(target: Place, whole: dict[str, bytes], tmp_path: Path) -> None:
    packed(tmp_path / "b.zip", whole)
    with zipfile.ZipFile(tmp_path / "b.zip", "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("hub.toml", whole["hub.toml"])
    refused(target, tmp_path / "b.zip", "two files of one name")


def test_a_file_packed_in_another_way(target: Place, whole: dict[str, bytes], tmp_path: Path) -> None:
    packed(tmp_path / "b.zip", {NAME: whole[NAME]})
    with zipfile.ZipFile(tmp_path / "b.zip", "a", zipfile.ZIP_LZMA) as archive:
        archive.writestr("hub.toml", b"x")
    refused(target, tmp_path / "b.zip", "packed as no backup")


def test_more_than_the_disk_holds_is_not_begun(
    target: Place, whole: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = packed(tmp_path / "b.zip", whole | {"series.db": bytes(8 * MEBIBYTE)})
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=5 * MEBIBYTE))
    refused(target, file, "5 MiB are free, and what is in the backup takes 8 MiB")


def test_a_row_of_gigabytes_is_not_read(
    target: Place, whole: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MAX_ROW_BYTES", MEBIBYTE)
    file = packed(tmp_path / "b.zip", whole | {"sql/ticket.jsonl": b'["' + b"x" * (64 * MEBIBYTE)})
    tracemalloc.start()
    refused(target, file, "ticket: a row of more than")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 32 * MEBIBYTE


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (b"[" * 100_000, "row 1 is damaged"),
        (b"no json", "row 1 is damaged"),
        (b"\xff", "row 1 is damaged"),
        (b"{}", "row 1 has not the"),
        (b"[1]", "row 1 has not the"),
        (b"7", "row 1 has not the"),
    ],
)
def test_what_is_no_row(target: Place, whole: dict[str, bytes], tmp_path: Path, row: bytes, said: str) -> None:
    refused(target, packed(tmp_path / "b.zip", whole | {"sql/ticket.jsonl": row}), f"ticket: {said}")


@pytest.mark.parametrize("value", [10**30, "\ud800"])
def test_a_value_no_column_holds(target: Place, whole: dict[str, bytes], tmp_path: Path, value: object) -> None:
    columns = manifest_of(whole)["tables"]["ticket"]["columns"]
    row = json.loads(whole["sql/ticket.jsonl"].splitlines()[0])
    row[columns.index("opened")] = value
    members = whole | {"sql/ticket.jsonl": json.dumps(row).encode()}
    refused(target, packed(tmp_path / "b.zip", members), "ticket: a value that is none of its columns'")


def test_a_ticket_with_the_last_number_there_is(target: Place, whole: dict[str, bytes], tmp_path: Path) -> None:
    row = json.loads(whole["sql/ticket.jsonl"].splitlines()[0])
    row[manifest_of(whole)["tables"]["ticket"]["columns"].index("id")] = (1 << 63) - 1
    members = whole | {
        "sql/ticket.jsonl": json.dumps(row).encode(),
        "sql/timeline.jsonl": b"",
    }

    def empty(manifest: Manifest) -> None:
        manifest["tables"]["timeline"]["rows"] = 0

    refused(target, packed(tmp_path / "b.zip", members, empty), "ticket 9223372036854775807 leaves no room")
    last = (1 << 53) - 1
    file = packed(tmp_path / "b.zip", whole, lambda m: m["numbers"].update(ticket=last))
    refused(target, file, f"ticket {last} leaves no room")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m["tables"]["ticket"]["columns"].append("no_such"), "columns in the archive that are none"),
        (lambda m: m["tables"]["ticket"]["columns"].append("id"), "columns in the archive that are none"),
        (lambda m: m["tables"].update(no_such=m["tables"]["ticket"]), "table no_such is none of schema"),
        (lambda m: m["tables"].update(alembic_version=m["tables"]["ticket"]), "alembic_version is none of schema"),
        (lambda m: m.update(schema_revision="head"), "does not know"),
        (lambda m: m.update(schema_revision="base"), "does not know"),
    ],
)
def test_tables_and_columns_that_are_not_there(
    target: Place, whole: dict[str, bytes], tmp_path: Path, change: Callable[[Manifest], object], said: str
) -> None:
    refused(target, packed(tmp_path / "b.zip", whole, change), said)


def test_a_table_without_its_file(target: Place, whole: dict[str, bytes], tmp_path: Path) -> None:
    members = {name: body for name, body in whole.items() if name != "sql/ticket.jsonl"}
    refused(target, packed(tmp_path / "b.zip", members), r"no sql/ticket\.jsonl in it")


HOSTILE = [
    "CREATE VIEW value_camera AS SELECT 1 AS series, 2 AS at",
    "CREATE TRIGGER t AFTER INSERT ON {table} BEGIN DELETE FROM {table}; END",
    "CREATE INDEX i ON {table} (hex(zeroblob(1000)))",
    "CREATE VIRTUAL TABLE v USING fts5(x)",
]


@pytest.mark.parametrize("sql", HOSTILE)
@pytest.mark.parametrize(("name", "table"), [("series.db", "metric"), ("series-buffer.db", "batch")])
def test_a_database_that_acts_by_itself(
    target: Place, whole: dict[str, bytes], tmp_path: Path, name: str, table: str, sql: str
) -> None:
    file = tmp_path / "x.db"
    file.write_bytes(whole[name])
    connection = sqlite3.connect(file)
    if "VIEW" in sql:
        connection.execute("DROP TABLE IF EXISTS value_camera")
    connection.execute(sql.format(table=table))
    connection.commit()
    connection.close()
    refused(target, packed(tmp_path / "b.zip", whole | {name: file.read_bytes()}), "is in it that no hub has made")


def test_a_trigger_of_ours_with_other_words(target: Place, whole: dict[str, bytes], tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    file.write_bytes(whole["series-buffer.db"])
    connection = sqlite3.connect(file)
    connection.executescript(
        "DROP TRIGGER batch_in; CREATE TRIGGER batch_in AFTER INSERT ON batch BEGIN DELETE FROM batch; END;"
    )
    connection.close()
    members = whole | {"series-buffer.db": file.read_bytes()}
    refused(target, packed(tmp_path / "b.zip", members), "a trigger is in it that no hub has made: 'batch_in'")


@pytest.mark.parametrize(
    ("name", "sql", "said"),
    [
        ("series.db", "PRAGMA user_version = 99", "schema 99"),
        ("series-buffer.db", "PRAGMA user_version = 99", "schema 99"),
        ("series.db", "DROP TABLE metric", "parts are missing"),
        ("series-buffer.db", "DROP TRIGGER batch_out", "parts are missing"),
        ("series-buffer.db", "DROP TABLE letter", "parts are missing"),
        ("series.db", "PRAGMA user_version = 0", "already exists"),
    ],
)
def test_a_database_no_hub_of_this_version_can_work_with(
    target: Place, whole: dict[str, bytes], tmp_path: Path, name: str, sql: str, said: str
) -> None:
    file = tmp_path / "x.db"
    file.write_bytes(whole[name])
    connection = sqlite3.connect(file)
    connection.execute(sql)
    connection.commit()
    connection.close()
    refused(target, packed(tmp_path / "b.zip", whole | {name: file.read_bytes()}), said)


def test_no_file_of_series_trusts_its_schema(tmp_path: Path) -> None:
    store, journal = EmbeddedSeries(tmp_path / "s.db"), Journal(tmp_path / "b.db", 1 << 20)
    for connection in (store._writer, journal._connection):
        assert connection.execute("PRAGMA trusted_schema").fetchone() == (0,)
    store.close()
    journal.close()


def test_what_is_read_of_an_archive_is_bounded_before_it_is_read(whole: dict[str, bytes], tmp_path: Path) -> None:
    """A member that says less than it is: the ZIP's own word on its size ends the reading."""
    file = packed(tmp_path / "b.zip", whole, lambda m: m["members"]["hub.toml"].update(bytes=3))
    with pytest.raises(ArchiveError, match=r"differ in: 'hub\.toml'"):
        Archive(file)
