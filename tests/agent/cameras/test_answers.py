"""What cameras answer, from literals: real shapes, odd ones, and any tree at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from agent.cameras.answers import (
    MAX_PROFILES,
    Profile,
    StreamAddress,
    mac,
    main_profile,
    profiles,
    stream_address,
    time_servers,
)
from agent.device.errors import BadAnswer

NAMES = (
    *("GetProfilesResponse", "Profiles", "Name", "VideoEncoderConfiguration", "Encoding", "Resolution", "Width"),
    *("Height", "RateControl", "FrameRateLimit", "MediaUri", "Uri", "NTPInformation", "FromDHCP", "NTPManual"),
    *("NTPFromDHCP", "DNSname", "IPv4Address", "NetworkInterfaces", "Info", "HwAddress", "Enabled"),
)


def tree(text: str) -> etree._Element:
    return etree.fromstring(f'<e xmlns="urn:x" xmlns:t="urn:y">{text}</e>')


def profile(token: str, inner: str) -> str:
    return f'<t:Profiles token="{token}">{inner}</t:Profiles>'


def encoder(encoding: str, width: str, height: str, rate: str) -> str:
    size = f"<Resolution><Width>{width}</Width><Height>{height}</Height></Resolution>"
    control = f"<RateControl><FrameRateLimit>{rate}</FrameRateLimit></RateControl>"
    inner = f"<Encoding>{encoding}</Encoding>{size}{control}"
    return f"<VideoEncoderConfiguration>{inner}</VideoEncoderConfiguration>"


def test_profiles_tell_what_is_encoded() -> None:
    sub = profile("2", f"<Name>sub</Name>{encoder('h264', '640', '360', '12.5')}")
    main = profile("1", f"<Name>main</Name>{encoder('H264', '2560', '1440', '25')}")
    found = profiles(tree(f"<GetProfilesResponse>{sub}{main}</GetProfilesResponse>"))
    assert found == (Profile("2", "sub", "H264", 640, 360, 12.5), Profile("1", "main", "H264", 2560, 1440, 25.0))
    assert main_profile(found) == found[1]
    assert str(found[1]) == "H264 2560x1440 25/s"


def test_what_a_profile_does_not_tell_is_unknown() -> None:
    odd = profile("1", encoder("", "-1", "1e9", "nan")) + profile("2", "") + '<Profiles token=""/><Profiles/>'
    found = profiles(tree(f"<GetProfilesResponse>{odd}</GetProfilesResponse>"))
    assert found == (Profile("1", ""), Profile("2", ""))
    assert main_profile(found) == found[0]
    assert str(found[0]) == found[0].resolution == ""
    assert main_profile(()) is None


def test_no_more_profiles_are_taken_than_fit() -> None:
    many = "".join(profile(str(n), "") for n in range(1000)) + profile("0", "")
    assert len(profiles(tree(f"<GetProfilesResponse>{many}</GetProfilesResponse>"))) == MAX_PROFILES
    assert profiles(tree(f"<GetProfilesResponse>{profile('x' * 100, '')}</GetProfilesResponse>")) == ()


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("rtsp://10.0.0.9/a/b?c=d&e", StreamAddress("10.0.0.9", 554, "/a/b?c=d&e")),
        ("rtsp://10.0.0.9:8554", StreamAddress("10.0.0.9", 8554, "/")),
        ("rtsp://u:p@Camera.lan/x y", StreamAddress("camera.lan", 554, "/x%20y")),
        ("rtsp://[fd00::1]:554/%41é", StreamAddress("fd00::1", 554, "/%41%C3%A9")),
        (" rtsp://h/a ", StreamAddress("h", 554, "/a")),
        ("rtsp://h?x=1", StreamAddress("h", 554, "/?x=1")),
    ],
)
def test_a_stream_is_a_path_at_a_host(uri: str, address: StreamAddress) -> None:
    escaped = uri.replace("&", "&amp;")
    assert stream_address(tree(f"<MediaUri><Uri>{escaped}</Uri></MediaUri>")) == address


@pytest.mark.parametrize(
    "uri",
    ["", "http://h/a", "rtsps://h/a", "rtsp:///a", "rtsp://h:99999/", "rtsp://[x/", "/a", "rtsp://h/" + "a" * 2000],
)
def test_what_is_no_stream_is_said_to_be_none(uri: str) -> None:
    with pytest.raises(BadAnswer):
        stream_address(tree(f"<MediaUri><Uri>{uri}</Uri></MediaUri>"))


def test_time_servers_are_those_in_force() -> None:
    manual = "<NTPManual><Type>DNS</Type><DNSname>a.lan</DNSname></NTPManual>"
    manual += "<NTPManual><IPv4Address>10.0.0.1</IPv4Address></NTPManual>" * 2
    leased = "<NTPFromDHCP><IPv6Address>fd00::1</IPv6Address></NTPFromDHCP>"
    for by_dhcp, servers in (("false", "a.lan, 10.0.0.1"), ("true", "fd00::1"), ("1", "fd00::1")):
        inner = f"<FromDHCP>{by_dhcp}</FromDHCP>{manual}{leased}"
        assert time_servers(tree(f"<NTPInformation>{inner}</NTPInformation>")) == servers
    assert time_servers(tree("<NTPInformation/>")) == ""


def test_the_mac_is_that_of_the_interface_in_use() -> None:
    def interface(enabled: str, address: str) -> str:
        return (
            f"<NetworkInterfaces><Enabled>{enabled}</Enabled>"
            f"<Info><HwAddress>{address}</HwAddress></Info></NetworkInterfaces>"
        )

    spare, used = interface("false", "02:00:00:00:00:0A"), interface("true", "02-00-00-00-00-0b")
    assert mac(tree(spare + used)) == "02:00:00:00:00:0b"
    assert mac(tree(spare)) == "02:00:00:00:00:0a"
    assert mac(tree(interface("true", "nonsense") + spare)) == "02:00:00:00:00:0a"
    assert mac(tree("")) is None


def trees() -> st.SearchStrategy[str]:
    texts = st.text("0123456789:./-aé rtsp", max_size=20)
    return st.recursive(
        texts,
        lambda inner: st.builds(
            lambda name, token, children: f'<{name} token="{token}">{"".join(children)}</{name}>',
            st.sampled_from(NAMES),
            texts,
            st.lists(inner, max_size=4),
        ),
        max_leaves=30,
    )


@settings(deadline=None)
@given(trees())
def test_any_tree_gives_values_or_a_bad_answer(text: str) -> None:
    answer = tree(text)
    for read in (profiles, stream_address, time_servers, mac):
        try:
            found = read(answer)
        except BadAnswer:
            continue
        assert str(found).isprintable()
