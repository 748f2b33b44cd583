"""The pages as text: language, escaping, what is said when nothing is there."""

import re
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert

from hub.series.store import Point
from hub.store import schema
from tests.hub.api.filled import HOSTILE, MINUTE, NOW, finding, note, open_ticket
from tests.hub.api.served import Served

PAGES = (
    "/",
    "/sites/depot",
    "/sites/harbour",
    "/sites/depot/devices/cam-1",
    "/sites/depot/devices/cam-3",
    "/sites/depot/devices/door-1",
    "/sites/depot/devices/nvr-1",
    "/sites/depot/devices/ch-1",
    "/sites/depot/devices/old",
    "/sites/depot/devices/cam-1?span=30d",
    "/tickets",
    "/tickets?state=all",
    "/tickets?state=resolved",
    *(f"/tickets/{n}" for n in range(1, 10)),
    "/tickets/999",
)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def _tags(text: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(text)
    return parser.seen


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_page_is_whole_and_keeps_to_this_host(served: Served, address: str, language: str) -> None:
    answer = served.client(language).get(address)
    assert answer.status_code == (404 if "999" in address else 200)
    tags = _tags(answer.text)
    for tag, attributes in tags:
        for name in ("src", "href", "action", "srcset", "xlink:href"):
            assert (attributes.get(name) or "/").startswith(("/", "?", "#")), (tag, attributes)
            assert not (attributes.get(name) or "").startswith("//")
        assert "style" not in attributes, "the policy forbids it"
        assert not [name for name in attributes if name.startswith("on")]
    assert "http" not in answer.text.replace("http://www.w3.org/2000/svg", "")
    assert [a["src"] for tag, a in tags if tag == "script"] == ["/static/console.js"]
    assert not [tag for tag, _ in tags if tag == "style"]
    assert len([tag for tag, _ in tags if tag == "h1"]) == 1
    assert len([tag for tag, _ in tags if tag == "main"]) == 1
    ids = [a["id"] for _, a in tags if a.get("id")]
    assert len(ids) == len(set(ids))
    assert not re.search(r"\{[a-z_]+\}", answer.text.replace(HOSTILE, "")), "a field was left unfilled"


@pytest.mark.parametrize("address", ["/", "/sites/depot", "/sites/depot/devices/cam-3", "/tickets", "/tickets/9"])
def test_a_hostile_name_is_text(served: Served, address: str) -> None:
    text = served.client().get(address).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
    assert "'49" not in text, "nor is it a template"


@pytest.mark.parametrize(
    ("query", "cookie", "header", "expected"),
    [
        ("", None, "en-GB,en;q=0.9", "en"),
        ("", None, "zh-TW,zh;q=0.9,en;q=0.5", "zh-Hans-CN"),
        ("", None, "fr, zh-Hans;q=0.4, en;q=0.3", "zh-Hans-CN"),
        ("", None, "fr", "en"),
        ("", None, "", "en"),
        ("", "zh_CN", "en", "zh-Hans-CN"),
        ("?lang=en", "zh_CN", "zh", "en"),
        ("?lang=zh", None, "en", "zh-Hans-CN"),
        ("?lang=xx", None, "zh", "zh-Hans-CN"),
        ("?lang=%3Cscript%3E", "../..", "q=;;,", "en"),
    ],
)
def test_the_language_is_that_of_the_address_then_the_cookie_then_the_browser(
    served: Served, query: str, cookie: str | None, header: str, expected: str
) -> None:
    client = served.client(header)
    if cookie is not None:
        client.cookies.set("wk_lang", cookie)
    answer = client.get(f"/tickets{query}")
    assert f'<html lang="{expected}">' in answer.text
    assert answer.headers["content-language"] == expected
    assert answer.headers["vary"] == "Accept-Language, Cookie"


def test_a_chosen_language_is_remembered_and_the_switch_keeps_the_page(served: Served) -> None:
    client = served.client()
    page = client.get("/tickets?state=all&lang=zh_CN")
    assert "工单" in page.text
    assert 'href="?state=all&amp;lang=en"' in page.text
    cookie = page.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "工单" in client.get("/tickets").text


def test_the_first_page_says_what_since_when_why_and_what_to_do(served: Served) -> None:
    text = served.client().get("/").text
    assert "6 things are broken" in text
    assert text.index("Recorder does not answer") < text.index("Camera does not answer") < text.index("Clock is wrong")
    assert "for 12 min" in text
    assert "Check the camera&#39;s power" in text
    assert "2 findings are consequences of this" in text
    assert 'title="29 May 2026, 04:14:40 GMT+08:00"' in text
    assert 'datetime="2026-05-29T04:14:40.000+08:00"' in text
    assert "Asia/Shanghai" in text
    assert "1 agent without a report" in text


def test_unknown_is_shown_apart_from_ok(served: Served) -> None:
    text = served.client().get("/sites/depot").text
    assert 'class="tile unknown" href="/sites/depot/devices/cam-4"' in text
    assert "Unknown: no data lately" in text
    assert 'class="tile ok" href="/sites/depot/devices/gateway"' in text


def test_an_empty_hub_says_what_to_do(empty: Served) -> None:
    client = empty.client()
    assert "Nothing is watched yet" in client.get("/").text
    assert "No ticket is open" in client.get("/tickets").text
    assert client.get("/sites/depot").status_code == 404


NOWHERE = (
    "/nothing",
    "/tickets/999",
    "/tickets/abc",
    "/tickets/0",
    "/sites/nowhere",
    "/sites/depot/devices/nobody",
    "/sites/..%2f..",
    "/tickets?state=lost",
    "/tickets?before=-1",
    "/sites/depot/devices/cam-1?span=9y",
)


@pytest.mark.parametrize("address", NOWHERE)
def test_an_unknown_address_is_a_proper_404_in_the_language(served: Served, address: str) -> None:
    answer = served.client("zh").get(address)
    assert answer.status_code == 404
    assert "没有这个页面、设备或工单" in answer.text
    assert answer.headers["content-type"].startswith("text/html")


def test_with_the_series_store_away_pages_are_shown_without_charts(tmp_path: Path) -> None:
    with closing(Served(tmp_path)) as hub:
        hub.series.close()
        _check_without_series(hub.client())


def _check_without_series(client: httpx.Client) -> None:
    for address in ("/", "/sites/depot", "/sites/depot/devices/cam-1", "/tickets/4"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "The time-series database does not answer" in answer.text


def test_the_evidence_of_a_ticket_is_shaded(served: Served) -> None:
    assert 'class="mark"' in served.client().get("/tickets/4").text
    assert 'class="mark"' in served.client().get("/tickets/5").text


def _drawn_from(text: str) -> float:
    """Where the line of the first chart begins, as a share of its plot's width."""
    plot, path = _PLOT.search(text), re.search(r'<path d="M([\d.]+)[^"]*" class="line reactive', text)
    assert plot is not None
    assert path is not None
    return float(path[1]) / float(plot[1])


_PLOT = re.compile(r'width="([\d.]+)" height="1[0-5][\d.]+" class="background"')
"""The ground of a chart's plot; that of the whole chart is higher."""


def test_charts_fit_what_there_is_unless_a_span_is_chosen(tmp_path: Path) -> None:
    with closing(Served(tmp_path)) as hub:
        values = {"reachable": 1.0}
        points = [Point("camera", "depot", "gate-1", "cam-4", NOW - n * 20_000, values) for n in range(1, 70)]
        hub.series.write(points)
        address, client = "/sites/depot/devices/cam-4", hub.client()
        assert _drawn_from(client.get(address).text) < 0.05, "from the earliest value"
        assert _drawn_from(client.get(f"{address}?span=6h").text) > 0.85
        assert 'href="?span=auto" aria-current="true"' in client.get(address).text


def test_beside_a_chart_stands_the_newest_value_not_an_average(tmp_path: Path) -> None:
    with closing(Served(tmp_path)) as hub:
        hub.series.write([Point("camera", "depot", "gate-1", "cam-4", NOW - 9_000, {"response_seconds": 1.0})])
        hub.series.write([Point("camera", "depot", "gate-1", "cam-4", NOW - 8_000, {"response_seconds": 3.0})])
        text = hub.client().get("/sites/depot/devices/cam-4?span=7d").text
        assert "<strong>3 sec</strong>" in text


def test_evidence_shows_the_fault_with_as_much_around_it_as_it_lasted(served: Served) -> None:
    """Ticket 4 is open: as much before the fault as since, and nothing after now."""
    text = served.client().get("/tickets/4").text
    shade, plot = re.search(r'<rect x="([\d.]+)"[^>]*width="([\d.]+)" class="mark"', text), _PLOT.search(text)
    assert shade is not None
    assert plot is not None
    begin, width, whole = float(shade[1]), float(shade[2]), float(plot[1])
    assert 0.45 < begin / whole < 0.55
    assert 0.45 < width / whole < 0.55
    assert begin + width <= whole


def test_a_device_is_told_with_its_kind_and_what_it_hangs_on(served: Served) -> None:
    client = served.client()
    assert "Volume on Gateway (gateway)" in client.get("/").text
    assert "Volume on Gateway (gateway)" in client.get("/tickets").text
    assert "Channel on Recorder hall (nvr-1)" in client.get("/sites/depot").text
    assert "Channel on Recorder hall (nvr-1)" in client.get("/tickets/7").text, "consequences too"
    assert "Host watched by Attic agent (attic)" in client.get("/sites/depot/devices/attic-host").text
    assert "Gateway (gateway) 上的存储卷" in served.client("zh").get("/").text


def test_a_silent_agent_and_what_it_leaves_unknown_come_first(served: Served) -> None:
    for address in ("/", "/sites/depot"):
        text = served.client().get(address).text
        said = text.index("is silent, last heard")
        assert "Attic agent</a> at depot" in text[: said + 20]
        assert said < text.index('class="card')
        assert "Of 1 device it watches nobody can say whether it works." in text
    assert "silent, last heard" not in served.client().get("/sites/harbour").text
    silent = served.client().get("/api/v1/overview").json()["silent"]
    assert [(a["agent"], a["name"], a["unknown"]) for a in silent] == [("attic", "Attic agent", 1)]


@pytest.mark.parametrize(("offset", "reference", "unknown"), [(0, 0.0, True), (1, 0.0, False), (0, 1.0, False)])
def test_a_host_without_reference_clock_says_that_nobody_knows(
    empty: Served, offset: int, reference: float, unknown: bool
) -> None:
    agent = {"site": "depot", "agent": "g", "first_heard": NOW, "last_heard": NOW, "evaluated_until": NOW}
    host = {"site": "depot", "agent": "g", "device": "host", "kind": "host", "name": "", "facts": {}}
    with empty.engine.begin() as connection:
        connection.execute(insert(schema.agent).values(**agent))
        connection.execute(insert(schema.device).values(**host))
    empty.series.write([Point("host", "depot", "g", "host", NOW - 9_000, {"clock_reference": reference})])
    if offset:
        empty.series.write([Point("host", "depot", "g", "host", NOW - 300_000, {"clock_offset_seconds": 0.01})])
    said = "No reference clock answers: the clock&#39;s accuracy is unknown."
    assert (said in empty.client().get("/sites/depot/devices/host").text) == unknown
    assert ("没有基准时钟应答" in empty.client("zh").get("/sites/depot/devices/host").text) == unknown


def test_refused_messages_are_on_the_first_page_with_sender_and_reason(empty: Served) -> None:
    client = empty.client("zh")
    assert 'id="rejected"' not in client.get("/").text
    rows = [("depot", "gate-1", "retained", NOW - 1), ("-", "-", "many_senders", NOW - 2), ("old", "o", "poison", 1)]
    with empty.engine.begin() as connection:
        for site, agent, reason, last in rows:
            row = {"site": site, "agent": agent, "reason": reason, "count": 3, "last": last, "example": ""}
            connection.execute(insert(schema.rejected).values(**row))
    text = client.get("/").text
    assert "gate-1 · depot" in text
    assert "消息代理服务器保留的旧消息" in text
    assert "发送无效消息的发送方过多" in text
    assert "o · old" not in text, "long ago"


def test_the_ticket_list_has_the_open_ones_first_then_the_resolved_newest_first(served: Served) -> None:
    text = served.client().get("/tickets").text
    shown = [int(n) for n in re.findall(r'<th scope="row"><a href="/tickets/(\d+)"', text)]
    assert sorted(shown[:6]) == [4, 5, 6, 7, 8, 9]
    assert shown[6:] == [3, 2, 1]
    assert text.index('id="open"') < text.index('id="resolved"')


def test_a_ticket_about_a_whole_site_leads_to_the_site(tmp_path: Path) -> None:
    with closing(Served(tmp_path)) as hub:
        with hub.engine.begin() as connection:
            ticket = open_ticket(connection, finding(connection, "site", "agent_silent", NOW - MINUTE, {}))
        text = hub.client().get(f"/tickets/{ticket}").text
        assert "The whole site" in text
        assert "/devices/site" not in text


def test_what_happened_is_never_said_to_have_gone(tmp_path: Path) -> None:
    with closing(Served(tmp_path)) as hub:
        with hub.engine.begin() as connection:
            since, last = NOW - 20 * MINUTE, NOW - 10 * MINUTE
            account = finding(connection, "nvr-1", "unknown_account", since, {"user": "evil"}, clearing=last)
            ticket = open_ticket(connection, account)
            note(connection, ticket, last, "relapsed", {"user": "helper"})
        client = hub.client()
        page = client.get(f"/tickets/{ticket}").text
        assert "has been gone" not in page
        assert "It has not happened again" in page
        assert "It happened again" in page
        cards = re.findall(r"<article.*?</article>", client.get("/").text, re.DOTALL)
        (card,) = [one for one in cards if f'"/tickets/{ticket}"' in one]
        assert "clearing" not in card
        assert any("clearing" in one for one in cards), "a clock that is right again is"


def test_a_ticket_that_nothing_was_seen_to_clear_does_not_claim_telemetry(tmp_path: Path) -> None:
    with closing(Served(tmp_path)) as hub:
        with hub.engine.begin() as connection:
            since, closed = NOW - 20 * MINUTE, NOW - 2 * MINUTE
            detail = {"reachable": 0}
            found = finding(connection, "cam-4", "camera_unreachable", since, detail, state="closed", closed=closed)
            ticket = open_ticket(connection, found)
            note(connection, ticket, closed, "resolved", {})
        client = hub.client()
        assert "Resolved: over, or no longer watched" in client.get(f"/tickets/{ticket}").text
        assert "Resolved: telemetry shows that it is over" in client.get("/tickets/1").text
