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

OWN_KINDS = frozenset({"host", "volume", "disk", "ups"})
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
}
"""Event types that our agents send; others are shown as they came."""

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
}
"""Codes in facts and events; others are shown as they came."""

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
