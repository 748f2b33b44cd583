"""What a device says when it refuses: a ResponseStatus (XML, or JSON), or userCheck under a 401.

`statusCode`: 1 OK, 2 busy, 3 device error, 4 invalid operation, 5 and 6 bad XML, 7 reboot wanted. `subStatusCode` says
why; of a path that does not exist firmware says `notSupport` under status 403, which alone would mean a missing right.
"""

import json

from lxml import etree

from agent.device.errors import AuthRefused, BadAnswer, DeviceError, Forbidden, Unsupported
from agent.device.text import printable
from agent.device.xml import parse
from agent.isapi.element import name, number, text

MAX_BODY = 64 * 1024
_MAX_MARKUP = 400
_UNSUPPORTED = ("notsupport", "methodnotallowed", "invalidoperation", "notimplement")
_FORBIDDEN = ("lowprivilege", "privilege", "permission", "norights")
_LOCKED = ("lock", "locked")


def explain(status: int, body: bytes) -> DeviceError | None:
    """What the body of a refusal says; None where it says nothing of its own."""
    if not body or len(body) > MAX_BODY:
        return None
    if body.lstrip()[:1] == b"{":
        return _of_json(body)
    try:
        root = parse(body, _MAX_MARKUP)
    except BadAnswer:
        return None  # a web page for people: the status says it all
    if name(root) == "usercheck":
        return _of_user_check(root)
    return of_document(root)


def of_document(root: etree._Element) -> DeviceError | None:
    """What a ResponseStatus says; None for any other document, and where it says that all is well."""
    if name(root) != "responsestatus":
        return None
    return _meaning(text(root, "statuscode"), text(root, "statusstring"), text(root, "substatuscode"))


def _of_json(body: bytes) -> DeviceError | None:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    code, said, sub = (printable(told.get(key)) for key in ("statusCode", "statusString", "subStatusCode"))
    return _meaning(code, said, sub) if code or sub else None


def _meaning(code: str, said: str, sub: str) -> DeviceError | None:
    if code in ("0", "1") and sub.lower() in ("", "ok"):
        return None
    words = " ".join(part for part in (said, f"({sub})" if sub else "") if part) or f"status code {code}"
    reason = f"{sub} {said}".lower().replace(" ", "")
    if any(word in reason for word in _FORBIDDEN):
        return Forbidden(f"the account lacks the right: {words}")
    if any(word in reason for word in _UNSUPPORTED):
        return Unsupported(words)
    return BadAnswer(f"says {words}")


def _of_user_check(root: etree._Element) -> DeviceError:
    """Under a 401. A 401 may also mean that all sessions are taken: then neither lock nor tries are told."""
    if text(root, "lockstatus").lower() in _LOCKED:
        seconds = number(text(root, "unlocktime"), 1, 86_400)
        return AuthRefused("the account is locked" + (f" for {seconds / 60:.0f} min more" if seconds else ""))
    left = number(text(root, "retrylogintime"), 0, 100)
    if left is not None:
        return AuthRefused(f"wrong account or password, {left:.0f} tries until it is locked")
    return AuthRefused("wrong account or password, or all its sessions are taken")
