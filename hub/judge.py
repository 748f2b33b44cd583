"""Asks a rule's function, and survives it."""

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from hub.check import Check
from hub.fleet import Kin, Site, Subject
from hub.rule import UNKNOWN, Judgement
from hub.window import Values

log = logging.getLogger(__name__)

NO_WINDOWS: Mapping[str, Values] = MappingProxyType({})


class Judge:
    """Calls the functions of rules. What one of them fails on is told once a rule."""

    def __init__(self, sites: Mapping[str, Site]) -> None:
        self._sites = sites
        self._broken: set[str] = set()

    def call(self, check: Check, subject: Subject, now: int, unheard_ms: int = 0) -> Judgement:
        """The rule's judgement, or unknown where it has a defect."""
        condition: Any = check.rule.condition
        windows = {one.metric: subject.windows[one] for one in check.windows} if check.windows else NO_WINDOWS
        try:
            snapshot = subject.snapshot(windows, Kin(self._sites[subject.site], subject), unheard_ms / 1000)
            judged: Judgement = condition(snapshot, check.settings, now)
        except Exception:  # supervised: a defect of one rule must not stop the others, nor the data
            if check.rule.name not in self._broken:
                self._broken.add(check.rule.name)
                about = {"rule": check.rule.name, "site": subject.site, "device": subject.device}
                log.exception(
                    "rule %(rule)s failed on %(site)s/%(device)s and judges nothing there", about, extra=about
                )
            return UNKNOWN
        return judged
