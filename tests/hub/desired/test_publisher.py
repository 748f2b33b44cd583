"""What is desired is said until the agent runs or refuses it: on both databases, with a broker that comes and goes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub.desired.publisher import AGAIN_MOST_SECONDS, Publisher
from hub.store import desired, schema
from hub.store.database import connect
from tests.databases import prepare
from wire.codec import MAX_BYTES, config_revision, decode
from wire.messages import Config, ConfigApplied
from wire.topics import Address, Verb

GATEWAY, OTHER = Address("school", "gateway"), Address("school", "other")
ONE: dict[str, Any] = {"name": "One"}
TWO: dict[str, Any] = {"collectors": {"disks": {"enabled": False}}}


class Broker:
    """Keeps what is retained, and notes whom it was published to."""

    def __init__(self) -> None:
        self.up = True
        self.retained: dict[Address, bytes] = {}
        self.heard: list[Address] = []

    def retain(self, address: Address, verb: Verb, body: bytes) -> bool:
        if not self.up:
            return False
        assert verb is Verb.CONFIG
        self.heard.append(address)
        if body:
            self.retained[address] = body
        else:
            self.retained.pop(address, None)
        return True

    def settings(self, address: Address) -> dict[str, object]:
        return decode(Config, self.retained[address]).settings


class Scene:
    """A publisher on virtual time."""

    def __init__(self, database: sa.Engine) -> None:
        self.database = database
        self.broker = Broker()
        self.now = 1000.0
        self.start()
        with database.begin() as connection:
            for one in (GATEWAY, OTHER):
                values = {"site": one.site, "agent": one.agent, "first_heard": 1, "last_heard": 1}
                connection.execute(schema.agent.insert().values(**values))

    def start(self) -> None:
        """The hub, from nothing but its database."""
        self.publisher = Publisher(self.database, self.broker, lambda: self.now)

    def desire(self, settings: dict[str, Any] | None, *agents: Address) -> None:
        with self.database.begin() as connection:
            desired.write(connection, dict.fromkeys(agents or (GATEWAY,), settings), 5)

    def answer(
        self, runs: dict[str, Any] | None, refused: dict[str, Any] | None = None, who: Address = GATEWAY
    ) -> None:
        message = ConfigApplied(
            revision=config_revision(runs) if runs else None,
            refused=config_revision(refused) if refused else None,
            reason="no such collector" if refused else None,
        )
        with self.database.begin() as connection:
            desired.save_applied(connection, {who: message}, 7)
        self.publisher.answered(who)

    def wait(self, seconds: float) -> int:
        """Time passes in polls of a second; how often something was published."""
        before = len(self.broker.heard)
        for _ in range(round(seconds)):
            self.now += 1
            self.publisher.step()
        return len(self.broker.heard) - before

    def state(self, who: Address = GATEWAY) -> str:
        with self.database.connect() as connection:
            return desired.standing(connection, who).state


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    on_postgresql = request.param == "postgresql"
    database = connect(
        request.getfixturevalue("postgresql_tables_url") if on_postgresql else f"sqlite:///{tmp_path}/hub.db"
    )
    prepare(database)
    yield Scene(database)
    database.dispose()


def test_with_nothing_desired_nothing_is_said(scene: Scene) -> None:
    assert scene.wait(20) == 0
    scene.answer(None)
    assert scene.wait(20) == 0
    assert scene.state() == "none"


def test_what_is_desired_is_said_until_the_agent_runs_it(scene: Scene) -> None:
    scene.desire(ONE)
    assert scene.wait(1) == 1
    assert scene.broker.settings(GATEWAY) == ONE
    assert scene.state() == "waiting"
    assert scene.wait(19) == 0
    assert scene.wait(45) == 2, "again after 20 s and after 40 more"
    scene.answer(ONE)
    assert scene.wait(700) == 0
    assert scene.state() == "agreed"


def test_an_agent_that_never_answers_costs_little(scene: Scene) -> None:
    scene.desire(ONE)
    scene.wait(3600)
    assert len(scene.broker.heard) < 15
    assert 1 <= scene.wait(AGAIN_MOST_SECONDS + 1) <= 2


def test_a_refusal_ends_it_until_something_else_is_desired(scene: Scene) -> None:
    scene.desire(ONE)
    scene.wait(1)
    scene.answer(None, refused=ONE)
    assert scene.wait(700) == 0
    assert scene.state() == "refused"
    scene.desire(TWO)
    assert scene.wait(1) == 1
    assert scene.broker.settings(GATEWAY) == TWO
    assert scene.state() == "waiting", "the refusal was of another one"


def test_an_agent_that_runs_something_else_is_told_again_at_once(scene: Scene) -> None:
    scene.desire(ONE)
    scene.wait(1)
    scene.answer(ONE)
    assert scene.wait(60) == 0
    scene.answer(None)  # its machine was replaced
    assert scene.wait(1) == 1
    assert scene.wait(3) == 0


def test_an_agent_that_ever_changes_its_mind_costs_a_message_a_second_at_most(scene: Scene) -> None:
    scene.desire(ONE)
    for turn in range(50):
        scene.answer(ONE if turn % 2 else TWO)
    assert scene.wait(1) == 1


def test_clearing_removes_what_the_broker_keeps_and_is_said_until_the_agent_lets_go(scene: Scene) -> None:
    scene.desire(ONE)
    scene.wait(1)
    scene.answer(ONE)
    scene.desire(None)
    assert scene.wait(1) == 1
    assert scene.broker.retained == {}
    assert scene.state() == "waiting", "it still runs the old one"
    assert scene.wait(65) == 2
    scene.answer(None)
    assert scene.wait(700) == 0
    assert scene.state() == "none"


def test_an_agent_that_was_away_while_it_was_cleared_is_told_when_it_comes_back(scene: Scene) -> None:
    scene.desire(ONE)
    scene.wait(1)
    scene.answer(ONE)
    scene.desire(None)
    scene.wait(3600)
    scene.publisher.answered(GATEWAY)  # connected anew
    assert scene.wait(1) == 1


def test_a_broker_that_lost_its_memory_is_told_everything_again(scene: Scene) -> None:
    scene.desire(ONE, GATEWAY, OTHER)
    scene.wait(1)
    for who in (GATEWAY, OTHER):
        scene.answer(ONE, who=who)
    scene.broker.up = False
    scene.broker.retained.clear()
    scene.desire(TWO, OTHER)
    assert scene.wait(30) == 0
    scene.broker.up = True
    scene.publisher.broker_back()
    scene.wait(1)
    assert scene.broker.settings(GATEWAY) == ONE
    assert scene.broker.settings(OTHER) == TWO


def test_a_restart_forgets_nothing(scene: Scene) -> None:
    scene.desire(ONE, GATEWAY, OTHER)
    scene.wait(1)
    scene.answer(ONE)
    scene.start()
    assert scene.wait(1) == 2, "the broker may have changed meanwhile"
    assert scene.wait(25) == 1, "only one has not answered"


def test_setting_what_runs_already_still_reaches_the_broker(scene: Scene) -> None:
    scene.desire(ONE)
    scene.wait(1)
    scene.answer(TWO)
    scene.desire(TWO)
    assert scene.wait(1) == 1
    assert scene.broker.settings(GATEWAY) == TWO
    assert scene.wait(60) == 0


def test_a_database_that_is_away_delays_and_forgets_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise sa.exc.OperationalError("select", {}, Exception("connection refused"))

    scene.desire(ONE)
    scene.wait(1)
    scene.answer(ONE)
    with monkeypatch.context() as patched:
        patched.setattr(desired, "changed_since", away)
        scene.publisher.answered(GATEWAY)
        scene.publisher.broker_back()
        assert scene.wait(10) == 0
    assert scene.wait(1) == 1, "the broker's return was not forgotten"


def test_a_configuration_that_fits_into_no_message_is_left_alone(scene: Scene) -> None:
    scene.desire({"name": "x" * MAX_BYTES}, OTHER)  # by other means than the command line
    scene.desire(ONE)
    scene.wait(5)
    assert set(scene.broker.heard) == {GATEWAY}


def test_changes_made_at_once_are_all_noticed(scene: Scene) -> None:
    """Two writers take turns at the counter: a number is visible only when all smaller ones are."""
    scene.desire(ONE)
    scene.desire(ONE, OTHER)
    scene.wait(1)
    assert sorted(map(str, scene.broker.heard)) == ["school/gateway", "school/other"]
    with scene.database.connect() as connection:
        assert desired.changed_since(connection, 0)[0] == 2


def test_since_is_when_the_state_began(scene: Scene) -> None:
    scene.desire(ONE)
    with scene.database.begin() as connection:
        assert desired.standing(connection, GATEWAY).since == 5
        for now in (20, 30):
            desired.save_applied(connection, {GATEWAY: ConfigApplied(revision=config_revision(ONE))}, now)
        told = desired.standing(connection, GATEWAY)
    assert (told.state, told.since) == ("agreed", 20)


def test_what_nobody_desired_here_is_told_apart(scene: Scene) -> None:
    scene.answer(ONE)
    assert scene.state() == "foreign"
    assert scene.wait(30) == 0, "another hub's wishes are not ours to clear"
