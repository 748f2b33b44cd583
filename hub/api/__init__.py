"""The hub over HTTP: JSON for programs, the console's pages for people, health for supervisors. Read-only."""
