"""Scripts: read as documented, and every mistake named with its line."""

import re
from pathlib import Path

import pytest

from simulator import scenario
from simulator.__main__ import main
from simulator.faults import KINDS, AgentSilent, ClockJump
from simulator.scenario import Scenario, ScenarioError, load, parse

DEMO = Path(scenario.__file__).parent / "scenarios" / "demo.yaml"
DOCUMENTATION = Path(scenario.__file__).parent.parent / "docs" / "scenarios.md"

SITE = """\
site: north
agents:
  - id: gw
    cameras: 3
    recorders: [{id: nvr, channels: 2}]
    door_controllers: [{id: acs, doors: [door-1]}]
    volumes: [{id: data, size: 8TB, fill: 0.5}]
"""


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ScenarioError) as raised:
        parse(text, "x.yaml")
    return raised.value.problems


def test_the_demo_has_the_site_and_the_five_faults_it_promises() -> None:
    script = load(DEMO)
    assert len(script.agents[0].camera_ids()) == 16
    assert [(len(one.channel_ids()), one.speaks) for one in script.agents[0].recorders] == [(8, "onvif"), (4, "isapi")]
    assert [len(controller.doors) for controller in script.agents[0].door_controllers] == [2]
    assert [fault.kind for fault in script.faults] == [
        "camera_off",
        "volume_fill",
        "clock_jump",
        "door_held",
        "agent_silent",
    ]
    assert 60 <= script.faults_end <= 75
    assert all(fault.expect for fault in script.faults)


def test_the_demos_recording_volume_is_full_by_design_and_hit_by_no_fault() -> None:
    script = load(DEMO)
    footage = next(volume for volume in script.agents[0].volumes if volume.role == "recording")
    assert footage.overwrites
    assert footage.fill > 0.95
    assert footage.id not in {fault.device for fault in script.faults}


def test_a_script_is_read_as_written() -> None:
    script = parse(
        SITE
        + """\
faults:
  - {at: 1m5s, for: 20, kind: clock_jump, device: cam-02, by: -2h}
  - {at: 500, for: 1.5s, kind: agent_silent, device: gw, expect: {rule: agent_silent, device: gw}}
"""
    )
    first, second = script.faults
    assert isinstance(first, ClockJump)
    assert (first.at, first.for_, first.end, first.by) == (65.0, 20.0, 85.0, -7200.0)
    assert isinstance(second, AgentSilent)
    assert second.expect is not None
    assert script.faults_end == 501.5
    assert script.agents[0].volumes[0].size == 8 * 10**12
    assert [str(kind) for kind in script.devices.values()] == [
        *("agent", "host", "camera", "camera", "camera"),
        *("recorder", "channel", "channel", "door", "volume"),
    ]


@pytest.mark.parametrize(
    ("written", "ids"),
    [
        ("2", ["cam-01", "cam-02"]),
        ("{count: 2, prefix: yard}", ["yard-01", "yard-02"]),
        ("[gate, hall]", ["gate", "hall"]),
        ("0", []),
    ],
)
def test_cameras_are_a_number_a_series_or_a_list(written: str, ids: list[str]) -> None:
    assert parse(f"site: s\nagents: [{{id: gw, cameras: {written}}}]").agents[0].camera_ids() == ids


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90", 90.0), ("90s", 90.0), ("1m30s", 90.0), ("2h", 7200.0), ("0.5s", 0.5), ("-90s", -90.0), ("1h1m1s", 3661.0)],
)
def test_durations(written: str, seconds: float) -> None:
    script = parse(f"{SITE}faults: [{{at: 0, for: 1, kind: clock_jump, device: cam-01, by: {written}}}]")
    assert isinstance(script.faults[0], ClockJump)
    assert script.faults[0].by == seconds


@pytest.mark.parametrize(
    ("written", "size"), [("1000", 1000), ("1KiB", 1024), ("1.5 MB", 1_500_000), ("2T", 2 * 10**12)]
)
def test_sizes(written: str, size: int) -> None:
    assert (
        parse(f"site: s\nagents: [{{id: gw, volumes: [{{id: v, size: {written}}}]}}]").agents[0].volumes[0].size == size
    )


def test_an_unknown_fault_is_refused_with_those_there_are() -> None:
    (problem,) = problems(SITE + "faults:\n  - {at: 1s, for: 1s, kind: camera_of, device: cam-01}\n")
    assert problem == f"x.yaml:9: faults[0].kind: no such fault; there are {', '.join(KINDS)}"


def test_an_unknown_device_is_refused_with_those_there_are() -> None:
    (problem,) = problems(SITE + "faults:\n  - at: 1s\n    for: 1s\n    kind: camera_off\n    device: cam-09\n")
    assert problem == "x.yaml:12: faults[0].device: no camera cam-09; there are cam-01, cam-02, cam-03"


