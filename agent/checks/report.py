"""What was found, as lines for people and as JSON for programs."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.checks.finding import Finding, Mark, Topic

_SIGNS = {Mark.OK: "✓", Mark.WARNING: "!", Mark.PROBLEM: "✗", Mark.MISSING: "○", Mark.SKIPPED: "–"}
_PLAIN = {Mark.OK: "ok", Mark.WARNING: "!!", Mark.PROBLEM: "XX", Mark.MISSING: "--", Mark.SKIPPED: "  "}
_WIDEST = 24


@dataclass
class Report:
    """All findings of one run; `path` is the configuration's file."""

    path: Path | None
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)

    def add(self, findings: Iterable[Finding]) -> None:
        """More of them."""
        self.findings.extend(findings)

    @property
    def to_mend(self) -> int:
        """How many somebody has to do something about."""
        return sum(finding.to_mend for finding in self.findings)

    def sum(self) -> str:
        """The last line."""
        counts = Counter(finding.mark for finding in self.findings)
        parts = [f"{counts[Mark.OK]} well"]
        words = {Mark.PROBLEM: "wrong", Mark.WARNING: "to watch", Mark.MISSING: "not available"}
        words[Mark.SKIPPED] = "not checked"
        parts += [f"{counts[mark]} {word}" for mark, word in words.items() if counts[mark]]
        verdict = "All is well" if not self.to_mend else f"{self.to_mend} to mend"
        return f"{verdict}: {', '.join(parts)} ({self.seconds:.1f} s)"


def lines(topic: Topic, findings: Sequence[Finding], *, signs: bool | None = None) -> list[str]:
    """A topic's heading and its findings; below each what to do. `signs`: whether the reader's terminal shows them."""
    if signs is None:
        signs = _shows_signs()
    marks, arrow = (_SIGNS, "→") if signs else (_PLAIN, "->")
    width = min(_WIDEST, max((len(finding.subject) for finding in findings), default=0))
    told = ["", str(topic)] if topic is not Topic.CONFIGURATION else [str(topic)]
    for finding in findings:
        told.append(f"  {marks[finding.mark]} {finding.subject:<{width}}  {_line(finding.text)}")
        indent = " " * (len(marks[finding.mark]) + 5)
        told += [f"{indent}{_line(detail)}" for detail in finding.details]
        told += [f"{indent}{arrow} {_line(finding.mend)}"] if finding.mend else []
    return told


def as_json(report: Report) -> str:
    """The same for programs; marks and topics are words."""
    body = {
        "well": not report.to_mend,
        "config": str(report.path) if report.path else None,
        "seconds": round(report.seconds, 3),
        "counts": {mark.value: sum(f.mark is mark for f in report.findings) for mark in Mark},
        "findings": [
            {
                "topic": finding.topic.value,
                "subject": finding.subject,
                "mark": finding.mark.value,
                "text": finding.text,
                "mend": finding.mend or None,
                "details": list(finding.details),
            }
            for finding in report.findings
        ],
    }
    return json.dumps(body, indent=2, ensure_ascii=False)


def _line(text: str) -> str:
    """On one line, whatever a device or a broker put into it."""
    return "".join(char if char.isprintable() else " " for char in text)


def _shows_signs() -> bool:
    try:
        "".join([*_SIGNS.values(), "→"]).encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
