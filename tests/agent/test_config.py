"""The configuration: what is unknown or wrong is named with file, line and key."""

import dataclasses
from pathlib import Path

import pytest
from pydantic import ValidationError

from agent.collector import discover
from agent.config import DEFAULT_COLLECTORS, FOLLOWING_COLLECTORS, ConfigError, line_of, load, parse
from agent.surroundings import context_of

PLUGINS = discover()
MINIMAL = 'site = "north"\nagent = "gate-1"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "agent.toml"
    path.write_text(text)
    return path


def test_two_keys_are_enough(tmp_path: Path) -> None:
    config = load(write(tmp_path, MINIMAL), PLUGINS)
    assert (config.host, config.broker.host, config.broker.root) == ("gate-1-host", "localhost", "wk")
    assert config.spool.max_bytes == 256 * 1024 * 1024
    assert sorted(config.collectors) == sorted(DEFAULT_COLLECTORS)
    assert config.state_dir == Path("/var/lib/watchkeeper-agent")


def test_paths_are_taken_from_the_files_folder(tmp_path: Path) -> None:
    text = (
        MINIMAL + 'state_dir = "state"\n[broker]\nhost = "mq"\n[broker.tls]\nca = "ca"\ncertificate = "c"\nkey = "/k"\n'
    )
    config = load(write(tmp_path, text), PLUGINS)
    assert config.state_dir == tmp_path / "state"
    assert config.broker.tls is not None
    assert (config.broker.tls.ca, config.broker.tls.key) == (tmp_path / "ca", Path("/k"))