def test_a_device_of_another_kind_is_refused() -> None:
    (problem,) = problems(SITE + "faults:\n  - {at: 1s, for: 1s, kind: door_held, device: cam-01}\n")
    assert problem == "x.yaml:9: faults[0].device: no door cam-01; there are door-1"


def test_every_mistake_is_named_with_its_line() -> None:
    found = problems(
        """\
site: North
agents:
  - id: gw
    cameras: [a, B]
    recorders:
      - {id: nvr, chanels: 3}
    volumes: [{id: v, fill: 2, size: huge}]
faults:
  - {at: soon, kind: camera_off, device: a}
  - {at: 1s, for: 0, device: a}
"""
    )
    places = [re.match(r"x\.yaml:(\d+): ([^:]+): ", problem) for problem in found]
    assert [(int(place[1]), place[2]) for place in places if place] == [
        (1, "site"),
        (4, "agents[0].cameras[1]"),
        (6, "agents[0].recorders[0].chanels"),
        (7, "agents[0].volumes[0].size"),
        (7, "agents[0].volumes[0].fill"),
        (9, "faults[0].at"),
        (9, "faults[0].for"),
        (10, "faults[1]"),
    ]


@pytest.mark.parametrize(
    ("addition", "said"),
    [
        ("faults: [{at: 1, for: 1, kind: door_held, device: door-1, expect: {rule: x, device: y}}]", "no device y"),
        ("surprise: 1", "surprise: unknown key"),
        ("site: south", "site: is set twice"),
        ("settle: &a 1\nrules: {x: {y: *a}}", "aliases"),
        ("settle: [", "no YAML"),
        ("rules: {agent_silent: [1]}", "rules.agent_silent"),
        (
            "faults:\n  - {at: 1, for: 5, kind: door_held, device: door-1}\n"
            "  - {at: 5, for: 5, kind: door_held, device: door-1}",
            "x.yaml:10: faults[1].at: door-1 already has a door_held until 6s",
        ),
    ],
)
def test_contradictions_and_bad_yaml_are_refused(addition: str, said: str) -> None:
    assert said in "\n".join(problems(SITE + addition))


def test_one_fault_may_follow_another_at_once() -> None:
    faults = "[{at: 1, for: 5, kind: door_held, device: door-1}, {at: 6, for: 5, kind: door_held, device: door-1}]"
    assert parse(f"{SITE}faults: {faults}").faults_end == 11


def test_two_agents_may_not_share_a_device() -> None:
    (problem,) = problems("site: s\nagents:\n  - {id: a, cameras: 2}\n  - {id: b, cameras: 1}\n")
    assert problem == "x.yaml:4: agents[1]: device cam-01 is there twice; ids are unique in a site"


def test_a_door_controller_may_not_be_called_like_a_device() -> None:
    (problem,) = problems("site: s\nagents: [{id: a, cameras: [x], door_controllers: [{id: x, doors: [d]}]}]\n")
    assert problem == "x.yaml:2: agents[0]: device x is there twice; ids are unique in a site"


