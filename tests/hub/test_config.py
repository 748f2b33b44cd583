"""What the hub's file may say of rules: everywhere, for a part of the fleet, of the user's own; and what it may not."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from hub.__main__ import main
from hub.config import ConfigError, HubConfig, load, parse
from hub.rule import discover
from hub.scope import Whereabouts
from hub.scoped import OF_KEY_AREAS, OF_THE_RULE

DOCUMENT = Path(__file__).parents[2] / "docs/settings.md"
EXAMPLES = re.findall(r"^```toml\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)

STRICT = """\
[rules.channel_offline]
hold_seconds = 240

[areas.entrances]
key = true
rooms = ["gate"]
devices = ["school/nvr-*-ch9"]

[areas.everything]
rooms = ["*"]

[[override]]
device = "nvr-1-ch3"
[override.rules.channel_offline]
hold_seconds = 30

[[override]]
site = "school"
[override.rules.channel_offline]
hold_seconds = 200
clear_seconds = 60
severity = "info"

[[override]]
kind = "channel"
rules.channel_offline = { clear_seconds = 90 }

[threshold.too_damp]
kinds = ["room"]
metric = "humidity_ratio"
comparison = "above"
raise_at = 0.7
clear_at = 0.6
in_key_area = { raise_at = 0.65, severity = "critical" }
title = { en = "Too damp", zh_CN = "太潮湿" }
summary = "Humidity is {humidity_ratio}."
first_step = "Open the window."
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hub.toml"
    path.write_text(STRICT, encoding="utf-8")
    return path


def told(config: HubConfig, rule: str, **place: str) -> dict[str, object]:
    where = Whereabouts(**{"site": "", "device": "", "kind": "", "room": "", **place})
    return {one.name: one.value for one in config.rules.effective(rule, config.rules.spot(where))}


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_of_the_document_is_taken(example: str) -> None:
    parse(tomllib.loads(example), discover(), folder=Path(), text=example)


def test_the_more_specific_wins_setting_by_setting(file: Path) -> None:
    config = load(file, discover())
    assert told(config, "channel_offline")["hold_seconds"] == 240
    here = {"site": "school", "kind": "channel", "device": "nvr-1-ch3"}
    both = told(config, "channel_offline", **here)
    assert (both["hold_seconds"], both["clear_seconds"], both["severity"]) == (30, 90, "info")
    other = told(config, "channel_offline", site="school", device="nvr-1-ch4", kind="channel")
    assert (other["hold_seconds"], other["clear_seconds"]) == (200, 90)


def test_an_area_is_rooms_and_devices_and_a_key_one_goes_before(file: Path) -> None:
    rules = load(file, discover()).rules
    spots = [
        rules.spot(Whereabouts("school", device, "channel", room))
        for device, room in (("ch-1", "gate"), ("nvr-2-ch9", ""), ("ch-1", "hall"), ("ch-1", ""))
    ]
    assert [spot.area for spot in spots] == ["entrances", "entrances", "everything", ""]
    assert [spot.key for spot in spots] == [True, True, False, False]


def test_devices_with_the_same_settings_share_what_is_compiled(file: Path) -> None:
    rules = load(file, discover()).rules
    spots = [rules.spot(Whereabouts(f"site-{n}", f"cam-{n}", "camera", "")) for n in range(100)]
    assert len({id(rules.check("camera_unreachable", spot)) for spot in spots}) == 1


def test_the_users_own_rule_is_stricter_in_a_key_area_and_speaks_both_languages(file: Path) -> None:
    config = load(file, discover())
    rule = config.known["too_damp"]
    assert rule.translations == {"Too damp": "太潮湿"}
    assert told(config, "too_damp", room="gate", kind="room")["raise_at"] == 0.65
    assert told(config, "too_damp", room="hall", kind="room")["severity"] == "warning"


