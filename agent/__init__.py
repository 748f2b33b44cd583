"""The agent: runs on recorders and gateways, measures, keeps what it measured until the hub has it."""
