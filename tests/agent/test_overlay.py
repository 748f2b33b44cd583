"""The hub's settings under the box's own: who wins, and what a hub may not do."""

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.overlay import combined, laid_over
from wire.settings import ConfigError

SECRETS = Path("/etc/watchkeeper/secrets")

keys = st.sampled_from(["a", "b", "c", "d"])
scalars = st.one_of(st.integers(-9, 9), st.booleans(), st.text(max_size=3))
values = st.recursive(
    scalars | st.lists(scalars, max_size=3), lambda inner: st.dictionaries(keys, inner, max_size=3), max_leaves=8
)
tables = st.dictionaries(keys, values, max_size=4)


def leaves(table: Any, place: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """What is set where; an empty table sets nothing."""
    if not isinstance(table, dict):
        return {place: table}
    return {at: value for key, one in table.items() for at, value in leaves(one, (*place, key)).items()}


@given(tables, tables)
def test_all_that_the_box_sets_holds_and_the_rest_is_the_hubs(hub: dict[str, Any], own: dict[str, Any]) -> None:
    before = copy.deepcopy((hub, own))
    merged = leaves(laid_over(hub, own))
    assert (hub, own) == before
    ours, theirs = leaves(own), leaves(hub)
    assert ours.items() <= merged.items()
    for place, value in merged.items():
        assert place in ours or theirs[place] == value
    for place, value in theirs.items():
        shadowed = any(at[: len(place)] == place or place[: len(at)] == at for at in ours)
        assert shadowed or merged.get(place) == value or _under_an_empty_table(own, place)


def _under_an_empty_table(own: Any, place: tuple[str, ...]) -> bool:
    """An array or number of the hub's gives way to a table of the box's, though that be empty."""
    for part in place:
        if not isinstance(own, dict) or part not in own:
            return False
        own = own[part]
    return isinstance(own, dict)


@given(tables, tables, tables)
def test_laying_over_is_associative_idempotent_and_has_an_empty_table(
    a: dict[str, Any], b: dict[str, Any], c: dict[str, Any]
) -> None:
    assert laid_over(a, {}) == a == laid_over({}, a) == laid_over(a, a)
    assert laid_over(laid_over(a, b), b) == laid_over(a, b)


@given(tables, tables)
def test_a_box_that_sets_nothing_gets_the_hubs_and_one_without_a_hub_keeps_its_own(
    hub: dict[str, Any], own: dict[str, Any]
) -> None:
    assert combined({"collectors": hub}, {}, SECRETS) == {"collectors": hub}
    assert combined({}, {"site": "s", "collectors": own}, SECRETS) == {"site": "s", "collectors": own}


def test_tables_merge_and_arrays_are_taken_whole() -> None:
    hub = {"name": "Fleet", "collectors": {"clock": {"servers": ["a", "b"], "samples": 5}, "host": {}}}
    own = {"site": "s", "collectors": {"clock": {"servers": ["c"]}}}
    assert combined(hub, own, SECRETS) == {
        "site": "s",
        "name": "Fleet",
        "collectors": {"clock": {"servers": ["c"], "samples": 5}, "host": {}},
    }


@pytest.mark.parametrize("key", ["site", "agent", "host", "broker", "state_dir", "secrets_dir", "spool", "password"])
def test_who_the_box_is_is_its_own(key: str) -> None:
    with pytest.raises(ConfigError, match=f"hub's configuration: {key}: only name and collectors"):
        combined({key: "hunter2"}, {}, SECRETS)


def test_a_secret_is_named_within_the_folder_for_them() -> None:
    hub = {"collectors": {"cameras": {"devices": [{"password_file": "cameras.txt"}], "password_env": "WATCHKEEPER_X"}}}
    table = combined(hub, {}, SECRETS)["collectors"]["cameras"]
    assert table["devices"][0]["password_file"] == str(SECRETS / "cameras.txt")
    assert table["password_env"] == "WATCHKEEPER_X"


@pytest.mark.parametrize(("key", "value"), [("password_file", "broker"), ("password_env", "WATCHKEEPER_BROKER")])
def test_a_secret_that_is_shown_in_clear_is_named_by_the_box_only(key: str, value: str) -> None:
    topics = [{"host": "203.0.113.7", "username": "wk", key: value}]
    with pytest.raises(ConfigError, match=f"topics.0.{key}: is shown in clear"):
        combined({"collectors": {"doors": {"topics": topics}}}, {}, SECRETS)
    own = {"collectors": {"doors": {"topics": topics}}}
    assert combined({}, own, SECRETS) == own


HOSTILE_NAMES: list[object] = ["/etc/shadow", "../agent.key", "a/b", "..", ".", "", ".hidden", "a\0", "a\n", "x" * 101]
HOSTILE_NAMES += [7, ["a"], True]
HOSTILE_VARIABLES: list[object] = ["HOME", "watchkeeper_x", "WATCHKEEPER_", "WATCHKEEPER_A B", "WATCHKEEPER_A\n", 1, {}]


@pytest.mark.parametrize(
    ("key", "value"),
    [("password_file", value) for value in HOSTILE_NAMES]
    + [("password_env", value) for value in HOSTILE_VARIABLES]
    + [("key_file", "/etc/ssl/private/key"), ("token_file", {"a": 1})],
)
@pytest.mark.parametrize("deep", [False, True])
def test_no_other_file_or_variable_can_be_named(key: str, value: object, deep: bool) -> None:
    table: dict[str, Any] = {key: value}
    with pytest.raises(ConfigError, match=key) as caught:
        combined({"collectors": {"x": {"devices": [{"y": table}]} if deep else table}}, {}, SECRETS)
    assert "shadow" not in str(caught.value)


OWN_ACCOUNT = {"collectors": {"cameras": {"username": "u", "password_file": "/etc/pw"}}}


@pytest.mark.parametrize(
    "theirs",
    [{"devices": [{"id": "c", "host": "evil"}]}, {"auth": "token"}, {"workers": 1}, {"nested": {"host": "evil"}}],
)
def test_the_boxs_account_is_not_shown_to_a_device_that_the_hub_names(theirs: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="the account is the box's own"):
        combined({"collectors": {"cameras": theirs}}, OWN_ACCOUNT, SECRETS)


def test_nor_does_a_table_within_a_table_get_beside_it() -> None:
    own = {"collectors": {"x": {"line": {"password_env": "SECRET"}, "interval_seconds": 5}}}
    with pytest.raises(ConfigError, match=r"collectors\.x\.line: the account is the box's own"):
        combined({"collectors": {"x": {"line": {"host": "evil"}}}}, own, SECRETS)


def test_how_often_is_the_hubs_even_there_and_what_the_box_sets_itself_does_not_matter() -> None:
    own = {"collectors": {"cameras": {"password_file": "/etc/pw", "devices": [{"id": "c", "host": "h"}]}}}
    hub = {"collectors": {"cameras": {"interval_seconds": 30, "devices": [{"id": "c", "host": "evil"}]}}}
    merged = combined(hub, own, SECRETS)["collectors"]["cameras"]
    assert merged == {**own["collectors"]["cameras"], "interval_seconds": 30}


DOORS = {"doors": {"password_file": "cameras", "devices": [{"host": "evil"}]}}
VARIABLE = {"doors": {"devices": [{"password_env": "WATCHKEEPER_CAMERAS"}]}}


@pytest.mark.parametrize(
    ("own", "hub", "place"),
    [
        ({"collectors": {"cameras": {"password_file": "/etc/watchkeeper/secrets/cameras"}}}, DOORS, "doors"),
        ({"collectors": {"cameras": {"password_file": "/etc/watchkeeper/x/../secrets/cameras"}}}, DOORS, "doors"),
        ({"collectors": {"cameras": {"x": [{"key_file": "/etc/watchkeeper/secrets/cameras"}]}}}, DOORS, "doors"),
        ({"collectors": {"cameras": {"password_env": "WATCHKEEPER_CAMERAS"}}}, VARIABLE, r"doors\.devices\.0"),
        ({"broker": {"password_file": "secrets/cameras"}}, DOORS, "doors"),
        ({"broker": {"tls": {"key": "secrets/cameras"}}}, DOORS, "doors"),
    ],
)
def test_a_secret_that_the_boxs_file_names_is_named_by_no_hub(
    own: dict[str, Any], hub: dict[str, Any], place: str
) -> None:
    with pytest.raises(ConfigError, match=rf"collectors\.{place}\.password_(file|env): this secret is the box's own"):
        combined({"collectors": hub}, own, SECRETS, Path("/etc/watchkeeper"))


def test_nor_by_a_link_to_it(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("secret")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "cameras").symlink_to(tmp_path / "own")
    own = {"collectors": {"cameras": {"password_file": str(tmp_path / "own")}}}
    with pytest.raises(ConfigError, match="this secret is the box's own"):
        combined({"collectors": DOORS}, own, tmp_path / "secrets", tmp_path)


def test_what_the_box_overrides_may_be_named_and_so_may_other_secrets() -> None:
    own = {"collectors": {"cameras": {"password_file": "/etc/watchkeeper/secrets/cameras"}}}
    hub = {"cameras": {"password_file": "cameras"}, "doors": {"password_file": "doors"}}
    merged = combined({"collectors": hub}, own, SECRETS)["collectors"]
    assert merged["doors"]["password_file"] == str(SECRETS / "doors")


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "hostile", [float("nan"), float("inf"), 10**400, -(2**80), nested(150), {"a": nested(20)}, [[float("-inf")]]]
)
def test_hostile_values_are_refused(hostile: object) -> None:
    with pytest.raises(ConfigError, match=r"collectors\.host"):
        combined({"collectors": {"host": {"x": hostile}}}, {}, SECRETS)


@pytest.mark.parametrize("tables_of", [None, [], "x", 3])
def test_collectors_are_a_table(tables_of: object) -> None:
    with pytest.raises(ConfigError, match="collectors: is no table"):
        combined({"collectors": tables_of}, {}, SECRETS)


def test_a_password_is_not_sent_in_clear_as_a_community() -> None:
    def named(**keys: str) -> Any:
        return combined({"collectors": {"switches": keys}}, {}, SECRETS)["collectors"]["switches"]

    assert named(community_file="community-yard") == {"community_file": "/etc/watchkeeper/secrets/community-yard"}
    assert named(community_env="WATCHKEEPER_COMMUNITY_YARD") == {"community_env": "WATCHKEEPER_COMMUNITY_YARD"}
    for keys in ({"community_file": "cameras"}, {"community_env": "WATCHKEEPER_CAMERAS"}, {"community_file": "/etc/x"}):
        with pytest.raises(ConfigError, match="community"):
            named(**keys)
