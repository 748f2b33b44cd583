"""Cameras and recorders as such, streams and pictures."""

from simulator import faults
from simulator.device.server import Misbehaviour
from simulator.pictures.place import Fault as Spoilt
from simulator.virtual.camera import Camera
from simulator.virtual.effects.telling import (
    EVENTS,
    KNOWN_OF_ALL,
    alter,
    change,
    deafen,
    leave,
    retell,
    silence,
    story,
)
from simulator.virtual.recorder import Recorder
from simulator.virtual.thing import DAY, Facts, Happening, Thing, Values

PAUSE_SECONDS = 1800.0
"""For so long an account that was refused is left alone."""

MUTE = frozenset(
    {
        *(Misbehaviour.HANG, Misbehaviour.DRIP, Misbehaviour.HEADER_DRIP),
        *(Misbehaviour.CONTINUE, Misbehaviour.CHUNK_DRIP, Misbehaviour.TRAILERS),
    }
)
"""Misbehaviour that never comes to an answer; the others are answers, if not to what was asked."""

FLAGS: dict[tuple[Spoilt, bool], str] = {
    (Spoilt.DEFOCUSED, True): "blurred",
    (Spoilt.DEFOCUSED, False): "blurred",
    (Spoilt.SPRAYED, True): "dirty",
    (Spoilt.SPRAYED, False): "dirty",
    (Spoilt.WEB, True): "dirty",
    (Spoilt.WEB, False): "dirty",
    (Spoilt.TAPED, True): "covered",
    (Spoilt.TAPED, False): "infrared_dead",
    (Spoilt.CLOTH, True): "covered",
    (Spoilt.CLOTH, False): "covered",
    (Spoilt.PAPER, True): "covered",
    (Spoilt.PAPER, False): "covered",
    (Spoilt.UNDEREXPOSED, True): "dark",
    (Spoilt.UNDEREXPOSED, False): "infrared_dead",
    (Spoilt.OVEREXPOSED, True): "bright",
    (Spoilt.OVEREXPOSED, False): "bright",
    (Spoilt.COLOURLESS, True): "colour_lost",
    (Spoilt.INFRARED_DEAD, False): "infrared_dead",
    (Spoilt.TURNED, True): "moved",
    (Spoilt.TURNED, False): "moved",
    (Spoilt.FROZEN, True): "frozen",
    (Spoilt.FROZEN, False): "frozen",
}
"""(what is wrong, by daylight) → the flag that the agent's own pictures collector raises (measured: its matrix)."""


@alter.register(faults.CameraOff | faults.RecorderOff)
def _(fault: faults.FaultBase, thing: Thing, values: Values, at: float) -> None:
    silence(thing, thing.id == fault.device, values, connectable=False)


@alter.register
def _(fault: faults.CameraHang, thing: Thing, values: Values, at: float) -> None:
    silence(thing, thing.id == fault.device, values, connectable=True)


@alter.register
def _(fault: faults.Misbehaves, thing: Thing, values: Values, at: float) -> None:
    if fault.how in MUTE:
        silence(thing, thing.id == fault.device, values, connectable=True)
        return
    # It answers, so it is there; what it says is nothing that can be read.
    leave(values, (*KNOWN_OF_ALL, *EVENTS, "stream") if thing.id == fault.device else ("-",))
    if thing.id == fault.device:
        deafen(thing, values)


@alter.register
def _(fault: faults.CameraPassword, thing: Thing, values: Values, at: float) -> None:
    leave(values, (*KNOWN_OF_ALL, *EVENTS, "clock_", "response_"))
    values |= {"authenticated": 0.0, "account_paused": 1.0, "events_subscribed": 0.0}


@alter.register
def _(fault: faults.RecorderPassword, thing: Thing, values: Values, at: float) -> None:
    if not isinstance(thing, Recorder):
        values.clear()
        return
    values |= {"authenticated": 0.0, "account_paused": 1.0}
    deafen(thing, values)
    if thing.speaks == "onvif":  # it tells everyone its time
        leave(values, (*KNOWN_OF_ALL, *EVENTS, "clock_", "response_"))
        return
    leave(values, (*KNOWN_OF_ALL, *EVENTS))
    if int((at - fault.at) // PAUSE_SECONDS) == int((thing.since - fault.at) // PAUSE_SECONDS):
        values.pop("reachable", None)  # not asked now
        values.pop("authenticated", None)


@alter.register
def _(fault: faults.ClockJump, thing: Thing, values: Values, at: float) -> None:
    if thing.id == fault.device and "clock_offset_seconds" in values:
        values["clock_offset_seconds"] -= fault.by


@alter.register
def _(fault: faults.ClockDrift, thing: Thing, values: Values, at: float) -> None:
    if thing.id == fault.device and "clock_offset_seconds" in values:
        values["clock_offset_seconds"] -= fault.a_day * (at - fault.at) / DAY


@story.register
def _(fault: faults.FirmwareChanged, thing: Thing) -> list[Happening]:
    if not isinstance(thing, Camera):  # of a recorder only the facts change
        return []
    usual = thing.facts().get("firmware")
    kind = "device.firmware_changed"
    return [
        Happening(fault.at, kind, {"before": usual, "after": fault.to}),
        Happening(fault.end, kind, {"before": fault.to, "after": usual}),
    ]


@retell.register
def _(fault: faults.FirmwareChanged, facts: Facts) -> None:
    facts["firmware"] = fault.to


@alter.register
def _(fault: faults.StreamLost, thing: Thing, values: Values, at: float) -> None:
    change(values, streaming=0.0)
    values.pop("stream_response_seconds", None)


@alter.register
def _(fault: faults.PictureSpoilt, thing: Thing, values: Values, at: float) -> None:
    flag = FLAGS.get((fault.how, thing.sky.daylight(at)))
    if "picture_taken" not in values or flag is None:
        return
    values[f"picture_{flag}"] = 1.0
    if flag == "blurred":
        values["picture_sharpness_ratio"] = 0.2
    elif flag in ("dark", "infrared_dead"):
        values["picture_brightness_ratio"] = 0.03
    elif flag == "bright":
        values["picture_brightness_ratio"] = 0.95
    elif flag == "frozen":
        values["picture_change_ratio"] = 0.0
    elif flag in ("moved", "covered"):
        values["picture_similarity_ratio"] = 0.3


@alter.register
def _(fault: faults.NtpOff, thing: Thing, values: Values, at: float) -> None:
    change(values, ntp_enabled=0.0)


@alter.register
def _(fault: faults.CertificateExpires, thing: Thing, values: Values, at: float) -> None:
    change(values, certificate_left_days=fault.days - (at - fault.at) / DAY)


@alter.register
def _(fault: faults.SlowAnswers, thing: Thing, values: Values, at: float) -> None:
    if "response_seconds" in values:
        values["response_seconds"] *= fault.times


@alter.register
def _(fault: faults.EventsLost, thing: Thing, values: Values, at: float) -> None:
    change(values, events_subscribed=0.0)


@alter.register
def _(fault: faults.PicturesRefused, thing: Thing, values: Values, at: float) -> None:
    if "picture_taken" in values:
        for name in [name for name in values if name.startswith("picture_")]:
            del values[name]
        values["picture_taken"] = 0.0
