"""Closed recorders: one model of what a recorder tells, and what is made of it, whatever the recorder speaks."""
