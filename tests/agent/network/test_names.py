"""Host names are looked up aside, and an address once known is used on."""

import threading

from agent.network.names import FRESH_SECONDS, Names
from tests.waiting import wait_until


class Server:
    """A name server that says what a test says."""

    def __init__(self) -> None:
        self.known = {"cam.lan": "10.0.0.21"}
        self.asked: list[str] = []
        self.answers = threading.Event()
        self.answers.set()
        self.now = 0.0

    def look_up(self, host: str) -> str:
        self.answers.wait(10)
        self.asked.append(host)
        if host not in self.known:
            raise OSError("Name or service not known")
        return self.known[host]

    def names(self) -> Names:
        return Names(self.look_up, lambda: self.now)


def test_an_address_needs_no_name_server() -> None:
    server = Server()
    names = server.names()
    names.refresh(["10.0.0.9", "fe80::1%eth0"], 5.0)
    assert names.address("10.0.0.9") == "10.0.0.9"
    assert names.address("fe80::1%eth0") == "fe80::1%eth0"
    assert server.asked == []


def test_a_name_is_looked_up_again_after_a_while_and_kept_when_that_fails() -> None:
    server = Server()
    names = server.names()
    names.refresh(["cam.lan"], 5.0)
    names.refresh(["cam.lan"], 5.0)
    assert (names.address("cam.lan"), server.asked) == ("10.0.0.21", ["cam.lan"])
    server.now = FRESH_SECONDS
    server.known.clear()
    names.refresh(["cam.lan"], 5.0)
    assert (names.address("cam.lan"), len(server.asked)) == ("10.0.0.21", 2)
    assert not names.failed("cam.lan")
    server.known["cam.lan"] = "10.0.0.22"
    names.refresh(["cam.lan"], 5.0)
    assert names.address("cam.lan") == "10.0.0.22"
    names.close()


def test_a_name_that_is_unknown_has_failed_one_that_is_awaited_has_not() -> None:
    server = Server()
    names = server.names()
    names.refresh(["gone.lan"], 5.0)
    assert (names.address("gone.lan"), names.failed("gone.lan")) == (None, True)
    server.answers.clear()
    names.refresh(["cam.lan"], 0.01)
    assert (names.address("cam.lan"), names.failed("cam.lan")) == (None, False)
    server.answers.set()
    wait_until(lambda: "cam.lan" in server.asked, what="it was looked up")
    names.refresh(["cam.lan"], 5.0)
    assert names.address("cam.lan") == "10.0.0.21"
    assert server.asked.count("cam.lan") == 1
    names.close()
