"""A site that is not there: devices that speak their real protocols, a gateway agent, and a script of faults."""
