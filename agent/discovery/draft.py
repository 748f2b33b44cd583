"""A draft of configuration for what was found: valid as it is, every guess marked as one. Pure."""

import json
import math
import re
from collections.abc import Iterator, Sequence

from agent.device.text import printable
from agent.discovery.candidates import Candidate, Kind

_HEAD = """\
# Drafted by watchkeeper-agent discover. Nothing of it is certain: look at each line before it is used.
# Ids are for good: tickets and charts go by them. Give them meaning, and each device its room, while they are new.
# Accounts: make one on each device that may look and search recordings, nothing else, and put its password there:
"""
_PASSWORD = {Kind.CAMERA: "/etc/watchkeeper/own/cameras", Kind.RECORDER: "/etc/watchkeeper/own/recorders"}
_TABLES = {Kind.CAMERA: "cameras", Kind.RECORDER: "recorders"}
_MOST = {Kind.CAMERA: 1000, Kind.RECORDER: 64}
"""Devices that a collector takes."""
_SPEAKS = {"Hikvision": "isapi", "Dahua": "dahua"}
_DEVICE_SECONDS = 5.0
_ROUND_SECONDS = 45.0
_MOST_WORKERS = 64


def draft(found: Sequence[Candidate]) -> str:
    """The text of the draft."""
    lines = [_HEAD.rstrip()]
    for kind in (Kind.CAMERA, Kind.RECORDER):
        some = [one for one in found if one.kind is kind]
        if some:
            lines += ["", *_collector(kind, some)]
    rest = [one for one in found if one.kind not in _TABLES]
    if rest:
        lines += ["", "# Also there, but not known to be a camera or a recorder (door controllers: docs/devices.md):"]
        lines += [f"# {one.kind}: {_about(one)}" for one in rest]
    return "\n".join(lines) + "\n"


def _collector(kind: Kind, some: Sequence[Candidate]) -> Iterator[str]:
    yield f"[collectors.{_TABLES[kind]}]"
    yield 'username = "watchkeeper"'
    yield f'password_file = "{_PASSWORD[kind]}"'
    if kind is Kind.CAMERA:
        yield from _pace(min(len(some), _MOST[kind]))
    taken: set[str] = set()
    for one in some[: _MOST[kind]]:
        yield ""
        yield f"[[collectors.{_TABLES[kind]}.devices]]"
        yield from _device(kind, one, taken)
    for one in some[_MOST[kind] :]:
        yield f"# beyond the {_MOST[kind]} that fit: {_about(one)}"


def _pace(count: int) -> Iterator[str]:
    """A round in which every camera is dead must fit into the time-out."""
    workers = min(_MOST_WORKERS, max(8, math.ceil(count * _DEVICE_SECONDS / _ROUND_SECONDS)))
    seconds = math.ceil(count / workers) * _DEVICE_SECONDS
    if workers > 8:
        yield f"workers = {workers}  # {count} cameras, all of them dead, must fit into a round"
    if seconds > _ROUND_SECONDS:
        yield f"timeout_seconds = {math.ceil(seconds / 0.9) + 1}"
        yield f"interval_seconds = {max(60, math.ceil(seconds / 0.9) + 1)}"


def _device(kind: Kind, one: Candidate, taken: set[str]) -> Iterator[str]:
    yield f"# {_about(one)}"
    if not one.speaks_onvif:
        yield f"# It did not answer ONVIF: that it is a {kind} is a guess of its maker and ports."
    yield f"id = {_text(_id(kind, one, taken))}"
    if one.name or one.hardware:
        yield f"name = {_text(one.name or one.hardware)}  # as it calls itself"
    yield f"host = {_text(one.address)}"
    if one.http_port != 80:
        yield f"port = {one.http_port}"
    if kind is Kind.RECORDER and one.maker in _SPEAKS:
        yield f'# speaks = "{_SPEAKS[one.maker]}"  # tells more than ONVIF, if it really is of {one.maker}'


def _id(kind: Kind, one: Candidate, taken: set[str]) -> str:
    number = one.address.replace(".", "-")
    own = re.sub(r"[^a-z0-9]+", "-", one.name.lower()).strip("-")[:20].strip("-")
    start = own if own and own not in taken and own[0].isalnum() and kind is Kind.CAMERA else str(kind)
    name = f"{start}-{number}"
    taken.add(name)
    return name


def _about(one: Candidate) -> str:
    """One line about it, fit for a comment."""
    ports = f"open: {', '.join(map(str, one.open))}" if one.open else ""
    profiles = f"profiles {', '.join(one.profiles)}" if one.profiles else ""
    maker = f"{one.maker}, by its hardware address" if one.maker else ""
    parts = [one.address, one.mac or "", maker, one.name, one.hardware, str(one.onvif), profiles, ports, *one.remarks]
    return printable("; ".join(part for part in parts if part), 400)


def _text(text: str) -> str:
    """A basic string of TOML, whose escapes are JSON's."""
    return json.dumps(printable(text), ensure_ascii=False).replace("\x7f", "")
