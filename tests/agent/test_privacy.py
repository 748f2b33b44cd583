"""Secrets that others on the machine can read, wherever the configuration names them."""

from pathlib import Path

from agent.collector import discover
from agent.config import load
from agent.privacy import exposed, passwords, secrets


def test_communities_and_second_passwords_are_secrets_too(tmp_path: Path) -> None:
    for name in ("c", "p", "q"):
        (tmp_path / name).write_text("secret")
        (tmp_path / name).chmod(0o644)
    config = tmp_path / "agent.toml"
    config.write_text(
        f'site = "s"\nagent = "a"\nstate_dir = "{tmp_path}/state"\n[collectors.switches]\n'
        f'community_file = "{tmp_path}/c"\ndevices = [{{id = "sw", host = "10.0.0.2", version = "3", username = "u",\n'
        f'  password_file = "{tmp_path}/p", privacy_password_file = "{tmp_path}/q"}}]\n'.replace(",\n ", ",")
    )
    loaded = load(config, discover())
    assert secrets(loaded) == [tmp_path / "c", tmp_path / "p", tmp_path / "q"]
    assert [one.path for one in exposed(loaded)] == secrets(loaded)


def test_a_private_key_is_a_secret_and_no_password(tmp_path: Path) -> None:
    """Text may stand before a key in its file: its first line says nothing."""
    config = tmp_path / "agent.toml"
    config.write_text(
        f'site = "s"\nagent = "a"\nstate_dir = "{tmp_path}/state"\n[broker.tls]\nca = "ca"\ncertificate = "c"\n'
        f'key = "ours"\n[[collectors.doors.topics]]\nid = "zigbee"\nhost = "127.0.0.1"\nusername = "u"\n'
        f'password_file = "{tmp_path}/p"\ndoors = [{{ id = "store", token = "t" }}]\n'
        f'subscriptions = [{{ topic = "z/+", door_level = 1, value_field = "/c", events = {{ true = "closed" }} }}]\n'
        f'tls = {{ certificate = "{tmp_path}/c", key_file = "{tmp_path}/k" }}\n'
    )
    loaded = load(config, discover())
    assert secrets(loaded) == [tmp_path / "k", tmp_path / "ours", tmp_path / "p"]
    assert passwords(loaded) == [tmp_path / "p"]
