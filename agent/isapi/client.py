"""ISAPI's requests: read only, one at a time, answers as bytes for the parsers beside this module."""

import uuid

from agent.device.account import Account
from agent.device.address import Endpoint
from agent.device.errors import AuthPaused, BadAnswer, CredentialsWanted
from agent.device.http import DeviceHttp
from agent.device.manners import MANNERS, Manners
from agent.device.pause import PAUSES, Pauses
from agent.isapi.refusal import explain

_JPEG = b"\xff\xd8\xff"


class IsapiClient:
    """One device. Every call raises DeviceError or PasswordMissing."""

    def __init__(
        self,
        endpoint: Endpoint,
        account: Account | None,
        *,
        timeout: float,
        max_bytes: int,
        max_requests: int,
        pause_seconds: float,
        pauses: Pauses = PAUSES,
        manners: Manners = MANNERS,
    ) -> None:
        self.http = DeviceHttp(
            endpoint,
            account,
            timeout=timeout,
            max_bytes=max_bytes,
            max_requests=max_requests,
            pause_seconds=pause_seconds,
            pauses=pauses,
            manners=manners,
            explain=explain,
        )

    def get(self, path: str) -> bytes:
        """The document at a path below /ISAPI."""
        return self.http.get(f"/ISAPI/{path}").body

    def get_open(self, path: str) -> bytes:
        """The same, without the account while that rests. Raises AuthPaused where the device then does not tell it."""
        try:
            return self.get(path)
        except AuthPaused as paused:
            try:
                return self.http.get(f"/ISAPI/{path}", anonymous=True).body
            except CredentialsWanted:
                raise paused from None

    def ask(self, path: str, body: bytes) -> bytes:
        """The answer to a search: a POST that changes nothing."""
        return self.http.send("POST", f"/ISAPI/{path}", body, content_type="application/xml").body

    def picture(self, path: str) -> bytes:
        """The JPEG at a path. Some firmware calls it a web page, and answers with nothing where a camera is offline."""
        body = self.get(path)
        if not body.startswith(_JPEG):
            raise BadAnswer(f"{self.http.endpoint} {path}: {len(body)} bytes that are no JPEG")
        return body


def search_id() -> str:
    """For a new search: its pages are asked for under the same one."""
    return f"{{{str(uuid.uuid4()).upper()}}}"
