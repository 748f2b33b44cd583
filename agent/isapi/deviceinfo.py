"""System/deviceInfo: who it is."""

from agent.device.errors import BadAnswer
from agent.isapi.document import root
from agent.isapi.element import text
from agent.recorder.model import Identity


def read(body: bytes) -> Identity:
    """Raises BadAnswer (and what a ResponseStatus says). Rebrands tell no manufacturer: then it is left empty."""
    element = root(body, "deviceinfo")
    firmware = f"{text(element, 'firmwareversion')} {text(element, 'firmwarereleaseddate')}".strip()
    who = Identity(text(element, "manufacturer"), text(element, "model"), firmware, text(element, "serialnumber"))
    if not (who.model or who.serial or who.firmware):
        raise BadAnswer("does not say what it is")
    return who
