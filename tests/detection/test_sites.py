"""A seed is a site and its faults, whatever ran before; faults lie far enough apart to be told from each other."""

import pytest

from simulator.faults import KINDS
from simulator.scenario import Scenario
from tests.detection import ranges
from tests.detection.sites import site
from tests.detection.topology import Topology

MONTHS = [site(seed) for seed in (1, 2, 3)]


def test_the_same_seed_is_the_same_site() -> None:
    assert site(3) == MONTHS[2]
    assert site(2) != MONTHS[2]


@pytest.mark.parametrize("script", MONTHS, ids=lambda one: one.site)
def test_no_fault_could_be_taken_for_another(script: Scenario) -> None:
    topology = Topology(script)
    assert ranges.FAULTS_A_MONTH[0] <= len(script.faults) <= ranges.FAULTS_A_MONTH[1]
    for number, one in enumerate(script.faults):
        for other in script.faults[:number]:
            apart = max(one.at - other.end, other.at - one.end)
            assert apart >= ranges.GAP_SECONDS or not topology.related(one, other)


def test_a_healthy_site_has_noise_and_no_fault() -> None:
    script = site(1, faults=False)
    assert script.faults == []
    assert script.blips + script.short_outages > 0


def test_seeds_that_are_published_are_no_seeds_to_tune_on() -> None:
    tuned = {*ranges.TUNING_SEEDS, *ranges.HEALTHY_TUNING_SEEDS}
    published = {*ranges.PUBLICATION_SEEDS, *ranges.HEALTHY_SEEDS}
    assert not tuned & published
    assert (len(ranges.PUBLICATION_SEEDS), len(ranges.HEALTHY_SEEDS)) == (100, 10)


def test_the_ranges_are_of_faults_that_there_are() -> None:
    assert set(ranges.FAULTS) <= set(KINDS)
