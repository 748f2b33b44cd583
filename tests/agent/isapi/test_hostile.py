"""Recorders that are broken or evil: each a state, none a crash, and quickly over."""

import time
from collections.abc import Callable

import pytest

from agent.device.errors import BadAnswer, DeviceError, TimedOut
from agent.isapi.speaker import IsapiSpeaker
from simulator.device.server import Answer, Misbehaviour
from tests.agent.isapi.recorders import NOON, Bench
from tests.waiting import answer_of

CALLS: dict[str, Callable[[IsapiSpeaker], object]] = {
    "device_time": lambda s: s.device_time(),
    "inputs": lambda s: s.inputs(),
    "extent": lambda s: s.extent("1"),
    "recording": lambda s: s.recording(),
    "snapshot": lambda s: s.snapshot("1"),
}


@pytest.mark.parametrize("how", list(Misbehaviour))
@pytest.mark.parametrize("name", list(CALLS))
def test_every_misbehaviour_is_a_state(bench: Bench, how: Misbehaviour, name: str) -> None:
    impatient = bench.another(timeout=0.3)
    bench.recorder.misbehaviour = how
    start = time.monotonic()
    with pytest.raises(DeviceError):
        CALLS[name](impatient)
    assert time.monotonic() - start < 10
    assert not impatient.paused
    bench.recorder.misbehaviour = None
    assert answer_of(impatient.device_time, though=DeviceError) == NOON, "and once it is well again, so are we"
    impatient.release()


def test_a_redirect_is_not_followed(bench: Bench) -> None:
    bench.recorder.misbehaviour = Misbehaviour.REDIRECT
    with pytest.raises(BadAnswer, match="redirects"):
        bench.speaker.identity()


def test_a_device_that_hangs_is_timed_out(bench: Bench) -> None:
    impatient = bench.another(timeout=0.2)
    bench.recorder.misbehaviour = Misbehaviour.HANG
    with pytest.raises(TimedOut):
        impatient.identity()


def channels(count: int, kind: str) -> bytes:
    one = f"<{kind}><id>%d</id><online>true</online><name>n</name></{kind}>"
    return f"<{kind}List>{''.join(one % number for number in range(1, count + 1))}</{kind}List>".encode()


def test_a_list_of_a_hundred_thousand_channels_is_refused(bench: Bench) -> None:
    path = "ContentMgmt/InputProxy/channels/status"
    bench.recorder.instead[path] = lambda _: Answer(200, {}, channels(100_000, "InputProxyChannelStatus"))
    with pytest.raises(BadAnswer, match="bytes"):
        bench.speaker.inputs()
    patient = bench.another(max_bytes=64 * 2**20)
    with pytest.raises(BadAnswer, match="tags"):
        patient.inputs()
    patient.release()


def test_a_list_of_a_thousand_channels_is_cut(bench: Bench) -> None:
    path = "ContentMgmt/InputProxy/channels"
    bench.recorder.instead[path] = lambda _: Answer(200, {}, channels(1000, "InputProxyChannel"))
    bench.recorder.instead[f"{path}/status"] = lambda _: Answer(200, {}, channels(1000, "InputProxyChannelStatus"))
    assert len(bench.speaker.inputs()) == 256


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 418, 500])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\xff" * 50,
        b"<html><body>Login</body></html>",
        b"<ResponseStatus><statusCode>4</statusCode><subStatusCode>\xe2\x80\xae\x1b[31m</subStatusCode></ResponseStatus>",
        b"<ResponseStatus><statusCode>" + b"9" * 5000 + b"</statusCode></ResponseStatus>",
        b"<userCheck><lockStatus>lock</lockStatus><unlockTime>" + b"9" * 400 + b"</unlockTime></userCheck>",
        b'{"statusCode": ' + b"9" * 5000 + b"}",
    ],
    ids=range(7),
)
def test_whatever_it_says_under_any_status(bench: Bench, status: int, body: bytes) -> None:
    bench.recorder.instead["System/deviceInfo"] = lambda _: Answer(status, {}, body)
    with pytest.raises(DeviceError) as raised:
        bench.speaker.identity()
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 1000
    assert bench.speaker.paused == (status == 401 or (b"userCheck" in body and status != 200))


def test_numbers_beyond_all_bounds_are_not_told(bench: Bench) -> None:
    huge = b"1" + b"0" * 300
    drive = b"<hdd><id>1</id><status>ok</status><capacity>-4</capacity><freeSpace>" + huge + b"</freeSpace></hdd>"
    bench.recorder.instead["ContentMgmt/Storage"] = lambda _: Answer(200, {}, b"<storage>" + drive + b"</storage>")
    [told] = bench.speaker.storage().drives
    assert (told.size_bytes, told.free_bytes) == (None, None)
    status = b"<DeviceStatus><deviceUpTime>" + huge + b"</deviceUpTime></DeviceStatus>"
    bench.recorder.instead["System/status"] = lambda _: Answer(200, {}, status)
    assert bench.speaker.condition().uptime_seconds is None


def test_a_log_that_never_ends_ends(bench: Bench) -> None:
    line = (
        "<searchMatchItem><logDescriptor><metaId>log.x/Operation/login</metaId>"
        "<StartDateTime>2026-07-15T11:59:00Z</StartDateTime></logDescriptor></searchMatchItem>"
    )
    body = f"<CMSearchResult><responseStatusStrg>MORE</responseStatusStrg>{line}</CMSearchResult>".encode()
    bench.recorder.instead["ContentMgmt/logSearch"] = lambda _: Answer(200, {}, body)
    with bench.counted() as asked, pytest.raises(BadAnswer, match="more lines than can be read"):
        bench.speaker.log(NOON - 3600, NOON)
    assert asked["ContentMgmt/logSearch"] <= 96
