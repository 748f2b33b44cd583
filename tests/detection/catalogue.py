"""The fault catalogue: stories of a small site, and for each fault in them the one ticket that it must lead to.

A story is generated and replayed once; its faults lie so far apart that none explains or hides another's. `at`,
`lasts`, `opens` and `resolves` are seconds: from the story's start, of the fault, from the fault's beginning to the
ticket, and from its end to the ticket's resolution.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from simulator.faults import AnyFault, Fault
from simulator.scenario import Scenario, parse

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
HOURLY = (0.0, 3 * HOUR)
"""Of what is asked once an hour."""
CRITICAL = "critical"
WITHIN_DAYS = (0.0, 4 * DAY)
SLIDES, GROWS = {"a_day": 4.0}, {"a_day": 0.05}
_FAULT: TypeAdapter[AnyFault] = TypeAdapter(Fault)


class Entry(NamedTuple):
    """A fault and its ticket. `on` is where the ticket is, the befallen device where empty."""

    rule: str
    kind: str
    device: str
    at: float
    lasts: float
    opens: tuple[float, float]
    resolves: tuple[float, float] = (0.0, 20 * MINUTE)
    severity: str = "warning"
    parameters: Mapping[str, Any] = {}
    on: str = ""
    hides: frozenset[tuple[str, str]] = frozenset()
    """(device, rule) that must be among its consequences."""

    @property
    def place(self) -> str:
        """The ticket's device."""
        return self.on or self.device

    @property
    def fault(self) -> AnyFault:
        """As the script has it."""
        line = {"kind": self.kind, "device": self.device, "at": self.at, "for": self.lasts}
        return _FAULT.validate_python(line | dict(self.parameters))


class Story(NamedTuple):
    """A site and what befalls it."""

    site: str
    entries: Sequence[Entry]
    settings: Mapping[str, Mapping[str, object]] = {}
    """Of rules that are told what is wanted here."""

    @property
    def script(self) -> Scenario:
        """Ready to be generated."""
        return parse(self.site).model_copy(update={"faults": [entry.fault for entry in self.entries]})


def _hidden(rule: str, *devices: str) -> frozenset[tuple[str, str]]:
    return frozenset((device, rule) for device in devices)


