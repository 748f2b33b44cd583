import pytest

from agent.device.errors import BadAnswer
from agent.isapi import inputs
from agent.recorder.model import Input

CHANNELS = b"""<?xml version="1.0" encoding="UTF-8"?>
<InputProxyChannelList version="1.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">
<InputProxyChannel><id>1</id><name>\xe5\xa4\xa7\xe9\x97\xa8</name><sourceInputPortDescriptor>
<proxyProtocol>HIKVISION</proxyProtocol><ipAddress>10.0.0.21</ipAddress><managePortNo>8000</managePortNo>
<srcInputPort>1</srcInputPort><userName>admin</userName><serialNumber>SIM123</serialNumber>
<macAddress>c0:56:e3:aa:bb:cc</macAddress></sourceInputPortDescriptor></InputProxyChannel>
<InputProxyChannel><id>2</id><name>IPCamera 02</name><sourceInputPortDescriptor><ipAddress>192.168.254.3</ipAddress>
<connMode>plugplay</connMode></sourceInputPortDescriptor></InputProxyChannel>
<InputProxyChannel><id>3</id><name>Yard</name><sourceInputPortDescriptor><ipAddress>192.168.254.4</ipAddress>
<model>DS-2CD</model><connMode>plugplay</connMode></sourceInputPortDescriptor></InputProxyChannel>
<InputProxyChannel><id>4</id><name>IPCamera 04</name><sourceInputPortDescriptor><ipAddress>0.0.0.0</ipAddress>
</sourceInputPortDescriptor></InputProxyChannel>
<InputProxyChannel><name>without an id</name></InputProxyChannel>
</InputProxyChannelList>"""

STATUS = b"""<hik:InputProxyChannelStatusList xmlns:hik="http://www.isapi.org/ver20/XMLSchema">
<hik:InputProxyChannelStatus><hik:id>1</hik:id><hik:online>true</hik:online></hik:InputProxyChannelStatus>
<hik:InputProxyChannelStatus><hik:id>2</hik:id><hik:online>false</hik:online></hik:InputProxyChannelStatus>
<hik:InputProxyChannelStatus><hik:id>3</hik:id><hik:chanDetectResult>netUnreachable</hik:chanDetectResult>
</hik:InputProxyChannelStatus>
<hik:InputProxyChannelStatus><hik:id>4</hik:id><hik:online>false</hik:online></hik:InputProxyChannelStatus>
<hik:InputProxyChannelStatus><hik:id>5</hik:id></hik:InputProxyChannelStatus>
</hik:InputProxyChannelStatusList>"""


def test_network_channels_with_their_cameras() -> None:
    first, *others = inputs.proxied(CHANNELS)
    assert first.input == Input("1", "大门", address="10.0.0.21", serial="SIM123", mac="c0:56:e3:aa:bb:cc")
    assert [slot.input.token for slot in others] == ["2", "3", "4"]


def test_slots_that_nothing_was_ever_connected_to_are_not_listed() -> None:
    told = inputs.listed(inputs.proxied(CHANNELS), inputs.statuses(STATUS))
    assert [(one.token, one.online) for one in told] == [("1", True), ("3", False), ("5", None)]


def test_a_slot_counts_as_soon_as_a_camera_hangs_on_it() -> None:
    told = inputs.listed(inputs.proxied(CHANNELS), {"2": True})
    assert [(one.token, one.name, one.address) for one in told] == [("2", "IPCamera 02", "192.168.254.3")]


def test_analogue_channels_by_their_signal() -> None:
    body = (
        b"<VideoInputChannelList><VideoInputChannel><id>1</id><name>Entrance</name><videoInputEnabled>true"
        b"</videoInputEnabled><resDesc>2560*1440(4MP)P30</resDesc></VideoInputChannel>"
        b"<VideoInputChannel><id>2</id><name>Camera 02</name><resDesc>NO VIDEO</resDesc></VideoInputChannel>"
        b"<VideoInputChannel><id>3</id><videoInputEnabled>false</videoInputEnabled></VideoInputChannel>"
        b"<VideoInputChannel><id>4</id><name>Older</name></VideoInputChannel></VideoInputChannelList>"
    )
    assert inputs.wired(body) == [
        Input("1", "Entrance", True, False),
        Input("2", "Camera 02", False, True),
        Input("4", "Older", None, None),
    ]


def test_more_channels_than_any_recorder_has_are_cut() -> None:
    body = b"<InputProxyChannelStatusList>%s</InputProxyChannelStatusList>"
    one = b"<InputProxyChannelStatus><id>%d</id><online>true</online></InputProxyChannelStatus>"
    assert len(inputs.statuses(body % b"".join(one % number for number in range(1, 1000)))) == inputs.MAX_INPUTS
    with pytest.raises(BadAnswer, match="tags"):
        inputs.statuses(body % b"".join(one % number for number in range(1, 100_001)))


def test_a_channel_told_twice_is_one() -> None:
    one = b"<InputProxyChannel><id>1</id><name>%s</name></InputProxyChannel>"
    told = inputs.proxied(b"<InputProxyChannelList>" + one % b"a" + one % b"b" + b"</InputProxyChannelList>")
    assert [slot.input.name for slot in told] == ["a"]
