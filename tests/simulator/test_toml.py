"""What we write as TOML reads as what it was."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulator import toml

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)


def test_a_configuration_as_the_demo_writes_them() -> None:
    written = toml.dumps(
        {
            "site": "north",
            "broker": {"host": "127.0.0.1", "port": 1883, "embedded": True},
            "collectors": {"cameras": {"interval_seconds": 2.0, "devices": [{"id": "cam-01", "port": 8000}]}},
        }
    )
    assert written == (
        'site = "north"\n\n[broker]\nhost = "127.0.0.1"\nport = 1883\nembedded = true\n\n'
        '[collectors.cameras]\ninterval_seconds = 2.0\ndevices = [{id = "cam-01", port = 8000}]\n'
    )


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.dictionaries(texts, values, max_size=3), max_size=3
    )
)
def test_tables_read_as_they_were_written(table: dict[str, Any]) -> None:
    read = tomllib.loads(toml.dumps(table))
    assert read == {name: inner for name, inner in table.items() if inner}
