"""Alembic migrations; env.py is their entry."""
