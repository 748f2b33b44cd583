"""Where pictures come from: a camera over ONVIF, or a recorder in its own language."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from agent.device.address import Endpoint
from agent.device.errors import BadAnswer, DeviceError, Forbidden, Interrupted, Unsupported
from agent.device.http import DeviceHttp
from agent.device.manners import MANNERS
from agent.device.settings import DeviceSettings, GuestSettings
from agent.device.workers import apart
from agent.pictures.header import MAX_BYTES
from agent.recorder.languages import speaker
from agent.recorder.settings import RecorderSettings, RecordersSettings

if TYPE_CHECKING:
    from lxml import etree

    from agent.onvif.client import OnvifClient
    from agent.recorder.speaker import Speaker

LOOK_UP_SECONDS = 86_400.0
"""How often a camera is asked anew who it is and where its pictures are."""
_WIDE_ENOUGH = 1280
"""The smallest profile at least this wide is asked for a picture: more is only more to send."""
_MAX_TOKEN = 200


class Source(Protocol):
    """One device that gives pictures. For one thread at a time; only `interrupt` may come from another."""

    def picture(self, token: str) -> bytes:
        """A JPEG of this channel (a camera has one: its token is not looked at), of at most MAX_BYTES. Raises
        DeviceError, PasswordMissing."""
        ...

    @property
    def identity(self) -> str:
        """Which camera the last picture is of, empty where that is not known."""
        ...

    def release(self) -> None:
        """Close idle connections."""
        ...

    def forget(self) -> None:
        """It may be another device now."""
        ...

    def interrupt(self) -> None:
        """From another thread: end the call under way, and every further one."""
        ...


class CameraSource:
    """A camera: asked once a day over ONVIF who it is and where its pictures are, else only for the picture.

    The ONVIF client lives no longer than its question: one for each camera would take the agent's memory.
    """

    def __init__(
        self,
        camera: DeviceSettings,
        settings: GuestSettings,
        timeout: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._camera = camera
        self._settings = settings
        self._timeout = timeout
        self._monotonic = monotonic
        self._identity = ""
        self._http: DeviceHttp | None = None
        self._path = ""
        self._due = 0.0
        self._client: OnvifClient | None = None
        self._severed = False

    def picture(self, token: str) -> bytes:
        """See Source."""
        if self._http is None or self._monotonic() >= self._due:
            apart(self._look_up)
        http = self._http
        if http is None or self._severed:
            raise Interrupted("interrupted")
        try:
            with self._turn(http.endpoint):
                return http.get(self._path, max_bytes=MAX_BYTES).body
        except DeviceError:
            # Some addresses hold until the next boot only: the next time it is asked for anew.
            self._http = None
            raise

    @property
    def identity(self) -> str:
        """See Source."""
        return self._identity

    def release(self) -> None:
        """See Source."""
        if self._http is not None:
            self._http.release()

    def forget(self) -> None:
        """See Source."""
        self.release()
        self._http = None

    def interrupt(self) -> None:
        """See Source."""
        self._severed = True
        if self._client is not None:
            self._client.interrupt()
        if self._http is not None:
            self._http.session.interrupt()

    def _look_up(self) -> None:
        from agent.onvif.client import OnvifClient

        settings, endpoint = self._settings, self._camera.endpoint
        client = self._client = OnvifClient(
            endpoint,
            settings.account(self._camera),
            timeout=self._timeout,
            max_bytes=settings.max_answer_bytes,
            max_requests=settings.max_requests_per_hour,
            pause_seconds=settings.pause_seconds,
        )
        if self._severed:
            raise Interrupted("interrupted")
        try:
            self._identify(client)
            self._aim(endpoint.follow(snapshot_address(client)))
        finally:
            self._client = None
            client.release()
        self._due = self._monotonic() + LOOK_UP_SECONDS

    def _identify(self, client: "OnvifClient") -> None:
        if client.account is None:
            return
        try:
            told = client.information()
        except (Unsupported, BadAnswer, Forbidden):  # its pictures are another question
            return
        self._identity = " ".join((told.manufacturer, told.model, told.serial, told.firmware)).strip()

    def _aim(self, url: str) -> None:
        settings, endpoint = self._settings, self._camera.endpoint
        parts = urlsplit(url)
        self._path = parts.path + (f"?{parts.query}" if parts.query else "")
        self._http = DeviceHttp(
            endpoint.at(url),
            settings.account(self._camera),
            timeout=self._timeout,
            max_bytes=MAX_BYTES,
            max_requests=settings.max_requests_per_hour,
            pause_seconds=settings.pause_seconds,
            also=(endpoint,),
        )

    @contextlib.contextmanager
    def _turn(self, endpoint: Endpoint) -> Iterator[None]:
        """Another port of the host is the same camera: it has our turn at its own, too."""
        if endpoint == self._camera.endpoint:
            yield
            return
        manner = MANNERS.of(self._camera.endpoint)
        manner.spend(self._settings.max_requests_per_hour)
        with manner.turn(self._timeout, lambda: self._severed):
            yield


class RecorderSource:
    """A recorder, asked for the pictures of all its channels over one connection."""

    def __init__(self, recorder: RecorderSettings, settings: RecordersSettings, timeout: float) -> None:
        self._recorder = recorder
        self._settings = settings
        self._timeout = timeout
        self._speaker: Speaker | None = None
        self._severed = False

    def picture(self, token: str) -> bytes:
        """See Source."""
        language = self._made()
        if self._severed:
            raise Interrupted("interrupted")
        body = apart(lambda: language.snapshot(token))
        if len(body) > MAX_BYTES:
            raise BadAnswer(f"a picture of {len(body)} bytes, {MAX_BYTES} are taken")
        return body

    @property
    def identity(self) -> str:
        """See Source. Cameras behind a recorder do not say who they are: nothing is asked about them here."""
        return ""

    def release(self) -> None:
        """See Source."""
        if self._speaker is not None:
            self._speaker.release()

    def forget(self) -> None:
        """See Source."""
        if self._speaker is not None:
            self._speaker.forget()

    def interrupt(self) -> None:
        """See Source."""
        self._severed = True
        if self._speaker is not None:
            self._speaker.interrupt()

    def tokens(self) -> list[str]:
        """Every channel it lists now. Raises DeviceError, PasswordMissing."""
        language = self._made()
        return apart(lambda: [one.token for one in language.inputs()])

    def _made(self) -> "Speaker":
        if self._speaker is None:
            self._speaker = speaker(
                self._recorder.speaks,
                self._recorder.endpoint,
                self._settings.account(self._recorder),
                timeout=self._timeout,
                max_bytes=MAX_BYTES,
                max_requests=self._settings.max_requests_per_hour,
                pause_seconds=self._settings.pause_seconds,
            )
        return self._speaker


def snapshot_address(client: "OnvifClient") -> str:
    """Where a camera says its picture is. Raises DeviceError, PasswordMissing."""
    from agent.onvif.client import Call

    media = client.address("media")
    profile = chosen_profile(client.ask_raw(Call("media", "GetProfiles", media)))
    answer = client.ask_raw(Call("media", "GetSnapshotUri", media, {"ProfileToken": profile}))
    address = (answer.findtext(".//{*}MediaUri/{*}Uri") or "").strip()
    if not address:
        raise BadAnswer("tells no address of its pictures")
    return address


def chosen_profile(answer: "etree._Element") -> str:
    """The token of the smallest profile that is large enough, else of the largest; of equals the first told.

    Raises BadAnswer where no profile is told.
    """
    found = []
    for profile in answer.iter("{*}Profiles"):
        token = profile.get("token", "")
        width = (profile.findtext("{*}VideoEncoderConfiguration/{*}Resolution/{*}Width") or "").strip()
        if token and len(token) <= _MAX_TOKEN:
            found.append((int(width) if width.isdecimal() and len(width) < 6 else 0, token))
    enough = [one for one in found if one[0] >= _WIDE_ENOUGH]
    if enough:
        return min(enough, key=lambda one: one[0])[1]
    if not found:
        raise BadAnswer("tells no media profiles")
    return max(found, key=lambda one: one[0])[1]
