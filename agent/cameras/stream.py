"""A camera's main stream: where it is, and whether it is described there."""

from typing import TYPE_CHECKING

from agent.cameras.answers import StreamAddress, stream_address
from agent.cameras.settings import CameraSettings, CamerasSettings
from agent.device.errors import BadAnswer, TimedOut, Unreachable, Unsupported

if TYPE_CHECKING:
    from agent.onvif.client import Call, OnvifClient
    from agent.rtsp.client import Described

NOT_STREAMING = (Unreachable, TimedOut, BadAnswer, Unsupported)
"""What says that there is no stream. A refusal says nothing of it."""


class MainStream:
    """The address is the configured one, or the camera's word: asked once, and only its path is used. Behind another
    port may be another device, whose account a refused login would lock."""

    def __init__(self, device: CameraSettings, settings: CamerasSettings) -> None:
        self._device = device
        self._settings = settings
        self._told: StreamAddress | None = None

    def forget(self) -> None:
        """The camera may be another one now, or be set up otherwise."""
        self._told = None

    def locate(self, client: "OnvifClient", profile: str | None) -> StreamAddress | None:
        """Where it is, None where that cannot be asked. Raises DeviceError; PasswordMissing."""
        if self._device.stream is not None:
            return StreamAddress(self._device.host, self._device.rtsp_port, self._device.stream)
        if self._told is None and profile is not None:
            self._told = stream_address(client.ask_raw(_call(client, profile)))
        return self._told

    def describe(self, where: StreamAddress) -> "Described":
        """Ask for its description. Raises DeviceError; PasswordMissing."""
        from agent.rtsp.client import RtspClient

        device, settings = self._device, self._settings
        client = RtspClient(
            device.endpoint,
            device.rtsp_port,
            settings.account(device),
            timeout=settings.device_timeout_seconds,
            max_requests=settings.max_requests_per_hour,
            pause_seconds=settings.pause_seconds,
        )
        try:
            return client.describe(where.path, known_as=(where.host,))
        except NOT_STREAMING as error:
            self.forget()
            if where.port != device.rtsp_port:
                hint = f"the camera tells port {where.port} for its streams, rtsp_port is {device.rtsp_port}"
                raise type(error)(f"{error}; {hint}") from None
            raise


def _call(client: "OnvifClient", profile: str) -> "Call":
    from agent.onvif.client import Call

    setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
    parameters = {"StreamSetup": setup, "ProfileToken": profile}
    return Call("media", "GetStreamUri", client.address("media"), parameters)
