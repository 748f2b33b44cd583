"""The hub's word to itself as timelines: what is heard, what is not, and what that says."""

from hub.probe import ASK_AGAIN_SECONDS, Hearing, Probe


def probe() -> Probe:
    """Asks every 10 s, deaf after 45 s, with a connection since 0."""
    made = Probe(10, 45, 0)
    made.opened(0)
    return made


def ask(made: Probe, now: float) -> bytes:
    word = made.due(now)
    assert word is not None
    return word


def answered(made: Probe, until: int) -> None:
    """Asked and answered every ten seconds."""
    for now in range(0, until + 1, 10):
        made.answer(ask(made, now), now + 0.2)


def test_the_first_word_that_comes_back_is_the_proof_of_a_connection() -> None:
    made = probe()
    word = ask(made, 0)
    assert made.due(9.9) is None
    assert not made.hears
    assert made.answer(word, 0.25)
    assert made.hears
    assert made.round_trip == 0.25
    assert not made.answer(word, 0.3), "once"
    assert not made.answer(b"another hub's", 0.3)


def test_a_connection_that_carries_nothing_any_more_is_deaf_since_the_last_that_came() -> None:
    made = probe()
    answered(made, 100)
    for now in (110, 120, 130, 140):
        ask(made, now)
    assert made.judge(145) is Hearing.WELL
    assert made.judge(146) is Hearing.DEAF
    assert made.silent_for(146) == 146 - 100.2


def test_a_connection_that_never_carried_anything_is_deaf_too() -> None:
    made = probe()
    ask(made, 0)
    assert made.judge(44.9) is Hearing.WELL
    assert made.judge(45) is Hearing.DEAF


def test_whom_others_reach_is_mute_and_not_deaf() -> None:
    made = probe()
    answered(made, 100)
    for now in range(110, 170):
        made.due(now)
        made.others(now)
    assert made.judge(170) is Hearing.MUTE
    assert made.mute(170) == 60.0
    assert made.unheard(170) is None
    assert made.judge(1000) is Hearing.MUTE, "a quiet fleet proves nothing then"
    assert made.silent_for(1000) == 0.0
    made.answer(ask(made, 1000), 1000.1)
    assert made.judge(1001) is Hearing.WELL
    assert made.mute(1001) == 0.0


def test_what_came_just_before_a_standstill_makes_nobody_mute() -> None:
    made = probe()
    answered(made, 100)
    ask(made, 110)
    made.others(110.5)  # and then the broker stops
    ask(made, 120)
    assert made.judge(155.5) is Hearing.DEAF


def test_a_few_agents_that_report_seldom_are_enough_to_end_a_round_of_new_connections() -> None:
    """The rules deny the hub its own word only, and the fleet is one agent that reports once in 70 s."""
    made, verdicts = probe(), []
    for now in range(0, 700):
        made.due(now)
        if now % 70 == 60:
            made.others(now)
        verdicts.append(made.judge(now))
        if verdicts[-1] is Hearing.DEAF:
            made.closed(now)
            made.opened(now)
    assert verdicts.count(Hearing.DEAF) <= 1
    assert verdicts[-1] is Hearing.MUTE


def test_what_the_broker_denies_is_asked_again_after_minutes() -> None:
    made = probe()
    ask(made, 0)
    made.denied(0.1)
    made.others(1)
    assert made.judge(2) is Hearing.MUTE
    assert made.due(ASK_AGAIN_SECONDS) is None
    made.opened(200)
    assert made.due(200) is None
    assert made.due(ASK_AGAIN_SECONDS + 0.1) is not None


def test_a_broker_that_hangs_up_on_the_word_twice_has_denied_it() -> None:
    made = probe()
    for now in (0, 1):
        made.opened(now)
        ask(made, now)
        made.closed(now + 0.1)
    made.opened(2)
    assert made.due(3) is None
    made.others(3)
    assert made.judge(60) is Hearing.MUTE


def test_who_is_denied_everything_stays_deaf_and_asks_again_at_the_next_connection() -> None:
    made = probe()
    ask(made, 0)
    made.denied(0.1)
    assert made.judge(45) is Hearing.DEAF
    made.closed(45)
    made.opened(46)
    assert made.due(46) is not None


def test_a_process_that_stood_still_has_no_right_to_call_itself_deaf() -> None:
    made = probe()
    answered(made, 100)
    ask(made, 110)
    made.stood_still(600)
    assert made.judge(711) is Hearing.WELL
    assert made.judge(746) is Hearing.DEAF


def test_where_another_hub_works_nothing_is_meant_to_be_heard() -> None:
    made = Probe(10, 45, 0)
    made.rest(500)
    assert made.unheard(500) == 0.0
    assert made.judge(500) is Hearing.WELL
