"""`doctor`: looks at all that an agent needs, side by side and within a bounded time, and says what to mend.

Exit status 0 where all is well, 1 where something is to be mended, 2 where the configuration can't be used.
"""

import logging
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from agent.checks.broker import check_broker
from agent.checks.clock import check_service, check_wall
from agent.checks.collectors import Examined, check_collector
from agent.checks.configuration import effective
from agent.checks.finding import Finding, Mark, Topic
from agent.checks.permissions import check_permissions
from agent.checks.presence import Presence, presence
from agent.checks.report import Report, as_json, lines
from agent.collector import Plugin
from agent.config import DEFAULT_COLLECTORS, Config, ConfigError
from agent.surroundings import context_of
from agent.trial import bare_config

OK, TO_MEND, BAD_USAGE = 0, 1, 2

LONGEST_SECONDS = 120.0
"""All of it, by default; what has not ended by then is said to hang."""
WORKERS = 4
"""Checks at the same time: the machine has other work to do."""
TOPICS = tuple(topic.value for topic in Topic if topic is not Topic.CONFIGURATION)
"""What `--only` may name besides collectors."""


@dataclass(frozen=True)
class Check:
    """One thing to look at; `look` may take long, and is run in a thread of its own."""

    topic: Topic
    name: str
    look: Callable[[], Iterable[Finding]]


def doctor(
    path: Path | None,
    plugins: Mapping[str, Plugin],
    only: Sequence[str] = (),
    *,
    as_json_document: bool = False,
    seconds: float = LONGEST_SECONDS,
) -> int:
    """Look, and print what was found; the exit status. Raises ConfigError for a wrong `only`."""
    begun = time.monotonic()
    with _overhearing() as overheard:
        found = effective(path, plugins)
        checks = _selected(_checks(found.config, plugins, frozenset(only), seconds), only, plugins)
        report = Report(found.path)
        report.add(found.findings)
        if not as_json_document:
            _print(lines(Topic.CONFIGURATION, found.findings))
        for topic, findings in _by_topic(checks, seconds):
            findings = [_with_details(one, overheard) for one in findings]
            report.add(findings)
            if not as_json_document:
                _print(lines(topic, findings))
    report.seconds = time.monotonic() - begun
    _print([as_json(report)] if as_json_document else ["", report.sum()])
    if found.config is None:
        return BAD_USAGE
    return TO_MEND if report.to_mend else OK


def _checks(config: Config | None, plugins: Mapping[str, Plugin], only: frozenset[str], seconds: float) -> list[Check]:
    """Everything there is to look at; without a configuration what can be looked at with defaults."""
    checks: list[Check] = []
    there = Presence(running=False)
    if config is not None:
        given, there = config, presence(config.state_dir)
        checks += [
            Check(Topic.PERMISSIONS, "permissions", lambda: check_permissions(given, there)),
            Check(Topic.BROKER, "broker", lambda: check_broker(given, there)),
        ]
    else:
        config = bare_config([name for name in DEFAULT_COLLECTORS if name in plugins], plugins)
    checks.append(Check(Topic.CLOCK, "date", lambda: [check_wall(), check_service()]))
    for name, settings in config.collectors.items():
        examined = Examined(plugins[name], settings, context_of(config, plugins[name]))
        checks.append(Check(examined.topic, name, _collector_check(examined, there, seconds, name in only)))
    return sorted(checks, key=lambda check: list(Topic).index(check.topic))


def _collector_check(
    examined: Examined, there: Presence, seconds: float, asked_for: bool
) -> Callable[[], Iterable[Finding]]:
    return lambda: check_collector(examined, there, seconds, asked_for=asked_for)


def _selected(checks: Sequence[Check], only: Sequence[str], plugins: Mapping[str, Plugin]) -> list[Check]:
    """Those of the topics and collectors named, all where none is. Raises ConfigError."""
    for name in only:
        if name not in TOPICS and name not in plugins:
            known = ", ".join([*TOPICS, *sorted(plugins.keys() - set(TOPICS))])
            raise ConfigError(f"--only {name}: unknown; known: {known}")
        if name not in TOPICS and all(check.name != name for check in checks):
            raise ConfigError(f"collector {name} is not enabled: it needs a table [collectors.{name}]")
    return [check for check in checks if not only or check.topic in only or check.name in only]


