"""The words for what the wire and the database say in codes. Each is a gettext message id."""

from hub.rule import N_

KINDS = {
    "agent": N_("Agent"),
    "host": N_("Host"),
    "volume": N_("Volume"),
    "disk": N_("Disk"),
    "recorder": N_("Recorder"),
    "channel": N_("Channel"),
    "camera": N_("Camera"),
    "switch": N_("Switch"),
    "door": N_("Door"),
    "ups": N_("UPS"),
    "room": N_("Room"),
    "network": N_("Network"),
}

OWN_KINDS = frozenset({"host", "volume", "disk", "ups", "network"})
"""What belongs to an agent's machine: where such a thing hangs on nothing, its agent tells where it is."""

SEVERITIES = {"critical": N_("Critical"), "warning": N_("Warning"), "info": N_("Notice")}

STATES = {"ok": N_("OK"), "fault": N_("Fault"), "unknown": N_("Unknown")}

REASONS = {
    "agent_silent": N_("its agent is silent"),
    "no_reports": N_("its agent has not reported yet"),
    "hidden": N_("hidden behind another fault"),
    "blind": N_("the hub hears nobody"),
    "no_data": N_("no data lately"),
}
"""Why a device is unknown."""

AGENT_STATES = {"online": N_("Heard"), "silent": N_("Silent"), "never": N_("No report yet")}

FINDING_STATES = {"pending": N_("being watched"), "open": N_("still there"), "closed": N_("over")}

TIMELINE = {
    "opened": N_("Ticket opened"),
    "promoted": N_("Ticket opened: no longer the consequence of another fault"),
    "worsened": N_("Became worse"),
    "consequence": N_("Consequence found"),
    "clearing": N_("Condition gone, waiting whether it stays away"),
    "relapsed": N_("Condition came back"),
    "resolved": N_("Resolved: telemetry shows that it is over"),
    "ended": N_("Resolved: over, or no longer watched"),
}
"""What can stand on a ticket's timeline. `ended` is a `resolved` that nothing was seen to clear before: its rule was
switched off or its device taken out, or its rule waits for nothing.
"""

EVENTS = {
    "door.opened": N_("Door opened"),
    "door.closed": N_("Door closed"),
    "door.alarm": N_("Door alarm"),
    "door.tamper": N_("Door tampered with"),
    "door.fault": N_("Door fault"),
    "door.access_granted": N_("Access granted"),
    "door.access_denied": N_("Access denied"),
    "door.duress": N_("Access under duress"),
    "door.flood": N_("Too many door events at once, counted together"),
    "host.rebooted": N_("Machine was rebooted"),
    "process.restarted": N_("Recorder software was restarted"),
    "volume.remounted_read_only": N_("Volume was remounted read-only"),
    "volume.remounted_read_write": N_("Volume can be written again"),
    "recording.gap": N_("Gap in the recording"),
    "footage.read": N_("Recordings were read by other software than the recorder's"),
    "power.on_battery": N_("Mains power is gone, the UPS runs on its battery"),
    "power.restored": N_("Mains power is back"),
}
"""Event types that our agents send; others are shown as they came."""

EVENTS_WHERE = {
    ("host.rebooted", "unexpected", True): N_("Machine was rebooted without an orderly stop"),
    ("host.rebooted", "unexpected", False): N_("Machine was rebooted in order"),
}
"""What an event is called where one of its details says so: (type, detail, its value)."""

FACTS = {
    "manufacturer": N_("Manufacturer"),
    "model": N_("Model"),
    "firmware": N_("Firmware"),
    "serial": N_("Serial number"),
    "controller": N_("Controller"),
    "path": N_("Path"),
    "fstype": N_("File system"),
    "device": N_("Block device"),
    "kernel": N_("Kernel"),
    "hostname": N_("Host name"),
    "cores": N_("Processor cores"),
    "machine": N_("Processor type"),
    "version": N_("Version"),
    "python": N_("Python version"),
    "address": N_("Address"),
    "token": N_("Token"),
    "os": N_("Operating system"),
    "mount": N_("Mounted at"),
    "role": N_("Role"),
    "overwrites": N_("Overwrites its oldest footage"),
    "writable": N_("Was seen writable"),
    "capacity_bytes": N_("Capacity"),
    "interface": N_("Interface"),
    "rotates": N_("Rotating"),
    "rotation_rpm": N_("Rotations per minute"),
    "wwn": N_("World Wide Name"),
    "place": N_("Plugged in at"),
    "behind": N_("Behind controller"),
    "smart": N_("Self-monitoring (SMART)"),
    "level": N_("RAID level"),
    "encryption": N_("Encryption"),
    "pattern": N_("Name pattern"),
    "newest": N_("Newest backup"),
    "sample": N_("A sample of it"),
    "driver": N_("Driver"),
    "battery_date": N_("Date of the battery"),
    "state": N_("State"),
    "action": N_("Now being done"),
    "members": N_("Members"),
    "failed": N_("Failed members"),
    "spare": N_("Spare members"),
    "layout": N_("Folder layout"),
    "plan": N_("Recording plan"),
    "recording_since": N_("Recordings first seen from"),
    "future_dated": N_("Has recordings dated in the future"),
    "watched": N_("Found by"),
    "source": N_("Source"),
}
"""Facts that our agents send; others are shown as they came."""

