"""The client against an RTSP server that is not ours: GStreamer's, with a live picture behind HTTP Digest."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.cameras.camera import Camera
from agent.cameras.settings import CamerasSettings
from agent.device.account import Account
from agent.device.address import Endpoint
from agent.device.errors import AuthPaused, AuthRefused, Unreachable
from agent.device.manners import Manners
from agent.device.pause import Pauses
from agent.rtsp.client import NoSuchStream, RtspClient
from agent.rtsp.sdp import Video
from simulator import onvif
from tests.servers.rtsp import PASSWORD, PATH, USERNAME, RtspServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtspServer]:
    with RtspServer(tmp_path_factory.mktemp("rtsp")) as running:
        yield running


class Overheard:
    """A port that passes everything on to a server, and keeps what clients said."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._said = bytearray()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def said(self, words: bytes) -> int:
        """How often clients said it."""
        return bytes(self._said).count(words)

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target)) as behind:
            back = threading.Thread(target=self._pass_on, args=(behind, client, False), daemon=True)
            back.start()
            self._pass_on(client, behind, True)
            back.join()

    def _pass_on(self, source: socket.socket, target: socket.socket, keep: bool) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                if keep:
                    self._said += chunk
                target.sendall(chunk)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def overheard(server: RtspServer) -> Iterator[Overheard]:
    between = Overheard(server.port)
    yield between
    between.close()


def account(folder: Path, password: str = PASSWORD) -> Account:
    file = folder / "password"
    file.write_text(password)
    return Account(USERNAME, file)


def client(port: int, with_account: Account, pauses: Pauses | None = None) -> RtspClient:
    return RtspClient(Endpoint("127.0.0.1"), port, with_account, pauses=pauses or Pauses(), manners=Manners())


def test_the_right_password_shows_a_video(overheard: Overheard, tmp_path: Path) -> None:
    found = client(overheard.port, account(tmp_path)).describe(PATH)
    assert found.video == Video("JPEG", rate=10.0)
    assert found.account_shown
    assert (overheard.said(b"Authorization: Digest "), overheard.said(b"Basic")) == (1, 0)
    assert overheard.said(PASSWORD.encode()) == 0
    assert overheard.said(b"SETUP") == 0, "no stream begins"


def test_a_wrong_password_is_shown_exactly_once(overheard: Overheard, tmp_path: Path) -> None:
    pauses = Pauses()
    wrong = client(overheard.port, account(tmp_path, "guess"), pauses)
    with pytest.raises(AuthRefused, match="401 Unauthorized"):
        wrong.describe(PATH)
    for _ in range(2):
        with pytest.raises(AuthPaused):
            wrong.describe(PATH)
    assert overheard.said(b"Authorization:") == 1
    assert pauses.remaining(Endpoint("127.0.0.1"), USERNAME) > 1700


def test_another_path_is_no_stream(server: RtspServer, tmp_path: Path) -> None:
    with pytest.raises(NoSuchStream, match="404"):
        client(server.port, account(tmp_path)).describe("/other")


def test_a_server_that_went_is_unreachable(tmp_path: Path) -> None:
    with RtspServer(tmp_path) as gone:
        port = gone.port
    with pytest.raises(Unreachable):
        client(port, account(tmp_path)).describe(PATH)


@pytest.mark.parametrize(("path", "streaming"), [(PATH, 1.0), ("/other", 0.0)])
def test_a_camera_with_such_a_stream_is_streaming_or_not(
    path: str, streaming: float, server: RtspServer, tmp_path: Path
) -> None:
    with onvif.Camera(name="gate", username=USERNAME, password=PASSWORD) as device:
        device.wrong_stream = f"rtsp://127.0.0.1:{server.port}{path}"
        there = {"id": "gate", "host": device.host, "port": device.port, "rtsp_port": server.port, "tls_port": 0}
        file = account(tmp_path).password_file
        table = {"username": USERNAME, "password_file": file, "clock_samples": 1, "devices": [there]}
        settings = CamerasSettings.model_validate(table)
        camera = Camera(settings.devices[0], settings)
        values = camera.examine().values
        camera.release()
    assert (values["authenticated"], values["streaming"]) == (1.0, streaming)
    assert camera.entry().facts["codec"] == ("JPEG" if streaming else "H264"), "what is streamed is the stream's word"
