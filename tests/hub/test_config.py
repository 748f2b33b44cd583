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
from hub.scoped import OF_THE_RULE

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


def test_what_leaves_a_key_area_unwatched_or_unguarded_is_graver_there_unless_the_file_says_otherwise() -> None:
    table = {
        "areas": {"vault": {"key": True, "rooms": ["vault"]}},
        "rules": {"door_held_open": {"severity": "info"}},
    }
    config = parse(table, discover(), folder=Path())
    severities = {
        name: (told(config, name)["severity"], told(config, name, room="vault")["severity"])
        for name in ("picture_blurred", "picture_colour_lost", "daily_integrity", "door_denied", "door_held_open")
    }
    assert severities == {
        "picture_blurred": ("warning", "critical"),
        "picture_colour_lost": ("info", "warning"),
        "daily_integrity": ("warning", "critical"),
        "door_denied": ("warning", "critical"),
        "door_held_open": ("info", "info"),
    }


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
    assert record["rules"]["too_damp"]["raise_at"] == {"value": 0.65, "from": f"[threshold.too_damp], {file}:34"}


def test_who_says_for_whom_means_its_settings_and_of_a_rule_for_one_kind_need_not_say_the_kind(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("[[override]]\nkind = 'camera'\nrules.camera_unreachable.hold_seconds = 90\n", encoding="utf-8")
    assert main(["check-config", "--config", str(file), "--site", "school", "--rule", "camera_unreachable"]) == 0
    assert f"camera_unreachable.hold_seconds = 90.0 s  # [[override]] 1, {file}:3\n" in capsys.readouterr().out


def test_of_a_rule_for_several_kinds_it_says_what_does_not_count_while_the_kind_is_not_said(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check-config", "--config", str(file), "--rule", "channel_offline"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "# without --kind nothing counts that [[override]] 3 says for channel"


def test_of_a_users_own_rule_it_names_the_lines_and_the_unit_of_its_metric(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check-config", "--config", str(file), "--rule", "too_damp", "--room", "gate"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"too_damp.raise_at = 0.65 1  # [threshold.too_damp], {file}:34" in lines
    assert f"too_damp.clear_at = 0.6 1  # [threshold.too_damp], {file}:33" in lines
    assert f"too_damp.hold_seconds = 300.0 s  # {OF_THE_RULE}" in lines


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (["--rule", "channel_ofline"], "unknown rule channel_ofline; known: agent_behind, "),
        (["--rule", "agent_silent", "--kind", "camera"], "agent_silent is a rule for: agent"),
    ],
)
def test_a_rule_that_is_not_there_is_said_not_to_be(
    at: list[str], said: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check-config", "--config", str(file), "--settings", *at]) == 2
    assert said in capsys.readouterr().err


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
        (
            "[[override]]\nkind = 'camera'\nrules.volume_filling.enabled = false",
            ":3: override.0.rules.volume_filling: it would never hold: volume_filling is for volume",
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
        (OWN.replace("raise_at = 0.7", "raise_at = inf"), ":5: threshold.too_damp.raise_at: Input should be a finite"),
        (
            "[rules.volume_filling]\nraise_ratio = 0.8",
            ":1: rules.volume_filling: clear_ratio (0.85) has to lie below raise_ratio (0.8): set both",
        ),
        (
            "[[override]]\nsite = 'a'\nrules.volume_full_by.raise_left_days = 14",
            ":3: override.0.rules.volume_full_by: clear_left_days (10) has to lie above raise_left_days (14)",
        ),
        ("[rules.host_hot]\nraise_celsius = nan", ":2: rules.host_hot.raise_celsius: Input should be a finite number"),
        ("[console]\ntime_zone = 'Mars'", ":2: console.time_zone: no such time zone"),
    ],
)
def test_what_is_wrong_refuses_to_start_by_its_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(tomllib.loads(text), discover(), folder=Path(), source="hub.toml", text=text)
    assert str(refused.value).startswith(f"hub.toml{said}")


def test_relative_paths_are_taken_from_the_files_folder_wherever_the_hub_is_started(tmp_path: Path) -> None:
    series = {"kind": "influx", "url": "https://influx.example", "token_file": "influx.token", "ca_file": "/etc/ca.crt"}
    file = parse({"state_dir": "state", "series": series}, {}, folder=tmp_path).file
    assert (file.series.token_file, file.series.ca_file) == (tmp_path / "influx.token", Path("/etc/ca.crt"))
    assert (file.series.password_file, file.series.path) == (None, tmp_path / "state" / "series.db")


def test_a_limit_may_be_moved_with_its_other_half() -> None:
    table = {"rules": {"volume_filling": {"raise_ratio": 0.8, "clear_ratio": 0.75}}}
    check = next(parse(table, discover(), folder=Path()).rules.everywhere("volume_filling"))
    assert (check.above, check.raise_at, check.clear_at) == (True, 0.8, 0.75)


def test_overrides_that_contradict_each_other_do_not_stop_the_hub(caplog: pytest.LogCaptureFixture) -> None:
    text = OWN + "[[override]]\nsite = 'a'\nrules.too_damp.raise_at = 0.62\n"
    text += "[[override]]\ndevice = 'r'\nrules.too_damp.clear_at = 0.62\n"
    rules = parse(tomllib.loads(text), discover(), folder=Path()).rules
    check = rules.check("too_damp", rules.spot(Whereabouts("a", "r", "room", "")))
    assert (check.raise_at, check.clear_at) == (0.7, 0.62)
    assert "contradict" in caplog.text
