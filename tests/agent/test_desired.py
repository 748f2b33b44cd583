"""What the hub desires: the newest counts, the last good one is kept, damage is nothing."""

import json
from pathlib import Path

import pytest

from agent.desired import MAX_KEPT_BYTES, Desired, KeptConfig
from wire.codec import MAX_BYTES, DecodeError, decode, encode
from wire.messages import Config, ConfigApplied
from wire.topics import Address

ADDRESS = Address("site", "agent")
GOOD = Config(revision="aa", settings={"collectors": {"host": {"interval_seconds": 5}}})


def test_the_newest_replaces_one_that_was_not_taken() -> None:
    notes: list[int] = []
    desired = Desired(lambda: notes.append(1))
    desired.hear(encode(Config(revision="bb", settings={})))
    desired.hear(encode(GOOD))
    wish = desired.take()
    assert wish is not None
    assert wish.config == GOOD
    assert desired.take() is None
    assert len(notes) == 2
    desired.hear(b"")
    wish = desired.take()
    assert wish is not None
    assert wish.config is None


def test_what_is_unreadable_is_refused_by_its_name_where_that_can_be_read() -> None:
    desired = Desired(lambda: None)
    desired.settle(GOOD)
    for body in (
        b'{"revision": "cc", "settings": 5}',
        b'{"revision": "cc", "settings": ' + b"[" * 500 + b"]" * 500 + b"}",
    ):
        with pytest.raises(DecodeError):
            desired.hear(body)
        applied = desired.applied()
        assert (applied.revision, applied.refused) == ("aa", "cc")
        assert applied.reason is not None
        assert applied.reason.startswith("unreadable: ")
        desired.settle(GOOD)
    for body in (b"\xff", b"[" * 100_000, b"{}", b'{"revision": "../x"}', b" " * 300_000):
        with pytest.raises(DecodeError):
            desired.hear(body)
        assert desired.applied() == ConfigApplied(revision="aa")
    assert desired.take() is None


def test_a_reason_fits_the_wire_and_a_log() -> None:
    desired = Desired(lambda: None)
    desired.settle(None, GOOD, "bad \x1b[31m\nkey " + "x" * 500)
    reason = desired.applied().reason
    assert reason is not None
    assert len(reason) == 200
    assert reason.isprintable()
    assert encode(desired.applied())


def test_where_nobody_applies_all_is_refused() -> None:
    desired = Desired()
    desired.hear(encode(GOOD))
    assert desired.applied().refused == "aa"


def test_it_is_kept_until_it_is_cleared(tmp_path: Path) -> None:
    kept = KeptConfig(tmp_path / "hub-config.json", ADDRESS)
    assert kept.load() is None
    kept.save(GOOD)
    assert kept.load() == GOOD
    assert [path.name for path in tmp_path.iterdir()] == ["hub-config.json"]
    kept.clear()
    kept.clear()
    assert kept.load() is None


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"address": "site/agent"}'])
def test_a_damaged_file_is_as_none_and_named(tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "hub-config.json"
    path.write_bytes(damage)
    assert KeptConfig(path, ADDRESS).load() is None
    assert f"damaged, left alone path={path}" in caplog.text


def test_another_agents_is_not_ours(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "hub-config.json"
    KeptConfig(path, Address("site", "other")).save(GOOD)
    assert KeptConfig(path, ADDRESS).load() is None
    assert "another agent's" in caplog.text
    assert json.loads(path.read_bytes())["address"] == "site/other"


@pytest.mark.parametrize("word", ['"Калининград"', "9e15"])
def test_whatever_fits_on_the_wire_can_be_kept(tmp_path: Path, word: str) -> None:
    words = ",".join([word] * (MAX_BYTES // (len(word.encode()) + 1) - 10))
    config = decode(Config, f'{{"revision":"aa","settings":{{"names":[{words}]}}}}'.encode())
    kept = KeptConfig(tmp_path / "hub-config.json", ADDRESS)
    kept.save(config)
    assert kept.load() == config


def test_what_could_not_be_read_again_is_not_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kept = KeptConfig(tmp_path / "hub-config.json", ADDRESS)
    kept.save(GOOD)
    kept.save(Config(revision="bb", settings={"x": "y" * MAX_KEPT_BYTES}))
    assert "too large to be kept" in caplog.text
    assert kept.load() == GOOD


def test_a_disk_that_takes_nothing_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kept = KeptConfig(tmp_path / "no" / "such" / "folder.json", ADDRESS)
    kept.save(GOOD)
    kept.clear()
    assert "is not kept for the next start" in caplog.text
