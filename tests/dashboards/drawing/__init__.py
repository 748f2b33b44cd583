"""Draws a played dashboard as one HTML page: our drawing of its layout with real results, not Grafana's own."""
