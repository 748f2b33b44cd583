"""What a generated site tells is what the agent's own collectors tell of simulated devices: metrics, facts, events."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pytest
from pydantic import TypeAdapter

from agent.app import make_jobs
from agent.collector import CollectError, NotAvailable, Plugin, discover
from agent.collectors import volumes
from agent.config import load
from agent.job import Job
from simulator import toml
from simulator.faults import KINDS, AnyFault, Fault
from simulator.gateway import ScriptedVolumes
from simulator.scenario import Scenario, parse
from simulator.site import Site
from simulator.virtual import effects
from simulator.virtual.recording import lines
from simulator.virtual.site import watched
from wire.messages import DeviceKind

SITE = """
site: riverside
length: 2m
agents:
  - id: gateway
    cameras: [cam-1]
    recorders:
      - { id: nvr-1, channels: 1 }
      - { id: nvr-2, channels: 1, speaks: isapi }
      - { id: nvr-3, channels: 1, speaks: dahua }
    door_controllers: [{ id: access-1, doors: [door-1] }]
    switches: [{ id: switch-1, ports: 1 }]
    volumes: [{ id: system, mount: /, size: 32GiB, fill: 0.4 }]
collectors:
  cameras: { clock_samples: 1 }
  recorders: { clock_samples: 1 }
  network: { apart_seconds: 0.1 }
  doors: { wait_seconds: 0.1 }
  hardware: { cameras: true }
"""

ONLY_GENERATED: Mapping[str, set[str]] = {
    # What takes days to know: a picture's baseline, a volume's growth.
    "cam-1": {f"picture_{name}" for name in ("sharpness_ratio", "similarity_ratio", "change_ratio")},
    "system": {"fill_bytes_per_second", "full_in_days"},
    # What this machine may lack, or is not asked in a test: sensors, swap, NTP.
    "gateway-host": {
        *("temperature_celsius", "swap_used_ratio"),
        *("clock_reference", "clock_offset_seconds", "clock_offset_error_seconds", "clock_synchronised"),
    },
}
ONLY_REAL: Mapping[str, set[str]] = {"gateway-host": {"clock_stratum"}}
"""What depends on the machine that the test runs on."""

JUDGED = {f"picture_{flag}" for flag in effects.FLAGS.values()}
"""Flags, which wait for a baseline."""


class Told(NamedTuple):
    """By device: names of metrics and of facts."""

    metrics: dict[str, set[str]]
    facts: dict[str, set[str]]


@pytest.fixture(scope="module")
def script() -> Scenario:
    return parse(SITE)


@pytest.fixture(scope="module")
def plugins() -> dict[str, Plugin]:
    return dict(discover())


@pytest.fixture(scope="module")
def real(script: Scenario, plugins: dict[str, Plugin], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Two rounds of every collector: rates need two."""
    folder = tmp_path_factory.mktemp("contract")
    site, agent = Site(script, folder), script.agents[0]
    site.start()
    config: dict[str, toml.Value] = {
        "site": script.site,
        "agent": agent.id,
        "state_dir": str(folder / "state"),
        "broker": {"host": "127.0.0.1", "port": 1},
        "collectors": site.collectors(agent),
    }
    (folder / "agent.toml").write_text(toml.dumps(config))
    scripted = ScriptedVolumes(site.volumes_file(agent))
    own = {**plugins, "volumes": volumes.plugin_with(scripted.statvfs, scripted.mounts)}
    jobs = make_jobs(load(folder / "agent.toml", own), own)
    yield collected(jobs)
    for job in jobs:
        job.close()
    site.stop()


def collected(jobs: Sequence[Job]) -> Told:
    told = Told(defaultdict(set), defaultdict(set))
    for job in [*jobs, *jobs]:
        try:
            reading = job.collector.collect()
        except (CollectError, NotAvailable):  # this machine lacks something
            continue
        for one in reading.measurements:
            told.metrics[one.device] |= set(one.values)
        for device in reading.devices or []:
            told.facts[device.device] |= set(device.facts)
    return told


@pytest.fixture(scope="module")
def generated(script: Scenario) -> Told:
    told = Told(defaultdict(set), defaultdict(set))
    for row in map(json.loads, lines(script)):
        payload = json.loads(row.get("payload", "{}"))
        for sample in payload.get("samples", []):
            told.metrics[sample["device"]] |= set(sample["values"])
        for device in payload.get("devices", []):
            told.facts[device["device"]] |= set(device["facts"])
    return told


FAULT: TypeAdapter[AnyFault] = TypeAdapter(Fault)
NEEDED = {"picture_spoilt": {"how": "web"}, "misbehaves": {"how": "hang"}}
COMPARED = [
    *("cam-1", "nvr-1", "nvr-1-ch1", "nvr-2", "nvr-2-ch1", "nvr-2-disk-1", "nvr-2-storage", "nvr-3", "nvr-3-ch1"),
    *("nvr-3-storage", "door-1", "switch-1", "switch-1-p1", "system", "gateway-host"),
]


@pytest.mark.parametrize("device", COMPARED)
def test_its_metrics_are_those_of_the_collectors(device: str, real: Told, generated: Told) -> None:
    assert real.metrics[device]
    pictures = JUDGED | ONLY_GENERATED["cam-1"]
    assert generated.metrics[device] - real.metrics[device] <= pictures | ONLY_GENERATED.get(device, set())
    lacking = real.metrics[device] - generated.metrics[device] - ONLY_REAL.get(device, set())
    assert not lacking, "the collectors tell more"


@pytest.mark.parametrize("device", COMPARED)
def test_its_facts_are_known_to_the_collectors(device: str, real: Told, generated: Told) -> None:
    made_up = generated.facts[device] - real.facts[device]
    assert made_up <= {"picture_size"}


def test_its_devices_are_those_that_the_collectors_find(script: Scenario, real: Told, generated: Told) -> None:
    named_otherwise = {"nvr-3-disk-1", "nvr-3-disk-2", "gateway", "gateway-host-if-eth0", "gateway-gateway"}
    assert set(generated.facts) - set(real.facts) <= named_otherwise
    assert set(script.devices) <= set(generated.facts)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_its_events_are_those_of_the_collectors(kind: str, script: Scenario, plugins: dict[str, Plugin]) -> None:
    known = {event for plugin in plugins.values() for event in plugin.events}
    things = {thing.id: thing for thing in watched(script, script.agents[0])}
    suffering = [device for device, of in script.devices.items() if of in KINDS[kind].befalls]
    assert suffering or not KINDS[kind].living
    for device in suffering:
        line = {"at": 1, "for": 5, "kind": kind, "device": device} | NEEDED.get(kind, {})
        fault = FAULT.validate_python(line)
        told = effects.story(fault, things[device]) if script.devices[device] is not DeviceKind.AGENT else []
        assert {happening.type for happening in told} <= known
