"""Cameras: what the configuration says of them, and what is watched of one beyond whether it answers."""
