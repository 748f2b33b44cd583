"""Hourly and daily figures of every series: computed by the hub, kept apart from raw values, charted from there."""
