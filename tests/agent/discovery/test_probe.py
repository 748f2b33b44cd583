"""WS-Discovery's messages."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.device.errors import BadAnswer
from agent.discovery.probe import MAX_MATCHES, TYPES, Match, Question, answer, port_at, question
from simulator.onvif.discovery import Manner, Responder


def asked() -> Question:
    return question(TYPES[0])


def reply(responder: Responder, one: Question) -> list[Match]:
    (body,) = responder.answers(one.body)
    return answer(body, frozenset({one.id}))


def test_a_device_tells_who_it_is_and_where() -> None:
    device = Responder("10.0.0.21", ["http://10.0.0.21:8080/onvif/device_service"], name="Main%20Gate", hardware="X-1")
    (found,) = reply(device, asked())
    assert found == Match(
        identity=device.identity,
        types=("NetworkVideoTransmitter", "Device"),
        names=("Main Gate",),
        hardware=("X-1",),
        profiles=("Streaming", "G"),
        addresses=("http://10.0.0.21:8080/onvif/device_service",),
    )


def test_questions_are_never_the_same_and_only_answers_to_ours_count() -> None:
    one, other = asked(), asked()
    assert one.id != other.id
    (body,) = Responder("10.0.0.21").answers(one.body)
    with pytest.raises(BadAnswer, match="nothing that we asked"):
        answer(body, frozenset({other.id}))
    named_otherwise = body.replace(one.id.encode(), b"urn:" + one.id.encode())
    assert answer(named_otherwise, frozenset({one.id})), "some devices write urn:uuid: for uuid:"
    with pytest.raises(BadAnswer):
        answer(re.sub(rb"<a:RelatesTo>.*</a:RelatesTo>", b"", body), frozenset({one.id}))


def test_a_device_of_another_type_says_nothing() -> None:
    door = Responder("10.0.0.9", types=["tds:Device"])
    assert door.answers(question(TYPES[0]).body) == []
    assert len(door.answers(question(TYPES[1]).body)) == 1


@pytest.mark.parametrize("manner", [Manner.GARBAGE, Manner.BOMB, Manner.STRANGER])
def test_what_is_no_answer_is_a_bad_one(manner: Manner) -> None:
    with pytest.raises(BadAnswer):
        reply(Responder("10.0.0.21", manner=manner), asked())


def test_texts_are_printable_and_everything_is_cut() -> None:
    device = Responder("10.0.0.21", ["http://x/"] * 99, name="a%00b%0Ac" + "d" * 999, profiles=["P"] * 99)
    (found,) = reply(device, asked())
    assert found.names == (("abc" + "d" * 999)[: 200 - len("onvif://www.onvif.org/name/")],)
    assert len(found.addresses) == 8
    one = asked()
    (body,) = device.answers(one.body)
    start, end = body.index(b"<d:ProbeMatch>"), body.index(b"</d:ProbeMatches>")
    many = body[:start] + body[start:end] * 50 + body[end:]
    assert len(answer(many, frozenset({one.id}))) == MAX_MATCHES


@pytest.mark.parametrize(
    ("addresses", "port"),
    [
        (["http://10.0.0.21/onvif/device_service"], 80),
        (["http://10.1.1.1/x", "http://10.0.0.21:8080/x"], 8080),
        (["http://10.1.1.1/x", "https://10.0.0.21/x"], None),
        (["http://10.0.0.21@evil/x", "http://10.0.0.21:99999/x", "http://[::1", "nonsense"], None),
        ([], None),
    ],
)
def test_only_the_senders_own_address_is_followed(addresses: list[str], port: int | None) -> None:
    assert port_at(tuple(addresses), "10.0.0.21") == port


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300), st.text(max_size=40), st.text(max_size=40))
def test_any_bytes_are_answers_or_a_bad_one(junk: bytes, scopes: str, addresses: str) -> None:
    one = asked()
    (body,) = Responder("10.0.0.21").answers(one.body)
    told = body.replace(b"<d:XAddrs>", b"<d:XAddrs>" + addresses.encode("utf-8", "replace"))
    for sample in (
        junk,
        body[:200] + junk,
        told.replace(b"<d:Scopes>", b"<d:Scopes>" + scopes.encode(errors="replace")),
    ):
        try:
            for match in answer(sample, frozenset({one.id})):
                port_at(match.addresses, "10.0.0.21")
        except BadAnswer:
            continue
