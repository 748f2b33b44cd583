"""What a Prometheus would read at /metrics."""

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families as parse

from hub.console.words import REJECTIONS
from hub.measures import SAMPLED
from hub.store.writes import Rejection
from tests.hub.api.served import Served
from tests.hub.fleets import SITE
from tests.hub.test_measures import committed


def scrape(served: Served) -> dict[str, Metric]:
    """Family by name."""
    answer = served.client().get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {family.name: family for family in parse(answer.text)}


def value(families: dict[str, Metric], sample: str, **labels: str) -> float:
    """Of one sample by its full name."""
    return next(
        s.value for f in families.values() for s in f.samples if s.name == sample and labels.items() <= s.labels.items()
    )


def test_a_hub_that_has_heard_nothing_shows_noughts_for_everything_it_counts(empty: Served) -> None:
    families = scrape(empty)
    assert value(families, "watchkeeper_hub_reports_total") == 0
    assert value(families, "watchkeeper_hub_lag_seconds_count") == 0
    reasons = {s.labels["reason"] for s in families["watchkeeper_hub_rejected"].samples}
    assert reasons == set(REJECTIONS)
    assert value(families, "process_resident_memory_bytes") > 10e6


def test_what_was_committed_and_rejected_is_counted(empty: Served) -> None:
    measures = empty.measures
    measures.committed(committed([900] * 3 + [86_400_000]))
    measures.rejected([Rejection(SITE, "gateway", "unknown_metric", 5, "x")])
    measures.queued(12, 0.25)
    measures.watch(lambda: {"series_available": 0.0})
    families = scrape(empty)
    assert value(families, "watchkeeper_hub_reports_total") == 4
    assert value(families, "watchkeeper_hub_points_total") == 4
    assert value(families, "watchkeeper_hub_backlog_points_total") == 1
    assert value(families, "watchkeeper_hub_rejected_total", reason="unknown_metric") == 5
    assert value(families, "watchkeeper_hub_queue_messages") == 12
    assert value(families, "watchkeeper_hub_series_available") == 0
    assert families["watchkeeper_hub_series_available"].documentation == "The series store takes writes"


def test_histograms_are_cumulative_and_sum_up(empty: Served) -> None:
    empty.measures.committed(committed([900] * SAMPLED * 4, waited_ms=400))
    families = scrape(empty)
    lag = families["watchkeeper_hub_lag_seconds"]
    assert lag.type == "histogram"
    buckets = {s.labels["le"]: s.value for s in lag.samples if s.name.endswith("_bucket")}
    assert buckets["0.5"] == 0
    assert buckets["1.0"] == buckets["+Inf"] == value(families, "watchkeeper_hub_lag_seconds_count") == SAMPLED * 4
    assert value(families, "watchkeeper_hub_lag_seconds_sum") == pytest.approx(0.9 * SAMPLED * 4)
    assert value(families, "watchkeeper_hub_wait_seconds_sum") == pytest.approx(0.4)
    assert {s.labels["part"] for s in families["watchkeeper_hub_commit_seconds"].samples} == {
        "whole",
        "series",
        "database",
    }


def test_no_label_grows_with_the_fleet(empty: Served) -> None:
    for n in range(300):
        empty.measures.rejected([Rejection(f"site-{n}", f"agent-{n}", "bad_report", 1, "x")])
    labels = {label for family in scrape(empty).values() for s in family.samples for label in s.labels}
    assert labels <= {"reason", "part", "le", "version"}
    assert sum(len(f.samples) for f in scrape(empty).values()) < 250


def test_two_hubs_in_one_process_share_nothing(empty: Served, served: Served) -> None:
    empty.measures.committed(committed([900]))
    assert value(scrape(served), "watchkeeper_hub_reports_total") == 0
