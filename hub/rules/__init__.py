"""One file a rule. Its docstring is the runbook a ticket shows; `rule` is what the engine runs."""
