"""The plug is pulled. What the spool said it has is there afterwards, whatever was being written."""

import random
import re
import time
from collections.abc import Callable

import pytest

from tests.vm.installed import VENV
from tests.vm.machine import PATIENCE, Machine
from tests.vm.service import QUICK, Service, gaps

FAST = QUICK.replace("interval_seconds = 2", "interval_seconds = 0.1")

# Writes as fast as the disk takes it, from two threads as the runner does, and tells the console each report once
# `put` has returned: what a host saw on the console the spool has promised to keep. Beside it a file that is written
# without an fsync, to show that the plug was really pulled.
WRITER = """
import itertools
import threading
import time
from pathlib import Path
from agent.draft import Draft
from agent.spool import Spool
from wire.messages import Sample

spool = Spool(Path("/srv/state/spool.db"), 64 << 20)
console = open("/dev/ttyS0", "w", buffering=1)
lock = threading.Lock()

def write():
    for number in itertools.count():
        samples = [Sample(device="camera-1", at=1, values={"response_seconds": float(number)})] * (number % 50 + 1)
        stream = threading.current_thread().name
        for one in spool.put(Draft(boot="b", mono=1, sent=1, stream=stream, samples=samples)):
            with lock:
                console.write(f"kept {one}\\n")

threading.Thread(target=write, name="one").start()
threading.Thread(target=write, name="two").start()
with open("/srv/unsynced", "w") as file:
    while True:
        file.write("x" * 4096)
        file.flush()
        time.sleep(0.05)
"""
COUNT = """
import sqlite3
db = sqlite3.connect("/srv/state/spool.db")
print(db.execute("PRAGMA integrity_check").fetchone()[0])
print(*db.execute("SELECT reports, bytes FROM total").fetchone())
print(*db.execute("SELECT count(*), sum(length(body)) FROM report").fetchone())
for (one,) in db.execute("SELECT id FROM report ORDER BY position"):
    print(one)
"""


@pytest.fixture
def powered(machine_off: Callable[..., Machine]) -> Machine:
    """A machine whose disk takes writes as a real one: what is not flushed is lost."""
    return machine_off(cache="none").start()


def test_every_report_that_put_returned_for_is_there_after_a_power_cut(powered: Machine) -> None:
    powered.write_file("/srv/writer.py", WRITER)
    powered.write_file("/srv/count.py", COUNT)
    powered.run("mkdir /srv/state; sync").check()
    powered.run(f"setsid {VENV}/bin/python /srv/writer.py >/srv/writer.log 2>&1 </dev/null &").check()
    told = powered.folder / "console.log"
    deadline = time.monotonic() + 60.0 * PATIENCE
    while told.read_text(errors="replace").count("kept ") < 300:
        assert time.monotonic() < deadline, powered.read_file("/srv/writer.log")
        time.sleep(0.05)
    time.sleep(random.uniform(0.0, 0.5))  # in the middle of whatever it does then

    powered.power_cut()
    # The last line may be cut off itself.
    kept = set(re.findall(r"kept (\w+:\d+)\r?\n", told.read_text(errors="replace")))
    powered.start()
    verdict, totals, counted, *ids = powered.run(f"{VENV}/bin/python /srv/count.py").check().splitlines()

    assert verdict == "ok"
    assert int(totals.split()[0]) == int(counted.split()[0]) == len(ids)
    assert len(kept) >= 300
    assert kept - set(ids) == set()
    assert len(set(ids) - kept) <= 4, "committed, and the plug was pulled before it was told"
    assert [int(one.partition(":")[2]) for one in ids] == list(range(1, len(ids) + 1))
    # Pages that nobody asked to be written are not: it was a power cut, not an orderly end.
    assert powered.run("stat -c %s /srv/unsynced || echo 0").stdout.strip() == "0"


def test_the_service_comes_back_by_itself_with_its_spool_and_says_that_the_power_went(powered: Machine) -> None:
    service = Service(powered)
    service.configure(FAST)
    powered.run("systemctl enable watchkeeper-agent && sync").check()
    service.start()
    seen = service.await_reports(20)

    powered.power_cut()
    powered.start()
    powered.wait_until("systemctl is-active watchkeeper-agent", timeout=60.0)
    service.await_values("gateway-1-host", {"unexpected_reboots": 1.0})
    rebooted = service.await_event("host.rebooted")
    after = service.reports()

    assert [one.id for one in after][: len(seen)] == [one.id for one in seen]
    assert [dict(one.body) for one in after[: len(seen)]] == [dict(one.body) for one in seen]
    assert gaps(after) == []
    assert [event["data"]["unexpected"] for event in rebooted] == [True]


def test_an_orderly_reboot_is_told_as_one(vm: Machine) -> None:
    service = Service(vm)
    service.configure(FAST)
    vm.run("systemctl enable --now watchkeeper-agent").check()
    seen = service.await_reports(10)

    vm.reboot()
    vm.wait_until("systemctl is-active watchkeeper-agent", timeout=60.0)
    rebooted = service.await_event("host.rebooted")
    after = service.await_reports(4, since=seen)

    assert [one.id for one in after][: len(seen)] == [one.id for one in seen]
    assert gaps(after) == []
    assert [event["data"]["unexpected"] for event in rebooted] == [False]
    service.await_values("gateway-1-host", {"unexpected_reboots": 0.0})
