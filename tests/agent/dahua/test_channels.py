import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.dahua import channels
from agent.dahua.channels import Remote
from agent.dahua.table import parse, rows
from agent.device.errors import BadAnswer
from agent.recorder.model import Input

SLOT = "table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_"


def test_names_by_index() -> None:
    body = (
        b"table.ChannelTitle[1].Name=Garage\r\ntable.ChannelTitle[0].Name=Main\tGate\r\ntable.ChannelTitle[300].Name=x"
    )
    assert channels.titles(parse(body)) == {0: "MainGate", 1: "Garage"}


def test_cameras_in_slots_without_the_marks_of_empty_ones() -> None:
    lines = [
        f"{SLOT}0.Address=192.168.20.21",
        f"{SLOT}0.Enable=true",
        f"{SLOT}0.Mac=08-ED-ED-28-8F-97",
        f"{SLOT}0.SerialNo=6L08ABC",
        f"{SLOT}0.VideoInputs[0].Name=x",
        f"{SLOT}7.Address=192.168.0.0",
        f"{SLOT}7.Enable=false",
        f"{SLOT}7.Mac=ff:ff:ff:ff:ff:ff",
        "table.RemoteDevice[9].Enable=true",
        "table.RemoteDevice[9].Address=gate.example",
        f"{SLOT}999999.Enable=true",
    ]
    assert channels.remotes(parse("\n".join(lines).encode())) == {
        0: Remote(True, "192.168.20.21", "6L08ABC", "08:ed:ed:28:8f:97"),
        7: Remote(False),
        9: Remote(True),
    }


def test_connections_from_either_kind_of_answer() -> None:
    body = b"""
states[0].channel=0
states[0].connectionState=Connected
states[1].Channel=3
states[1].ConnectionState=Empty
"""
    told = rows(parse(body), "states")
    known = [{"channel": 0, "connectionState": "Connected"}, {"channel": 3, "connectionState": "Empty"}]
    listed = [*known, 5, {"channel": -1}]
    assert channels.states(told) == channels.states(listed) == {0: "connected", 3: "empty"}
    assert channels.states(None) == channels.states({"a": 1}) == {}


def test_indexes_without_a_picture() -> None:
    assert channels.lost(parse(b"channels[0]=4\r\nchannels[1]=0\r\nchannels[2]=-1\r\nchannels[3]=99999")) == {0, 4}


def test_a_channel_is_listed_when_something_is_connected_to_it() -> None:
    named = {0: "Gate", 1: "Hall", 2: "", 3: "CAM 4", 4: "CAM 5", 5: "Analogue"}
    cameras = {
        0: Remote(True, "10.0.0.1", "S1", "08:00:00:00:00:01"),
        1: Remote(True, "10.0.0.2"),
        2: Remote(True, "10.0.0.3"),  # removed: its slot stays set up, but the recorder says that it is empty
        3: Remote(False),
        4: Remote(True),
    }
    connected = {0: "connected", 1: "unconnect", 2: "empty", 4: "who knows"}
    assert channels.inputs(named, cameras, connected, {1}) == [
        Input("1", "Gate", True, False, "10.0.0.1", "S1", "08:00:00:00:00:01"),
        Input("2", "Hall", False, True, "10.0.0.2"),
        Input("5", "CAM 5", None, False),
        Input("6", "Analogue", None, False),
    ]


def test_what_was_not_told_is_left_open() -> None:
    assert channels.inputs({0: "Gate"}, {}, {}, None) == [Input("1", "Gate", None, None)]
    assert channels.inputs({}, {}, {7: "connected"}, set()) == [Input("8", "", True, False)]


def test_recording_by_the_state_of_the_main_stream() -> None:
    told = [{"Main": {"State": 1}}, {"Main": {"State": 0}}, {"Main": {"State": 2}}, {"Main": 1}, None, {"Extra1": {}}]
    assert channels.recording(told) == {"1": True, "2": False}
    assert channels.recording({"Main": 1}) == channels.recording(None) == {}


@pytest.mark.parametrize("token", ["0", "257", "-1", "x", "", "1" * 5000])
def test_a_token_that_is_none_of_ours(token: str) -> None:
    with pytest.raises(BadAnswer, match="no channel"):
        channels.index_of(token)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["channel", "connectionState", "Main", "State"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON)
def test_any_json_gives_states_and_recordings(told: object) -> None:
    assert all(0 <= index < 256 for index in channels.states(told))
    assert set(channels.recording(told).values()) <= {True, False}


@given(
    st.lists(st.tuples(st.sampled_from(["0.Enable", "1.Address", "2.Mac", "1.SerialNo", "99.X"]), st.text(max_size=9)))
)
def test_any_values_give_cameras(pairs: list[tuple[str, str]]) -> None:
    body = "\n".join(f"{SLOT}{key}={value}" for key, value in pairs).encode(errors="replace")
    found = channels.inputs({}, channels.remotes(parse(body)), {}, None)
    assert all(one.token.isdecimal() for one in found)
