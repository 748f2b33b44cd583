"""The hub's figures for Prometheus and its like, at /metrics.

Labels are bounded: reasons of rejections and parts of the work, never sites or agents, of which there are too many.
"""

from collections.abc import Callable, Iterable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from hub.console.words import REJECTIONS
from hub.measures import Measures, Spread, Tally
from wire.metrics import BY_NAME

PREFIX = "watchkeeper_hub_"

router = APIRouter(tags=["health"])


class HubCollector(Collector):
    """Asked at each scrape. Touches neither a database nor the engine."""

    def __init__(self, measures: Measures, version: str, works: Callable[[], bool] = lambda: True) -> None:
        self._measures = measures
        self._works = works
        self._version = version

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        yield InfoMetricFamily("watchkeeper_hub", "This hub", value={"version": self._version})
        yield GaugeMetricFamily(PREFIX + "works", "1: it holds the lease; 0: it stands by", value=float(self._works()))
        total = self._measures.total
        yield from counters(total)
        yield from histograms(total)
        for name, value in self._measures.gauges().items():
            yield GaugeMetricFamily(PREFIX + name, BY_NAME[name].en, value=value)


def counters(total: Tally) -> Iterable[Metric]:
    """What only goes up."""
    for name, text, value in (
        ("reports", "Reports committed", total.reports),
        ("points", "Points stored: values of one device at one time", total.points),
        ("backlog_points", "Points stored that came out of agents' backlogs", total.backlog_points),
        ("outages", "Batches that could not be committed, the database being away", total.outages),
        (
            "corrections",
            "Findings and tickets put right by comparing them with inventory and values",
            total.corrections,
        ),
        ("judging_seconds", "Time spent judging by rules", total.judging),
    ):
        yield CounterMetricFamily(PREFIX + name, text, value=value)
    rejected = CounterMetricFamily(
        PREFIX + "rejected", "Messages or parts of them not taken, by reason", labels=["reason"]
    )
    for reason in REJECTIONS.keys() | total.rejected.keys():
        rejected.add_metric([reason], total.rejected[reason])
    yield rejected


def histograms(total: Tally) -> Iterable[Metric]:
    """How things are distributed. Lags are of samples; the rest is of batches."""
    for name, text, spread in (
        ("lag_seconds", "From sample to commit, live data", total.lag),
        ("backlog_lag_seconds", "From sample to commit, data out of agents' backlogs", total.backlog),
        ("wait_seconds", "From the arrival of a batch's first message to its commit", total.wait),
        ("batch_messages", "Messages committed together", total.messages),
    ):
        family = HistogramMetricFamily(PREFIX + name, text)
        family.add_metric([], *_buckets(spread))
        yield family
    work = HistogramMetricFamily(PREFIX + "commit_seconds", "Time a commit takes, and its parts", labels=["part"])
    for part, spread in {"whole": total.whole, "series": total.series, "database": total.database}.items():
        work.add_metric([part], *_buckets(spread))
    yield work


def _buckets(spread: Spread) -> tuple[list[tuple[str, float]], float]:
    bounds = [*(str(bound) for bound in spread.bounds), "+Inf"]
    return list(zip(bounds, map(float, spread.below()), strict=True)), spread.total


def registry(measures: Measures, version: str, works: Callable[[], bool] = lambda: True) -> CollectorRegistry:
    """Of this hub alone, with what its process uses. `works`: it does not stand by."""
    own = CollectorRegistry(auto_describe=False)
    own.register(HubCollector(measures, version, works))
    ProcessCollector(registry=own)
    return own


def registry_of(request: Request) -> CollectorRegistry:
    """That of the hub that serves this request."""
    found: CollectorRegistry = request.app.state.registry
    return found


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(own: Annotated[CollectorRegistry, Depends(registry_of)]) -> Response:
    """The hub's own figures in Prometheus' text format."""
    return Response(generate_latest(own), headers={"content-type": CONTENT_TYPE_LATEST})
