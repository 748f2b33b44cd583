"""Security/users: accounts of the recorder, by name and level. Nothing else of them is taken over."""

from agent.isapi.document import root
from agent.isapi.element import descendants, text
from agent.recorder.model import User

MAX_USERS = 256


def read(body: bytes) -> list[User]:
    """The first 256. Raises BadAnswer (and what a ResponseStatus says)."""
    found: list[User] = []
    for element in descendants(root(body, "userlist"), "user"):
        name, level = text(element, "username", limit=64), text(element, "userlevel", limit=64)
        if name and len(found) < MAX_USERS:
            found.append(User(name, level, level.lower().startswith("admin") if level else None))
    return found
