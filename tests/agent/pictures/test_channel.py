"""Timelines: a channel over a synthetic week, and what a fault and its repair look like in it."""

import io
import logging
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from agent.memory import MAX_BYTES
from agent.pictures.analysis import analyse
from agent.pictures.baseline import MOST_SCENES, Baseline
from agent.pictures.baseline import Light as LightBaseline
from agent.pictures.channel import KEEP_SECONDS, SET_SINCE, Channel
from agent.pictures.features import Features, Phase
from agent.pictures.keepsake import Keepsake
from agent.pictures.scene import Scene
from agent.pictures.verdict import Limits
from simulator.pictures import Fault, Light, Place, Shot, Weather
from tests.agent.pictures.trained import NEEDED, look
from wire.metrics import BY_NAME

HOUR = 3600.0
MIDNIGHT = (SET_SINCE // 86_400 + 1) * 86_400
PLACE = Place(41)
WEATHER = (Weather.CLEAR, Weather.RAIN, Weather.SUN, Weather.CROWD)


@lru_cache(maxsize=512)
def seen(moment: int, light: Light, fault: Fault | None) -> Features:
    weather = WEATHER[moment % 4] if light is Light.DAY and fault is None else Weather.CLEAR
    return look(PLACE, Shot(moment, light, weather, fault))


class Clock:
    def __init__(self, wall: float = MIDNIGHT) -> None:
        self.at = wall

    def wall(self) -> float:
        return self.at

    def mono(self) -> float:
        return self.at - 1_000_000


def channel(
    clock: Clock, folder: Path | None = None, order: str = "", wall: Callable[[], float] | None = None
) -> Channel:
    return Channel(
        "gate",
        folder,
        needed=NEEDED,
        limits=Limits(),
        order=order,
        wall=wall or clock.wall,
        monotonic=clock.mono,
    )


def light_of(hour: float) -> Light:
    if 7 <= hour < 18:
        return Light.DAY
    return Light.TWILIGHT if hour in (6, 18) else Light.NIGHT


def live(watched: Channel, clock: Clock, hours: int, fault: Fault | None = None) -> list[set[str]]:
    """So many hours, a picture each; which flags were raised with each."""
    raised = []
    for _ in range(hours):
        clock.at += HOUR
        number = int(clock.at // HOUR)
        # A few dozen different pictures of each kind do: they are drawn once.
        features = seen(number % 24 if fault is None else number % 6, light_of(number % 24), fault)
        values, _ = watched.see(features)
        assert values.keys() <= BY_NAME.keys()
        raised.append({name for name, value in values.items() if name in FLAGS and value})
    return raised


FLAGS = {name for name in BY_NAME if name.startswith("picture_")} - {
    *("picture_taken", "picture_age_seconds", "picture_baseline_samples", "picture_infrared"),
    *(name for name in BY_NAME if name.endswith("_ratio")),
}


def test_a_healthy_week_raises_nothing() -> None:
    clock = Clock()
    assert not any(live(channel(clock), clock, 7 * 24))


def test_a_lens_out_of_focus_is_told_until_it_is_mended() -> None:
    clock = Clock()
    watched = channel(clock)
    assert not any(live(watched, clock, 4 * 24 + 8))
    wrong = live(watched, clock, 2 * 24, Fault.DEFOCUSED)
    by_light = [flags for n, flags in enumerate(wrong) if light_of((8 + 1 + n) % 24) is not Light.TWILIGHT]
    assert all(flags == {"picture_blurred"} for flags in by_light)
    assert not any(live(watched, clock, 24))


def test_a_fault_that_lasts_for_a_week_is_not_learned() -> None:
    clock = Clock()
    watched = channel(clock)
    live(watched, clock, 4 * 24)
    live(watched, clock, 7 * 24, Fault.TURNED)
    assert live(watched, clock, 12, Fault.TURNED)[-1] == {"picture_moved"}
    assert not any(live(watched, clock, 24))


def test_a_lens_that_fogs_up_over_three_weeks_is_told_before_it_is_learned() -> None:
    clock = Clock(MIDNIGHT + 12 * HOUR)
    watched = channel(clock)
    days, each = 21, 8
    sharp = [PLACE.picture(Shot(moment)) for moment in range(4)]
    for moment in range(NEEDED + 40):
        clock.at += HOUR
        watched.see(fogged(sharp[moment % 4], 0.0))
    first = None
    for n in range(days * each):
        clock.at += 3 * HOUR
        # The same few pictures over and over would stand still.
        features = fogged(sharp[n % 4], round(8 * n / (days * each)) / 4)
        if watched.see(features)[0].get("picture_blurred"):
            first = first or n
    assert first is not None
    assert first / each < 16
    assert watched.see(fogged(sharp[0], 2.0))[0]["picture_blurred"] == 1


@lru_cache(maxsize=128)
def fogged(body: bytes, radius: float) -> Features:
    out = io.BytesIO()
    Image.open(io.BytesIO(body)).filter(ImageFilter.GaussianBlur(radius)).save(out, "JPEG")
    return Features.model_validate(analyse(out.getvalue()))


def test_infra_red_that_dies_is_told_at_night_only() -> None:
    clock = Clock()
    watched = channel(clock)
    live(watched, clock, 5 * 24)
    for known in watched._baseline.hours:
        known.count *= 12  # as if it had been asked every five minutes
    for hour in range(24):
        light = light_of((hour + 1) % 24)
        (flags,) = live(watched, clock, 1, Fault.INFRARED_DEAD if light is Light.NIGHT else None)
        assert flags == ({"picture_infrared_dead"} if light is Light.NIGHT else set())


def test_frozen_is_told_by_the_third_picture_and_over_with_the_next_live_one() -> None:
    clock = Clock()
    watched = channel(clock)
    live(watched, clock, 4 * 24 + 10)
    frozen = live(watched, clock, 6, Fault.FROZEN)
    assert frozen == [set(), set(), *[{"picture_frozen"}] * 4]
    assert live(watched, clock, 1) == [set()]


def test_flags_are_missing_before_the_baseline_is_mature_and_samples_tell_how_far_it_is() -> None:
    clock = Clock(MIDNIGHT + 8 * HOUR)
    watched = channel(clock)
    for n in range(5):
        clock.at += HOUR
        values, _ = watched.see(seen(n, Light.DAY, None))
        assert values["picture_baseline_samples"] == n
        assert not FLAGS & values.keys()
        assert values["picture_taken"] == 1
        assert "picture_sharpness_ratio" not in values


def test_what_was_learned_outlives_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    before = channel(clock, tmp_path)
    live(before, clock, 4 * 24 + 8)
    after = channel(clock, tmp_path)
    assert live(after, clock, 3, Fault.TURNED)[-1] == {"picture_moved"}
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size < 16 * 1024


def test_it_is_written_once_an_hour_at_most(tmp_path: Path) -> None:
    clock = Clock()
    watched = channel(clock, tmp_path)
    watched.see(seen(0, Light.DAY, None))
    assert not list(tmp_path.iterdir())
    clock.at += KEEP_SECONDS
    watched.see(seen(1, Light.DAY, None))
    assert len(list(tmp_path.iterdir())) == 1


def test_an_order_another_camera_and_another_size_begin_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = Clock()
    watched = channel(clock, tmp_path)
    watched.identify("maker model 1")
    live(watched, clock, 4 * 24 + 8)
    assert live(watched, clock, 1, Fault.TURNED) == [{"picture_moved"}]

    ordered = channel(clock, tmp_path, order="2026-11-28")
    assert live(ordered, clock, 1, Fault.TURNED) == [set()]

    watched.identify("")
    assert live(watched, clock, 1, Fault.TURNED) == [{"picture_moved"}]
    watched.identify("maker model 2")
    assert live(watched, clock, 1, Fault.TURNED) == [set()]
    assert "another camera" in caplog.text


def test_a_camera_set_to_another_resolution_is_learned_anew_and_judged_by_nothing_meanwhile() -> None:
    clock = Clock()
    watched = channel(clock)
    live(watched, clock, 4 * 24 + 8)
    larger = look(PLACE, Shot(3, size=(800, 450)))
    counts = []
    for _ in range(4):
        clock.at += HOUR
        values, _ = watched.see(
            larger.model_copy(update={"strips": tuple(range(int(clock.at) % 97, 24 + int(clock.at) % 97))})
        )
        assert not {flag for flag in FLAGS & values.keys() if values[flag]}
        counts.append(values["picture_baseline_samples"])
    assert counts[-1] <= 1


def test_what_is_kept_of_a_tour_in_all_lights_stays_small() -> None:
    baseline = Baseline(NEEDED, ptz=True)
    views = [Scene.of(seen(n, Light.DAY, None)) for n in range(MOST_SCENES)]
    baseline.lights = {phase: LightBaseline(NEEDED, True, scenes=views) for phase in Phase}
    kept = Keepsake.of(baseline, "x" * 1000, "y" * 100, (7680, 4320))
    assert len(kept.model_dump_json()) < MAX_BYTES / 4
    assert kept.baseline(NEEDED, True).lights.keys() == set(Phase)


def test_a_clock_that_was_never_set_teaches_no_hours() -> None:
    clock = Clock()
    watched = channel(clock, wall=lambda: 4000.0)
    assert not any(live(watched, clock, 4 * 24))
    live(watched, clock, 8)
    assert all(hour.count == 0 for hour in watched._baseline.hours)


def test_a_spoilt_memory_begins_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    live(channel(clock, tmp_path), clock, 4 * 24)
    (file,) = tmp_path.iterdir()
    text = file.read_text()
    file.write_text(text.replace('"tables":["', '"tables":["AAAA', 1))
    assert live(channel(clock, tmp_path), clock, 1, Fault.TURNED) == [set()]
    assert "damaged" in caplog.text
