"""Ids of things found on a machine."""

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from agent.device_ids import device_id
from wire.ids import SlugId


def test_an_id_is_readable_where_nothing_is_lost() -> None:
    assert device_id("gate-host", "if", "eth0") == "gate-host-if-eth0"


def test_names_that_would_look_alike_are_told_apart() -> None:
    ids = {device_id("h", "if", name) for name in ("eth0.1", "eth0-1", "ETH0-1", "eth0_1", "录像机", "門")}
    assert len(ids) == 6


@given(
    st.lists(st.text(max_size=60), min_size=1, max_size=3), st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True)
)
def test_every_name_gives_an_id_the_wire_takes_and_always_the_same(parts: list[str], host: str) -> None:
    one = device_id(host, *parts)
    assert TypeAdapter(SlugId).validate_python(one) == one == device_id(host, *parts)
