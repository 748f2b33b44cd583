"""`watchkeeper-agent picture`, as a technician at the box uses it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.__main__ import command
from agent.commands import PICTURES_STAY, CommandBook
from agent.pictures.keepsake import Keepsake
from simulator.isapi import IsapiRecorder
from simulator.onvif import Camera
from simulator.pictures import Fault, Place, Shot, View
from simulator.recorder.box import Box
from tests.agent.pictures.trained import week
from wire.messages import Action, Command

SEED = 1001


@pytest.fixture
def camera() -> Iterator[Camera]:
    with Camera(name="gate") as made:
        made.view = View(Place(SEED, indoors=True))
        yield made


@pytest.fixture
def config(camera: Camera, tmp_path: Path) -> Path:
    (tmp_path / "password").write_text("secret")
    file = tmp_path / "agent.toml"
    file.write_text(
        f"""site = "s"
agent = "a"
state_dir = "state"
[collectors.pictures]
learn_pictures = 16
[collectors.cameras]
username = "watchkeeper"
password_file = "{tmp_path / "password"}"
devices = [{{ id = "gate", host = "{camera.host}", port = {camera.port} }}]
"""
    )
    return file


def learned(tmp_path: Path) -> Path:
    """A baseline as an agent that runs there has written it."""
    folder = tmp_path / "state" / "collectors" / "pictures"
    folder.mkdir(parents=True)
    keepsake = Keepsake.of(week(SEED, True)[1], "", "", (640, 360))
    (folder / "gate.json").write_text(keepsake.model_dump_json())
    return folder / "gate.json"


def test_a_picture_is_written_for_its_owner_only_and_never_over_another(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], camera: Camera
) -> None:
    out = tmp_path / "gate.jpg"
    arguments = ["picture", "gate", "--config", str(config), "--out", str(out)]
    assert command(arguments) == 0
    assert isinstance(camera.view, View)
    shown = camera.view.moment
    assert out.read_bytes() == Place(SEED, indoors=True).picture(Shot(shown))
    assert out.stat().st_mode & 0o777 == 0o600
    assert "too few pictures" in capsys.readouterr().out

    asked = camera.requests["GET"]
    assert command(arguments) == 2
    assert "--force" in capsys.readouterr().err
    assert camera.requests["GET"] == asked, "the camera is left alone"
    assert command([*arguments, "--force"]) == 0
    assert out.read_bytes() != Place(SEED, indoors=True).picture(Shot(shown))


def test_no_link_is_followed(config: Path, tmp_path: Path) -> None:
    precious, out = tmp_path / "precious", tmp_path / "gate.jpg"
    precious.write_text("kept")
    out.symlink_to(precious)
    assert command(["picture", "gate", "--config", str(config), "--out", str(out)]) == 2
    assert command(["picture", "gate", "--config", str(config), "--out", str(out), "--force"]) == 4
    assert precious.read_text() == "kept"


def test_it_is_judged_by_what_the_agent_has_learned_and_teaches_it_nothing(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], camera: Camera
) -> None:
    kept = learned(tmp_path)
    before = kept.read_bytes()
    assert command(["picture", "gate", "--config", str(config)]) == 0
    told = capsys.readouterr().out
    assert "not blurred" in told
    assert "640 × 360, day" in told
    assert isinstance(camera.view, View)
    camera.view.fault = Fault.DEFOCUSED
    assert command(["picture", "gate", "--config", str(config)]) == 1
    assert "WRONG: blurred" in capsys.readouterr().out
    assert kept.read_bytes() == before


def test_what_gives_no_picture_says_why(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], camera: Camera
) -> None:
    out = tmp_path / "gate.jpg"
    arguments = ["picture", "gate", "--config", str(config), "--out", str(out)]
    assert command(["picture", "nobody", "--config", str(config)]) == 2
    assert "no camera or channel 'nobody'" in capsys.readouterr().err
    assert command(["picture", "gate", "--config", str(config), "--out", str(tmp_path / "usb" / "a.jpg")]) == 2
    assert f"the folder {tmp_path / 'usb'} is not there" in capsys.readouterr().err
    camera.view = lambda: b"<html>"
    assert command(arguments) == 4
    assert "no JPEG" in capsys.readouterr().err
    camera.off()
    assert command(arguments) == 4
    assert "refused" in capsys.readouterr().err
    assert not out.exists()


def test_a_channel_of_a_recorder_is_found_by_its_id(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    box = Box(2)
    box.channel(2).picture = Place(9).picture()
    (tmp_path / "password").write_text("secret")
    with IsapiRecorder(box) as recorder:
        config = tmp_path / "agent.toml"
        config.write_text(
            f"""site = "s"
agent = "a"
state_dir = "state"
[collectors.recorders]
username = "watchkeeper"
password_file = "{tmp_path / "password"}"
devices = [{{ id = "nvr", host = "{recorder.host}", port = {recorder.port}, speaks = "isapi" }}]
"""
        )
        assert command(["picture", "nvr-2", "--config", str(config)]) == 0
        assert capsys.readouterr().out.startswith("nvr-2: 640 × 360, day")
        assert command(["picture", "nvr-9", "--config", str(config)]) == 2


def test_the_hub_gets_no_picture_and_is_told_so() -> None:
    book = CommandBook()
    result = book.run(Command(id="c", action=Action.SNAPSHOT, expires=10), lambda: 0)
    assert not result.ok
    assert result.detail == PICTURES_STAY
    assert "stay at the site" in PICTURES_STAY
