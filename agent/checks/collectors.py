"""Each collector run once: what it needs of the machine is there, and each device answers and takes our account.

That is the collector's own first run: devices are asked as gently as it asks them, and no login is tried a second time
after a refusal.
"""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from agent.checks.clock import judge_reference
from agent.checks.finding import Finding, Mark, Topic
from agent.checks.presence import Presence
from agent.collector import Context, Plugin, Reading, Settings
from agent.device.settings import GuestSettings
from agent.trial import Attempt, attempt
from wire.messages import Device

_ANSWERS = ("reachable", "door_reachable")
"""Metrics that say whether a device answers."""
_AT_ONCE = 8
"""Devices of one collector that are asked at the same time."""
_INSTALL = re.compile(r"(?P<text>.*?)[:;,]?\s*(?P<command>apt-get install \S.*)", re.S)


@dataclass(frozen=True)
class Examined:
    """A collector to be run once: its plugin, its settings, what it may know of its surroundings."""

    plugin: Plugin
    settings: Settings
    context: Context

    @property
    def topic(self) -> Topic:
        """What its findings are about."""
        if isinstance(self.settings, GuestSettings):
            return Topic.DEVICES
        return Topic.CLOCK if self.plugin.name == "clock" else Topic.TOOLS


def check_collector(examined: Examined, presence: Presence, seconds: float, *, asked_for: bool) -> Iterator[Finding]:
    """Run it once, for `seconds` at most. `asked_for`: somebody wants this very collector."""
    name = examined.plugin.name
    if examined.topic is Topic.DEVICES and presence.running is not False and not asked_for:
        # Only the agent knows which accounts were refused and are left alone.
        text = "not asked: the agent runs and asks them itself" if presence.running else _UNSEEN
        mend = f"ask them all the same: --only {name}; an account just refused may be locked by that"
        yield Finding(examined.topic, name, Mark.SKIPPED, text, mend)
        return
    settings = _gentle(examined.settings)
    try:
        collectors = examined.plugin.build(settings, examined.context)
    except Exception as error:  # noqa: BLE001 - supervised: a collector's defect is a finding here
        yield Finding(examined.topic, name, Mark.PROBLEM, f"{type(error).__name__}: {error}")
        return
    if not collectors:
        mend = f"name it in [collectors.{name}], as docs/agent.md tells"
        yield Finding(examined.topic, name, Mark.WARNING, "no device is configured", mend)
        return
    limit = min(settings.timeout_seconds, seconds)
    with ThreadPoolExecutor(_AT_ONCE) as pool:  # its threads end: each waits for `limit` at most
        attempts = list(pool.map(lambda one: attempt(one, limit), collectors))
    for one in attempts:
        yield from _judge(examined, one)
    if examined.topic is Topic.TOOLS and all(one.reading and not one.failed for one in attempts):
        yield Finding(examined.topic, name, Mark.OK, _summary(attempts))


_UNSEEN = "not asked: may not see whether the agent runs, and asks them itself"


def _gentle(settings: Settings) -> Settings:
    """One question for a device's time is enough here."""
    if isinstance(settings, GuestSettings):
        return settings.model_copy(update={"clock_samples": 1})
    return settings


def _judge(examined: Examined, one: Attempt) -> Iterator[Finding]:
    """What is wrong with a run, and what it says of clock and devices."""
    name, topic = examined.plugin.name, examined.topic
    if one.missing:
        yield _missing(name, topic, one.missing)
    elif one.failed:
        timed_out = one.failed.startswith("timed out")
        mend = f"raise timeout_seconds in [collectors.{name}], or see what holds it up" if timed_out else ""
        yield Finding(topic, name, Mark.PROBLEM, one.failed, mend)
    if one.reading is None:
        return
    if topic is Topic.CLOCK:
        yield from judge_reference(one.reading, getattr(examined.settings, "servers", ()))
    elif topic is Topic.DEVICES:
        yield from judge_devices(name, examined.settings, one.reading)


def _missing(name: str, topic: Topic, reason: str) -> Finding:
    """`smartctl is not installed: apt-get install smartmontools` is a text and a command."""
    off = f"or switch it off: enabled = false in [collectors.{name}]"
    found = _INSTALL.fullmatch(reason)
    if found is None:
        return Finding(topic, name, Mark.MISSING, reason, f"allow it, {off}")
    return Finding(topic, name, Mark.MISSING, found["text"], f"{found['command']}, {off}")


def _summary(attempts: Sequence[Attempt]) -> str:
    readings = [one.reading for one in attempts if one.reading is not None]
    devices = {m.device for reading in readings for m in reading.measurements}
    values = sum(len(m.values) for reading in readings for m in reading.measurements)
    took = sum(one.seconds for one in attempts)
    if not devices:
        return f"runs, and had nothing to tell, {took:.1f} s"
    return f"{_count(values, 'value')} of {_count(len(devices), 'device')}, {took:.1f} s"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"


def judge_devices(name: str, settings: Any, reading: Reading) -> Iterator[Finding]:
    """Whether each device answered and took the account; doors by their controllers."""
    told = {one.device: one.values for one in reading.measurements if not one.values.keys().isdisjoint(_ANSWERS)}
    users = _users(settings)
    seen: set[str] = set()
    for device in reading.devices or ():
        subject = str(device.facts.get("controller", device.device))
        if device.device in told and subject not in seen:
            seen.add(subject)
            yield _device(name, subject, device, told[device.device], users.get(subject))


def _users(settings: Any) -> dict[str, str]:
    """Device id → the account's name, where one is configured."""
    devices = getattr(settings, "devices", None) or getattr(settings, "controllers", None) or ()
    accounts = {device.id: settings.account(device) for device in devices}
    return {name: account.username for name, account in accounts.items() if account is not None}


def _device(name: str, subject: str, device: Device, values: Any, user: str | None) -> Finding:
    where = device.facts.get("address", "")
    if not next(values[metric] for metric in _ANSWERS if metric in values):
        mend = f"its power, the network, and host and port in [collectors.{name}]"
        return Finding(Topic.DEVICES, subject, Mark.PROBLEM, f"{where} does not answer", f"look at {mend}")
    accepted = values.get("authenticated")
    if accepted == 0.0:
        text = f"{where} answers, and refuses the account {user!r}"
        mend = "correct name and password, then wait 30 minutes: devices lock an account that is tried again and again"
        return Finding(Topic.DEVICES, subject, Mark.PROBLEM, text, mend)
    if accepted is None:
        if user is None:
            return Finding(Topic.DEVICES, subject, Mark.OK, f"{where} answers; no account is configured")
        text = f"{where} answers; whether it takes the account {user!r} is not known"
        return Finding(Topic.DEVICES, subject, Mark.WARNING, text, "see that its password can be read, then ask again")
    return Finding(Topic.DEVICES, subject, Mark.OK, f"{where} answers and takes the account {user!r}")