DEVICES = Story(
    """
site: devices
start: 2027-01-04T00:00:00Z
length: 48h
interval: 2m
collectors: { disks: { smart_hours: 1 } }
agents:
  - id: gate-1
    cameras: [cam-1, cam-2, cam-3]
    recorders: [{ id: nvr-1, channels: 3, speaks: isapi }, { id: nvr-2, channels: 1, speaks: dahua }]
    software: [{ id: vms, channels: 3 }]
    door_controllers: [{ id: access, doors: [door-1] }]
    switches: [{ id: switch-1, ports: 2 }]
    volumes:
      - { id: system, encrypted: true }
      - { id: footage, size: 8TB, fill: 0.99, role: recording, overwrites: true }
      - { id: exports, role: recording }
      - { id: backups, role: backup }
    disks: [sda]
    arrays: [md0]
    ups: [ups-1]
    rooms: [rack]
""",
    [
        # Cameras
        Entry("camera_unreachable", "camera_off", "cam-1", HOUR, 30 * MINUTE, (300, 600), severity=CRITICAL),
        Entry("camera_unreachable", "camera_hang", "cam-1", 16 * HOUR, 30 * MINUTE, (300, 600), severity=CRITICAL),
        Entry(
            "camera_unreachable",
            "misbehaves",
            "cam-1",
            27 * HOUR,
            30 * MINUTE,
            (300, 600),
            severity=CRITICAL,
            parameters={"how": "drip"},
        ),
        Entry(
            "events_lost",
            "misbehaves",
            "cam-1",
            38 * HOUR,
            2 * HOUR,
            (1800, 2400),
            parameters={"how": "garbage"},
        ),
        Entry(
            "recorder_unreachable",
            "misbehaves",
            "nvr-2",
            30 * HOUR,
            HOUR,
            (300, 600),
            severity=CRITICAL,
            parameters={"how": "hang"},
        ),
        Entry("camera_unauthenticated", "camera_password", "cam-1", 4 * HOUR, 3 * HOUR, (30 * MINUTE, HOUR)),
        Entry("camera_not_streaming", "stream_lost", "cam-1", 9 * HOUR, 2 * HOUR, (540, 1800), severity=CRITICAL),
        Entry("clock_drift", "clock_jump", "cam-1", 13 * HOUR, 2 * HOUR, (120, 600), parameters={"by": -20}),
        Entry("ntp_unsynchronised", "ntp_off", "cam-1", 20 * HOUR, 5 * HOUR, (3000, 3 * HOUR), HOURLY),
        Entry("events_lost", "events_lost", "cam-1", 42 * HOUR, 2 * HOUR, (1800, 2400)),
        Entry("certificate_expiring", "certificate_expires", "cam-1", 30 * HOUR, 6 * HOUR, HOURLY, HOURLY),
        # Pictures
        *(
            Entry(
                f"picture_{flag}",
                "picture_spoilt",
                camera,
                hour * HOUR,
                3 * HOUR,
                (20 * MINUTE, HOUR),
                (0, HOUR),
                severity,
                parameters={"how": how},
            )
            for flag, how, camera, hour, severity in (
                ("blurred", "defocused", "cam-2", 1, "warning"),
                ("covered", "cloth", "cam-2", 6, CRITICAL),
                ("moved", "turned", "cam-2", 12, "warning"),
                ("frozen", "frozen", "cam-2", 18, CRITICAL),
                ("dirty", "sprayed", "cam-2", 25, "warning"),
                ("bright", "overexposed", "cam-2", 30, "warning"),
                ("dark", "underexposed", "cam-3", 1, CRITICAL),
                ("colour_lost", "colourless", "cam-3", 5, "info"),
                ("infrared_dead", "infrared_dead", "cam-3", 12, "warning"),
            )
        ),
        Entry(
            "hardware_failing",
            "hardware_alarm",
            "cam-3",
            26 * HOUR,
            HOUR,
            (120, 600),
            severity=CRITICAL,
            parameters={"alarm": "temperature_critical"},
        ),
        Entry("picture_missing", "pictures_refused", "cam-3", 18 * HOUR, 3 * HOUR, (18 * MINUTE, 50 * MINUTE)),
        Entry("firmware_changed", "firmware_changed", "cam-3", 8 * HOUR, 2 * HOUR, (0, 600), (0, 25 * HOUR), "info"),
        # What recorders tell
        Entry(
            "clock_drift",
            "clock_jump",
            "nvr-1",
            2 * HOUR,
            2 * HOUR,
            (120, 600),
            severity=CRITICAL,
            parameters={"by": 45},
        ),
        Entry("unknown_account", "account_added", "nvr-1", 6 * HOUR, 5 * HOUR, (0, 600), (0, 600), CRITICAL),
        Entry("disk_failing", "disk_fails", "nvr-1", 13 * HOUR, 5 * HOUR, HOURLY, HOURLY, CRITICAL, on="nvr-1-disk-1"),
        Entry(
            "disk_missing",
            "disk_fails",
            "nvr-1",
            24 * HOUR,
            5 * HOUR,
            HOURLY,
            HOURLY,
            severity=CRITICAL,
            parameters={"state": "missing", "slot": 2},
            on="nvr-1-disk-2",
        ),
        Entry(
            "recorder_unauthenticated",
            "recorder_password",
            "nvr-2",
            4 * HOUR,
            3 * HOUR,
            (20 * MINUTE, 90 * MINUTE),
            (0, HOUR),
            severity=CRITICAL,
        ),
        Entry("channel_offline", "channel_off", "nvr-1-ch1", HOUR, 30 * MINUTE, (300, 600), severity=CRITICAL),
        Entry("channel_vanished", "channel_gone", "nvr-1-ch1", 3 * HOUR, 30 * MINUTE, (300, 600), severity=CRITICAL),
        Entry("channel_plan_off", "plan_off", "nvr-1-ch1", 5 * HOUR, 2 * HOUR, (600, 1200), severity=CRITICAL),
        Entry(
            "channel_not_recording",
            "recording_stopped",
            "nvr-1-ch1",
            10 * HOUR,
            2 * HOUR,
            (480, 2400),
            severity=CRITICAL,
        ),
        Entry("footage_read", "footage_taken", "nvr-1-ch1", 40 * HOUR, 60, (0, 600), (0, DAY), on="nvr-1"),
        Entry("channel_video_loss", "video_loss", "nvr-1-ch2", 2 * HOUR, HOUR, (300, 600), severity=CRITICAL),
        Entry("retention_below_target", "history_short", "nvr-1-ch2", 20 * HOUR, 5 * HOUR, HOURLY, HOURLY),
        Entry(
            "recording_gap",
            "recording_gap",
            "nvr-1-ch3",
            27 * HOUR,
            10 * HOUR,
            (0, HOUR),
            (0, DAY),
            severity="info",
            parameters={"ago": 20 * HOUR, "length": 8 * MINUTE},
        ),
        Entry(
            "daily_integrity",
            "recording_gap",
            "nvr-1-ch2",
            27 * HOUR,
            10 * HOUR,
            (0, HOUR),
            (0, DAY),
            severity=CRITICAL,
            parameters={"ago": 20 * HOUR, "length": 2 * HOUR},
        ),
        # Software on the machine itself
        Entry("recorder_process_down", "process_down", "vms", 20 * HOUR, HOUR, (60, 600), severity=CRITICAL),
        Entry("recording_stalled", "recording_stopped", "vms-ch1", 30 * HOUR, 2 * HOUR, (600, 2400), severity=CRITICAL),
        Entry(
            "recordings_incomplete",
            "recordings_incomplete",
            "vms",
            41 * HOUR,
            5 * HOUR,
            (0, HOUR),
            (0, HOUR),
            parameters={"ago": 20 * HOUR},
            hides=_hidden("daily_integrity", "vms-ch1", "vms-ch2", "vms-ch3"),
        ),
        # Doors
        Entry("door_held_open", "door_held", "door-1", HOUR, 10 * MINUTE, (60, 300)),
        Entry("door_forced", "door_forced", "door-1", 3 * HOUR, 5 * MINUTE, (0, 200), HOURLY, CRITICAL),
        Entry("door_tampered", "door_tampered", "door-1", 6 * HOUR, 20 * MINUTE, (0, 200), HOURLY, CRITICAL),
        Entry("door_denied", "door_denied", "door-1", 9 * HOUR, 60, (0, 300), (0, 4 * HOUR), parameters={"times": 6}),
        Entry("door_duress", "door_duress", "door-1", 14 * HOUR, 60, (0, 200), (0, 25 * HOUR), CRITICAL),
        Entry("door_silent", "door_silent", "door-1", 18 * HOUR, 2 * HOUR, (300, 1200), severity=CRITICAL),
        Entry("door_fault", "door_fails", "door-1", 22 * HOUR, HOUR, (60, 400)),
        # The machine
        Entry("host_overloaded", "host_overloaded", "gate-1-host", HOUR, 2 * HOUR, (300, HOUR)),
        Entry("host_hot", "host_hot", "gate-1-host", 6 * HOUR, 2 * HOUR, (60, HOUR)),
        Entry("ntp_unsynchronised", "time_lost", "gate-1-host", 12 * HOUR, 5 * HOUR, (300, 3 * HOUR), (0, HOUR)),
        Entry("footage_read", "footage_read", "gate-1-host", 38 * HOUR, 60, (0, 300), (0, DAY)),
        Entry("volume_filling", "volume_fill", "system", HOUR, 2 * HOUR, (120, 600)),
        Entry("volume_filling", "volume_fill", "exports", 5 * HOUR, 2 * HOUR, (120, 600)),
        Entry("volume_read_only", "volume_read_only", "system", 6 * HOUR, 2 * HOUR, (0, 600), severity=CRITICAL),
        Entry("volume_inodes", "inodes_used", "system", 12 * HOUR, 2 * HOUR, (60, 1200)),
        Entry("backup_stale", "backup_unreadable", "backups", 19 * HOUR, 20 * HOUR, (0, 12 * HOUR), (0, 12 * HOUR)),
        Entry("volume_unencrypted", "volume_unencrypted", "system", 18 * HOUR, 3 * HOUR, (0, HOUR), (0, HOUR)),
        Entry("disk_hot", "disk_hot", "sda", 2 * HOUR, 3 * HOUR, (0, HOUR)),
        Entry("disk_failing", "disk_unhealthy", "sda", 10 * HOUR, 6 * HOUR, HOURLY, HOURLY, CRITICAL),
        Entry("disk_missing", "disk_gone", "sda", 30 * HOUR, 3 * HOUR, (60, HOUR), severity=CRITICAL),
        Entry("raid_degraded", "array_degraded", "md0", 5 * HOUR, 3 * HOUR, (0, HOUR), severity=CRITICAL),
        Entry("ups_on_battery", "ups_on_battery", "ups-1", 10 * HOUR, 30 * MINUTE, (0, 600)),
        Entry("ups_battery_worn", "battery_worn", "ups-1", 20 * HOUR, 2 * HOUR, (0, 600)),
        Entry("room_hot", "room_hot", "rack", 22 * HOUR, 3 * HOUR, (60, HOUR)),
        Entry("room_humid", "room_humid", "rack", 30 * HOUR, 3 * HOUR, (1800, HOUR)),
        Entry("port_errors", "port_errors", "switch-1-p2", 3 * HOUR, 3 * HOUR, (60, HOUR)),
    ],
    {"footage_read": {"allowed": ()}},
)
"""Two days from a Monday at eight: one device after another, none the cause of another's trouble."""

