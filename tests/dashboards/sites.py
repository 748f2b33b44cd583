"""Three small sites and their week: every kind of device that a dashboard shows, and one fault at least for each.

`NOW` is the week's end, the moment at which dashboards are looked at. It lies in the past of any machine: InfluxDB 1.x
bounds what is grouped by time with its own clock where a query does not say until when. Faults that last beyond it
are tickets still open.
"""

from simulator.scenario import Scenario, parse

START = 1_772_409_600_000
"""2026-03-02T00:00:00Z, a Monday, in ms UTC."""

DAYS = 7
NOW = START + DAYS * 86_400_000

_HEAD = f"""
start: 2026-03-02T00:00:00Z
length: {DAYS}d
rules: {{ agent_silent: {{ silent_seconds: 5400 }} }}
"""

SCHOOL = f"""{_HEAD}
site: school
name: Riverside school
seed: 11
interval: 30m
school_run: 30s
agents:
  - id: gate-1
    name: Gateway of the main house
    cameras: [cam-1, cam-2, cam-3]
    recorders: [{{ id: nvr-1, speaks: isapi, channels: 3, retention: 33 }}]
    software: [{{ id: vms, channels: 1, retention: 31 }}]
    door_controllers: [{{ id: access, doors: [door-1, door-2] }}]
    volumes:
      - {{ id: system-1, encrypted: true }}
      - {{ id: footage, size: 8TB, fill: 0.99, role: recording, overwrites: true }}
      - {{ id: backups, role: backup }}
    disks: [sda, sdb]
    arrays: [md0]
    ups: [ups-1]
    rooms: [rack]
  - id: gate-2
    name: Gateway of the yard
    cameras: [yard-1, yard-2]
    switches: [{{ id: switch-1, ports: 3 }}]
    behind: {{ yard-1: switch-1-p1, yard-2: switch-1-p2 }}
    volumes: [{{ id: system-2 }}]
faults:
  - {{ kind: camera_off, device: cam-2, at: 30h, for: 6h }}
  - {{ kind: picture_spoilt, device: cam-3, how: defocused, at: 52h, for: 20h }}
  - {{ kind: picture_spoilt, device: cam-1, how: taped, at: 144h, for: 10d }}
  - {{ kind: disk_wears, device: sda, what: reallocated_sectors, a_day: 24, at: 40h, for: 10d }}
  - {{ kind: disk_hot, device: sdb, at: 70h, for: 9h }}
  - {{ kind: array_degraded, device: md0, at: 100h, for: 12h }}
  - {{ kind: volume_grows, device: system-1, a_day: 0.12, at: 60h, for: 10d }}
  - {{ kind: backup_stale, device: backups, at: 90h, for: 10d }}
  - {{ kind: ups_on_battery, device: ups-1, minutes: 600, at: 120h, for: 3h }}
  - {{ kind: room_hot, device: rack, at: 119h, for: 8h }}
  - {{ kind: door_forced, device: door-1, at: 43h, for: 1h }}
  - {{ kind: door_denied, device: door-2, at: 80h, for: 1h }}
  - {{ kind: door_held, device: door-2, at: 163h, for: 10h }}
  - {{ kind: video_loss, device: nvr-1-ch2, at: 110h, for: 5h }}
  - {{ kind: recording_stopped, device: nvr-1-ch3, at: 150h, for: 2d }}
  - {{ kind: footage_taken, device: nvr-1-ch1, user: guard, at: 64h, for: 1h }}
  - {{ kind: host_overloaded, device: gate-1-host, at: 130h, for: 4h }}
  - {{ kind: switch_off, device: switch-1, at: 24h, for: 4h }}
  - {{ kind: port_errors, device: switch-1-p1, at: 105h, for: 8h }}
  - {{ kind: way_slow, device: yard-2, times: 60, at: 140h, for: 6h }}
  - {{ kind: uplink_down, device: gate-2, at: 75h, for: 6h }}
"""

HARBOUR = f"""{_HEAD}
site: harbour
name: Harbour office
seed: 12
interval: 60m
agents:
  - id: gate-1
    name: Gateway of the harbour
    cameras: [quay-1, quay-2]
    recorders: [{{ id: nvr-1, speaks: dahua, channels: 2, retention: 34 }}]
    volumes: [{{ id: system-1 }}]
faults:
  - {{ kind: clock_jump, device: nvr-1, by: 90s, at: 20h, for: 30h }}
  - {{ kind: clock_drift, device: quay-2, a_day: 6, at: 24h, for: 10d }}
  - {{ kind: retention_falls, device: nvr-1, cause: bitrate, to: 21, a_day: 3, at: 60h, for: 10d }}
  - {{ kind: disk_fails, device: nvr-1, slot: 1, state: smart_failing, at: 126h, for: 2d }}
  - {{ kind: stream_lost, device: quay-1, at: 90h, for: 3h }}
  - {{ kind: certificate_expires, device: quay-1, days: 12, at: 100h, for: 10d }}
"""

HILL = f"""{_HEAD}
site: hill
name: Hill depot
seed: 13
interval: 60m
agents:
  - id: gate-1
    name: Gateway of the depot
    cameras: [hall-1]
    volumes: [{{ id: system-1 }}]
faults:
  - {{ kind: agent_silent, device: gate-1, at: 160h, for: 2d }}
"""


def sites() -> list[Scenario]:
    """All three; the last is silent at the end."""
    return [parse(text, name) for text, name in ((SCHOOL, "school"), (HARBOUR, "harbour"), (HILL, "hill"))]
