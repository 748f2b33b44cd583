"""What each dashboard is expected to show of the week: a module a dashboard, named as its file.

`WANTED` are its variables, `PANELS` what each panel shows by its title in English; `EMPTY_BEFORE` names the panels that
show something even of an empty database, with the reason.
"""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.dashboards.expected import Expected


@dataclass(frozen=True)
class Truth:
    """Of one dashboard."""

    wanted: Mapping[str, Sequence[str]]
    panels: Mapping[str, Expected]
    annotations: Mapping[str, int]
    """Name → how many events at least."""


def truth_of(name: str) -> Truth:
    """Raises ModuleNotFoundError for a dashboard that nobody has said anything of."""
    module = importlib.import_module(f"{__name__}.{name}")
    return Truth(module.WANTED, module.PANELS, getattr(module, "ANNOTATIONS", {}))
