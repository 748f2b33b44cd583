"""Writes what only SQL holds (tickets, events, rates) into InfluxDB, so that Grafana needs InfluxDB alone."""
