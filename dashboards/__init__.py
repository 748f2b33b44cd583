"""Grafana dashboards as code: `python -m dashboards` writes them as JSON, in every language, from one source."""
