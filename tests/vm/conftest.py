"""Machines as fixtures. These tests run when they are asked for by path, as `make vm` does; else they are skipped.

They take minutes, memory and a disk image that only root can build; `make test` stays quick, and runs anywhere.
"""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.vm import image, machine
from tests.vm.channel import Refused
from tests.vm.installed import Installed, installed
from tests.vm.machine import PATIENCE, Machine, MachineFailed
from tests.vm.service import Service

HERE = Path(__file__).resolve().parent
TEST_SECONDS = 150.0
LOG_CHARACTERS = 6000


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip all of them unless this folder, or something in it, was named on the command line."""
    named = [Path(str(argument).partition("::")[0]).resolve() for argument in config.args]
    asked = any(path == HERE or HERE in path.parents for path in named)
    for item in items:
        if HERE not in item.path.resolve().parents:
            continue
        item.add_marker(pytest.mark.timeout(TEST_SECONDS * PATIENCE))
        if not asked:
            item.add_marker(pytest.mark.skip(reason="needs a virtual machine: `make vm` runs it"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Beside a failed test, the console of every machine that is on, and what the agent logged in it."""
    report = yield
    if report.failed:
        for one in machine.running:
            report.sections += [("console", one.console()), ("agent's log", _log(one))]
    return report


def _log(one: Machine) -> str:
    try:
        return Service(one).log()[-LOG_CHARACTERS:]
    except (AssertionError, MachineFailed, Refused) as error:
        return f"not to be had: {error}"


@pytest.fixture(scope="session")
def saved() -> Installed:
    """The saved machine of the code at hand."""
    return installed()


@pytest.fixture
def machine_off(saved: Installed, tmp_path: Path) -> Iterator[Callable[..., Machine]]:
    """Makes a machine with the agent installed, turned off: for what is seen while it boots, or when it loses power.

    What is given to it are `Machine`'s own settings.
    """
    made: list[Machine] = []

    def make(**settings: Any) -> Machine:
        folder = tmp_path / f"machine-{len(made)}"
        folder.mkdir()
        root = saved.image._replace(root=image.overlay(saved.image.root, folder / "root.qcow2"))
        made.append(Machine(folder, root, ata=image.overlay(saved.ata, folder / "ata.qcow2"), **settings))
        return made[-1]

    yield make
    for one in made:
        one.kill()


@pytest.fixture
def vm(machine_off: Callable[..., Machine], saved: Installed) -> Machine:
    """A running machine with the agent installed, no service of it started. It goes on from a saved one, so it can be
    rebooted, but its uptime and boot id are those of all others."""
    return machine_off().resume(saved.state)
