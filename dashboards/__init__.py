"""Grafana dashboards as code. Empty so far."""
