"""`watchkeeper-agent discover`, in a network of its own and with real multicast."""

import json
from pathlib import Path

import pytest

from agent.__main__ import command
from tests.agent.discovery.site import CAMERA, HOSTILE, RECORDER
from tests.namespaces import Namespace, namespace

SUBNET = "10.9.0.0/28"


def discover(where: Namespace, *options: str, status: int = 0) -> str:
    done = where.python("-m", "agent", "discover", "--interface", "wk0", "--seconds", "1.5", *options, check=False)
    assert done.returncode == status, done.stderr
    return done.stdout


def test_devices_are_found_drafted_and_asked_nothing_but_the_time(tmp_path: Path) -> None:
    draft = tmp_path / "draft.toml"
    with namespace([("10.9.0.1/24", f"{CAMERA}/24")]) as (here, there):
        for address in (RECORDER, *HOSTILE, "10.9.0.8"):
            there.run("ip", "address", "add", f"{address}/24", "dev", "wk0")
        site = there.start("-m", "tests.agent.discovery.site")
        assert site.stdout is not None
        assert site.stdout.readline() == "READY\n"
        heard = json.loads(discover(here, "--json"))["devices"]
        all_of_it = json.loads(discover(here, "--json", "--subnet", SUBNET, "--out", str(draft)))
        again = here.python("-m", "agent", "discover", "--out", str(draft), check=False)
        printed = discover(here)
        seen, _ = site.communicate("", timeout=20)
    told = json.loads(seen)

    by_address = {one["address"]: one for one in heard}
    assert set(by_address) == {CAMERA, RECORDER, HOSTILE[0], HOSTILE[2]}, "a bomb and a stranger's answer are none"
    gate = by_address[CAMERA]
    assert (gate["name"], gate["hardware"], gate["onvif"]) == ("Main Gate", "SIM-1", "ONVIF")
    assert (gate["kind"], gate["open_ports"], gate["http_port"]) == ("camera", [80], 80)
    assert gate["mac"] is not None
    nvr = by_address[RECORDER]
    assert (nvr["kind"], nvr["http_port"], nvr["name"]) == ("recorder", 8080, 'NVR"host')
    assert nvr["onvif"] == "ONVIF, wants an account"
    elsewhere = by_address[HOSTILE[0]]
    assert elsewhere["remarks"] == ["advertises an address elsewhere, which is not followed"]
    assert by_address[HOSTILE[2]]["kind"] == "door controller"
    assert "10.1.1.1" not in json.dumps(heard)

    addresses = {one["address"] for one in all_of_it["devices"]}
    assert addresses == {CAMERA, RECORDER, *HOSTILE, "10.9.0.8"}, "the neighbours of a named subnet count as well"
    assert told["requests"] == {"GetSystemDateAndTime": 3}
    assert told["refused"] == 0
    assert told["connections"][0] <= 3 * 2, "a knock and a question, each time"

    assert again.returncode == 2
    assert "--force" in again.stderr
    assert "PROBABLY" in printed
    assert "[collectors.cameras]" in printed

    config = tmp_path / "agent.toml"
    config.write_text(f'site = "s"\nagent = "a"\n{draft.read_text()}')
    assert command(["check-config", "--config", str(config)]) == 0


def test_a_device_that_floods_costs_a_bounded_number_of_answers() -> None:
    with namespace([("10.9.0.1/24", f"{CAMERA}/24")]) as (here, there):
        for address in (RECORDER, *HOSTILE):
            there.run("ip", "address", "add", f"{address}/24", "dev", "wk0")
        site = there.start("-m", "tests.agent.discovery.site")
        assert site.stdout is not None
        assert site.stdout.readline() == "READY\n"
        options = ("--interface", "wk0", "--seconds", "0.5", "--json")
        done = here.python("-m", "agent", "discover", *options)
        site.communicate("", timeout=20)
    ignored = next(int(line.split()[1]) for line in done.stderr.splitlines() if "datagrams" in line)
    assert ignored > 100, "of 200, some of which the kernel drops"
    flooding = next(one for one in json.loads(done.stdout)["devices"] if one["address"] == HOSTILE[2])
    assert flooding["name"] == "camera0"


def test_an_empty_network_is_told_as_one() -> None:
    with namespace([("10.9.0.1/24", "10.9.0.2/24")]) as (here, _):
        assert "nothing was found" in discover(here, status=1)
        here.run("ip", "link", "set", "wk0", "down")
        done = here.python("-m", "agent", "discover", check=False)
    assert done.returncode == 3
    assert "network interface" in done.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--subnet", "10.0.0.0/21"], "more than 1024 addresses would be asked; --force"),
        (["--subnet", "10.0.0.0/15", "--force"], "more than 65536"),
        (["--subnet", "10.0.0.0/22", "--subnet", "10.1.0.0/30"], "more than 1024"),
        (["--subnet", "fe80::/64"], "no IPv4 subnet"),
        (["--subnet", "camera"], "no IPv4 subnet"),
        (["--interface", "nonesuch0"], "is not up"),
        (["--seconds", "0"], "0.1 to 120"),
        (["--out", "/nowhere/draft.toml"], "the folder /nowhere is not there"),
        (["--out", "x" * 300], "File name too long"),
    ],
)
def test_wrong_usage_asks_nobody(options: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["discover", *options]) == 2
    assert says in capsys.readouterr().err


def test_help_says_what_is_done_to_whom(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command(["discover", "--help"])
    text = capsys.readouterr().out
    for word in ("No account is shown", "80, 554, 8000 and 37777", "exit status", "firewall"):
        assert word in text
