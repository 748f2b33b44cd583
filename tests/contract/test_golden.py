"""Golden payloads: what version 1 meant when it was frozen, it means for good."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from wire import codec, messages
from wire.messages import Message, Report

V1 = Path(__file__).parent / "v1"
TAKEN = sorted(V1.glob("*.json"))
REFUSED = sorted((V1 / "refused").glob("*.json"))
MESSAGES = ("Report", "Inventory", "Status", "Ack", "Config", "ConfigApplied", "Command", "Result")


def _read(path: Path) -> tuple[dict[str, Any], type[Message], bytes]:
    golden: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    body = golden["raw"] if "raw" in golden else json.dumps(golden["payload"], ensure_ascii=False)
    return golden, getattr(messages, golden["message"]), body.encode()


@pytest.mark.parametrize("path", TAKEN, ids=[path.stem for path in TAKEN])
def test_a_golden_payload_still_means_the_same(path: Path) -> None:
    golden, kind, body = _read(path)
    message = codec.decode(kind, body)
    assert json.loads(codec.encode(message)) == golden["reencoded"]
    assert codec.decode(kind, codec.encode(message)) == message


@pytest.mark.parametrize("path", REFUSED, ids=[path.stem for path in REFUSED])
def test_a_payload_once_refused_is_refused_still(path: Path) -> None:
    golden, kind, body = _read(path)
    assert golden["why"]
    with pytest.raises(codec.DecodeError) as raised:
        codec.decode(kind, body)
    if kind is Report:
        assert raised.value.report_id == golden["report_id"]


def test_every_message_has_golden_payloads_of_each_sort() -> None:
    for message in MESSAGES:
        names = [path.stem for path in TAKEN if _read(path)[0]["message"] == message]
        assert len(names) >= 3, message
        assert any("unknown-fields" in name for name in names), message
        assert any(_read(path)[0]["message"] == message for path in REFUSED), message


def test_golden_payloads_are_added_but_never_edited() -> None:
    lines = [line.split("  ") for line in (V1 / "frozen.sha256").read_text().splitlines()]
    frozen = {name: digest for digest, name in lines}
    now = {str(path.relative_to(V1)): hashlib.sha256(path.read_bytes()).hexdigest() for path in V1.rglob("*.json")}
    edited = [name for name in frozen if now.get(name) != frozen[name]]
    assert not edited, "golden payloads are a promise to agents in the field: put these back, and mend the code"
    new = sorted(now.keys() - frozen.keys())
    assert not new, "a new golden payload: (cd tests/contract/v1 && sha256sum FILE >> frozen.sha256)"
