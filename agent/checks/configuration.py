"""The configuration that runs, or would: the box's file, with what the hub last had it run laid under."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.checks.finding import Finding, Mark, Topic
from agent.choice import choose
from agent.collector import Plugin
from agent.config import Config, ConfigError, read
from agent.desired import KeptConfig
from agent.state import StateDir
from wire.topics import Address

DEFAULT_PATH = Path("/etc/watchkeeper/agent.toml")
"""Where it is looked for when none is named."""


@dataclass(frozen=True)
class Effective:
    """`config` is None where there is none that can be used; `findings` say so."""

    config: Config | None
    path: Path | None
    findings: tuple[Finding, ...]


def effective(path: Path | None, plugins: Mapping[str, Plugin]) -> Effective:
    """What `path`, or the usual place, and the hub's kept settings make together."""
    if path is None and not _there(DEFAULT_PATH):
        text = f"none named, and none in {DEFAULT_PATH}: the machine is looked at with defaults"
        return Effective(
            None, None, (_finding("file", Mark.PROBLEM, text, "write one (docs/agent.md), name it: --config"),)
        )
    path = path or DEFAULT_PATH
    try:
        local = read(path, plugins)
    except ConfigError as error:
        text = f"{error}; the machine is looked at with defaults"
        return Effective(None, path, (_finding("file", Mark.PROBLEM, text, "correct it, see docs/agent.md"),))
    own = local.config
    kept = KeptConfig(StateDir(own.state_dir).config, Address(own.site, own.agent)).load()
    choice = choose(local, [kept] if kept else [], plugins, lambda config: None)
    names = ", ".join(choice.config.collectors) or "none"
    findings = [_finding("file", Mark.OK, f"{path}: agent {own.site}/{own.agent}, collectors: {names}")]
    if choice.refused is not None:
        mend = "correct it at the hub; until then the agent runs by its file alone"
        findings.append(_finding("hub's settings", Mark.PROBLEM, choice.reason, mend))
    elif choice.running is not None:
        text = f"revision {choice.running.revision[:12]} is laid under the file"
        findings.append(_finding("hub's settings", Mark.OK, text))
    return Effective(choice.config, path, tuple(findings))


def _there(path: Path) -> bool:
    """Also where it may not be looked at: reading it then says why not."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def _finding(subject: str, mark: Mark, text: str, mend: str = "") -> Finding:
    return Finding(Topic.CONFIGURATION, subject, mark, text, mend)