# Running them


def _by_topic(checks: Sequence[Check], seconds: float) -> Iterator[tuple[Topic, list[Finding]]]:
    """Each topic's findings, in order, as soon as all before it are there as well."""
    deadline = time.monotonic() + seconds
    found: dict[int, list[Finding]] = {}
    results = _start(checks)
    for topic in dict.fromkeys(check.topic for check in checks):
        wanted = [number for number, check in enumerate(checks) if check.topic is topic]
        while any(number not in found for number in wanted):
            _progress(checks, found)
            try:
                number, findings = results.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            found[number] = findings
        _progress()
        late = {number: [_late(checks[number], seconds)] for number in wanted if number not in found}
        yield topic, [finding for number in wanted for finding in (found | late)[number]]


def _start(checks: Sequence[Check]) -> "queue.SimpleQueue[tuple[int, list[Finding]]]":
    """Work through them in threads; one that hangs is left behind."""
    todo: queue.SimpleQueue[int] = queue.SimpleQueue()
    results: queue.SimpleQueue[tuple[int, list[Finding]]] = queue.SimpleQueue()
    for number in range(len(checks)):
        todo.put(number)

    def work() -> None:
        while True:
            try:
                number = todo.get_nowait()
            except queue.Empty:
                return
            results.put((number, _looked(checks[number])))

    for _ in range(min(WORKERS, len(checks))):
        threading.Thread(target=work, name="doctor", daemon=True).start()
    return results


def _looked(check: Check) -> list[Finding]:
    found: list[Finding] = []
    try:
        found.extend(check.look())
    except Exception as error:  # noqa: BLE001 - supervised: a check's defect must not hide what the others found
        found.append(Finding(check.topic, check.name, Mark.PROBLEM, f"{type(error).__name__}: {error}"))
    return found


def _late(check: Check, seconds: float) -> Finding:
    text = f"did not end within {seconds:g} s"
    return Finding(check.topic, check.name, Mark.PROBLEM, text, f"look at it alone: --only {check.name}")


# What is said


@contextmanager
def _overhearing() -> Iterator[list[str]]:
    """Warnings of the agent's log while this lasts: they say why a device or a tool fails."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    ear, log = Ear(logging.WARNING), logging.getLogger("agent")
    level, shown = log.level, log.getEffectiveLevel()
    handlers = [(handler, handler.level) for handler in logging.getLogger().handlers]
    for handler, own in handlers:
        handler.setLevel(max(own, shown))  # what was not to be seen before is not now
    log.addHandler(ear)
    log.setLevel(min(logging.WARNING, shown))
    try:
        yield heard
    finally:
        log.removeHandler(ear)
        log.setLevel(level)
        for handler, own in handlers:
            handler.setLevel(own)


def _with_details(finding: Finding, overheard: Sequence[str]) -> Finding:
    """What the log said of a device: `camera gate: time: Unreachable: …`."""
    if finding.topic is not Topic.DEVICES or not finding.to_mend:
        return finding
    mark = f" {finding.subject}: "
    details = dict.fromkeys(line.partition(mark)[2][:300] for line in overheard if mark in line)
    return replace(finding, details=tuple(details))


def _progress(checks: Sequence[Check] = (), found: Mapping[int, object] | None = None) -> None:
    """What is still waited for, on a terminal only; with nothing, the line is wiped."""
    if not sys.stderr.isatty():
        return
    if not checks:
        text = ""
    else:
        left = [check.name for number, check in enumerate(checks) if number not in (found or {})]
        text = f"looked at {len(checks) - len(left)} of {len(checks)}, waiting for {', '.join(left)}"[:78]
    sys.stderr.write(f"\r\x1b[K{text}")
    sys.stderr.flush()


def _print(text: Iterable[str]) -> None:
    encoding = sys.stdout.encoding or "ascii"
    for line in text:
        print(line.encode(encoding, "replace").decode(encoding), flush=True)
