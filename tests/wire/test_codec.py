"""Bytes to messages and back: nothing lost, nothing crashes, an unusable report is still known by name."""

import json
import string
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import codec
from wire.messages import Ack, Command, Config, Device, DeviceKind, Event, Inventory, Message, Report, Sample, Status

KINDS: tuple[type[Message], ...] = (Report, Ack, Inventory, Status, Config, Command)

slugs = st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True)
spools = st.from_regex(r"[a-z0-9]{6,32}", fullmatch=True)
millis = st.integers(0, 253_402_300_799_999)
numbers = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
facts = st.dictionaries(texts, st.none() | st.booleans() | numbers | texts, max_size=5)
report_ids = st.builds("{}:{}".format, spools, st.integers(0, 999_999_999_999_999))
samples = st.builds(
    Sample,
    device=slugs,
    at=millis,
    values=st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,63}", fullmatch=True), numbers, min_size=1, max_size=5),
)
events = st.builds(
    Event,
    device=slugs,
    at=millis,
    type=st.from_regex(r"[a-z][a-z0-9_]{0,31}(\.[a-z][a-z0-9_]{0,31}){0,3}", fullmatch=True),
    data=facts,
)
reports = st.builds(
    Report,
    id=report_ids,
    boot=st.from_regex(r"[0-9a-f-]{1,36}", fullmatch=True),
    mono=st.integers(0, 10**15),
    sent=millis,
    samples=st.lists(samples, max_size=4),
    events=st.lists(events, max_size=4),
)
devices = st.builds(Device, device=slugs, kind=st.sampled_from(DeviceKind), name=texts, facts=facts)


@given(reports)
def test_a_report_comes_back_as_it_was_sent(report: Report) -> None:
    assert codec.decode(Report, codec.encode(report)) == report


@given(st.lists(devices, max_size=4))
def test_an_inventory_comes_back_as_it_was_sent(found: list[Device]) -> None:
    inventory = Inventory(hash=codec.inventory_hash(found), devices=found)
    assert codec.decode(Inventory, codec.encode(inventory)) == inventory


@given(st.binary(max_size=200), st.sampled_from(KINDS))
def test_random_bytes_raise_nothing_but_a_decode_error(body: bytes, kind: type[Message]) -> None:
    reason = _refusal(kind, body)
    assert reason.isprintable()
    assert len(reason) <= 200


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=10,
)
FIELDS = sorted({name for kind in KINDS for name in kind.model_fields} | {"from"})


@given(st.dictionaries(st.sampled_from(FIELDS), json_values), st.sampled_from(KINDS))
def test_json_of_any_shape_raises_nothing_but_a_decode_error(body: dict[str, Any], kind: type[Message]) -> None:
    assert _refusal(kind, json.dumps(body).encode()).isprintable()


def _refusal(kind: type[Message], body: bytes) -> str:
    """Why these bytes are refused, nothing where they are taken."""
    try:
        codec.decode(kind, body)
    except codec.DecodeError as error:
        return error.reason
    return ""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"id":"abcdef:1","samples":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"revision":"a","settings":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"id":"abcdef:1","mono":' + b"9" * 100_000 + b"}",
        b"",
        b"\xff\xfe\x00",
        b'"\\ud800"',
    ],
    ids=["brackets", "braces", "nested samples", "nested settings", "endless number", "empty", "no UTF-8", "surrogate"],
)
def test_hostile_json_is_refused_without_a_crash(kind: type[Message], body: bytes) -> None:
    with pytest.raises(codec.DecodeError):
        codec.decode(kind, body)


def test_a_quarter_mebibyte_of_errors_is_refused_soon() -> None:
    body = b'{"id":"abcdef:1","samples":[' + b"{}," * 80_000 + b"{}]}"
    started = time.process_time()
    with pytest.raises(codec.DecodeError):
        codec.decode(Report, body)
    assert time.process_time() - started < 2.0  # measured: 0.09 s


@given(report_ids, st.dictionaries(st.sampled_from(["boot", "mono", "sent", "samples", "events"]), json_values))
def test_a_reports_id_is_recovered_when_its_rest_is_bad(report_id: str, rest: dict[str, Any]) -> None:
    body = json.dumps({**rest, "id": report_id, "lost": "no list"}).encode()
    with pytest.raises(codec.DecodeError) as raised:
        codec.decode(Report, body)
    assert raised.value.report_id == report_id


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"id":7}', b'{"id":"ABC:1"}', b'{"id":"abcdef:1\\n"}', b'{"id":["abcdef:1"]}']
)
def test_no_report_id_is_made_up(body: bytes) -> None:
    with pytest.raises(codec.DecodeError) as raised:
        codec.decode(Report, body)
    assert raised.value.report_id is None


