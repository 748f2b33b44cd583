"""Batches that fail: culprits are found and refused, everybody else is committed, and an outage refuses nobody."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from hub.intake import Unreadable
from hub.isolation import DatabaseAway, Isolation
from hub.reception import Item
from hub.store.lease import Fenced
from wire.topics import Address


class Room:
    """Commits in memory all that hold no culprit."""

    def __init__(self, culprits: Sequence[str] = ()) -> None:
        self.culprits = set(culprits)
        self.down: Exception | None = None
        self.committed: list[str] = []
        self.refused: list[str] = []
        self.tries = self.recoveries = 0
        self.isolation = Isolation(self.commit, self.recover, lambda item, _: self.refused.append(_name(item)))

    def commit(self, items: Sequence[Item]) -> None:
        self.tries += 1
        names = [_name(item) for item in items]
        if self.down is not None:
            raise self.down
        if self.culprits.intersection(names):
            raise ValueError("cursed")
        self.committed += names

    def recover(self) -> None:
        self.recoveries += 1


def items(*names: str, sender: str = "") -> list[Item]:
    """One sender each, unless all have one."""
    return [Unreadable(Address("s", sender or name), name, "", 0) for name in names]


def _name(item: Item) -> str:
    assert isinstance(item, Unreadable)
    return item.report_id


ERROR = ValueError("a batch failed")
names = st.lists(st.integers(0, 30).map(str), unique=True, min_size=1, max_size=30)


@given(st.lists(names, min_size=1, max_size=3), st.sets(st.integers(0, 30).map(str)))
def test_culprits_are_refused_once_and_all_others_committed_once_in_order(
    batches: list[list[str]], culprits: set[str]
) -> None:
    batches = [[f"{number}-{name}" for name in batch] for number, batch in enumerate(batches)]
    cursed = {f"{number}-{name}" for number in range(3) for name in culprits}
    room = Room(list(cursed))
    room.isolation.sort_out([items(*batch) for batch in batches], ERROR)
    told = [name for batch in batches for name in batch]
    assert room.committed == [name for name in told if name not in cursed]
    assert room.refused == [name for name in told if name in cursed]


@given(st.integers(1, 500))
def test_one_culprit_costs_few_tries(size: int) -> None:
    room = Room(["0"])
    room.isolation.sort_out([items(*map(str, range(size)))], ERROR)
    assert room.tries <= 2 * size.bit_length() + 4
    assert len(room.committed) == size - 1


def test_what_fails_once_only_refuses_nobody() -> None:
    room = Room()
    room.isolation.sort_out([items("a", "b")], ERROR)
    assert (room.committed, room.refused, room.recoveries) == (["a", "b"], [], 1)


def test_what_else_a_culprits_sender_has_waits_until_the_next_step() -> None:
    room = Room(["b"])
    one = items("a", "b", "c", "d", sender="gateway")
    room.isolation.sort_out([one, items("e", sender="other")], ERROR)
    assert (room.committed, room.refused) == (["a", "e"], ["b"])
    room.isolation.step()
    room.isolation.sort_out([one[2:]], ERROR)
    assert room.committed == ["a", "e", "c", "d"]


def test_an_outage_refuses_nobody() -> None:
    room = Room()
    away = sa.exc.OperationalError("INSERT", {}, Exception("the disk is full"))
    with pytest.raises(DatabaseAway, match="disk is full"):
        room.isolation.sort_out([items("a")], away)
    assert room.recoveries == 1
    room.down = away
    with pytest.raises(DatabaseAway):
        room.isolation.sort_out([items("a", "b")], ERROR)
    assert (room.committed, room.refused) == ([], [])


def test_when_not_even_nothing_can_be_committed_nobody_is_to_blame(caplog: pytest.LogCaptureFixture) -> None:
    room = Room()
    room.down = KeyError("a defect")
    with pytest.raises(DatabaseAway, match="a commit without messages fails: KeyError"):
        room.isolation.sort_out([items("a", "b")], ERROR)
    assert room.refused == []
    assert caplog.records[0].exc_info is not None


def test_a_batch_of_nothing_that_failed_is_tried_again() -> None:
    room = Room()
    room.isolation.sort_out([[]], ERROR)
    assert (room.tries, room.recoveries, room.refused) == (1, 1, [])


def test_who_may_no_longer_commit_stops_at_once() -> None:
    room = Room()
    room.down = Fenced("another hub works")
    with pytest.raises(Fenced):
        room.isolation.sort_out([items("a", "b")], ERROR)
    assert room.tries == 1