def test_check_config_says_what_holds_and_which_line_says_so(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--site", "school", "--device", "nvr-1-ch3", "--kind", "channel", "--rule", "channel_offline"]
    assert main(["check-config", "--config", str(file), "--settings", *at]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "for site school, device nvr-1-ch3, kind channel:",
        f"channel_offline.enabled = true  # {OF_THE_RULE}",
        f'channel_offline.severity = "info"  # [[override]] 2, {file}:22',
        f"channel_offline.hold_seconds = 30.0 s  # [[override]] 1, {file}:15",
        f"channel_offline.clear_seconds = 90.0 s  # [[override]] 3, {file}:26",
        f"channel_offline.flap_seconds = 3600.0 s  # {OF_THE_RULE}",
    ]


def test_and_for_programs(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check-config", "--config", str(file), "--settings", "--json", "--kind", "room", "--room", "gate"])
    record = json.loads(capsys.readouterr().out)
    assert (record["area"], record["key"]) == ("entrances", True)
    assert record["rules"]["too_damp"]["raise_at"] == {"value": 0.65, "from": OF_KEY_AREAS}


OWN = STRICT[STRICT.index("[threshold") :]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[rules.channel_ofline]\nhold_seconds = 1", ":1: rules.channel_ofline: unknown rule; known: agent_behind"),
        ("[rules.channel_offline]\nholds = 1", ":2: rules.channel_offline.holds: unknown key"),
        ("[rules.channel_offline]\n\nhold_seconds = -1", ":3: rules.channel_offline.hold_seconds: "),
        ("[[override]]\nrules.door_forced = {}", ":1: override.0: say for what"),
        ("[[override]]\nsite = 'a'", ":1: override.0.rules: is missing"),
        ("[[override]]\nsite = 'a'\n[override.rules.nonsense]", ":3: override.0.rules.nonsense: unknown rule"),
        ("[[override]]\nkind = 'drone'\nrules.door_forced = {}", ":2: override.0.kind"),
        ("[[override]]\narea = 'a'\nrules.door_forced = {}", ":2: override.0.area: unknown area; known: none"),
        ("[[override]]\nroom = 'a'\nrules.door_forced = {}", ":2: override.0.room: unknown key"),
        (
            "[[override]]\nsite = 'a'\nrules.door_forced.hold = 1",
            ":3: override.0.rules.door_forced.hold: unknown key",
        ),
        ("[areas.gate]\nkey = true", ":1: areas.gate: name its rooms, its devices, or both"),
        ("[areas.gate]\ndevices = ['cam-1']", ":2: areas.gate.devices.0"),
        (OWN.replace("too_damp", "door_forced"), ":1: threshold.door_forced: the hub has a rule of this name"),
        (OWN.replace("clear_at = 0.6", "clear_at = 0.8"), ":1: threshold.too_damp: clear_at has to lie below raise_at"),
        (OWN.replace("humidity_ratio", "humidity"), ":1: threshold.too_damp: there is no metric 'humidity'"),
        (OWN.replace('"room"', '"door"'), ":1: threshold.too_damp: humidity_ratio is measured of: room"),
        (OWN.replace("{humidity_ratio}", "{dew}"), ":1: threshold.too_damp: the summary may name {humidity_ratio}"),
        (
            OWN.replace("raise_at = 0.65", "raise_at = 0.5"),
            ":7: threshold.too_damp.in_key_area: clear_at has",
        ),
    ],
)
def test_what_is_wrong_refuses_to_start_by_its_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(tomllib.loads(text), discover(), folder=Path(), source="hub.toml", text=text)
    assert str(refused.value).startswith(f"hub.toml{said}")


def test_overrides_that_contradict_each_other_do_not_stop_the_hub(caplog: pytest.LogCaptureFixture) -> None:
    text = OWN + "[[override]]\nsite = 'a'\nrules.too_damp.raise_at = 0.62\n"
    text += "[[override]]\ndevice = 'r'\nrules.too_damp.clear_at = 0.62\n"
    rules = parse(tomllib.loads(text), discover(), folder=Path()).rules
    check = rules.check("too_damp", rules.spot(Whereabouts("a", "r", "room", "")))
    assert (check.raise_at, check.clear_at) == (0.7, 0.62)
    assert "contradict" in caplog.text
