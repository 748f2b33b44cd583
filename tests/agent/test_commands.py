"""A command is done once, however often and late it is heard."""

from agent.commands import MOST_REMEMBERED, CommandBook
from wire.codec import encode
from wire.messages import Action, Command


def body(name: str, expires: int = 100) -> bytes:
    return encode(Command(id=name, action=Action.COLLECT_NOW, expires=expires))


def test_expired_retained_and_repeated_commands_are_ignored() -> None:
    book = CommandBook()
    assert book.accept(body("a"), retained=False, hub_time=100) is None
    assert book.accept(body("a"), retained=True, hub_time=1) is None
    assert book.accept(body("a"), retained=False, hub_time=99) is not None
    assert book.accept(body("a"), retained=False, hub_time=99) is None


def test_what_is_remembered_is_bounded() -> None:
    book = CommandBook()
    for number in range(MOST_REMEMBERED + 10):
        assert book.accept(body(f"c{number}"), retained=False, hub_time=1)
    assert len(book._seen) == MOST_REMEMBERED
