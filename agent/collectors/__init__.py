"""One file a collector; `plugin` is what the runner starts."""
