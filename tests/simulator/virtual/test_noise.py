"""What healthy sites do that looks like faults: often, briefly, and never so densely that it is one."""

import itertools
from collections import defaultdict

from simulator.scenario import parse
from simulator.virtual import noise

RESTLESS = """
site: riverside
start: 2027-01-04T00:00:00Z
length: 60d
short_outages: 300
blips: 300
agents:
  - { id: gate, cameras: 3 }
"""


def test_no_device_is_away_twice_within_a_quarter_of_an_hour() -> None:
    absences = defaultdict(list)
    for one in noise.of(parse(RESTLESS)):
        absences[one.device].append((one.at, one.at + one.for_))
    assert {device: len(some) > 1000 for device, some in absences.items()} == dict.fromkeys(
        ("gate", "cam-01", "cam-02", "cam-03"), True
    )
    for some in absences.values():
        assert all(back + 900 <= gone for (_, back), (gone, _) in itertools.pairwise(some))


def test_a_device_that_seldom_is_away_is_so_as_often_as_was_asked_for() -> None:
    script = parse(RESTLESS.replace("blips: 300", "blips: 5").replace("60d", "350d"))
    blips = [one for one in noise.of(script) if one.device == "cam-01"]
    assert 210 <= len(blips) <= 290, "five a week over fifty weeks"
