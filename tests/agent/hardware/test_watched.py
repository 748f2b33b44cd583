"""What a round makes of a device that we do not ask."""

import pytest

from agent.device.errors import BadAnswer, DeviceError, HeldBack, Interrupted
from agent.device.settings import DeviceSettings
from agent.hardware.ears import Ears
from agent.hardware.model import Kind, Told
from agent.hardware.watched import Watched
from wire.messages import DeviceKind


class Voice:
    """Says what it is told to say."""

    name = "pullpoint"
    open = True

    def __init__(self) -> None:
        self.error: DeviceError | None = None
        self.losses: list[Exception] = []

    def silence(self, now: float) -> float:
        return 0.0

    def round(self) -> None:
        if self.error is not None:
            raise self.error

    def lost(self, error: Exception) -> None:
        self.losses.append(error)

    def interrupt(self) -> None:
        """Nothing is under way."""

    def end(self) -> None:
        """Nothing is held."""


@pytest.mark.parametrize("error", [HeldBack("busy with another question of ours"), Interrupted("the agent stops")])
def test_a_question_that_was_not_asked_takes_no_subscription_away(error: DeviceError) -> None:
    voice, ears = Voice(), Ears("it", 60.0)
    watched = Watched(DeviceSettings(id="nvr", host="10.0.0.1"), DeviceKind.RECORDER, ears, voice)
    ears.began(0.0)
    ears.hear(Told(Kind.FAN_FAILURE, "FanFailure", True), 1.0)
    watched.visit()
    before = watched.report().measurements[0].values
    assert before["fan_failure"] == 1.0
    voice.error = error
    watched.visit()
    assert voice.losses == []
    after = watched.report().measurements[0].values
    assert (after["events_subscribed"], after["fan_failure"]) == (1.0, 1.0)
    voice.error = BadAnswer("garbage")
    watched.visit()
    assert len(voice.losses) == 1, "what the device does wrong does"
