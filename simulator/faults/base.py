"""What all faults have."""

from typing import Annotated, ClassVar

from pydantic import Field

from simulator.parts import Part, Stretch
from wire.ids import SlugId
from wire.messages import DeviceKind as Kind


class Expectation(Part):
    """The one ticket a fault must open: on which device, by which rule."""

    rule: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    device: SlugId


class FaultBase(Part):
    """What all faults have: when they begin (from the site's being up), how long they last, whom they befall."""

    befalls: ClassVar[tuple[Kind, ...]]
    tells: ClassVar[str]
    """What happened, for a person; `{fault.…}` are its fields."""
    living: ClassVar[bool] = True
    """Whether it can befall a site of processes and sockets; else only one that is generated."""
    spreads: ClassVar[bool] = False
    """Whether what hangs on the device suffers with it."""

    at: Stretch
    for_: Stretch = Field(alias="for", gt=0)
    device: SlugId
    expect: Expectation | None = None

    @property
    def end(self) -> float:
        """When it heals, in seconds from the site's being up."""
        return self.at + self.for_
