"""The console in a real browser: whole at every width, in both languages, with nothing from elsewhere.

Screenshots land in build/screenshots/.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.hub.api import machine
from tests.hub.api.served import Served
from tests.waiting import wait_until

SHOTS = Path(__file__).parents[3] / "build" / "screenshots"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PAGES = {
    "now": ("/", "Now", "当前"),
    "site": ("/sites/depot", "depot", "depot"),
    "device": ("/sites/depot/devices/cam-1", "North gate", "North gate"),
    "door": ("/sites/depot/devices/door-1", "Control room door", "Control room door"),
    "tickets": ("/tickets?state=all", "Tickets", "工单"),
    "ticket": ("/tickets/7", "Recorder does not answer", "录像机无应答"),
    "evidence": ("/tickets/4", "Camera does not answer", "摄像机无应答"),
}

MACHINE = {
    "agent": ("/sites/mill/devices/box", "Mill agent", "Mill agent"),
    "disk": ("/sites/mill/devices/box-disk-1", "Disk 1", "Disk 1"),
    "software": ("/sites/mill/devices/box-frigate", "frigate", "frigate"),
    "machine": ("/sites/mill", "mill", "mill"),
}
"""Of `tests.hub.api.machine`."""

SMALL_TARGETS = """() => [...document.querySelectorAll('a:not(.skip)')]
    .map(a => [a.textContent.trim(), a.getBoundingClientRect()])
    .filter(([_, box]) => box.width > 0 && box.height < 44).map(([text, box]) => `${text}: ${box.height}`)"""

# Contrast of every text against the first opaque ground behind it, as WCAG 2 reckons it.
FAINT_TEXTS = """() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] === 1) return c; } return [255, 255, 255]; };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || e.closest('[hidden], .skip')) continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(parse(e.closest('svg') ? style.fill : style.color)), light(ground(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) faint.push(`${walker.currentNode.textContent.trim()}: ${ratio.toFixed(2)}`);
  }
  return faint;
}"""


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield launched
        launched.close()


def _watch(page: Page, url: str) -> list[str]:
    """What a page complains about, as it comes."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
    page.on("request", lambda r: None if r.url.startswith(url) else complaints.append(f"foreign: {r.url}"))
    page.on("response", lambda r: complaints.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
    return complaints


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_whole(
    served: Served, browser: Browser, width: int, language: str, scheme: Literal["light", "dark"]
) -> None:
    _look_through(PAGES, served, browser, width, language, scheme)


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh-CN", "dark")])
def test_every_page_of_a_machine_is_whole(
    empty: Served, browser: Browser, width: int, language: str, scheme: Literal["light", "dark"]
) -> None:
    machine.fill(empty.engine, empty.series)
    _look_through(MACHINE, empty, browser, width, language, scheme)


def _look_through(
    pages: Mapping[str, tuple[str, str, str]],
    served: Served,
    browser: Browser,
    width: int,
    language: str,
    scheme: Literal["light", "dark"],
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, locale=language, color_scheme=scheme, has_touch=width < 500
    )
    SHOTS.mkdir(parents=True, exist_ok=True)
    page = context.new_page()
    complaints = _watch(page, served.url)
    for name, (address, english, chinese) in pages.items():
        page.goto(served.url + address)
        assert (chinese if language == "zh-CN" else english) in page.title()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} overflows"
        assert page.evaluate(SMALL_TARGETS) == [], name
        assert page.evaluate(FAINT_TEXTS) == [], name
        page.screenshot(path=SHOTS / f"{name}-{width}-{language}-{scheme}.png", full_page=True)
    assert complaints == []
    context.close()


def test_a_404_is_a_page(served: Served, browser: Browser) -> None:
    page = browser.new_page(locale="zh-CN", viewport={"width": 390, "height": 700})
    answer = page.goto(f"{served.url}/tickets/999")
    assert answer is not None
    assert answer.status == 404
    assert "未找到" in page.title()
    page.screenshot(path=SHOTS / "missing-390-zh-CN-light.png")
    page.close()


def test_an_empty_hub_has_a_page(empty: Served, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 700})
    complaints = _watch(page, empty.url)
    page.goto(empty.url)
    assert "Nothing is watched yet" in page.inner_text("h1")
    page.screenshot(path=SHOTS / "empty-1440-en-light.png")
    assert complaints == []
    page.close()


def test_the_page_refreshes_itself_and_keeps_scroll_and_focus(served: Served, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 700}, locale="en")
    complaints = _watch(page, served.url)
    page.goto(served.url)
    page.evaluate("document.querySelector('main').firstElementChild.dataset.old = 'yes'")
    page.locator("a[href='/tickets/5']").first.focus()
    page.evaluate("window.scrollTo(0, 900)")
    wait_until(lambda: page.evaluate("!document.querySelector('[data-old]')"), 30, "the page is refreshed")
    assert page.evaluate("window.scrollY") == 900
    assert page.evaluate("document.activeElement.getAttribute('href')") == "/tickets/5"
    assert page.is_hidden("#stale")
    assert complaints == []
    page.close()


def test_what_was_opened_stays_open_when_the_page_refreshes(empty: Served, browser: Browser) -> None:
    machine.fill(empty.engine, empty.series)
    page = browser.new_page(locale="en")
    page.goto(f"{empty.url}/sites/mill/devices/box-disk-1")
    page.evaluate("document.getElementById('main').dataset.refresh = '1'")
    page.click("details#never summary")
    page.evaluate("document.querySelector('main').firstElementChild.dataset.old = 'yes'")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    wait_until(lambda: page.evaluate("!document.querySelector('[data-old]')"), 30, "the page is refreshed")
    assert page.evaluate("document.getElementById('never').open")
    page.close()


def test_a_page_that_can_no_longer_be_refreshed_says_so(tmp_path: Path, browser: Browser) -> None:
    with closing(Served(tmp_path)) as hub:
        page = browser.new_page(viewport={"width": 1440, "height": 700}, locale="zh-CN")
        page.goto(hub.url)
        hub.stop()
        page.wait_for_selector("#stale:not([hidden])", timeout=20_000)
        assert "中心无应答" in page.inner_text("#stale")
        assert "6 处故障" in page.inner_text("h1"), "what was known stays readable"
        page.screenshot(path=SHOTS / "stale-1440-zh-CN-light.png")
        page.close()


def test_without_javascript_everything_is_there(served: Served, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en")
    page = context.new_page()
    page.goto(f"{served.url}/tickets/4")
    assert page.locator("svg.chart").count() == 1
    page.get_by_role("link", name="North gate").click()
    assert page.title().startswith("North gate")
    context.close()


def test_the_language_switch_works_by_a_click_and_lasts(served: Served, browser: Browser) -> None:
    context = browser.new_context(locale="en")
    page = context.new_page()
    page.goto(f"{served.url}/tickets?state=all")
    page.get_by_role("link", name="中文").click()
    wait_until(lambda: "工单" in page.title(), what="the page is in Chinese")
    page.goto(served.url)
    assert page.get_attribute("html", "lang") == "zh-Hans-CN"
    context.close()