CAUSES = Story(
    """
site: causes
start: 2027-01-04T00:00:00Z
length: 20h
interval: 1m
agents:
  - id: gate-1
    cameras: [a-1, a-2, a-3, a-4]
    recorders: [{ id: nvr-1, channels: 2, speaks: isapi }]
    switches: [{ id: switch-1, ports: 4 }]
    behind: { a-1: switch-1-p1, a-2: switch-1-p2, a-3: switch-1-p3, a-4: switch-1-p4 }
  - id: gate-2
    cameras: [b-1, b-2, b-3, b-4]
""",
    [
        Entry(
            "switch_unreachable",
            "switch_off",
            "switch-1",
            HOUR,
            40 * MINUTE,
            (60, 600),
            severity=CRITICAL,
            hides=_hidden("camera_unreachable", "a-1", "a-2", "a-3", "a-4"),
        ),
        Entry(
            "poe_lost",
            "poe_lost",
            "switch-1",
            4 * HOUR,
            40 * MINUTE,
            (60, 600),
            severity=CRITICAL,
            hides=_hidden("camera_unreachable", "a-1", "a-2", "a-3", "a-4"),
        ),
        Entry(
            "link_down",
            "port_down",
            "switch-1-p2",
            18 * HOUR,
            40 * MINUTE,
            (60, 600),
            severity=CRITICAL,
            hides=_hidden("camera_unreachable", "a-2"),
        ),
        Entry(
            "link_down",
            "power_lost",
            "switch-1-p3",
            16 * HOUR,
            40 * MINUTE,
            (60, 600),
            severity=CRITICAL,
            hides=_hidden("camera_unreachable", "a-3"),
        ),
        Entry("recorder_unreachable", "recorder_off", "nvr-1", 6 * HOUR, 40 * MINUTE, (300, 480), severity=CRITICAL),
        Entry("agent_silent", "agent_silent", "gate-1", 8 * HOUR, 30 * MINUTE, (120, 300), severity=CRITICAL),
        Entry("agent_silent", "uplink_down", "gate-2", 6 * HOUR, 30 * MINUTE, (120, 300), severity=CRITICAL),
        Entry(
            "cameras_down",
            "circuit_off",
            "gate-2",
            10 * HOUR,
            40 * MINUTE,
            (60, 480),
            severity=CRITICAL,
            hides=_hidden("camera_unreachable", "b-1", "b-2", "b-3", "b-4"),
        ),
        Entry(
            "site_uplink_down",
            "uplink_down",
            "gate-1",
            12 * HOUR,
            40 * MINUTE,
            (120, 300),
            severity=CRITICAL,
            parameters={"also": ["gate-2"]},
            on="site",
            hides=_hidden("agent_silent", "gate-1", "gate-2"),
        ),
        Entry(
            "clock_drift",
            "agent_clock_jump",
            "gate-2",
            2 * HOUR,
            90 * MINUTE,
            (120, 600),
            parameters={"by": -20},
            on="gate-2-host",
        ),
        Entry("host_rebooted", "agent_reboot", "gate-2", 14 * HOUR, 2 * MINUTE, (60, 300), (0, DAY), on="gate-2-host"),
        Entry(
            "agent_behind",
            "uplink_slow",
            "gate-2",
            16 * HOUR,
            2 * HOUR,
            (300, 90 * MINUTE),
            (0, HOUR),
            parameters={"share": 0.5},
        ),
    ],
)
"""Root causes: each is one ticket, which lists what it hides."""

