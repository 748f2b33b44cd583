"""The network between us and the devices: pings, TCP connects, routes, neighbours. Needs no rights beyond a sysctl."""
