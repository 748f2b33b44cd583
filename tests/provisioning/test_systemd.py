"""The service files: systemd finds nothing to complain of, and no right is given that is not meant."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from hub.config import DEFAULT_STATE_DIR

SYSTEMD = Path(__file__).parents[2] / "provisioning" / "systemd"
UNIT = "watchkeeper-agent.service"
DROP_INS = sorted((SYSTEMD / f"{UNIT}.d").glob("*.conf"))
NAMES = [path.stem for path in DROP_INS]

needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
needs_sysusers = pytest.mark.skipif(
    shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is not installed"
)

HUB = "watchkeeper-hub.service"
HUB_EXPOSURE = 1.2

EXPOSURE = {"": 1.8, "disks": 2.6, "nvme": 2.7, "footage": 2.5, "recordings": 2.3}
"""The most that `systemd-analyze security` may say, with each drop-in."""


def settings(path: Path) -> dict[str, list[str]]:
    """Every setting of a unit file and what it is set to, in order."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def laid_out(folder: Path, drop_ins: Sequence[str], name: str = UNIT) -> Path:
    """The unit with these drop-ins of the agent's, its program replaced by one that is here."""
    unit = folder / name
    program = settings(SYSTEMD / name)["ExecStart"][0].split()[0]
    unit.write_text((SYSTEMD / name).read_text().replace(program, shutil.which("true") or "/bin/true"))
    (folder / f"{UNIT}.d").mkdir()
    for name in drop_ins:
        shutil.copy(SYSTEMD / f"{UNIT}.d" / f"{name}.conf", folder / f"{UNIT}.d")
    return unit


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", "--no-pager", *arguments], capture_output=True, text=True, check=False)


@needs_analyze
@pytest.mark.parametrize("drop_ins", [[], *([name] for name in NAMES), NAMES], ids=lambda names: "+".join(names) or "-")
def test_systemd_has_nothing_to_complain_of(tmp_path: Path, drop_ins: list[str]) -> None:
    done = analyze("verify", str(laid_out(tmp_path, drop_ins)))
    about_ours = [line for line in (done.stdout + done.stderr).splitlines() if "watchkeeper" in line]
    assert (done.returncode, about_ours) == (0, [])


@needs_analyze
@pytest.mark.parametrize("drop_in", ["", *NAMES])
def test_its_exposure_stays_within_what_was_measured(tmp_path: Path, drop_in: str) -> None:
    unit = laid_out(tmp_path, [drop_in] if drop_in else [])
    threshold = round(EXPOSURE[drop_in] * 10)
    done = analyze("security", "--offline=true", f"--threshold={threshold}", str(unit))
    figure = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr
    print(f"{drop_in or 'the unit alone'}: {figure}")
    assert done.returncode == 0, figure


@needs_analyze
def test_systemd_has_nothing_to_complain_of_in_the_hubs_unit_and_it_is_closed_as_measured(tmp_path: Path) -> None:
    unit = laid_out(tmp_path, [], HUB)
    done = analyze("verify", str(unit))
    about_ours = [line for line in (done.stdout + done.stderr).splitlines() if "watchkeeper" in line]
    assert (done.returncode, about_ours) == (0, [])
    done = analyze("security", "--offline=true", f"--threshold={round(HUB_EXPOSURE * 10)}", str(unit))
    assert done.returncode == 0, done.stdout.strip().splitlines()[-1]


def test_the_hub_has_no_capability_and_is_restarted_whatever_happens() -> None:
    unit = settings(SYSTEMD / HUB)
    assert unit["CapabilityBoundingSet"] == unit["AmbientCapabilities"] == [""]
    assert (unit["User"], unit["NoNewPrivileges"]) == (["watchkeeper-hub"], ["yes"])
    assert (unit["Type"], unit["Restart"], unit["StartLimitIntervalSec"]) == (["exec"], ["always"], ["0"])
    state = DEFAULT_STATE_DIR
    assert (state.parent, [state.name]) == (Path("/var/lib"), unit["StateDirectory"])


def test_the_unit_alone_has_no_capability_and_no_group_of_others() -> None:
    unit = settings(SYSTEMD / UNIT)
    assert unit["CapabilityBoundingSet"] == unit["AmbientCapabilities"] == [""]
    assert "SupplementaryGroups" not in unit
    assert unit["User"] == ["watchkeeper-agent"]
    assert unit["NoNewPrivileges"] == ["yes"]


@pytest.mark.parametrize("name", NAMES)
def test_a_drop_in_that_gives_a_capability_gives_it_wholly_and_says_what_it_costs(name: str) -> None:
    path = SYSTEMD / f"{UNIT}.d" / f"{name}.conf"
    drop_in = settings(path)
    assert path.read_text().startswith("# ")
    assert drop_in["CapabilityBoundingSet"] == drop_in["AmbientCapabilities"] != [""]
    assert drop_in["PrivateUsers"] == ["no"], "in a user namespace of its own a capability is worth nothing"
    if "DeviceAllow" in drop_in:
        assert drop_in["PrivateDevices"] == ["no"]
        assert all(value.endswith(" r") for value in drop_in["DeviceAllow"])


def test_it_is_restarted_whatever_happens_and_watched() -> None:
    unit = settings(SYSTEMD / UNIT)
    assert (unit["Type"], unit["Restart"], unit["StartLimitIntervalSec"]) == (["notify"], ["always"], ["0"])
    assert unit["WatchdogSec"] == ["5min"]
    assert unit["ExecReload"] == ["/bin/kill -HUP $MAINPID"]


@needs_sysusers
@pytest.mark.parametrize("account", ["watchkeeper-agent", "watchkeeper-hub"])
def test_the_account_can_be_made(tmp_path: Path, account: str) -> None:
    (tmp_path / "etc").mkdir()
    file = SYSTEMD / f"{account}.sysusers.conf"
    done = subprocess.run(
        ["systemd-sysusers", f"--root={tmp_path}", "--dry-run", "--inline", *_lines(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert account in done.stderr


def _lines(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line and not line.startswith("#")]


def test_the_kernel_takes_the_range_of_groups_that_may_ping(tmp_path: Path) -> None:
    lines = (SYSTEMD / "watchkeeper-agent.sysctl.conf").read_text().splitlines()
    (setting,) = [line for line in lines if line and not line.startswith("#")]
    key, _, value = setting.partition(" = ")
    least, most = map(int, value.split())
    assert Path("/proc/sys", *key.split(".")).exists()
    assert 0 <= least <= most <= 2**31 - 1, "what the kernel takes"