def test_a_collector_can_be_switched_off_and_others_need_their_table(tmp_path: Path) -> None:
    config = load(write(tmp_path, MINIMAL + "[collectors.clock]\nenabled = false\n"), PLUGINS)
    assert set(config.collectors) == set(DEFAULT_COLLECTORS) - {"clock"}


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('site = "north"\n', 1, "agent: is missing"),
        (MINIMAL + "\n# a comment\nsitee = 1\n", 5, "sitee: unknown key"),
        (MINIMAL + '[broker]\nport = 1883\nhosst = "x"\n', 5, "broker.hosst: unknown key"),
        (MINIMAL + "[broker]\nport = 99999\n", 4, "broker.port: Input should be less than or equal to 65535"),
        (MINIMAL + 'broker = {port = 1, root = "a b"}\n', 3, "broker.root: topic root 'a b'"),
        (MINIMAL + '[broker]\nhost = "mq.example"\n', 3, "broker: mq.example is another machine"),
        (MINIMAL + '[broker]\npassword_file = "x"\n', 3, "broker: password_file needs a username"),
        ('site = "North Gate"\nagent = "a"\n', 1, "site: 'North Gate' is no id"),
        (MINIMAL + 'host = "gate-1"\n', 1, "agent and host are two devices"),
        (MINIMAL + "[collectors.camera]\n", 3, "collectors.camera: unknown collector; known: backup, cameras, clock, "),
        (MINIMAL + "[collectors.host]\ninterval = 1\n", 4, "collectors.host.interval: unknown key"),
        (MINIMAL + "[collectors.host]\ninterval_seconds = 0\n", 4, "collectors.host.interval_seconds"),
        (
            MINIMAL + '[[collectors.volumes.volume]]\npath = "/a"\n\n[[collectors.volumes.volume]]\npath = "b"\n',
            7,
            "collectors.volumes.volume.1.path",
        ),
        (MINIMAL + '[collectors.clock]\nservers = [\n  "a",\n  "b c",\n]\n', 4, "collectors.clock.servers.1"),
        (MINIMAL + "[spool\n", 3, "Expected"),
    ],
)
def test_mistakes_are_named_with_file_line_and_key(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path, PLUGINS)
    message = str(caught.value)
    assert says in message
    assert "\n" not in message
    assert f"{path}:{line}: " in message or f"line {line}" in message


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.toml", PLUGINS)
    (tmp_path / "bad.toml").write_bytes(b"site = \xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path / "bad.toml", PLUGINS)


def test_plain_text_to_another_machine_has_to_be_asked_for() -> None:
    table = {"site": "a", "agent": "b", "broker": {"host": "10.0.0.5", "plaintext": True}}
    assert parse(table, PLUGINS).broker.plaintext
    with pytest.raises(ConfigError, match="plaintext = true"):
        parse({"site": "a", "agent": "b", "broker": {"host": "10.0.0.5"}}, PLUGINS)


def test_the_line_of_a_key_is_found_past_multi_line_strings_and_inline_tables() -> None:
    text = 'a = """\n[b]\nc = 1\n"""\n[b]\nc = 2\nd = { e = 1 }\n'
    assert line_of(text, ("a",)) == 1
    assert line_of(text, ("b", "c")) == 6
    assert line_of(text, ("b", "d", "e")) == 7
    assert line_of(text, ("b", "missing")) == 5
    assert line_of(text, ("nowhere",)) == 1


def example(page: str) -> str:
    text = (Path(__file__).parents[2] / "docs" / page).read_text()
    return text.split("```toml\n", 1)[1].split("```", 1)[0]


def test_the_example_in_the_documentation_is_a_configuration(tmp_path: Path) -> None:
    config = load(write(tmp_path, example("agent.md")), PLUGINS)
    assert set(config.collectors) >= {"cameras", *DEFAULT_COLLECTORS}


def test_the_example_of_devices_is_a_configuration(tmp_path: Path) -> None:
    config = load(write(tmp_path, MINIMAL + example("devices.md")), PLUGINS)
    assert set(config.collectors) >= {"cameras", "recorders", "pictures", "hardware", "doors", "switches", "network"}


def test_what_looks_at_others_devices_runs_beside_them_untold(tmp_path: Path) -> None:
    """Pictures and hardware events of what is watched anyway need no table; one can switch them off."""
    looks = dataclasses.replace(PLUGINS["doors"], name="pictures", reads=("cameras", "recorders"))
    plugins = {"cameras": PLUGINS["cameras"], "pictures": looks}
    alone = load(write(tmp_path, MINIMAL), plugins)
    assert "pictures" not in alone.collectors
    beside = load(write(tmp_path, MINIMAL + "[collectors.cameras]\n"), plugins)
    assert {"cameras", "pictures"} <= beside.collectors.keys()
    off = "[collectors.cameras]\n[collectors.pictures]\nenabled = false\n"
    assert "pictures" not in load(write(tmp_path, MINIMAL + off), plugins).collectors


def test_a_collector_is_told_the_settings_of_those_it_reads_and_of_no_others(tmp_path: Path) -> None:
    looks = dataclasses.replace(PLUGINS["doors"], name="pictures", reads=("cameras", "recorders"))
    plugins = {"cameras": PLUGINS["cameras"], "doors": PLUGINS["doors"], "pictures": looks}
    tables = "[broker]\nport = 1999\n[collectors.cameras]\n[collectors.doors]\n"
    config = load(write(tmp_path, MINIMAL + tables), plugins)
    context = context_of(config, looks)
    assert context.others == {"cameras": config.collectors["cameras"]}
    assert context.hub == ("localhost", 1999)
    assert context_of(config, plugins["doors"]).others == {}


@pytest.mark.parametrize("name", sorted(PLUGINS))
@pytest.mark.parametrize("key", ["interval_seconds", "timeout_seconds"])
@pytest.mark.parametrize("value", [1e-9, 1e300])
def test_no_collector_runs_without_a_break_or_waits_for_ever(name: str, key: str, value: float) -> None:
    with pytest.raises(ValidationError, match=key):
        PLUGINS[name].settings.model_validate({key: value})


def test_what_runs_untold_beside_others_says_itself_whom_it_reads() -> None:
    assert all(set(others) <= set(PLUGINS[name].reads) for name, others in FOLLOWING_COLLECTORS.items())
