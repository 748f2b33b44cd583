import pytest
from lxml import etree

from agent.device.errors import AuthPaused, BadAnswer, DeviceError, HeldBack
from agent.onvif import envelope


@pytest.mark.parametrize("kind", [DeviceError, BadAnswer, AuthPaused, HeldBack])
def test_what_a_device_says_of_an_error_commands_no_terminal_and_begins_no_line(kind: type[DeviceError]) -> None:
    assert str(kind("HTTP 500 \x1b]0;owned\x07\r\nsecond \x9b31m line 坏")) == "HTTP 500 ]0;ownedsecond 31m line 坏"
    assert len(str(kind("x" * 10_000))) == 500


def test_a_fault_is_told_in_one_printable_line() -> None:
    text = "no\x9b31m\nwatchkeeper-agent: all is well"
    fault = etree.fromstring(f"<f><faultcode>a\x9bb</faultcode><faultstring>{text}</faultstring></f>")
    with pytest.raises(BadAnswer) as error:
        envelope.raise_fault(fault, credentials_sent=False)
    assert str(error.value) == "fault ab: no31mwatchkeeper-agent: all is well"
