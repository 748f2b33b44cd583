import pytest

from agent.device.address import Endpoint
from agent.device.errors import AuthPaused
from agent.device.pause import Pauses

NVR = Endpoint("10.0.0.7", 80)


def test_a_pause_is_of_one_account_at_one_device_and_ends() -> None:
    now = 0.0
    pauses = Pauses(lambda: now)
    pauses.start(NVR, "wk", 1800)
    with pytest.raises(AuthPaused, match="'wk' was refused, next try in 30 min"):
        pauses.check(NVR, "wk")
    pauses.check(NVR, "other")
    pauses.check(Endpoint("10.0.0.8", 80), "wk")
    now = 1799.0
    assert pauses.remaining(NVR, "wk") == 1
    now = 1800.0
    pauses.check(NVR, "wk")
