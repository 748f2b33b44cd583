"""Tells a person what happens in the demo, a line each."""

import sys
import time
from collections.abc import Iterable
from typing import TextIO

from simulator.faults import tell
from simulator.outcome import Ticket
from simulator.schedule import Step


class Narrator:
    """Writes to one stream; remembers which tickets it has told of."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._told: dict[int, str] = {}

    def __call__(self, text: str) -> None:
        """A line with the time of day."""
        self.plainly(f"{time.strftime('%H:%M:%S')}  {text}")

    def plainly(self, *lines: str) -> None:
        """Lines as they are."""
        print(*lines, sep="\n", file=self._stream, flush=True)

    def prominently(self, text: str) -> None:
        """What must not be missed."""
        rule = "=" * (len(text) + 4)
        self.plainly("", rule, f"  {text}", rule, "")

    def failure(self, text: str) -> None:
        """Why it can't go on."""
        print(f"watchkeeper-sim: {text}", file=sys.stderr, flush=True)

    def step(self, step: Step) -> None:
        """A fault begins or ends."""
        what = (
            f"fault   {tell(step.fault)}"
            if step.what == "begin"
            else f"healed  {step.fault.kind} of {step.fault.device}"
        )
        self(what)

    def tickets(self, tickets: Iterable[Ticket]) -> None:
        """Each ticket that is new or has changed since it was told of, the oldest first."""
        for ticket in sorted(tickets, key=lambda one: one.id):
            if self._told.get(ticket.id) != ticket.state:
                self._told[ticket.id] = ticket.state
                word = "opened" if ticket.state == "open" else ticket.state
                self(f"  ticket {ticket.id} {word}: {ticket.rule} on {ticket.site}/{ticket.device}")
