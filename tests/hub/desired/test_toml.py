"""What is written is read back as it was, and equal tables give equal texts."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.desired import toml

_TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12)
_PLAIN = st.one_of(st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), _TEXT)
_ANY: st.SearchStrategy[Any] = st.recursive(
    _PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3), max_leaves=12
)


@given(st.dictionaries(_TEXT, _ANY, max_size=4))
def test_any_table_survives_being_written_and_read(table: dict[str, Any]) -> None:
    assert tomllib.loads(toml.write(table)) == table


def test_it_reads_as_a_person_would_write_it() -> None:
    table = {
        "name": "Gate",
        "collectors": {
            "disks": {"enabled": False},
            "cameras": {"interval_seconds": 60, "devices": [{"id": "cam-1", "ports": [80, 554]}, {"id": "cam-2"}]},
        },
    }
    assert toml.write(table) == (
        'name = "Gate"\n\n[collectors.cameras]\ninterval_seconds = 60\n\n'
        '[[collectors.cameras.devices]]\nid = "cam-1"\nports = [80, 554]\n\n'
        '[[collectors.cameras.devices]]\nid = "cam-2"\n\n[collectors.disks]\nenabled = false\n'
    )
