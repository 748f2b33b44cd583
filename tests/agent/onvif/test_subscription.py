"""A subscription over real sockets: it is renewed, doubted in silence, and made anew when it is gone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.device.account import Account
from agent.device.address import Endpoint
from agent.device.errors import Unreachable
from agent.onvif.client import OnvifClient
from agent.onvif.subscription import MAX_PULLS, Subscription, Terms
from simulator.onvif import DoorController


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def device() -> Iterator[DoorController]:
    with DoorController(name="access", doors=["D1"]) as device:
        yield device


class Watched:
    """A subscription, its clock, and how often it was about to be made."""

    def __init__(self, device: DoorController, tmp_path: Path, limit: int = 100, **more: Any) -> None:
        password = tmp_path / "password"
        password.write_text("secret")
        self.clock = Clock()
        self.anew = 0
        self.client = OnvifClient(Endpoint(device.host, device.port), Account("watchkeeper", password), timeout=10.0)
        terms = Terms(life_seconds=120, wait_seconds=0.05, limit=limit, silence_seconds=900, **more)
        self.subscription = Subscription("it", terms, lambda: self.client, self._about_to, self.clock)

    def _about_to(self, _: OnvifClient) -> None:
        self.anew += 1

    def topics(self) -> list[str]:
        return [n.topic.rpartition("/")[2] for n in self.subscription.news()]


def test_it_begins_with_all_states_and_then_tells_what_is_new(device: DoorController, tmp_path: Path) -> None:
    it = Watched(device, tmp_path)
    assert not it.subscription.open
    assert "DoorPhysicalState" in it.topics()
    assert it.subscription.open
    assert it.topics() == []
    device.doors["D1"].open()
    assert it.topics() == ["DoorPhysicalState"]
    assert it.anew == 1
    it.subscription.end()
    assert device.events.subscriptions == 0


def test_it_is_renewed_at_half_its_life(device: DoorController, tmp_path: Path) -> None:
    it = Watched(device, tmp_path)
    it.topics()
    it.clock.now += 59
    it.topics()
    assert device.answered["Renew"] == 0
    it.clock.now += 2
    it.topics()
    assert (device.answered["Renew"], it.anew) == (1, 1)


def test_one_that_is_gone_is_made_anew_at_once(device: DoorController, tmp_path: Path) -> None:
    it = Watched(device, tmp_path)
    it.topics()
    device.events.end_all()
    assert "DoorPhysicalState" in it.topics()
    assert it.anew == 2


def test_silence_of_a_living_one_is_broken_by_asking_for_all_states(device: DoorController, tmp_path: Path) -> None:
    it = Watched(device, tmp_path)
    it.topics()
    it.clock.now += 899
    assert it.topics() == []
    assert it.subscription.silence == 899
    it.clock.now += 1
    assert "DoorPhysicalState" in it.topics()
    assert (it.anew, it.subscription.silence) == (1, 0)


def test_a_dead_one_that_answers_is_given_up_after_the_silence(device: DoorController, tmp_path: Path) -> None:
    it = Watched(device, tmp_path)
    it.topics()
    device.events.deafen_all()
    it.clock.now += 900
    assert "DoorPhysicalState" in it.topics()
    assert it.anew == 2
    assert device.events.subscriptions == 1  # the dead one was ended: devices hold only a few


def test_a_device_that_always_has_more_does_not_hold_us(device: DoorController, tmp_path: Path) -> None:
    it = Watched(device, tmp_path, limit=1)
    for _ in range(40):
        device.doors["D1"].grant("C1")
    it.topics()
    for n in range(40):
        device.doors["D1"].grant(f"C{n}")
    assert len(it.topics()) == MAX_PULLS


def test_trouble_is_told_and_the_next_round_subscribes(device: DoorController, tmp_path: Path) -> None:
    it = Watched(device, tmp_path)
    it.topics()
    device.off()
    with pytest.raises(Unreachable):
        it.topics()
    it.subscription.lose()
    assert not it.subscription.open
    device.on()
    assert "DoorPhysicalState" in it.topics()


CHOICE = ("tns1:Door/State/DoorPhysicalState", "tns1:AccessControl//.")


def test_only_the_topics_chosen_are_told(device: DoorController, tmp_path: Path) -> None:
    it = Watched(device, tmp_path, topics=CHOICE)
    assert set(it.topics()) == {"DoorPhysicalState"}
    door = device.doors["D1"]
    door.tamper()
    door.grant("C1")
    door.open()
    assert it.topics() == ["Credential", "DoorPhysicalState"]


@pytest.mark.parametrize("how", ["refused", "mute", "ignored"])
def test_a_device_that_takes_no_choice_is_subscribed_to_all(device: DoorController, tmp_path: Path, how: str) -> None:
    device.events.filters = how
    it = Watched(device, tmp_path, topics=CHOICE)
    assert {"DoorPhysicalState", "DoorTamper"} <= set(it.topics())
    assert device.events.subscriptions == 1
    device.events.end_all()
    asked = device.requests["CreatePullPointSubscription"]
    assert "DoorTamper" in it.topics()
    if how != "ignored":
        assert device.answered["CreatePullPointSubscription"] <= 3
        assert device.requests["CreatePullPointSubscription"] - asked <= 2  # not tried a second time


def test_states_are_asked_for_though_there_is_news_all_the_time(device: DoorController, tmp_path: Path) -> None:
    it = Watched(device, tmp_path, resync_seconds=600)
    it.topics()
    for _ in range(9):
        it.clock.now += 60
        device.doors["D1"].grant("C1")
        assert it.topics() == ["Credential"]
    it.clock.now += 60
    device.doors["D1"].grant("C1")
    topics = it.topics()
    assert topics[0] == "Credential"
    assert "DoorTamper" in topics
    assert it.anew == 1
