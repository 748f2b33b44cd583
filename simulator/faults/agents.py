"""What befalls an agent and its way to the hub."""

from typing import Annotated, Literal

from pydantic import Field

from simulator.faults.base import FaultBase
from simulator.parts import Ratio, Shift
from wire.ids import SlugId
from wire.messages import DeviceKind as Kind


class AgentSilent(FaultBase):
    """The agent's process is stopped (SIGSTOP) and goes on at the end."""

    kind: Literal["agent_silent"]
    befalls = (Kind.AGENT,)
    tells = "agent {fault.device} falls silent"


class AgentReboot(FaultBase):
    """The gateway's machine loses power, and boots at the end."""

    kind: Literal["agent_reboot"]
    befalls = (Kind.AGENT,)
    tells = "the machine of agent {fault.device} loses power"
    living = False


class AgentClockJump(FaultBase):
    """The agent's own clock is off by `by` (ahead where positive); it knows, as a reference answers."""

    kind: Literal["agent_clock_jump"]
    by: Shift = 3600.0
    befalls = (Kind.AGENT,)
    tells = "the clock of agent {fault.device} jumps by {fault.by:+g} s"
    living = False


class AgentClockDrift(FaultBase):
    """The agent's own clock runs fast by `a_day` seconds a day (slow where negative), and is set right at the end."""

    kind: Literal["agent_clock_drift"]
    a_day: Annotated[float, Field(ge=-3600, le=3600)] = 60.0
    befalls = (Kind.AGENT,)
    tells = "the clock of agent {fault.device} runs off by {fault.a_day:+g} s a day"
    living = False


class UplinkDown(FaultBase):
    """The agent has no way to the hub; it measures on, and sends what it kept when the way is open again.

    `also` are other agents behind the same uplink.
    """

    kind: Literal["uplink_down"]
    also: list[SlugId] = Field(default=[], max_length=16)
    befalls = (Kind.AGENT,)
    tells = "agent {fault.device} has no way to the hub"
    living = False


class UplinkSlow(FaultBase):
    """The way is too narrow: the `share` of the agent's reports waits in its spool until the end."""

    kind: Literal["uplink_slow"]
    share: Ratio = 0.7
    befalls = (Kind.AGENT,)
    tells = "{fault.share:.0%} of the reports of {fault.device} wait"
    living = False
