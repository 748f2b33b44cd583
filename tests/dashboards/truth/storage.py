"""Of storage and retention, everywhere."""

from tests.dashboards.expected import Expected, at_least, at_most, just, near, shows

WANTED = {"closer": ["school"]}

PANELS = {
    "Which channels hold less than their target, and why": Expected(
        rows=2,
        values=(
            ({"device": "nvr-1", "site": "harbour"}, "title", just("A recorder's store is too small")),
            ({"device": "nvr-1-ch3"}, "severity", just("critical")),
        ),
    ),
    "Channels that keep fewer days than the target": Expected(
        rows=2, values=(({"site": "harbour"}, "kept", near(21.0, 0.05)),), absent=frozenset({"school"})
    ),
    "Channels told of": Expected(last=(("channels", just(6.0)),)),  # two at the harbour, four at the school
    "Which disks will fail next": Expected(
        rows=6,
        values=(
            ({"device": "sda"}, "smart_reallocated_sectors", near(24 * 128 / 24, 0.2)),  # 24 a day since the 40th hour
            ({"device": "sdb"}, "hottest", at_most(45.0)),  # which was hot, but not on the last day
            ({"device": "sdb"}, "on", near(941.0)),  # days
            ({"device": "nvr-1-disk-1", "site": "harbour"}, "recorder", just(1.0)),
            ({"device": "nvr-1-disk-2", "site": "harbour"}, "recorder", just(0.0)),
        ),
    ),
    "Which volumes will be full, and when": Expected(
        rows=6,
        values=(
            ({"device": "system-1", "site": "school"}, "left", at_most(1.0)),
            ({"device": "system-1", "site": "school"}, "fill", near(0.94)),
            ({"device": "footage"}, "fill", near(0.99)),
        ),
    ),
    "Days kept": shows("nvr-1-ch1"),
    "What is written": shows(),
    "Sectors replaced over time": Expected(last=(("sda", at_least(80.0)), ("sdb", just(0.0)))),
    "Temperature of disks": Expected(most=(("sdb", near(64.0)), ("nvr-1-disk-1", at_most(45.0)))),
    "Fill of volumes": Expected(last=(("system-1", near(0.94)),)),
    "Arrays without all their disks": Expected(extremes=(("md0", 0.0, 1.0),)),
}

ANNOTATIONS = {"Maintenance": 0}  # which was at the harbour
