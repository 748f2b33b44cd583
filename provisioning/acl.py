"""What each certificate may do at the broker: Mosquitto's acl_file, made from the protocol itself.

Verb by verb: an agent (common name `{site}/{agent}`, which the broker takes as its user name) writes its own status,
inventory, report, result and config/applied, and reads its own ack, config and command; never `%u/#`.
"""

from wire.topics import FROM_AGENT, TO_AGENT, Topics

HUB = "hub"
"""The common name of the hub's certificate. An agent's has a slash in it, so none can be called so."""


def mosquitto_acl(topics: Topics, hub: str = HUB) -> str:
    """The text of an acl_file. What it does not name is denied; SIGHUP makes Mosquitto read it again."""
    lines = ["# Agents: each its own topics, by the name in its certificate."]
    lines += [f"pattern write {topics.root}/v1/%u/{verb}" for verb in FROM_AGENT]
    lines += [f"pattern read {topics.root}/v1/%u/{verb}" for verb in TO_AGENT]
    lines += ["", "# The hub hears every agent and answers each.", f"user {hub}"]
    lines += [f"topic read {topics.every(verb)}" for verb in FROM_AGENT]
    lines += [f"topic write {topics.every(verb)}" for verb in TO_AGENT]
    lines += ["# To itself, so that it notices when it hears nothing any more.", f"topic readwrite {topics.probe('+')}"]
    return "\n".join(lines) + "\n"
