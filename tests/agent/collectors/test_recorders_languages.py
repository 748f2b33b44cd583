"""The same timelines over all three languages: what can be told is told alike, what cannot is named."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from agent.recorder.languages import Language
from simulator.device.server import Misbehaviour
from simulator.recorder.box import DAY, Box, Entry
from tests.agent.recorder.faces import Face, face, speaker
from tests.agent.recorder.worlds import World, at

STEP = 600.0


class Site(NamedTuple):
    """A recorder that is there, and the world around it."""

    world: World
    face: Face

    @property
    def box(self) -> Box:
        """What goes on inside it."""
        return self.world.box


@pytest.fixture(params=list(Language))
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    box = Box(3, lambda: at(25, 12))
    with face(request.param, box) as one:
        made: list[World] = []

        def clock() -> float:
            return made[0].now if made else at(25, 12)

        asking = speaker(one, tmp_path, clock)
        device = {"port": one.port, "speaks": str(one.language)}
        made.append(World(box, lambda: asking, tmp_path / "state", at(25, 12), device, device_timeout_seconds=10.0))
        yield Site(made[0], one)
        made[0].collector.close()


def channels(site: Site, metric: str) -> list[float | None]:
    return [site.world.values.get(f"nvr-{number}", {}).get(metric) for number in (1, 2, 3)]


def test_a_healthy_recorder(site: Site) -> None:
    one = site.world
    one.run(at(25, 13), STEP)
    own = one.values["nvr"]
    assert (own["connectable"], own["reachable"], own["authenticated"], own["account_paused"]) == (1, 1, 1, 0)
    assert own["clock_offset_seconds"] == pytest.approx(0, abs=1.1)
    assert own["ntp_enabled"] == 1
    assert own["recording_age_seconds"] == pytest.approx(30 * DAY, abs=3700)
    assert channels(site, "online") == [1, 1, 1]
    assert channels(site, "recording_retention_days") == [pytest.approx(30, abs=0.05)] * 3
    assert [age is not None and age < 300 for age in channels(site, "recording_newest_age_seconds")] == [True] * 3
    assert one.facts["nvr"]["model"] == "NVR-4"
    assert one.facts["nvr"]["speaks"] == site.face.language
    assert one.events == []
    if site.face.tells_all:
        assert "unsupported" not in one.facts["nvr"]
        assert channels(site, "recording_plan_enabled") == channels(site, "recording_planned") == [1, 1, 1]
        assert channels(site, "recording_stalled") == [0, 0, 0]
        assert channels(site, "recording_integrity_ratio") == [pytest.approx(1, abs=0.001)] * 3
        assert site.face.language is Language.ISAPI or channels(site, "video_loss") == [0, 0, 0]
        assert one.values["nvr-storage"]["fill_ratio"] == pytest.approx(1)
    else:
        assert one.facts["nvr"]["unsupported"] == "condition, disks, log, plans"
        assert one.facts["nvr"]["forbidden"] == "accounts"


def test_a_channel_loses_its_camera_and_gets_it_back(site: Site) -> None:
    one = site.world
    one.round()
    site.box.channel(2).online = False
    one.now += 60
    one.round()
    assert channels(site, "online") == [1, 0, 1]
    site.box.channel(2).online = True
    one.now += 60
    one.round()
    assert channels(site, "online") == [1, 1, 1]


def test_a_channel_that_is_taken_off_the_recorders_list_is_down(site: Site) -> None:
    one = site.world
    one.round()
    site.box.channel(3).listed = False
    one.now += 1000
    one.round()
    assert channels(site, "online") == [1, 1, 0]


def test_a_recording_stops_and_goes_on(site: Site) -> None:
    one = site.world
    one.run(at(25, 15), 3 * STEP)
    site.box.channel(2).stopped_at = one.now
    one.run(at(25, 15, 40), STEP)
    assert channels(site, "recording_newest_age_seconds")[1] == pytest.approx(2400, abs=700)
    if site.face.tells_all:
        assert channels(site, "recording_stalled") == [0, 1, 0] or channels(site, "recording_active")[1] == 1
    one.run(at(25, 18), 2 * STEP)
    if site.face.tells_all:
        assert channels(site, "recording_stalled") == [0, 1, 0]
    site.box.channel(2).stopped_at = None
    site.box.channel(2).gaps = [(at(25, 15), one.now)]
    one.run(at(26, 2), 6 * STEP)
    one.run(at(26, 3), STEP / 2)
    assert channels(site, "recording_newest_age_seconds")[1] == pytest.approx(0, abs=300)
    if not site.face.tells_all:
        assert one.events == []
        return
    assert channels(site, "recording_stalled") == [0, 0, 0]
    (gap,) = one.events
    assert (gap.device, gap.type) == ("nvr-2", "recording.gap")
    assert gap.data["seconds"] == pytest.approx(3 * 3600, abs=5)
    assert channels(site, "recording_integrity_ratio") == [
        pytest.approx(1, abs=0.001),
        pytest.approx(21 / 24, abs=0.001),
        pytest.approx(1, abs=0.001),
    ]
    assert channels(site, "recording_gaps") == [0, 1, 0]


@pytest.mark.parametrize("wrong", ["by a minute and a half", "by a year", "never set"])
def test_a_wrong_clock_is_measured_and_nothing_else_goes_wrong_by_it(site: Site, wrong: str) -> None:
    one = site.world
    never_set = 20 * DAY - at(25, 12)
    offset = {"by a minute and a half": 90.0, "by a year": 365 * DAY}.get(wrong, never_set)
    site.box.clock_offset = offset
    for channel in site.box.channels:
        channel.oldest_seconds = 10 * DAY
    one.run(at(25, 13), STEP)
    assert one.values["nvr"]["clock_offset_seconds"] == pytest.approx(-offset, abs=1.1)
    # Dahua's search begins in 2010, since boxes that lost their clock leave files of 1970: an unset one tells less.
    if not (site.face.language is Language.DAHUA and offset == never_set):
        assert channels(site, "recording_retention_days") == [pytest.approx(10, abs=0.05)] * 3
    assert one.events == []


def test_who_played_back_what_is_told_once(site: Site) -> None:
    one = site.world
    one.round()
    site.box.note(Entry(one.now + 30, "playback", "li", "10.0.0.9", 2))
    site.box.note(Entry(one.now + 30, "login_failed", "root", "10.0.0.66"))
    one.run(at(25, 13), STEP)
    one.restart()
    one.run(at(25, 14), STEP)
    told = sorted((e.type, str(e.data["user"]), str(e.data["address"])) for e in one.events)
    expected = [("footage.played_back", "li", "10.0.0.9"), ("recorder.login_failed", "root", "10.0.0.66")]
    assert told == (expected if site.face.tells_all else [])


def test_a_disk_fails_and_another_goes(site: Site) -> None:
    one = site.world
    one.round()
    site.box.disks[0].state = "error"
    del site.box.disks[1]
    one.run(at(25, 14, 30), STEP)
    disks = {name: values for name, values in one.values.items() if "-disk-" in name}
    if site.face.tells_all:
        assert sorted((v["present"], v.get("disk_healthy")) for v in disks.values()) == [(0, 1), (1, 0)]
    else:
        assert disks == {}


def test_it_is_switched_off_and_comes_back(site: Site) -> None:
    one = site.world
    one.round()
    site.face.off()
    one.now += 60
    one.round()
    assert one.fresh.keys() == {"nvr"}
    assert (one.fresh["nvr"]["connectable"], one.fresh["nvr"]["reachable"]) == (0, 0)
    site.face.on()
    one.now += 60
    one.round()
    assert one.fresh["nvr"]["reachable"] == one.fresh["nvr"]["authenticated"] == 1
    assert channels(site, "online") == [1, 1, 1]


def test_one_that_hangs_takes_connections_and_nothing_more(site: Site) -> None:
    one = site.world
    one.round()
    site.face.misbehave(Misbehaviour.HANG)
    one.now += 60
    one.round()
    assert (one.fresh["nvr"]["connectable"], one.fresh["nvr"]["reachable"]) == (1, 0)
    assert one.fresh.keys() == {"nvr"}


def test_a_changed_password_is_tried_once_in_half_an_hour(site: Site) -> None:
    one = site.world
    one.round()
    site.face.gate.password = "changed"
    one.run(at(25, 12, 25), 60)
    assert (one.values["nvr"]["authenticated"], one.values["nvr"]["account_paused"]) == (0, 1)
    assert site.face.gate.refused_logins == 1
    assert "online" not in one.fresh.get("nvr-1", {})


@pytest.mark.parametrize(
    "how", [Misbehaviour.GARBAGE, Misbehaviour.ENTITY_BOMB, Misbehaviour.HUGE, Misbehaviour.REDIRECT]
)
def test_nonsense_is_an_answer_and_nothing_is_made_of_it(site: Site, how: Misbehaviour) -> None:
    one = site.world
    one.round()
    before = {name: dict(values) for name, values in one.values.items()}
    site.face.misbehave(how)
    one.now += 60
    one.round()
    assert one.fresh.keys() == {"nvr"}
    assert (one.fresh["nvr"]["connectable"], one.fresh["nvr"]["reachable"]) == (1, 1)
    assert "clock_offset_seconds" not in one.fresh["nvr"]
    assert {name: values for name, values in one.values.items() if name != "nvr"} == {
        name: values for name, values in before.items() if name != "nvr"
    }
    site.face.misbehave(None)
    one.now += 60
    one.round()
    assert channels(site, "online") == [1, 1, 1]
    assert one.events == []
