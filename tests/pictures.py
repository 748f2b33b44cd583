"""Takes the README's pictures from a running demo: `make pictures`."""

import json
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

IMAGES = Path("docs/images")
OPEN_TICKETS = 2
START_SECONDS = 90
SHOTS = (("console", "en-US", 1280, 800), ("console-zh-phone", "zh-CN", 390, 844))
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
    "--no-first-run",
)


def main() -> int:
    """Play the demo, wait for two open tickets, take the first page as picture."""
    demo = subprocess.Popen(
        [sys.executable, "-u", "-m", "simulator", "demo", "--port", "8097"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert demo.stdout is not None
        address = next(m[0] for line in demo.stdout if (m := re.search(r"http://\S+", line)))
        _await_tickets(address)
        _shoot(address)
    finally:
        demo.terminate()
        demo.wait(20)
    return 0


def _await_tickets(address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with urllib.request.urlopen(f"{address}api/v1/tickets", timeout=5) as answer:
            tickets = json.load(answer)["tickets"]
        if sum(ticket["state"] == "open" for ticket in tickets) >= OPEN_TICKETS:
            return
        time.sleep(0.5)
    raise SystemExit(f"no {OPEN_TICKETS} open tickets within {START_SECONDS} s")


def _shoot(address: str) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        for name, locale, width, height in SHOTS:
            page = browser.new_context(viewport={"width": width, "height": height}, locale=locale).new_page()
            page.goto(address)
            page.screenshot(path=IMAGES / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
