"""RFC 7616's own examples, and what devices do instead."""

import hashlib
import re
import time

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from agent.device.digest import Challenge, DigestAuth, answer, choose, offered

RFC = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def fields(header: str) -> dict[str, str]:
    assert header.startswith("Digest ")
    return {name: quoted or token for name, quoted, token in re.findall(r'([\w-]+)=(?:"([^"]*)"|([^\s,]+))', header)}


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616_come_out(algorithm: str, response: str) -> None:
    challenge = choose([RFC.format(algorithm)])
    assert challenge is not None
    challenge.cnonce = CNONCE
    told = fields(answer(challenge, "Mufasa", "Circle of Life", "GET", "/dir/index.html"))
    assert told["response"] == response
    assert told["nc"] == "00000001"
    assert told["opaque"] == "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"


def test_each_use_of_a_nonce_is_counted() -> None:
    challenge = Challenge("r", "n", qop=True)
    told = [fields(answer(challenge, "u", "p", "GET", "/"))["nc"] for _ in range(3)]
    assert told == ["00000001", "00000002", "00000003"]


def test_of_several_challenges_the_strongest_is_answered_apart_or_in_one_header() -> None:
    for headers in ([RFC.format("MD5"), RFC.format("SHA-256")], [f"{RFC.format('SHA-256')}, {RFC.format('MD5')}"]):
        challenge = choose(headers)
        assert challenge is not None
        assert challenge.algorithm == "SHA-256"


def test_a_challenge_without_qop_is_answered_as_before_1999() -> None:
    challenge = choose(['Digest realm="DS-7604", nonce="abc"'])
    assert challenge is not None
    told = fields(answer(challenge, "admin", "x", "GET", "/a"))
    assert "qop" not in told
    assert "cnonce" not in told
    assert told["response"] == md5(f"{md5('admin:DS-7604:x')}:abc:{md5('GET:/a')}")


def test_a_session_algorithm_hashes_the_secret_with_the_nonces() -> None:
    plain, session = Challenge("r", "n", "MD5", True, cnonce="c"), Challenge("r", "n", "MD5-sess", True, cnonce="c")
    assert fields(answer(plain, "u", "p", "GET", "/")) != fields(answer(session, "u", "p", "GET", "/"))
    assert fields(answer(session, "u", "p", "GET", "/"))["algorithm"] == "MD5-sess"


@pytest.mark.parametrize(
    "header",
    [
        'Basic realm="camera"',
        'Digest realm="r", nonce="n", algorithm=CRC32',
        'Digest realm="r", nonce="n", qop="auth-int"',
        'Digest realm="r"',
        "Negotiate",
        "",
    ],
)
def test_what_we_cannot_answer_is_no_challenge(header: str) -> None:
    assert choose([header]) is None


def test_what_a_device_offered_is_told_by_name() -> None:
    assert offered(['Basic realm="x"', 'Digest realm="r", nonce="n", algorithm=CRC32']) == "Basic, Digest CRC32"


def test_quotes_in_a_realm_stay_in_it() -> None:
    challenge = choose(['Digest realm="a \\"b\\" c", nonce="n"'])
    assert challenge is not None
    assert challenge.realm == 'a "b" c'
    assert 'realm="a \\"b\\" c"' in answer(challenge, "u", "p", "GET", "/")


@given(st.lists(st.text(max_size=300), max_size=3))
def test_no_header_breaks_us(headers: list[str]) -> None:
    challenge = choose(headers)
    if challenge is not None:
        assert answer(challenge, "u", "p", "GET", "/").startswith("Digest ")
    offered(headers)


@pytest.mark.parametrize("filling", [" ", "\t", "a", "a ", 'a="', "\\a", "a=", ",", " ,", "Digest ", "a b=", "- "])
def test_no_header_keeps_a_processor_busy(filling: str) -> None:
    long = (filling * 8192)[:8192]
    begun = time.process_time()
    for header in (f"Digest realm={long}!", f'Digest realm="{long}', f"{long}!", f'Digest realm="r",{long}'):
        choose([header])
        offered([header])
    assert time.process_time() - begun < 2.0


class _Adapter(requests.adapters.HTTPAdapter):
    """Answers from a list, and keeps what was asked."""

    def __init__(self, answers: list[tuple[int, str]]) -> None:
        super().__init__()
        self.answers = answers
        self.asked: list[str | None] = []

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        self.asked.append(request.headers.get("Authorization"))
        response = requests.Response()
        response.status_code, challenge = self.answers.pop(0)
        response.headers["WWW-Authenticate"] = challenge
        response.request, response.url = request, request.url or ""
        response.connection = self
        response._content = b""
        return response

    def close(self) -> None:
        """Nothing is open."""


def session(answers: list[tuple[int, str]]) -> tuple[requests.Session, _Adapter]:
    made, adapter = requests.Session(), _Adapter(answers)
    made.mount("http://", adapter)
    return made, adapter


CHALLENGE = 'Digest realm="r", nonce="{}", qop="auth"'


def test_a_challenge_is_answered_once_and_its_nonce_used_on() -> None:
    made, adapter = session([(401, CHALLENGE.format("a")), (200, ""), (200, "")])
    auth = DigestAuth("u", "p")
    assert made.get("http://device/x", auth=auth).status_code == 200
    assert made.get("http://device/y", auth=auth).status_code == 200
    assert adapter.asked[0] is None
    assert [fields(asked or "")["nc"] for asked in adapter.asked[1:]] == ["00000001", "00000002"]


def test_a_refused_login_is_not_tried_again() -> None:
    made, adapter = session([(401, CHALLENGE.format("a")), (401, CHALLENGE.format("b"))])
    assert made.get("http://device/x", auth=DigestAuth("u", "p")).status_code == 401
    assert len(adapter.asked) == 2


def test_a_nonce_that_grew_old_is_exchanged_once_and_not_for_ever() -> None:
    stale = CHALLENGE.format("b") + ", stale=true"
    made, adapter = session([(401, CHALLENGE.format("a")), (200, ""), (401, stale), (200, "")])
    auth = DigestAuth("u", "p")
    made.get("http://device/x", auth=auth)
    assert made.get("http://device/x", auth=auth).status_code == 200
    assert fields(adapter.asked[-1] or "")["nonce"] == "b"
    made, adapter = session([(401, stale), (401, stale), (401, stale)])
    assert made.get("http://device/x", auth=DigestAuth("u", "p")).status_code == 401
    assert len(adapter.asked) == 2


def test_basic_is_never_answered() -> None:
    made, adapter = session([(401, 'Basic realm="camera"')])
    assert made.get("http://device/x", auth=DigestAuth("u", "p")).status_code == 401
    assert adapter.asked == [None]
