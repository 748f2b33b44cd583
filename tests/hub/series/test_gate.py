"""When live data may go straight to the store again after it was away or slow."""

from hub.series.gate import TRUST_SECONDS, Backoff, Gate

BACKOFF = Backoff(first=10.0, most=80.0)


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_an_outage_ends_with_the_first_write_that_works() -> None:
    gate = Gate(1.0, BACKOFF, Time())
    gate.shut("connection refused")
    assert not gate.open
    assert gate.error == "connection refused"
    gate.found(0.1, wrote=True)
    assert gate.open


def test_an_answer_that_takes_half_of_the_patience_opens_nothing() -> None:
    gate = Gate(1.0, BACKOFF, Time())
    gate.shut("away")
    gate.found(0.6, wrote=True)
    assert not gate.open
    gate.found(0.4, wrote=True)
    assert gate.open


def test_a_store_that_is_slow_again_and_again_is_trusted_ever_more_rarely() -> None:
    time = Time()
    gate = Gate(1.0, BACKOFF, time)
    for whole in (10.0, 20.0, 40.0, 80.0, 80.0):
        gate.slow()
        assert whole / 2 <= gate.wait <= whole
        gate.found(0.01, wrote=True)
        assert not gate.open, "one quick answer between slow ones proves nothing"
        time.now += gate.wait
        gate.found(0.01, wrote=True)
        assert gate.open
    time.now += TRUST_SECONDS + 1
    gate.slow()
    assert gate.wait <= 10.0, "after minutes without trouble it starts anew"


def test_a_store_that_answers_queries_and_fails_writes_is_not_tried_with_every_batch() -> None:
    time = Time()
    gate = Gate(1.0, BACKOFF, time)
    gate.shut("no space left on device")
    gate.found(0.01, wrote=False)
    assert gate.open
    gate.shut("no space left on device")
    assert 5.0 <= gate.wait <= 10.0
    time.now += gate.wait
    gate.found(0.01, wrote=False)
    gate.shut("no space left on device")
    assert 10.0 <= gate.wait <= 20.0


def test_a_store_that_asks_for_a_pause_gets_it() -> None:
    time = Time()
    gate = Gate(1.0, BACKOFF, time)
    gate.shut("429", retry_after=30.0)
    gate.found(0.01, wrote=True)
    assert not gate.open
    time.now += 30.0
    gate.found(0.01, wrote=True)
    assert gate.open


def test_writes_that_were_under_way_together_fail_as_one() -> None:
    time = Time()
    gate = Gate(1.0, BACKOFF, time)
    gate.shut("no space left on device")
    gate.found(0.01, wrote=False)
    for _ in range(3):
        gate.shut("no space left on device")
    assert 5.0 <= gate.wait <= 10.0, "the shortest pause: it has failed once"
