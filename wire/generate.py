"""Writes wire/schema/ from the models: `python -m wire.generate`; `--check` only says which files are not current.

What is written: a JSON Schema (draft 2020-12) a message, the metric catalogue, and an AsyncAPI 3.0 document of the
channels, as hub and agent see them. The order is fixed, so the same models give the same bytes.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from wire.messages import Ack, Command, Config, ConfigApplied, Inventory, Message, Report, Result, Status
from wire.metrics import CATALOGUE
from wire.topics import FROM_AGENT, Topics, Verb

FOLDER = Path(__file__).parent / "schema"
"""Where the generated documents lie."""

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


class Channel(NamedTuple):
    """How one verb travels: its message, whether the broker retains it, and the QoS of either side."""

    verb: Verb
    message: type[Message]
    retained: bool
    publish_qos: int
    subscribe_qos: int
    summary: str

    @property
    def key(self) -> str:
        """The channel's name in the AsyncAPI document: `configApplied` for `config/applied`."""
        first, *rest = self.verb.split("/")
        return first + "".join(part.capitalize() for part in rest)

    @property
    def file(self) -> str:
        """The file of its message's schema."""
        return f"{self.verb.replace('/', '-')}.schema.json"


CHANNELS = (
    Channel(Verb.STATUS, Status, True, 1, 0, "Birth and last will of an agent; a hint, receive time decides absence."),
    Channel(
        Verb.INVENTORY, Inventory, False, 1, 0, "The whole of what an agent watches, when it changes or is asked for."
    ),
    Channel(Verb.REPORT, Report, False, 1, 0, "Facts with an id, sent again until they are acknowledged as committed."),
    Channel(Verb.RESULT, Result, False, 1, 0, "How a command ended."),
    Channel(Verb.CONFIG_APPLIED, ConfigApplied, False, 1, 0, "Which configuration runs, or why one was refused."),
    Channel(Verb.ACK, Ack, False, 0, 0, "Reports the hub has committed to disk, and those it refuses for good."),
    Channel(Verb.CONFIG, Config, True, 1, 1, "The whole desired configuration of one agent."),
    Channel(Verb.COMMAND, Command, False, 1, 1, "One of a closed set of requests, with an id and an expiry."),
)
"""Every verb of the wire. QoS 0 on the hub's side is enough: the acknowledgement of reports carries the guarantee."""


class _Schema(GenerateJsonSchema):
    """Without the titles pydantic makes up from field names, and with the key patterns it only half expresses."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def dict_schema(self, schema: Any) -> JsonSchemaValue:
        # patternProperties alone would let keys of any other shape pass, which the models refuse.
        made = super().dict_schema(schema)
        if patterns := made.get("patternProperties"):
            made["propertyNames"] = {"pattern": "|".join(patterns)}
        return made


def message_schema(channel: Channel) -> dict[str, Any]:
    """The JSON Schema of a channel's message, its `$id` a URN: no host serves it."""
    schema = channel.message.model_json_schema(schema_generator=_Schema)
    return {"$schema": _DRAFT, "$id": f"urn:watchkeeper:wire:v1:{channel.verb.replace('/', '-')}", **schema}


def catalogue() -> dict[str, Any]:
    """The metric catalogue in its own order."""
    return {
        "version": 1,
        "metrics": [
            {
                "name": metric.name,
                "unit": metric.unit,
                "kinds": sorted(metric.kinds),
                "help": {"en": metric.en, "zh_CN": metric.zh_CN},
            }
            for metric in CATALOGUE
        ],
    }


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document: who sends what on which topic, and how."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Watchkeeper wire",
            "version": "1.0.0",
            "description": "What travels over MQTT between agents and hub. The first level of every address, wk, is a "
            "setting of both. Operations named agent… are the agent's, those named hub… the hub's.",
        },
        "defaultContentType": "application/json",
        "channels": {**{channel.key: _channel(channel) for channel in CHANNELS}, "hubProbe": _PROBE},
        "operations": {
            **dict(operation for channel in CHANNELS for operation in _operations(channel)),
            **{f"hub{action.capitalize()}sProbe": _probing(action) for action in ("send", "receive")},
        },
        "components": {
            "parameters": {
                "site": {"description": "The site's id, [a-z0-9][a-z0-9-]{0,39}."},
                "agent": {"description": "The agent's id, unique in its site, [a-z0-9][a-z0-9-]{0,39}."},
                "client": {"description": "The hub's MQTT client id, [a-zA-Z0-9-]{1,40}."},
            },
            "messages": {
                **{channel.key: _message(channel) for channel in CHANNELS},
                "hubProbe": {"name": "Probe", "contentType": "text/plain", "payload": {"type": "string"}},
            },
        },
    }


