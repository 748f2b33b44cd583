"""Dahua's HTTP API (CGI): recorders of Dahua and their rebrands, asked read-only."""
