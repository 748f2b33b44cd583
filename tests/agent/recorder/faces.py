"""The same simulated box behind each of the three languages, over real sockets, and a speaker that asks it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.dahua.speaker import DahuaSpeaker
from agent.device.account import Account
from agent.device.address import Endpoint
from agent.device.manners import Manners
from agent.device.pause import Pauses
from agent.isapi.speaker import IsapiSpeaker
from agent.onvif.speaker import OnvifSpeaker
from agent.recorder.languages import Language
from agent.recorder.speaker import Speaker
from simulator.dahua.recorder import DahuaRecorder
from simulator.device.auth import Gate
from simulator.device.server import Misbehaviour, Port
from simulator.isapi import IsapiRecorder
from simulator.onvif import Recorder
from simulator.recorder.box import Box

TIMEOUT = 1.0
MAX_BYTES = 2**20
MAX_REQUESTS = 1_000_000
"""Virtual days pass in a real minute: the budget is tested elsewhere."""


@dataclass
class Face:
    """A recorder that is there: where, and what can be done to it."""

    language: Language
    port: int
    gate: Gate
    misbehave: Callable[[Misbehaviour | None], None]
    off: Callable[[], None]
    on: Callable[[], None]

    @property
    def tells_all(self) -> bool:
        """Whether its language has words for plans, gaps, disks, log and accounts."""
        return self.language is not Language.ONVIF


@contextmanager
def face(language: Language, box: Box) -> Iterator[Face]:
    """The box, switched on. Channels go by their numbers in every language."""
    match language:
        case Language.ONVIF:
            tokens = [str(channel.number) for channel in box.channels]
            with Recorder(name="nvr", channels=tokens, box=box) as onvif:
                yield _face(language, onvif._port, onvif.gate)
        case Language.ISAPI:
            with IsapiRecorder(box) as isapi:
                yield _face(language, isapi._port, isapi.gate)
        case Language.DAHUA:
            with DahuaRecorder(box) as dahua:
                yield _face(language, dahua._port, dahua.gate)


def _face(language: Language, port: Port, gate: Gate) -> Face:
    def misbehave(how: Misbehaviour | None) -> None:
        port.misbehaviour = how

    return Face(language, port.number, gate, misbehave, port.off, port.on)


def speaker(one: Face, folder: Path, clock: Callable[[], float]) -> Speaker:
    """Whoever asks it, by a clock that passes when told to."""
    password = folder / "password"
    password.write_text("secret")
    where, account = Endpoint("127.0.0.1", one.port), Account("watchkeeper", password)
    manners, pauses, pause = Manners(), Pauses(clock), 1800.0
    if one.language is Language.ISAPI:
        return IsapiSpeaker(
            where,
            account,
            timeout=TIMEOUT,
            max_bytes=MAX_BYTES,
            max_requests=MAX_REQUESTS,
            pause_seconds=pause,
            pauses=pauses,
            manners=manners,
            monotonic=clock,
        )
    if one.language is Language.DAHUA:
        return DahuaSpeaker(
            where,
            account,
            timeout=TIMEOUT,
            max_bytes=MAX_BYTES,
            max_requests=MAX_REQUESTS,
            pause_seconds=pause,
            pauses=pauses,
            manners=manners,
            wall=clock,
            monotonic=clock,
        )
    return OnvifSpeaker(
        where, account, timeout=TIMEOUT, max_bytes=MAX_BYTES, max_requests=MAX_REQUESTS, pause_seconds=pause
    )
