"""Visits each candidate: one TCP connect to each of a few ports, one after the other, and one anonymous question.

No account is ever shown, and nothing is sent but that question: ONVIF's GetSystemDateAndTime, which is everybody's.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from agent.device.address import Endpoint
from agent.device.errors import AuthRefused, CredentialsWanted, DeviceError, Forbidden
from agent.discovery.candidates import PORTS, Candidate, Onvif
from agent.network.connects import Outcome, Place, connect
from agent.network.wake import Wake

AT_ONCE = 32
"""Hosts knocked at side by side, each at one port at a time."""
ASKERS = 8
"""Devices asked side by side."""
_PATIENCE = 2.0
_ANSWER_SECONDS = 4.0
_MAX_BYTES = 128 * 1024


def visit(
    found: Sequence[Candidate], say: Callable[[str], None], ports: Sequence[int] = tuple(PORTS)
) -> list[Candidate]:
    """The candidates with what listens at them, and what came of the question."""
    wanted = {one.address: tuple(dict.fromkeys([one.http_port, *ports])) for one in found}
    taken = _knock(wanted, say)
    knocked = [replace(one, open=tuple(p for p in wanted[one.address] if (one.address, p) in taken)) for one in found]
    asked = [one for one in knocked if one.http_port in one.open]
    if asked:
        say(f"{len(asked)} of {len(found)} take HTTP: asking them for the time, without an account")
    with ThreadPoolExecutor(ASKERS, thread_name_prefix="discover") as pool:
        answers = dict(zip([one.address for one in asked], pool.map(_ask, asked), strict=True))
    return [replace(one, onvif=answers.get(one.address, Onvif.NOT_ASKED)) for one in knocked]


def _knock(wanted: dict[str, tuple[int, ...]], say: Callable[[str], None]) -> set[Place]:
    """Who takes connections where. Each address is knocked at one port after the other."""
    taken: set[Place] = set()
    wake = Wake()
    addresses = list(wanted)
    for at in range(0, len(addresses), AT_ONCE):
        part = addresses[at : at + AT_ONCE]
        say(f"knocking at {at + len(part)} of {len(addresses)}")
        for turn in range(max(len(wanted[address]) for address in part)):
            places = [(address, wanted[address][turn]) for address in part if turn < len(wanted[address])]
            found = connect(places, _PATIENCE, wake)
            taken |= {place for place, one in found.items() if one.outcome is Outcome.ACCEPTED}
    wake.close()
    return taken


def _ask(candidate: Candidate) -> Onvif:
    """The one question."""
    from agent.onvif.client import OnvifClient

    endpoint = Endpoint(candidate.address, candidate.http_port)
    client = OnvifClient(endpoint, None, timeout=_ANSWER_SECONDS, max_bytes=_MAX_BYTES)
    try:
        client.device_time()
    except (AuthRefused, CredentialsWanted, Forbidden):
        return Onvif.WANTS_ACCOUNT if candidate.match is not None else Onvif.NONE
    except DeviceError:
        return Onvif.NONE
    finally:
        client.release()
    return Onvif.ANSWERS