def test_a_strangers_key_cannot_forge_a_log_line() -> None:
    sample = {"device": "cam-01", "at": 1, "values": {"x\n2026-01-01 ERROR disk gone\x1b[2J": 1}}
    body = {"id": "abcdef:1", "boot": "0", "mono": 0, "sent": 0, "samples": [sample]}
    with pytest.raises(codec.DecodeError) as raised:
        codec.decode(Report, json.dumps(body).encode())
    assert raised.value.reason.startswith("samples.0.values.x?2026-01-01 ERROR disk gone?[2J")


def test_what_is_too_large_is_neither_sent_nor_taken() -> None:
    wide = [Event(device="cam-01", at=1, type="x", data={"text": "…" * 1000}) for _ in range(100)]
    with pytest.raises(codec.TooLarge, match="at most 262144"):
        codec.encode(Report(id="abcdef:1", boot="0", mono=0, sent=0, events=wide))
    with pytest.raises(codec.DecodeError, match="at most 262144"):
        codec.decode(Report, b" " * (codec.MAX_BYTES + 1))


@given(st.lists(devices, max_size=4), st.randoms())
def test_the_inventory_hash_knows_no_order(found: list[Device], random: Any) -> None:
    shuffled = [device.model_copy(update={"facts": _shuffled(device.facts, random)}) for device in found]
    random.shuffle(shuffled)
    assert codec.inventory_hash(shuffled) == codec.inventory_hash(found)


def _shuffled(mapping: dict[str, Any], random: Any) -> dict[str, Any]:
    keys = list(mapping)
    random.shuffle(keys)
    return {key: mapping[key] for key in keys}


def test_the_inventory_hash_sees_every_change() -> None:
    device = Device(device="cam-01", kind=DeviceKind.CAMERA, name="Gate", facts={"firmware": "1.0"})
    changes: list[dict[str, Any]] = [
        {"name": "Yard"},
        {"parent": "nvr"},
        {"room": "hall"},
        {"facts": {"firmware": "1.1"}},
    ]
    hashes = {codec.inventory_hash([device.model_copy(update=change)]) for change in changes}
    assert len(hashes | {codec.inventory_hash([device]), codec.inventory_hash([])}) == 6


def test_an_inventory_hash_is_a_revision_of_the_wire() -> None:
    made = codec.inventory_hash([])
    assert Inventory(hash=made, devices=[]).hash == made
    assert set(made) <= set(string.hexdigits)


@given(st.lists(st.builds("{}:{}".format, st.sampled_from(["aaaaaa", "bbbbbb"]), st.integers(0, 60)), max_size=80))
def test_ids_packed_and_unpacked_are_the_same_set(ids: list[str]) -> None:
    packed = codec.pack_ids(ids)
    assert sorted(codec.unpack_ids(packed)) == sorted(set(ids))
    assert Ack(committed=packed).committed == packed


@given(st.lists(report_ids, max_size=20), st.randoms())
def test_packing_ignores_order_and_duplicates(ids: list[str], random: Any) -> None:
    shuffled = ids + ids
    random.shuffle(shuffled)
    assert sorted(codec.pack_ids(shuffled)) == sorted(codec.pack_ids(ids))
    assert set(codec.unpack_ids(codec.pack_ids(ids))) == set(ids)


def test_packing_makes_the_fewest_ranges() -> None:
    assert codec.pack_ids(["b00000:7", "a00000:3", "a00000:1", "a00000:2"]) == ["b00000:7", "a00000:1-3"]


def test_packing_makes_no_range_that_unpacking_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "MAX_ID_SPAN", 10)
    ids = [f"aaaaaa:{seq}" for seq in range(25)]
    packed = codec.pack_ids(ids)
    assert packed == ["aaaaaa:0-9", "aaaaaa:10-19", "aaaaaa:20-24"]
    assert list(codec.unpack_ids(packed)) == ids


@pytest.mark.parametrize("packed", ["aaaaaa:5-4", "aaaaaa:0-1000000", "aaaaaa:1-999999999999999"])
def test_backward_and_absurd_ranges_are_refused(packed: str) -> None:
    with pytest.raises(codec.DecodeError, match="backward, or over"):
        list(codec.unpack_ids([packed]))


def test_the_widest_range_is_taken() -> None:
    assert codec.unpack_range("aaaaaa:0-999999") == ("aaaaaa", 0, 999_999)


def test_a_nul_that_a_device_put_into_its_name_is_replaced_and_one_that_comes_in_is_refused() -> None:
    devices = [Device(device="cam-1", kind=DeviceKind.CAMERA, name="a\x00b")]
    body = codec.encode(Inventory(hash="a" * 16, devices=devices))
    assert codec.decode(Inventory, body).devices[0].name == "a\ufffdb"
    with pytest.raises(codec.DecodeError, match="NUL"):
        codec.decode(Inventory, body.replace("\ufffd".encode(), b"\\u0000").replace(b"\\ufffd", b"\\u0000"))


def test_committed_ids_are_encoded_as_their_message_would_be() -> None:
    ids = ["abcdef:1-3", "abcdef:7", "0123456789:999999999999999"]
    assert codec.encode_committed(ids) == codec.encode(Ack(committed=ids))
