import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.device.address import Endpoint
from agent.device.errors import BadAnswer

CAMERA = Endpoint("10.0.0.7", 8080)


@pytest.mark.parametrize(
    ("advertised", "followed"),
    [
        ("http://10.0.0.7:8080/onvif/media", "http://10.0.0.7:8080/onvif/media"),
        ("http://10.0.0.7:9000/events?id=3", "http://10.0.0.7:8080/events?id=3"),  # a port nobody configured
        ("http://10.0.0.7/onvif", "http://10.0.0.7:8080/onvif"),
        ("http://192.168.1.64/onvif/media", "http://10.0.0.7:8080/onvif/media"),  # its inner address
        ("http://evil.example:81/collect", "http://10.0.0.7:8080/collect"),
        ("https://10.0.0.7:443/onvif", "http://10.0.0.7:8080/onvif"),
        ("http://user:pw@evil.example/x", "http://10.0.0.7:8080/x"),
        ("http://10.0.0.7@evil.example/x", "http://10.0.0.7:8080/x"),
        ("http://192.168.1.64", "http://10.0.0.7:8080/"),
    ],
)
def test_an_advertised_address_is_followed_on_the_configured_host_only(advertised: str, followed: str) -> None:
    assert CAMERA.follow(advertised) == followed


@pytest.mark.parametrize(
    "advertised", ["", "nonsense", "file:///etc/passwd", "http://[::1", "http://x:99999/", "http://x/\x01"]
)
def test_what_is_no_http_address_is_refused(advertised: str) -> None:
    with pytest.raises(BadAnswer):
        CAMERA.follow(advertised)


@given(st.text(max_size=200))
def test_whatever_is_advertised_leads_to_the_configured_host_or_nowhere(advertised: str) -> None:
    for text in (advertised, f"http://{advertised}", f"http://10.0.0.7{advertised}"):
        try:
            followed = CAMERA.follow(text)
        except BadAnswer:
            continue
        assert CAMERA.owns(followed)


def test_other_ports_of_the_host_are_followed_where_that_is_allowed() -> None:
    camera = Endpoint("10.0.0.7", 8080, follow_ports=True)
    assert camera.follow("http://10.0.0.7:9000/events?id=3") == "http://10.0.0.7:9000/events?id=3"
    assert camera.follow("http://10.0.0.7/onvif") == "http://10.0.0.7:80/onvif"
    assert camera.follow("http://192.168.1.64:9000/onvif") == "http://10.0.0.7:8080/onvif"
    assert camera.owns("http://10.0.0.7:9000/")
    assert not CAMERA.owns("http://10.0.0.7:9000/")
    assert camera.at("http://10.0.0.7:9000/") == Endpoint("10.0.0.7", 9000)


def test_an_ipv6_host_gets_its_brackets() -> None:
    assert Endpoint("fd00::7", 80).device_service == "http://[fd00::7]:80/onvif/device_service"
    assert Endpoint("fd00::7", 80).owns("http://[fd00::7]:80/x")
