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
}

EVENTS = {
    "door.opened": N_("Door opened"),
    "door.closed": N_("Door closed"),
    "door.alarm": N_("Door alarm"),
    "door.alarm_ended": N_("Door alarm ended"),
    "door.locked": N_("Door locked"),
    "door.unlocked": N_("Door unlocked"),
    "door.access_granted": N_("Access granted"),
    "door.access_denied": N_("Access denied"),
    "door.access_taken": N_("Access taken"),
    "door.access_not_taken": N_("Access not taken"),
    "door.duress": N_("Access under duress"),
    "door.tamper": N_("Door tampered with"),
    "door.fault": N_("Door fault"),
}
"""Event types we know; others are shown as they came."""

FACTS = {
    "manufacturer": N_("Manufacturer"),
    "model": N_("Model"),
    "firmware": N_("Firmware"),
    "serial": N_("Serial number"),
    "address": N_("Address"),
    "hardware": N_("Hardware"),
    "os": N_("Operating system"),
    "platform": N_("Platform"),
    "mount": N_("Mounted at"),
    "filesystem": N_("File system"),
    "role": N_("Role"),
    "overwrites": N_("Overwrites its oldest footage"),
    "token": N_("Token"),
}
"""Facts we know; others are shown as they came."""

REJECTIONS = {
    "bad_report": N_("report that can't be read"),
    "bad_status": N_("status that can't be read"),
    "bad_inventory": N_("inventory that can't be read"),
    "bad_result": N_("result that can't be read"),
    "bad_config_applied": N_("configuration notice that can't be read"),
    "stray_topic": N_("unknown topic"),
    "queue_full": N_("hub too busy; will be sent again"),
    "poison": N_("message the hub could not store"),
    "series_refused": N_("values the time-series database refused"),
    "claim_conflict": N_("device that another agent already watches"),
    "unknown_device": N_("values of a device not in the inventory"),
    "foreign_device": N_("values of another agent's device"),
    "absurd_time": N_("time far in the past or future"),
    "unknown_metric": N_("metric this hub does not know"),
}

BLIND = {"hub": N_("the hub was not running"), "broker": N_("the hub had no connection to the broker")}
