"""The generated documents are current, complete, and point at what exists."""

import json
from pathlib import Path
from typing import Any

import pytest

from wire import generate
from wire.messages import DeviceKind
from wire.metrics import CATALOGUE
from wire.topics import FROM_AGENT, Verb


def test_the_committed_documents_are_current() -> None:
    assert generate.stale() == [], "run: make schema"


def test_check_names_each_file_that_is_not_current(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generate.main(["--folder", str(tmp_path)])
    assert generate.main(["--check", "--folder", str(tmp_path)]) == 0
    (tmp_path / "ack.schema.json").write_text("{}")
    (tmp_path / "report.schema.json").unlink()
    (tmp_path / "gone.schema.json").write_text("{}")
    capsys.readouterr()
    assert generate.main(["--check", "--folder", str(tmp_path)]) == 1
    named = capsys.readouterr().err
    assert all(name in named for name in ("ack.schema.json", "report.schema.json", "gone.schema.json"))
    assert len(named.splitlines()) == 3


def test_writing_mends_what_is_not_current(tmp_path: Path) -> None:
    generate.write(tmp_path)
    (tmp_path / "ack.schema.json").write_text("{}")
    (tmp_path / "gone.schema.json").write_text("{}")
    assert generate.write(tmp_path) == ["ack.schema.json", "gone.schema.json"]
    assert generate.stale(tmp_path) == []


def test_every_verb_has_one_channel() -> None:
    assert sorted(channel.verb for channel in generate.CHANNELS) == sorted(Verb)
    assert generate.asyncapi()["channels"].keys() == {channel.key for channel in generate.CHANNELS} | {"hubProbe"}


def test_every_reference_leads_somewhere() -> None:
    document = generate.asyncapi()
    references = list(_references(document))
    assert references
    for reference in references:
        if reference.startswith("#/"):
            node: Any = document
            for part in reference[2:].split("/"):
                node = node[part]
        else:
            assert (generate.FOLDER / reference).is_file(), reference


def _references(node: Any) -> Any:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for child in node.values():
            yield from _references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references(child)


def test_operations_say_who_sends_and_what_is_retained() -> None:
    operations = generate.asyncapi()["operations"]
    assert len(operations) == 2 * (len(generate.CHANNELS) + 1), "and what the hub says to itself"
    for channel in generate.CHANNELS:
        name = channel.key[0].upper() + channel.key[1:]
        sender = "agent" if channel.verb in FROM_AGENT else "hub"
        sending = operations[f"{sender}Sends{name}"]
        assert sending["action"] == "send"
        assert sending["bindings"]["mqtt"]["retain"] is (channel.verb in (Verb.STATUS, Verb.CONFIG))


def test_schemas_leave_room_for_fields_of_later_versions() -> None:
    for channel in generate.CHANNELS:
        schema = generate.message_schema(channel)
        for model in [schema, *schema.get("$defs", {}).values()]:
            assert model.get("additionalProperties") is not False


def test_a_metric_name_the_models_refuse_is_refused_by_the_schema_too() -> None:
    report = json.loads((generate.FOLDER / "report.schema.json").read_text())
    assert report["$defs"]["Sample"]["properties"]["values"]["propertyNames"] == {"pattern": "^[a-z][a-z0-9_]{0,63}$"}


def test_the_catalogue_document_is_the_catalogue() -> None:
    metrics = json.loads((generate.FOLDER / "metrics.json").read_text(encoding="utf-8"))["metrics"]
    assert [metric["name"] for metric in metrics] == [metric.name for metric in CATALOGUE]
    assert all(set(metric["kinds"]) <= set(DeviceKind) for metric in metrics)
    assert all(metric["help"]["en"] and metric["help"]["zh_CN"] for metric in metrics)
