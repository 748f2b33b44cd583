"""When agents are told: at once while there is little to do, gathered under load, never later than a second."""

from hub.acknowledgement import LONGEST_MS, Acknowledgements
from tests.hub.hubs import Mailbox
from wire.topics import Address

ONE, TWO = Address("school", "one"), Address("school", "two")


def test_with_little_to_do_everybody_is_told_at_once() -> None:
    mail = Mailbox()
    said = Acknowledgements(mail)
    said.committed({ONE: ["abcdef:1", "abcdef:2"], TWO: ["abcdef:9"]}, (), load=0.01, now=0)
    said.say(0)
    assert mail.committed() == ["abcdef:1", "abcdef:2", "abcdef:9"]
    assert said.wait(0) is None


def test_under_load_the_batches_of_one_agent_share_a_message() -> None:
    mail = Mailbox()
    said = Acknowledgements(mail)
    for turn in range(3):
        said.committed({ONE: [f"abcdef:{turn}"]}, (), load=1.0, now=turn * 300)
        said.say(turn * 300)
    assert mail.sent == []
    assert said.wait(600) == (LONGEST_MS - 600) / 1000
    said.say(LONGEST_MS)
    assert [message.committed for _, _, message in mail.sent] == [["abcdef:0-2"]]  # type: ignore[attr-defined]


def test_who_has_just_connected_is_told_at_once_under_load() -> None:
    mail = Mailbox()
    said = Acknowledgements(mail)
    said.committed({ONE: ["abcdef:1"], TWO: ["abcdef:9"]}, {TWO}, load=1.0, now=0)
    said.say(1)
    assert mail.committed() == ["abcdef:9"]


def test_when_the_load_is_gone_what_waits_is_told() -> None:
    mail = Mailbox()
    said = Acknowledgements(mail)
    said.committed({ONE: ["abcdef:1"]}, (), load=1.0, now=0)
    said.committed({TWO: ["abcdef:9"]}, (), load=0.0, now=1)
    said.say(1)
    assert set(mail.committed()) == {"abcdef:1", "abcdef:9"}


def test_a_clock_that_is_set_back_holds_nothing_up() -> None:
    mail = Mailbox()
    said = Acknowledgements(mail)
    said.committed({ONE: ["abcdef:1"]}, (), load=1.0, now=1_000_000)
    said.say(0)
    assert mail.committed() == ["abcdef:1"]


def test_more_ids_than_a_message_may_hold_become_several() -> None:
    mail = Mailbox()
    said = Acknowledgements(mail)
    said.committed({ONE: [f"abcdef:{n * 2}" for n in range(5000)]}, (), load=0.0, now=0)
    said.say(0)
    assert [len(message.committed) for _, _, message in mail.sent] == [4096, 904]  # type: ignore[attr-defined]
