"""The commands of watchkeeper-hub that have a module of their own: `add_to` says what there is, `run` does it."""