EVENT_FIELDS = {
    "state": N_("state"),
    "reason": N_("reason"),
    "credential": N_("credential"),
    "device_time": N_("the device's own time"),
    "count": N_("how many"),
    "by_type": N_("of which kinds"),
    "after_gap": N_("noticed late, after a time without connection"),
    "unexpected": N_("without an orderly stop"),
    "booted": N_("running since"),
    "uptime_seconds": N_("running for"),
    "name": N_("which"),
    "restarts": N_("restarts since the agent started"),
    "down_seconds": N_("was down for"),
    "path": N_("path"),
    "options": N_("mount options"),
    "from": N_("from"),
    "to": N_("to"),
    "seconds": N_("for"),
    "plan": N_("recording plan"),
    "ups": N_("UPS"),
    "status": N_("as it says itself"),
    "charge_ratio": N_("charge"),
    "runtime_seconds": N_("battery lasts for"),
    "process": N_("program"),
    "pid": N_("process number"),
    "files": N_("files"),
    "user": N_("user"),
    "first": N_("first"),
    "last": N_("last"),
}
"""What events tell; others are shown as they came."""

VALUES = {
    "system": N_("system"),
    "recording": N_("recordings"),
    "other": N_("other"),
    "Open": N_("open"),
    "Closed": N_("closed"),
    "Fault": N_("fault"),
    "Normal": N_("normal"),
    "DoorForcedOpen": N_("forced open"),
    "DoorOpenTooLong": N_("open too long"),
    "TamperDetected": N_("tampered with"),
    "FaultDetected": N_("fault found"),
    "CredentialNotFound": N_("credential not known"),
    "CredentialNotEnabled": N_("credential disabled"),
    "CredentialNotActive": N_("credential not valid yet"),
    "CredentialExpired": N_("credential expired"),
    "InvalidPIN": N_("wrong PIN"),
    "NotPermittedAtThisTime": N_("not permitted at this time"),
    "Unauthorized": N_("not authorized"),
    "yes": N_("yes"),
    "no": N_("no"),
    "read": N_("readable"),
    "not supported": N_("not supported"),
    "disabled": N_("switched off"),
    "backup": N_("backups"),
    "continuous": N_("continuous"),
    "scheduled": N_("by schedule"),
    "motion": N_("on motion"),
    "active": N_("running"),
    "active read-only": N_("running, read-only"),
    "inactive": N_("not running"),
    "broken": N_("broken"),
    "none": N_("none"),
    "resync": N_("synchronising its members"),
    "recovery": N_("rebuilding onto a new member"),
    "reshape": N_("changing its shape"),
    "check": N_("checking"),
}
"""Codes in facts and events; others are shown as they came."""

CONFIGURATIONS = {
    "none": N_("Nothing desired"),
    "agreed": N_("Runs what is desired"),
    "waiting": N_("Not confirmed yet"),
    "refused": N_("Refused"),
    "foreign": N_("Runs what another hub desired"),
}
"""How an agent stands to what is desired of it."""

COLLECTOR_STATES = {
    "well": N_("Well"),
    "failing": N_("Failing"),
    "unavailable": N_("Not available"),
    "unknown": N_("Unknown"),
}

COLLECTORS = {
    "host": N_("This machine"),
    "processes": N_("Recorder software"),
    "volumes": N_("Volumes"),
    "disks": N_("Disks and arrays"),
    "recordings": N_("Recordings on disk"),
    "encryption": N_("Encryption at rest"),
    "backup": N_("Backups"),
    "footage": N_("Reads of footage"),
    "power": N_("Power supply"),
    "room": N_("Room climate"),
    "clock": N_("Reference clocks"),
    "cameras": N_("Cameras"),
    "recorders": N_("Recorders"),
    "doors": N_("Doors"),
    "hardware": N_("Hardware events"),
    "pictures": N_("Pictures"),
    "network": N_("Network paths"),
    "switches": N_("Switches"),
}
"""Collectors of our agents; others are shown by their name."""

REJECTIONS = {
    "bad_report": N_("report that can't be read"),
    "bad_status": N_("status that can't be read"),
    "bad_inventory": N_("inventory that can't be read"),
    "bad_result": N_("result that can't be read"),
    "bad_config_applied": N_("configuration notice that can't be read"),
    "stray_topic": N_("unknown topic"),
    "queue_full": N_("hub too busy; will be sent again"),
    "ahead_of_hub": N_("report from the future; one of the two clocks is wrong"),
    "poison": N_("message the hub could not store"),
    "series_refused": N_("values the time-series database refused"),
    "claim_conflict": N_("device that another agent already watches"),
    "unknown_device": N_("values of a device not in the inventory"),
    "foreign_device": N_("values of another agent's device"),
    "absurd_time": N_("time far in the past or future"),
    "unknown_metric": N_("metric this hub does not know"),
    "unknown_kind": N_("device of a kind this hub does not know"),
    "retained": N_("report the broker had kept; only a status may be"),
    "many_senders": N_("too many senders of unusable messages to list each"),
    "absurd_value": N_("value no device can have"),
}
"""Why messages, or parts of them, were not taken."""

BLIND = {"hub": N_("the hub was not running"), "broker": N_("the hub had no connection to the broker")}
