"""Whatever bytes a recorder sends, every parser gives records or a DeviceError, never another exception."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.device.errors import DeviceError
from agent.isapi import clock, deviceinfo, inputs, log, plans, search, smart, status, storage, users, working

PARSERS: list[tuple[Callable[[bytes], object], str]] = [
    (clock.read, "Time"),
    (clock.servers, "NTPServerList"),
    (deviceinfo.read, "DeviceInfo"),
    (inputs.proxied, "InputProxyChannelList"),
    (inputs.statuses, "InputProxyChannelStatusList"),
    (inputs.wired, "VideoInputChannelList"),
    (plans.read, "TrackList"),
    (storage.read, "storage"),
    (storage.extension, "storageExtension"),
    (smart.read, "SMARTTest"),
    (status.read, "DeviceStatus"),
    (users.read, "UserList"),
    (search.days, "trackDailyDistribution"),
    (lambda body: search.page(body, "101"), "CMSearchResult"),
    (log.page, "CMSearchResult"),
    (working.read, "ChanStatus"),
]
NAMES = (
    "id",
    "name",
    "hdd",
    "nas",
    "status",
    "capacity",
    "freeSpace",
    "Track",
    "TrackSchedule",
    "ScheduleAction",
    "ScheduleActionStartTime",
    "DayOfWeek",
    "TimeOfDay",
    "ScheduleActionEndTime",
    "Actions",
    "Record",
    "ActionRecordingMode",
    "searchMatchItem",
    "timeSpan",
    "startTime",
    "endTime",
    "logDescriptor",
    "metaId",
    "StartDateTime",
    "responseStatusStrg",
    "InputProxyChannel",
    "InputProxyChannelStatus",
    "online",
    "user",
    "VideoInputChannel",
    "resDesc",
    "day",
    "dayOfMonth",
    "record",
    "localTime",
    "timeZone",
    "timeMode",
    "User",
    "userName",
    "CPU",
    "cpuUtilization",
)
TEXTS = st.one_of(
    st.sampled_from(
        [
            "1",
            "101",
            "-1",
            "1" + "0" * 300,
            "1e999",
            "true",
            "MORE",
            "OK",
            "Monday",
            "00:00:00",
            "24:00:00",
            "2026-01-01T00:00:00Z",
            "1970-01-01T00:00:00Z",
            "CST-8:00:00",
            "log.x/Operation/login/1",
            "NO VIDEO",
            "ok",
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="<>&", exclude_categories=("Cc", "Cs")), max_size=12),
)
ELEMENTS = st.recursive(
    st.builds(lambda name, text: f"<{name}>{text}</{name}>", st.sampled_from(NAMES), TEXTS),
    lambda inner: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>", st.sampled_from(NAMES), st.lists(inner, max_size=5)
    ),
    max_leaves=12,
)


def tried(parser: Callable[[bytes], object], body: bytes) -> None:
    try:
        parser(body)
    except DeviceError as error:
        said = str(error)
    else:
        return
    assert "\n" not in said, "one line fit for a log"


@pytest.mark.parametrize(("parser", "_root"), PARSERS, ids=[f"{n}-{root}" for n, (_, root) in enumerate(PARSERS)])
@settings(max_examples=40, deadline=None)
@given(body=st.binary(max_size=300))
def test_any_bytes(parser: Callable[[bytes], object], _root: str, body: bytes) -> None:
    tried(parser, body)


@pytest.mark.parametrize(("parser", "root"), PARSERS, ids=[f"{n}-{root}" for n, (_, root) in enumerate(PARSERS)])
@settings(max_examples=30, deadline=None)
@given(parts=st.lists(ELEMENTS, max_size=4))
def test_any_document_of_the_right_name(parser: Callable[[bytes], object], root: str, parts: list[str]) -> None:
    tried(parser, f"<{root}>{''.join(parts)}</{root}>".encode())
