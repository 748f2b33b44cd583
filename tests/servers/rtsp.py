"""GStreamer's RTSP server: a test picture at `/main`, for an account shown by HTTP Digest."""

from collections.abc import Sequence
from pathlib import Path

from tests.servers.server import Server, ServerMissing

PATH = "/main"
USERNAME, PASSWORD = "watchkeeper", "secret"
PYTHON = Path("/usr/bin/python3")
"""The system's own: GStreamer's bindings are no package of ours."""

_PROGRAM = """
import sys
import gi
for name in ("Gst", "GstRtsp", "GstRtspServer"):
    gi.require_version(name, "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

port, path, username, password = sys.argv[1:]
Gst.init(None)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    "( videotestsrc is-live=true ! video/x-raw,format=I420,width=640,height=360,framerate=10/1"
    " ! jpegenc ! rtpjpegpay name=pay0 pt=26 )"
)
rights = GstRtspServer.RTSPPermissions()
for right in ("media.factory.access", "media.factory.construct"):
    rights.add_permission_for_role("viewer", right, True)
factory.set_permissions(rights)
viewer = GstRtspServer.RTSPToken()
viewer.set_string("media.factory.role", "viewer")
accounts = GstRtspServer.RTSPAuth()
accounts.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
accounts.add_digest(username, password, viewer)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(port)
server.set_auth(accounts)
server.get_mount_points().add_factory(path, factory)
if not server.attach(None):
    sys.exit("the port is taken")
GLib.MainLoop().run()
"""


class RtspServer(Server):
    """On a loopback port; JPEG, 640x360, 10 frames a second."""

    name = "rtsp"

    def command(self) -> Sequence[str]:
        if not PYTHON.exists():
            raise ServerMissing("python3 and GStreamer's RTSP server are not installed: run `make servers`")
        return [str(PYTHON), "-c", _PROGRAM, str(self.port), PATH, USERNAME, PASSWORD]
