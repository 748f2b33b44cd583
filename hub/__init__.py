"""The hub: hears the agents, keeps their time series, judges, raises tickets and serves the console."""
