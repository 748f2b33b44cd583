"""The agent's own cost with 64 simulated cameras and every default collector; import time and install size."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench import light_install
from tests.bench.agent_run import CAMERA_PASSWORD, Running, Usage, camera_ports, running, usage
from tests.bench.measure import Figure

CAMERAS = 64
ROUNDS = 200
SPEED = 60
"""The cameras' minute takes a second."""
MINUTE = 60.0
PEAK_LIMIT_MB, CPU_LIMIT_PERCENT = 60.0, 1.0
IDLE_SECONDS = 60.0
MB = 1e6


def figures() -> Iterator[Figure]:
    """Peak memory and processor share against their limits, growth, wire bytes, import, install."""
    yield from _run()
    yield from _imports()
    size = light_install.installed_bytes()
    own = _tree("agent") + _tree("wire")
    yield Figure(
        "agent: install size",
        round((size + own) / MB, 1),
        "MB",
        round(own / MB, 2),
        round((size + own) / own, 1),
        "agent and wire alone",
    )


def _run() -> Iterator[Figure]:
    with running("", light_install.python()) as idle:
        idle.wait_for("volumes", 1, 60)
        before, said = _settled(idle), idle.hub.bytes
        time.sleep(IDLE_SECONDS)
        after = idle.usage()
        resting = (after.cpu_seconds - before.cpu_seconds) / IDLE_SECONDS
        own_wire = (idle.hub.bytes - said) / IDLE_SECONDS
    with camera_ports(CAMERAS) as ports, running(_cameras(ports), light_install.python()) as agent:
        agent.wait_for("cameras", 10, 120)
        warm, warm_bytes = agent.usage(), agent.hub.bytes
        agent.wait_for("cameras", 10 + ROUNDS, 60 + ROUNDS * 5)
        end, rounds = agent.usage(), agent.hub.runs["cameras"] - 10
        per_round = (end.cpu_seconds - warm.cpu_seconds) / rounds
        wire = (agent.hub.bytes - warm_bytes) / rounds
    share = 100 * (resting + per_round / MINUTE)
    bare = _bare()
    yield Figure(
        f"agent: peak memory, {CAMERAS} cameras",
        round(end.peak / MB, 1),
        "MB",
        PEAK_LIMIT_MB,
        round(end.peak / MB / PEAK_LIMIT_MB, 3),
        "the limit",
    )
    yield Figure(
        "agent: of which Python itself",
        round(bare.peak / MB, 1),
        "MB",
        round(end.peak / MB, 1),
        round(bare.peak / end.peak, 3),
        "the peak",
    )
    yield Figure(
        "agent: processor, default intervals",
        round(share, 3),
        "% core",
        CPU_LIMIT_PERCENT,
        round(share / CPU_LIMIT_PERCENT, 3),
        "the limit",
    )
    yield Figure(
        "agent: of which without cameras",
        round(100 * resting, 3),
        "% core",
        round(share, 3),
        round(100 * resting / share, 3),
        "the whole",
    )
    yield Figure(
        f"agent: a round of {CAMERAS} cameras",
        round(per_round * 1e3, 1),
        "ms",
        round(per_round * 1e3, 1),
        1.0,
        "itself",
    )
    yield Figure(
        f"agent: growth over {rounds} rounds",
        round((end.rss - warm.rss) / MB, 2),
        "MB",
        round(warm.rss / MB, 1),
        round(end.rss / warm.rss, 3),
        "memory after 10 rounds (ratio: now to then)",
    )
    day = (wire / MINUTE + own_wire) * 86400
    yield Figure("agent: to the wire, a day", round(day / MB, 2), "MB", round(day / MB, 2), 1.0, "itself")


def _settled(agent: Running) -> Usage:
    """After what every start does."""
    time.sleep(5.0)
    return agent.usage()


def _cameras(ports: list[tuple[int, int]]) -> str:
    intervals = {
        **{"interval_seconds": 60.0, "login_check_seconds": 900.0, "clock_check_seconds": 3600.0},
        **{"stream_check_seconds": 300.0, "detail_check_seconds": 3600.0, "certificate_check_seconds": 86_400.0},
    }
    head = '[collectors.cameras]\nusername = "watchkeeper"\npassword_env = "' + CAMERA_PASSWORD + '"\n'
    head += "".join(f"{name} = {seconds / SPEED}\n" for name, seconds in intervals.items())
    head += "max_requests_per_hour = 36000\n"  # counted in true hours
    tables = [
        f'[[collectors.cameras.devices]]\nid = "cam-{n}"\nhost = "127.0.0.1"\nport = {port}\nrtsp_port = {streams}\n'
        for n, (port, streams) in enumerate(ports)
    ]
    return head + "".join(tables)


def _bare() -> Usage:
    with subprocess.Popen([str(light_install.python()), "-c", "input()"], stdin=subprocess.PIPE) as process:
        time.sleep(1.0)
        found = usage(process.pid)
        process.kill()
    return found


def _imports() -> Iterator[Figure]:
    python, ours = (_best([str(light_install.python()), "-c", code]) for code in ("pass", "import agent.__main__"))
    yield Figure(
        "agent: import", round(ours * 1e3), "ms", round(python * 1e3), round(ours / python, 2), "python -c pass"
    )


def _best(command: list[str]) -> float:
    times = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run(command, check=True)
        times.append(time.perf_counter() - began)
    return min(times)


def _tree(folder: str) -> int:
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file() and path.suffix != ".pyc")
