import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.device.errors import AuthRefused, BadAnswer, DeviceError, Forbidden, Unsupported
from agent.isapi.refusal import explain


def status(code: int, string: str, sub: str) -> bytes:
    return (
        '<ResponseStatus version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema"><requestURL>/ISAPI/x</requestURL>'
        f"<statusCode>{code}</statusCode><statusString>{string}</statusString>"
        f"<subStatusCode>{sub}</subStatusCode></ResponseStatus>"
    ).encode()


@pytest.mark.parametrize(
    ("code", "string", "sub", "error"),
    [
        (4, "Invalid Operation", "notSupport", Unsupported),
        (4, "Invalid Operation", "methodNotAllowed", Unsupported),
        (4, "Invalid Operation", "invalidOperation", Unsupported),
        (4, "Invalid Operation", "", Unsupported),
        (4, "Invalid Operation", "lowPrivilege", Forbidden),
        (4, "No permission", "", Forbidden),
        (2, "Device Busy", "deviceBusy", BadAnswer),
        (3, "Device Error", "", BadAnswer),
        (6, "Invalid XML Content", "badParameters", BadAnswer),
    ],
)
def test_a_status_is_a_state(code: int, string: str, sub: str, error: type[DeviceError]) -> None:
    found = explain(403, status(code, string, sub))
    assert type(found) is error
    assert string in str(found)


def test_the_same_in_json() -> None:
    body = b'{"statusCode": 4, "statusString": "Invalid Operation", "subStatusCode": "notSupport", "errorCode": 1}'
    assert type(explain(403, body)) is Unsupported


@pytest.mark.parametrize("body", [status(1, "OK", "ok"), b"", b"<html/>", b"not found", b"{}", b"{", b'{"a":' * 9000])
def test_what_says_nothing_of_its_own_leaves_it_to_the_http_status(body: bytes) -> None:
    assert explain(404, body) is None


def test_a_locked_account_says_for_how_long() -> None:
    body = b"<userCheck><lockStatus>lock</lockStatus><unlockTime>1740</unlockTime></userCheck>"
    found = explain(401, body)
    assert type(found) is AuthRefused
    assert str(found) == "the account is locked for 29 min more"


def test_tries_that_are_left_are_told() -> None:
    body = (
        b"<userCheck><statusString>Unauthorized</statusString><lockStatus>unlock</lockStatus>"
        b"<retryLoginTime>4</retryLoginTime></userCheck>"
    )
    assert "4 tries until it is locked" in str(explain(401, body))
    assert (
        str(explain(401, b"<userCheck><unlockTime>99999999999</unlockTime></userCheck>"))
        == "wrong account or password, or all its sessions are taken"
    )


@settings(deadline=None)
@given(st.integers(100, 599), st.binary(max_size=400))
def test_any_bytes_are_an_error_or_none(code: int, body: bytes) -> None:
    found = explain(code, body)
    assert found is None or isinstance(found, DeviceError)