WEEKS = Story(
    """
site: weeks
start: 2027-01-04T00:00:00Z
length: 20d
interval: 9m
rules: { agent_silent: { silent_seconds: 3600 } }
agents:
  - id: gate-1
    cameras: [cam-1]
    recorders: [{ id: nvr-1, channels: 1, speaks: isapi }, { id: nvr-2, channels: 1, speaks: isapi }]
    software: [{ id: store, channels: 3 }, { id: vms, channels: 1 }, { id: vms-2, channels: 1, retention: 33 }]
    volumes: [{ id: system }, { id: backups, role: backup }]
    disks: [sda]
""",
    [
        Entry("clock_drift", "clock_drift", "cam-1", DAY, 8 * DAY, (DAY, 2 * DAY), HOURLY, CRITICAL, SLIDES),
        Entry(
            "volume_full_by", "volume_grows", "system", 2 * DAY, 8 * DAY, (0, 8 * DAY), WITHIN_DAYS, parameters=GROWS
        ),
        Entry("disk_wearing", "disk_wears", "sda", 2 * DAY, 8 * DAY, (0, 6 * DAY), WITHIN_DAYS),
        Entry("backup_stale", "backup_stale", "backups", 3 * DAY, 5 * DAY, (DAY, 3 * DAY), (0, DAY)),
        *(
            Entry(
                "retention_below_target",
                "retention_falls",
                recorder,
                3 * DAY,
                12 * DAY,
                (0, 4 * DAY),
                WITHIN_DAYS,
                parameters={"cause": cause, "to": 25, "a_day": 1},
                on=f"{recorder}-ch1",
            )
            for recorder, cause in (("vms", "bitrate"), ("nvr-1", "cameras_added"))
        ),
        Entry(
            "disk_missing",
            "retention_falls",
            "nvr-2",
            3 * DAY,
            12 * DAY,
            (0, 4 * DAY),
            WITHIN_DAYS,
            severity=CRITICAL,
            parameters={"cause": "lost_disk", "to": 25, "a_day": 1},
            on="nvr-2-disk-2",
            hides=_hidden("retention_below_target", "nvr-2-ch1"),
        ),
        Entry(
            "store_too_small",
            "retention_falls",
            "store",
            3 * DAY,
            12 * DAY,
            (0, 4 * DAY),
            WITHIN_DAYS,
            parameters={"cause": "undersized", "to": 25, "a_day": 1},
            hides=_hidden("retention_below_target", "store-ch1", "store-ch2", "store-ch3"),
        ),
        Entry(
            "retention_forecast",
            "retention_falls",
            "vms-2",
            3 * DAY,
            5 * DAY,
            (HOUR, 4 * DAY),
            WITHIN_DAYS,
            parameters={"cause": "undersized", "to": 30.2, "a_day": 0.5},
            on="vms-2-ch1",
        ),
        Entry(
            "clock_drift",
            "agent_clock_drift",
            "gate-1",
            15 * DAY,
            20 * HOUR,
            (HOUR, 12 * HOUR),
            parameters={"a_day": 30.0},
            on="gate-1-host",
        ),
        # After a fortnight it is known what is usual.
        Entry("response_slow", "slow_answers", "cam-1", 16 * DAY, 20 * HOUR, (2 * HOUR, 14 * HOUR), HOURLY),
        Entry("write_rate_unusual", "write_rate", "vms-2-ch1", 17 * DAY, 20 * HOUR, (2 * HOUR, 14 * HOUR), HOURLY),
    ],
)
"""What takes days to show."""

