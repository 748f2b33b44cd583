"""What each kind of fault changes about what is told of a device: a function a kind, and one where it has events.

`alter` changes the values of the device it befalls, and of those that hang on it; `story` is what is told as events as
it begins and ends; `retell` changes facts. Each as the agent's own collectors told it of a simulated device in that
state; tests/simulator/virtual/test_contract.py looks again. A fault that changes nothing has no business in a script:
`untold` says so.
"""

from simulator.virtual.effects import cameras, doors, machine, network, recorders
from simulator.virtual.effects.cameras import FLAGS
from simulator.virtual.effects.telling import ahead, alter, retell, story, untold

REGISTERED = (cameras, doors, machine, network, recorders)
"""Where the kinds of fault say what they change."""

__all__ = ["FLAGS", "REGISTERED", "ahead", "alter", "retell", "story", "untold"]
