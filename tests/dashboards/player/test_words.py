"""Variables in texts and queries."""

import pytest

from tests.dashboards.player.errors import DashboardError
from tests.dashboards.player.words import Chosen, as_influxql, as_text, filled

ONE = Chosen(("a.b",), ("A",))
MANY = Chosen(("a.b", "c"), ("A", "C"), multi=True)
ALL = Chosen(("a", "c"), ("All",), multi=True, whole=".*")


@pytest.mark.parametrize(
    ("text", "chosen", "wanted"),
    [
        ("\"x\" = '$v'", ONE, "\"x\" = 'a.b'"),
        ('"x" =~ /^$v$/', ONE, '"x" =~ /^a\\.b$/'),
        ('"x" =~ /^$v$/', MANY, '"x" =~ /^(a\\.b|c)$/'),
        ('"x" =~ /^${v}$/', ALL, '"x" =~ /^.*$/'),
        ('"x" =~ /^${v:regex}$/', MANY, '"x" =~ /^(a\\.b|c)$/'),
        ('"x" =~ /^[[v]]$/', ONE, '"x" =~ /^a\\.b$/'),
        ("?${v:queryparam}", MANY, "?var-v=a.b&var-v=c"),
        ("${v:pipe}", MANY, "a.b|c"),
    ],
)
def test_a_value_is_escaped_where_a_regular_expression_reads_it(text: str, chosen: Chosen, wanted: str) -> None:
    assert filled(text, {"v": chosen}, as_influxql) == wanted


@pytest.mark.parametrize("text", ["\"x\" = '$v'", '"x" =~ /^a$/ AND "y" = \'$v\''])
def test_several_values_outside_of_a_regular_expression_are_a_mistake(text: str) -> None:
    with pytest.raises(DashboardError, match="several values"):
        filled(text, {"v": MANY}, as_influxql)


def test_a_variable_that_is_not_there_is_a_mistake() -> None:
    with pytest.raises(DashboardError, match=r"\$sit is no variable"):
        filled("$sit", {"site": ONE}, as_text)


def test_a_title_says_what_is_chosen_for_people() -> None:
    assert filled("Of $v", {"v": MANY}, as_text) == "Of A + C"
