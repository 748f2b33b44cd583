"""What is wrong with a dashboard."""


class DashboardError(Exception):
    """The dashboard asks for what Grafana would not do, or would do silently wrong. The message says where."""
