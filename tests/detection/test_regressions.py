"""Months that went wrong once go right: the same seed, around where the trouble was."""

import pytest

from tests.detection.__main__ import judged
from tests.detection.regressions import REGRESSIONS, Regression
from tests.detection.scores import troubles

QUICK_DAYS = 4.0
"""What takes longer is for the long runs."""


def _case(one: Regression) -> object:
    marks = [pytest.mark.endurance] if one.days > QUICK_DAYS else []
    return pytest.param(one, id=f"seed-{one.seed}", marks=marks)


@pytest.mark.parametrize("one", [_case(one) for one in REGRESSIONS])
def test_what_went_wrong_once_goes_right(one: Regression) -> None:
    seen = judged(one.seed, faults=one.faults, since=one.since, until=one.until, only=one.only)
    assert list(troubles([seen])) == []
