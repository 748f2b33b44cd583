"""What of the hub's may run: good is what was lived with, refused what the agent died with."""

from pathlib import Path

import pytest

from agent.choice import Choice
from agent.config import Config as Whole
from agent.config import LocalFile, parse
from agent.desired import KeptConfig
from agent.probation import DIED, Probation
from agent.state import StateDir, StateError
from tests.agent.plugins import PLUGINS
from wire.messages import Config
from wire.topics import Address

ADDRESS = Address("site", "agent")
TABLE = {"site": "site", "agent": "agent"}
OLD = Config(revision="01d", settings={"collectors": {"cameras": {"value": 1}}})
NEW = Config(revision="2e3", settings={"collectors": {"cameras": {"value": 2}}})
UNFIT = Config(revision="bad", settings={"site": "x"})


class Life:
    """One process after another on one state folder."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self.state = StateDir(folder)
        self.local = LocalFile(TABLE, folder, parse(TABLE, PLUGINS))
        self.start()

    def start(self) -> Choice[Whole]:
        """What runs after a start; whatever ran before was killed."""
        self.probation = Probation(self.state, ADDRESS, 60.0, lambda: self.now)
        return self.choose()

    def choose(self) -> Choice[Whole]:
        return self.probation.choose(self.local, PLUGINS, lambda config: config)

    def hear(self, config: Config | None) -> Choice[Whole]:
        self.probation.hear(config)
        return self.choose()

    def live(self, seconds: float) -> None:
        self.now += seconds
        self.probation.look()

    def kept(self) -> Config | None:
        return KeptConfig(self.state.config, ADDRESS).load()


@pytest.fixture
def life(tmp_path: Path) -> Life:
    one = Life(tmp_path)
    one.hear(OLD)
    one.live(60)
    return one


def test_good_is_what_was_lived_with(life: Life) -> None:
    assert life.kept() == OLD
    assert life.hear(NEW).running == NEW
    life.live(59)
    assert life.kept() == OLD
    assert life.choose().running == NEW, "another file on the box begins no new trial"
    life.live(1)
    assert life.kept() == NEW
    assert life.start().running == NEW


def test_what_it_died_with_is_refused_however_often_the_hub_says_it(life: Life) -> None:
    life.hear(NEW)
    for _ in range(3):
        choice = life.start()
        assert (choice.running, choice.refused, choice.reason) == (OLD, NEW, DIED)
        choice = life.hear(NEW)
        assert (choice.running, choice.refused) == (OLD, NEW)
        life.live(3600)


def test_what_it_died_with_while_it_was_made_is_refused_too(life: Life) -> None:
    life.probation.hear(NEW)
    with pytest.raises(KeyboardInterrupt):
        life.probation.choose(life.local, PLUGINS, _die)
    assert life.start().refused == NEW


def _die(config: Whole) -> None:
    raise KeyboardInterrupt


def test_it_is_tried_again_after_a_clean_end_a_reload_or_another_revision(life: Life) -> None:
    life.hear(NEW)
    assert life.start().refused == NEW
    life.probation.end()
    assert life.start().refused is None
    assert life.hear(NEW).running == NEW
    assert life.start().refused == NEW
    life.probation.forgive()
    assert life.choose().running == NEW
    assert life.start().refused == NEW
    assert life.hear(OLD).refused is None
    assert life.hear(NEW).running == NEW


def test_one_that_does_not_fit_ends_no_trial(life: Life) -> None:
    life.hear(NEW)
    choice = life.hear(UNFIT)
    assert (choice.running, choice.refused) == (NEW, UNFIT)
    life.live(60)
    assert life.kept() == NEW
    assert life.start().refused is None


def test_nothing_desired_is_nothing_kept(life: Life) -> None:
    life.hear(NEW)
    assert life.hear(None).running is None
    assert life.start().running is None
    assert life.kept() is None


def test_a_start_that_fails_for_the_boxs_own_reasons_puts_no_blame(life: Life) -> None:
    life.probation.hear(NEW)

    def taken(config: Whole) -> None:
        raise StateError("in use")

    with pytest.raises(StateError):
        life.probation.choose(life.local, PLUGINS, taken)
    assert life.start().refused is None


def test_a_death_between_keeping_it_and_ending_its_trial_puts_no_blame(life: Life) -> None:
    KeptConfig(life.state.trial, ADDRESS).save(OLD)
    choice = life.start()
    assert (choice.running, choice.refused) == (OLD, None)
