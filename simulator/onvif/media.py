"""The media service: video sources, profiles, and where streams and snapshots are."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from lxml import etree

from simulator.onvif.soap import TRT, TT, Fault, Request, element


class Source(NamedTuple):
    """A video source: its token and a name for people."""

    token: str
    name: str


class Profile(NamedTuple):
    """A media profile: what is encoded of a source, and how."""

    token: str
    name: str
    source: str = "source"
    encoding: str = "H264"
    width: int = 1920
    height: int = 1080
    rate: int = 25


class MediaService:
    """`sources`, `profiles` and `streams` (a profile's token → its stream's address) are asked at every call, so what
    they return may change. Without `profiles` each source has one."""

    namespace = TRT
    capability = "Media"
    path = "/onvif/media_service"

    def __init__(
        self,
        sources: Callable[[], Sequence[Source]],
        xaddr: Callable[[str], str],
        profiles: Callable[[], Sequence[Profile]] | None = None,
        streams: Callable[[str], str] | None = None,
    ) -> None:
        self._sources = sources
        self._xaddr = xaddr
        self._profiles = profiles or self._one_each
        self._streams = streams

    def handle(self, request: Request) -> etree._Element | None:
        """See Service."""
        if request.namespace != TRT:
            return None
        if request.operation == "GetVideoSources":
            return element(TRT, "GetVideoSourcesResponse", *(_video_source(s) for s in self._sources()))
        if request.operation == "GetVideoSourceConfigurations":
            found = (_configuration(s) for s in self._sources())
            return element(TRT, "GetVideoSourceConfigurationsResponse", *found)
        if request.operation == "GetProfiles":
            return element(TRT, "GetProfilesResponse", *(_profile(p) for p in self._profiles()))
        if request.operation == "GetStreamUri" and self._streams is not None:
            return self._uri("GetStreamUri", request, self._streams)
        if request.operation == "GetSnapshotUri":
            return self._uri("GetSnapshotUri", request, lambda profile: self._xaddr(f"/snapshot/{profile}.jpg"))
        return None

    def _uri(self, operation: str, request: Request, where: Callable[[str], str]) -> etree._Element:
        profile = request.text("ProfileToken") or ""
        if profile not in {one.token for one in self._profiles()}:
            raise Fault("no such profile", "InvalidArgVal", "NoProfile")
        uri = element(
            TRT,
            "MediaUri",
            element(TT, "Uri", text=where(profile)),
            element(TT, "InvalidAfterConnect", text="false"),
            element(TT, "InvalidAfterReboot", text="false"),
            element(TT, "Timeout", text="PT0S"),
        )
        return element(TRT, f"{operation}Response", uri)

    def _one_each(self) -> Sequence[Profile]:
        return [Profile(f"{source.token}-main", source.name, source.token) for source in self._sources()]


def _video_source(source: Source) -> etree._Element:
    size = element(TT, "Resolution", element(TT, "Width", text="1920"), element(TT, "Height", text="1080"))
    return element(TRT, "VideoSources", element(TT, "Framerate", text="25"), size, token=source.token)


def _configuration(source: Source) -> etree._Element:
    parts = element(TT, "Name", text=source.name), element(TT, "SourceToken", text=source.token)
    return element(TRT, "Configurations", *parts, token=f"{source.token}-configuration")


def _profile(profile: Profile) -> etree._Element:
    name = element(TT, "Name", text=profile.name)
    source = element(
        TT,
        "VideoSourceConfiguration",
        name,
        element(TT, "UseCount", text="1"),
        element(TT, "SourceToken", text=profile.source),
        element(TT, "Bounds", x="0", y="0", width="1920", height="1080"),
        token=f"{profile.source}-configuration",
    )
    encoder = element(
        TT,
        "VideoEncoderConfiguration",
        element(TT, "Name", text=profile.name),
        element(TT, "UseCount", text="1"),
        element(TT, "Encoding", text=profile.encoding),
        element(
            TT,
            "Resolution",
            element(TT, "Width", text=str(profile.width)),
            element(TT, "Height", text=str(profile.height)),
        ),
        element(TT, "Quality", text="4"),
        element(TT, "RateControl", element(TT, "FrameRateLimit", text=str(profile.rate))),
        token=f"{profile.token}-encoder",
    )
    return element(
        TRT, "Profiles", element(TT, "Name", text=profile.name), source, encoder, token=profile.token, fixed="true"
    )