def _channel(channel: Channel) -> dict[str, Any]:
    return {
        "address": f"wk/v1/{{site}}/{{agent}}/{channel.verb}",
        "summary": channel.summary,
        "parameters": {name: {"$ref": f"#/components/parameters/{name}"} for name in ("site", "agent")},
        "messages": {channel.key: {"$ref": f"#/components/messages/{channel.key}"}},
    }


_PROBE = {
    "address": Topics().probe("{client}"),
    "summary": "A hub's word to itself: what it does not hear back tells it that it is deaf. No agent's business.",
    "parameters": {"client": {"$ref": "#/components/parameters/client"}},
    "messages": {"hubProbe": {"$ref": "#/components/messages/hubProbe"}},
}


def _probing(action: str) -> dict[str, Any]:
    """With MQTT 5 it is sent at QoS 1, for the broker then says whether it may be; with 3.1.1 at QoS 0."""
    how = {"qos": 1, "retain": False} if action == "send" else {"qos": 0}
    return {
        "action": action,
        "channel": {"$ref": "#/channels/hubProbe"},
        "summary": "By the hub.",
        "messages": [{"$ref": "#/channels/hubProbe/messages/hubProbe"}],
        "bindings": {"mqtt": {**how, "bindingVersion": "0.2.0"}},
    }


def _message(channel: Channel) -> dict[str, Any]:
    return {
        "name": channel.message.__name__,
        "contentType": "application/json",
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"./{channel.file}"},
        },
    }


def _operations(channel: Channel) -> list[tuple[str, dict[str, Any]]]:
    sender, receiver = ("agent", "hub") if channel.verb in FROM_AGENT else ("hub", "agent")
    name = channel.key[0].upper() + channel.key[1:]
    sends = {"qos": channel.publish_qos, "retain": channel.retained, "bindingVersion": "0.2.0"}
    receives = {"qos": channel.subscribe_qos, "bindingVersion": "0.2.0"}
    return [
        (f"{sender}Sends{name}", _operation(channel, "send", sender, sends)),
        (f"{receiver}Receives{name}", _operation(channel, "receive", receiver, receives)),
    ]


def _operation(channel: Channel, action: str, who: str, mqtt: Mapping[str, object]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel.key}"},
        "summary": channel.summary,
        "tags": [{"name": who}],
        "messages": [{"$ref": f"#/channels/{channel.key}/messages/{channel.key}"}],
        "bindings": {"mqtt": dict(mqtt)},
    }


def documents() -> dict[str, str]:
    """File name → text of everything in the schema folder."""
    made: dict[str, dict[str, Any]] = {channel.file: message_schema(channel) for channel in CHANNELS}
    made["metrics.json"] = catalogue()
    made["asyncapi.json"] = asyncapi()
    return {name: json.dumps(body, indent=2, ensure_ascii=False) + "\n" for name, body in made.items()}


def stale(folder: Path = FOLDER) -> list[str]:
    """Names of files in the folder that are missing, differ from the models, or belong to nothing any more."""
    wanted = documents()
    present = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))


def write(folder: Path = FOLDER) -> list[str]:
    """Bring the folder up to date; returns the names of the files that were not."""
    wanted = documents()
    names = stale(folder)
    folder.mkdir(exist_ok=True)
    for name in names:
        if name in wanted:
            (folder / name).write_text(wanted[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    return names


def main(arguments: list[str] | None = None) -> int:
    """The command; exit code 1 when `--check` finds a file that is not current."""
    parser = argparse.ArgumentParser(prog="python -m wire.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; name each file that is not current")
    parser.add_argument("--folder", type=Path, default=FOLDER, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if not options.check:
        for name in write(options.folder):
            print(f"written: {name}")
        return 0
    names = stale(options.folder)
    for name in names:
        print(f"not current: wire/schema/{name} (run: make schema)", file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
