"""Network namespaces of Linux for tests: a network of their own, with pings allowed. They want root and iproute2."""

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.waiting import wait_until

ROOT = Path(__file__).parent.parent
_NUMBERS = itertools.count()


class Namespace:
    """One namespace, by name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, *command: str, check: bool = True, timeout: float = 60.0) -> "subprocess.CompletedProcess[str]":
        """Run a program inside to its end."""
        inside = ["ip", "netns", "exec", self.name, *command]
        return subprocess.run(inside, capture_output=True, text=True, timeout=timeout, check=check, cwd=ROOT)

    def python(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run this Python inside."""
        return self.run(sys.executable, *arguments, check=check)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Begin a Python program inside; it is asked on its standard input and output."""
        inside = ["ip", "netns", "exec", self.name, sys.executable, *arguments]
        return subprocess.Popen(inside, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)


@contextmanager
def namespace(links: Sequence[tuple[str, str]] = ()) -> Iterator[tuple[Namespace, Namespace]]:
    """Two namespaces joined by a cable for each of `links`, the addresses (`10.9.0.1/24`) of its two ends.

    The ends are called `wk0`, `wk1` … in both. Skips the test where this machine has none to give.
    """
    if os.geteuid() != 0:
        pytest.skip("network namespaces want root")
    tag = f"wk{os.getpid()}-{next(_NUMBERS)}"
    here, there = Namespace(f"{tag}a"), Namespace(f"{tag}b")
    made = []
    try:
        for one in (here, there):
            added = subprocess.run(["ip", "netns", "add", one.name], capture_output=True, text=True, check=False)
            if added.returncode:
                pytest.skip(f"no network namespace to be had: {added.stderr.strip()}")
            made.append(one)
            one.run("ip", "link", "set", "lo", "up")
            one.run("sh", "-c", "echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range")
        for number, (near, far) in enumerate(links):
            _cable(f"wk{number}", here, near, there, far)
        yield here, there
    finally:
        for one in made:
            subprocess.run(["ip", "netns", "delete", one.name], check=False)


def _cable(name: str, here: Namespace, near: str, there: Namespace, far: str) -> None:
    here.run("ip", "link", "add", name, "type", "veth", "peer", "name", name, "netns", there.name)
    for one, address in ((here, near), (there, far)):
        one.run("ip", "address", "add", address, "dev", name, "nodad")
        one.run("ip", "link", "set", name, "up")
    for one in (here, there):
        wait_until(partial(_is_up, one, name), what=f"{name} is up")  # the kernel takes its time


def _is_up(one: Namespace, name: str) -> bool:
    return " state UP " in one.run("ip", "link", "show", name).stdout
