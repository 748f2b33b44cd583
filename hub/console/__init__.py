"""The web console: pages drawn on the server, in English and Chinese."""
