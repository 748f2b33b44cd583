"""docs/rules.md says all that the rules are."""

from pathlib import Path

import pytest

from hub import rule_table
from hub.rule import Settings, discover
from wire.messages import DeviceKind

RULES = discover()
PAGE = rule_table.page(RULES)


@pytest.mark.parametrize("name", sorted(RULES))
def test_every_rule_is_there_with_each_of_its_settings_and_their_units(name: str) -> None:
    section = PAGE.split(f"## {name}\n")[1].split("\n## ")[0]
    for setting in RULES[name].settings.model_fields:
        if setting not in Settings.model_fields:
            assert f"| `{setting}` |" in section


def test_a_rule_that_flaps_otherwise_than_most_says_so() -> None:
    usual = Settings.model_fields["flap_seconds"].default
    told = {name for name in RULES if "`flap_seconds` " in PAGE.split(f"## {name}\n")[1].split("\n## ")[0]}
    assert told == {name for name, rule in RULES.items() if rule.settings().flap_seconds != usual} != set()


@pytest.mark.parametrize("kind", sorted({kind for rule in RULES.values() for kind in rule.kinds}))
def test_every_kind_of_device_lists_its_rules(kind: DeviceKind) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {kind.value} | ["))
    assert row.count("](#") == sum(kind in rule.kinds for rule in RULES.values())


def test_a_page_that_is_not_current_is_told_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rule_table, "PAGE", tmp_path / "rules.md")
    assert rule_table.main(["--check"]) == 1
    assert "python -m hub.rule_table" in capsys.readouterr().err
    assert rule_table.main([]) == 0
    assert rule_table.main(["--check"]) == 0
