"""The media service: video sources, profiles, and where a snapshot would be."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from lxml import etree

from simulator.onvif.soap import TRT, TT, Fault, Request, element


class Source(NamedTuple):
    """A video source: its token and a name for people."""

    token: str
    name: str


class MediaService:
    """`sources` is asked at every call, so what it returns may change."""

    namespace = TRT
    capability = "Media"
    path = "/onvif/media_service"

    def __init__(self, sources: Callable[[], Sequence[Source]], xaddr: Callable[[str], str]) -> None:
        self._sources = sources
        self._xaddr = xaddr

    def handle(self, request: Request) -> etree._Element | None:
        """See Service."""
        if request.namespace != TRT:
            return None
        if request.operation == "GetVideoSources":
            return element(TRT, "GetVideoSourcesResponse", *(_video_source(s) for s in self._sources()))
        if request.operation == "GetProfiles":
            return element(TRT, "GetProfilesResponse", *(_profile(s) for s in self._sources()))
        if request.operation == "GetSnapshotUri":
            return self._snapshot(request.text("ProfileToken") or "")
        return None

    def _snapshot(self, profile: str) -> etree._Element:
        if profile not in {f"{source.token}-main" for source in self._sources()}:
            raise Fault("no such profile", "InvalidArgVal", "NoProfile")
        uri = element(
            TRT,
            "MediaUri",
            element(TT, "Uri", text=self._xaddr(f"/snapshot/{profile}.jpg")),
            element(TT, "InvalidAfterConnect", text="false"),
            element(TT, "InvalidAfterReboot", text="false"),
            element(TT, "Timeout", text="PT0S"),
        )
        return element(TRT, "GetSnapshotUriResponse", uri)


def _video_source(source: Source) -> etree._Element:
    size = element(TT, "Resolution", element(TT, "Width", text="1920"), element(TT, "Height", text="1080"))
    return element(TRT, "VideoSources", element(TT, "Framerate", text="25"), size, token=source.token)


def _profile(source: Source) -> etree._Element:
    configuration = element(
        TT,
        "VideoSourceConfiguration",
        element(TT, "Name", text=source.name),
        element(TT, "UseCount", text="1"),
        element(TT, "SourceToken", text=source.token),
        element(TT, "Bounds", x="0", y="0", width="1920", height="1080"),
        token=f"{source.token}-configuration",
    )
    name = element(TT, "Name", text=source.name)
    return element(TRT, "Profiles", name, configuration, token=f"{source.token}-main", fixed="true")
