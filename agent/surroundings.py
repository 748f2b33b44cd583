"""What of an agent's configuration a plugin's collectors may know beside their own settings."""

from pathlib import Path

from agent.collector import Context, Plugin
from agent.config import Config


def context_of(config: Config, plugin: Plugin, state: Path | None = None) -> Context:
    """What a plugin's collectors may know of their surroundings."""
    others = {name: config.collectors[name] for name in plugin.reads if name in config.collectors}
    hub = (config.broker.host, config.broker.port)
    return Context(agent=config.agent, host=config.host, state=state, hub=hub, others=others)
