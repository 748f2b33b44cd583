"""What a camera says about itself once an hour: its profiles, how it keeps its time, its network interface."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from agent.cameras.answers import Profile, mac, main_profile, profiles, time_servers
from agent.device.errors import BadAnswer, Forbidden, Unsupported

if TYPE_CHECKING:
    from lxml import etree

    from agent.onvif.client import OnvifClient

Note = Callable[[str, Exception | None], None]
"""Says what is wrong with a part of the camera, or that nothing is; see `Watch.note`."""


class _Question(NamedTuple):
    """Something to ask for, and who takes the answer."""

    subject: str
    service: str
    operation: str
    take: "Callable[[etree._Element], None]"


class Details:
    """Of one camera, as last told. `facts` are fit for the inventory; `profiles` are None until told."""

    def __init__(self) -> None:
        self.profiles: tuple[Profile, ...] | None = None
        self.facts: dict[str, str | bool | float | None] = {}
        self._lacking: set[str] = set()
        # Profiles first: whoever may look at pictures may ask for them, so a refusal there is one of the account.
        self._questions = (
            _Question("profiles", "media", "GetProfiles", self._take_profiles),
            _Question("time servers", "devicemgmt", "GetNTP", self._take_time_servers),
            _Question("network", "devicemgmt", "GetNetworkInterfaces", self._take_network),
        )

    @property
    def main(self) -> Profile | None:
        """The profile of the main stream."""
        return main_profile(self.profiles or ())

    def forget(self) -> None:
        """It may be another camera now, or one with other firmware. What was told stands until it is told anew."""
        self._lacking.clear()

    def ask(self, client: "OnvifClient", note: Note) -> dict[str, float]:
        """Ask for all of it; what is told in numbers. Raises DeviceError where the camera goes away or refuses the
        account, and where we are held back; PasswordMissing."""
        values: dict[str, float] = {}
        if (kept := client.time_settings) is not None:
            self.facts["time_zone"] = kept.zone
            if kept.kind in ("NTP", "Manual"):
                values["ntp_enabled"] = float(kept.kind == "NTP")
        for question in self._questions:
            if question.operation not in self._lacking:
                self._ask(client, question, note)
        if self.profiles is not None and "GetProfiles" not in self._lacking:
            values["profiles"] = float(len(self.profiles))
        return values

    def _ask(self, client: "OnvifClient", question: _Question, note: Note) -> None:
        """That a camera knows no answer, or has none for our account, is a state, and told once."""
        from agent.onvif.client import Call

        try:
            address = client.address(question.service)
            question.take(client.ask_raw(Call(question.service, question.operation, address)))
        except (Unsupported, Forbidden, BadAnswer) as error:
            note(question.subject, error)
            if isinstance(error, Unsupported):
                self._lacking.add(question.operation)
        else:
            note(question.subject, None)

    def _take_profiles(self, answer: "etree._Element") -> None:
        self.profiles = profiles(answer)

    def _take_time_servers(self, answer: "etree._Element") -> None:
        self.facts["ntp_servers"] = time_servers(answer)

    def _take_network(self, answer: "etree._Element") -> None:
        address = mac(answer)
        if address is not None:
            self.facts["mac"] = address
