"""What the demo sees of the hub: its HTTP API, and nothing else."""

import json
import urllib.request
from http.client import HTTPException
from typing import Any

from simulator.outcome import Ticket

TIMEOUT_SECONDS = 10.0
MAX_ANSWER_BYTES = 16 * 1024 * 1024
MAX_PAGES = 100
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""A proxy of the environment would not know our loopback."""


class HubAway(Exception):  # noqa: N818 - a state
    """The hub does not answer, or not as its API says."""


class HubView:
    """Reads `http://127.0.0.1:PORT/api/v1`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def tickets(self, pages: int = MAX_PAGES) -> list[Ticket]:
        """The hub's tickets, newest first, 200 a page. Raises HubAway."""
        found: list[Ticket] = []
        before = ""
        for _ in range(pages):
            page = self._get(f"/api/v1/tickets?limit=200{before}")
            try:
                found += [Ticket.read(row) for row in page["tickets"]]
                following = page["next"]
            except (KeyError, TypeError) as error:
                raise HubAway(f"{self.url}/api/v1/tickets answers without {error}") from None
            if following is None:
                break
            before = f"&before={following}"
        return found

    def device_states(self, site: str) -> dict[str, str]:
        """device → ok, fault or unknown, of one site. Raises HubAway."""
        rows = self._get(f"/api/v1/sites/{site}/devices")
        try:
            return {row["device"]: row["state"] for row in rows}
        except (KeyError, TypeError) as error:
            raise HubAway(f"{self.url}/api/v1/sites/{site}/devices answers without {error}") from None

    def _get(self, path: str) -> Any:
        try:
            with _DIRECT.open(self.url + path, timeout=TIMEOUT_SECONDS) as answer:
                return json.loads(answer.read(MAX_ANSWER_BYTES))
        except (OSError, HTTPException, ValueError) as error:
            raise HubAway(f"{self.url}{path}: {error}") from None
