"""What a report makes the hub do does not grow with the fleet: counted in calls, for a clock would tell the machine."""

import json
import subprocess
import sys


def calls(agents: int) -> float:
    """A small report's, with so many agents known; in a process of its own, which nobody else traces."""
    command = [sys.executable, "-m", "tests.bench.fleet", str(agents)]
    return float(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["calls"])


def test_a_report_is_no_more_work_where_more_agents_are_known() -> None:
    few, many = calls(100), calls(2000)
    assert few > 50, "something was counted"
    assert many <= 1.02 * few
