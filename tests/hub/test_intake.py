"""The way in: what is decoded, refused, counted, and what happens when the queue is full."""

import threading
import time

import pytest

from hub.intake import Delivery, Intake, Unreadable
from wire.codec import MAX_BYTES, encode
from wire.messages import Report, Sample
from wire.topics import Topics

REPORT = Report(id="abcdef:1", boot="b", mono=1, sent=1)


@pytest.fixture
def intake() -> Intake:
    return Intake(Topics(), lambda: 1_000, limit=2)


def reasons(intake: Intake) -> dict[str, int]:
    return {r.reason: r.count for r in intake.take_rejections()}


def test_a_report_comes_out_with_its_sender_and_time(intake: Intake) -> None:
    intake.take("wk/v1/school/gw/report", encode(REPORT))
    (item,) = intake.batch(10, 0)
    assert isinstance(item, Delivery)
    assert (str(item.address), item.message, item.received) == ("school/gw", REPORT, 1_000)
    assert intake.take_rejections() == []


@pytest.mark.parametrize("payload", [b"", b"\xff", b"{", b"[]", b'{"id": "abcdef:1"}', b"[" * 100_000])
def test_garbage_is_counted_by_sender(intake: Intake, payload: bytes) -> None:
    intake.take("wk/v1/school/gw/report", payload)
    rejection = intake.take_rejections()[0]
    assert (rejection.site, rejection.agent, rejection.reason, rejection.count) == ("school", "gw", "bad_report", 1)


def test_an_unusable_report_with_a_readable_id_is_refused_by_name(intake: Intake) -> None:
    intake.take("wk/v1/school/gw/report", b'{"id": "abcdef:7", "boot": 3}')
    (item,) = intake.batch(10, 0)
    assert isinstance(item, Unreadable)
    assert item.report_id == "abcdef:7"


def test_an_oversized_message_is_counted_and_not_read(intake: Intake) -> None:
    intake.take("wk/v1/school/gw/report", b" " * (MAX_BYTES + 1))
    assert reasons(intake) == {"bad_report": 1}
    assert intake.batch(10, 0) == []


@pytest.mark.parametrize(
    "topic", ["", "wk/v1/school/gw", "wk/v1/../gw/report", "wk/v1/school/gw/ack", "x/v1/a/b/report"]
)
def test_stray_topics_are_counted_under_nobodys_name(intake: Intake, topic: str) -> None:
    intake.take(topic, encode(REPORT))
    assert reasons(intake) == {"stray_topic": 1}


def test_a_full_queue_drops_and_counts_and_takes_again_afterwards(intake: Intake) -> None:
    for _ in range(3):
        intake.take("wk/v1/school/gw/report", encode(REPORT))
    assert reasons(intake) == {"queue_full": 1}
    assert len(intake.batch(10, 0)) == 2
    intake.take("wk/v1/school/gw/report", encode(REPORT))
    assert intake.depth == 1


def test_countless_hostile_senders_fill_no_memory(intake: Intake) -> None:
    for number in range(3000):
        intake.take(f"wk/v1/s{number}/gw/report", b"{")
    rejections = intake.take_rejections()
    assert len(rejections) <= 1001
    assert sum(r.count for r in rejections) == 3000


def test_one_sender_cannot_fill_the_queue_and_who_is_turned_away_was_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.intake.QUEUE_BYTES", 4 * 1000)
    intake = Intake(Topics(), lambda: 7, limit=1000)
    body = encode(REPORT)
    for _ in range(100):
        intake.take("wk/v1/school/flood/report", body)
    assert intake.depth == 1000 // len(body)
    intake.take("wk/v1/school/gw/report", body)
    assert intake.depth == 1000 // len(body) + 1
    assert {str(a): at for a, at in intake.take_turned_away().items()} == {"school/flood": 7}
    intake.batch(1000, 0)
    intake.take("wk/v1/school/flood/report", body)
    assert intake.depth == 1, "what was taken out makes room"


def test_a_batch_gathers_until_it_is_full_and_not_longer() -> None:
    intake = Intake(Topics(), lambda: 7)
    sample = Sample(device="cam-1", at=1, values={"reachable": 1.0})
    body = encode(REPORT.model_copy(update={"samples": [sample, sample]}))
    later = threading.Timer(0.05, lambda: intake.take("wk/v1/school/two/report", body))
    intake.take("wk/v1/school/one/report", body)
    later.start()
    began = time.monotonic()
    assert [item.address.agent for item in intake.batch(100, wait=30, lines=4, gather=30)] == ["one", "two"]
    assert time.monotonic() - began < 20, "the fourth sample ended it"


def test_a_batch_takes_no_more_samples_than_it_may_but_for_a_single_message_and_the_rest_waits() -> None:
    intake = Intake(Topics(), lambda: 7)
    sample = Sample(device="cam-1", at=1, values={"reachable": 1.0})
    body = encode(REPORT.model_copy(update={"samples": [sample] * 3}))
    for agent in ("one", "two", "three"):
        intake.take(f"wk/v1/school/{agent}/report", body)
    sizes = [len(intake.batch(100, wait=0, lines=lines)) for lines in (7, 2, 2)]
    assert sizes == [2, 1, 0]