@pytest.mark.parametrize("text", ["", "- a", "1", "[" * 5000, "\x00", "? [a]\n: 1", "1: 2"])
def test_what_is_no_script_is_refused_without_a_crash(text: str) -> None:
    assert problems(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "x.yaml:2: aliases"),
        ("site: s\n" + "a: " + "[" * 500_000, "x.yaml:2: nested deeper"),
        ("{a: " * 5000, "x.yaml:1: nested deeper"),
        ("- " * 200_000, "x.yaml:1: nested deeper"),
        ("site: s\nseed: 1" + ":59" * 200_000, "x.yaml:2: a value of more than"),
        ("site: '" + "x" * 900_000 + "'", "x.yaml:1: a value of more than"),
    ],
)
def test_what_would_grow_without_bounds_is_refused_at_its_line_before_it_does(text: str, said: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith(said)


def test_no_more_of_a_file_is_read_than_a_script_may_have() -> None:
    with pytest.raises(ScenarioError, match="at most"):
        load(Path("/dev/zero"))


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="No such file"):
        load(tmp_path / "none.yaml")
    (tmp_path / "large.yaml").write_bytes(b"#" * (scenario.MAX_FILE_BYTES + 1))
    with pytest.raises(ScenarioError, match="at most"):
        load(tmp_path / "large.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"site: caf\xe9")
    with pytest.raises(ScenarioError, match="not UTF-8"):
        load(tmp_path / "latin.yaml")


def test_every_fault_and_key_is_documented() -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    assert not [kind for kind in KINDS if f"`{kind}`" not in text]
    assert not [name for name in Scenario.model_fields if f"`{name}`" not in text]


def test_the_documented_script_is_one() -> None:
    for block in re.findall(r"```yaml\n(.*?)```", DOCUMENTATION.read_text(encoding="utf-8"), re.DOTALL):
        parse(block)


def test_what_a_generated_site_is_told_of_time_and_chance() -> None:
    site = "site: a\nagents: [{ id: g, cameras: [cam-1] }]\n"
    told = parse(
        f"{site}start: 2027-03-01T08:00:00+08:00\nlength: 30d\nseed: 7\ninterval: 1m30s\nutc_offset: -5h\n"
        "duplicates: 0.01\nreorders: 0.02\nfaults: [{ at: 29d12h, for: 1d, kind: agent_reboot, device: g }]\n"
    )
    assert told.start.timestamp() == 1_803_859_200
    assert (told.span, told.seed, told.interval, told.utc_offset) == (30 * 86_400, 7, 90.0, -18_000.0)
    assert (told.duplicates, told.reorders) == (0.01, 0.02)
    assert told.faults[0].end == 30.5 * 86_400
    untold = parse(f"{site}faults: [{{ at: 10s, for: 5s, kind: camera_off, device: cam-1 }}]")
    assert (untold.span, untold.interval, untold.seed) == (45.0, 60.0, 1)


@pytest.mark.parametrize(
    "line",
    [
        *("start: 2027-03-01", "start: 2027-03-01T08:00:00", "length: 500d", "length: soon", "seed: -1", "interval: 0"),
        *("utc_offset: 20h", "duplicates: 2", "reorders: -1"),
    ],
)
def test_times_and_chances_that_cannot_be_are_refused_by_line(line: str) -> None:
    with pytest.raises(ScenarioError, match=r"script:2: " + line.partition(":")[0]):
        parse(f"site: a\n{line}\nagents: [{{ id: g, cameras: 1 }}]\n")


EVERYTHING = """
site: a
agents:
  - id: g
    cameras: 1
    recorders: [{ id: nvr, channels: 1 }]
    switches: [{ id: switch, ports: 1 }]
    door_controllers: [{ id: access, doors: [door] }]
    volumes: [{ id: system }]
    software: [{ id: vms }]
    disks: [sda]
    arrays: [md0]
    ups: [ups]
    rooms: [rack]
    behind: { cam-01: switch-p1 }
"""


@pytest.mark.parametrize("kind", [kind for kind, fault in KINDS.items() if not fault.living])
def test_what_only_a_generated_site_can_suffer_is_not_played(kind: str) -> None:
    device = next(device for device, of in parse(EVERYTHING).devices.items() if of in KINDS[kind].befalls)
    text = f"{EVERYTHING}faults:\n  - {{ at: 1, for: 5, kind: {kind}, device: {device} }}\n"
    assert len(parse(text).faults) == 1
    with pytest.raises(ScenarioError, match=rf"script:17: faults\[0\].kind: {kind} can only be generated"):
        parse(text, living=True)


def test_devices_that_only_a_generated_site_has_are_not_played() -> None:
    with pytest.raises(ScenarioError) as caught:
        parse(EVERYTHING, living=True)
    assert [problem.split(": ")[1] for problem in caught.value.problems] == [
        f"agents[0].{key}" for key in ("software", "disks", "arrays", "ups", "rooms", "behind")
    ]


@pytest.mark.parametrize(
    "wrong", ["behind: { cam-09: switch-p1 }", "behind: { cam-01: cam-01 }", "tours: [cam-09]", "storerooms: [nvr]"]
)
def test_a_camera_or_port_that_the_agent_does_not_have_is_refused(wrong: str) -> None:
    with pytest.raises(ScenarioError, match=r"g has no (camera|switch)"):
        parse(f"site: a\nagents: [{{ id: g, cameras: 1, switches: [{{ id: switch, ports: 1 }}], {wrong} }}]\n")


def test_check_says_what_can_only_be_generated_and_what_leaves_no_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "site: a\nagents: [{ id: g, recorders: [{ id: nvr, channels: 1 }] }]\nfaults:\n"
        "  - { at: 1, for: 5, kind: uplink_down, device: g }\n"
        "  - { at: 1, for: 5, kind: video_loss, device: nvr-ch1 }\n"
    )
    assert main(["check", str(path)]) == 0
    said = capsys.readouterr().out
    assert "To be generated, not played: uplink_down\n" in said
    assert "video_loss of nvr-ch1 shows nowhere: " in said
    assert main(["demo", "--once", "--script", str(path)]) == 2
    assert "mine.yaml:4: faults[0].kind: uplink_down can only be generated" in capsys.readouterr().err


def test_every_fault_names_a_rule_that_must_see_it_or_says_that_none_does() -> None:
    """A row a kind of fault. That the hub knows those rules is checked by the fault catalogue."""
    rows = re.findall(
        r"^\| (`\w+`(?:, `\w+`)?).*\| ([^|]*) \|$", DOCUMENTATION.read_text(encoding="utf-8"), re.MULTILINE
    )
    told = {kind: re.findall(r"`(\w+)`", rules) for kinds, rules in rows for kind in re.findall(r"`(\w+)`", kinds)}
    assert set(KINDS) <= set(told)