LISTS = Story(
    """
site: lists
start: 2027-01-04T00:00:00Z
length: 6h
interval: 2m
agents: [{ id: gate-1, cameras: [cam-1] }]
""",
    [Entry("firmware_outdated", "firmware_changed", "cam-1", HOUR, 3 * HOUR, (600, 900), severity="info")],
    {"firmware_outdated": {"wanted": {"camera": ("1.*",)}}, "firmware_changed": {"enabled": False}},
)
"""What is judged against lists of one's own."""

_UNUSUAL: Sequence[tuple[str, str, str, Mapping[str, Any]]] = (
    ("response_slow", "slow_answers", "cam-1", {}),
    ("write_rate_unusual", "write_rate", "vms-ch1", {}),
    ("ping_slow", "way_slow", "nvr-1", {}),
    ("network_receive_unusual", "traffic_changed", "gate-1-host", {}),
    ("temperature_unusual", "room_hot", "rack", {"celsius": 34.0}),
)

USUAL = Story(
    """
site: usual
start: 2027-01-04T00:00:00Z
length: 9d
interval: 9m
rules: { agent_silent: { silent_seconds: 3600 } }
agents:
  - id: gate-1
    cameras: [cam-1]
    recorders: [{ id: nvr-1, channels: 1 }]
    switches: [{ id: switch-1, ports: 1 }]
    software: [{ id: vms, channels: 1 }]
    rooms: [rack]
""",
    [
        Entry(rule, kind, device, 7 * DAY + 5 * HOUR, 12 * HOUR, (2 * HOUR, 6 * HOUR), (0, 8 * HOUR), "warning", more)
        for rule, kind, device, more in _UNUSUAL
    ],
    {rule: {"learn_days": 6.5} for rule, _, _, _ in _UNUSUAL},
)
"""What has no limit of its own: a week to learn, then half a day that is not like the week before."""

STORIES: Mapping[str, Story] = {"devices": DEVICES, "causes": CAUSES, "weeks": WEEKS, "lists": LISTS, "usual": USUAL}

NOT_BY_SCENARIO: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("hub_behind", "hub_certificate_expiring", "hub_dead_letters", "hub_deaf", "hub_mute", "hub_rejecting"),
            *("hub_learning_full", "hub_storage_lagging"),
        ),
        "of the hub itself, which a generated site has not: tests/hub/test_own.py",
    ),
    **dict.fromkeys(
        ("recorder_channels_down", "recorder_not_recording"),
        "faults of several channels, which one fault of a script is not: tests/hub/rules/test_channel_vanished.py",
    ),
    "channel_recording_ceased": "of recorders that tell no plan: tests/hub/rules/test_channel_recording_ceased.py",
    "agent_clock_wrong": "of an agent without a reference clock: tests/hub/rules/test_clock_drift.py",
}
"""Rules that no generated site can show, and where they are shown."""
