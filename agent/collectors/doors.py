"""Doors: open or closed, locked, alarms, and who was let in, as controllers and programs of others tell.

Controllers speak ONVIF (its events) or Hikvision's ISAPI (its event stream, and the state of each door every minute);
everything else writes JSON lines into a file or a socket, or publishes on a local MQTT broker. Nothing is opened,
closed, set or published. A user with the right to receive events suffices. Names and card numbers are not taken over.
"""

from collections.abc import Sequence

from agent.collector import Collector, Context, Need, Plugin
from agent.device.flood import FLOOD
from agent.doors.isapi import IsapiController
from agent.doors.lines_collector import FileCollector, SocketCollector
from agent.doors.onvif import ControllerCollector
from agent.doors.settings import DoorsSettings
from agent.doors.told import EVENTS
from agent.doors.topics_collector import TopicsCollector


def _build(settings: DoorsSettings, context: Context) -> Sequence[Collector]:
    controllers: list[Collector] = [
        IsapiController(controller, settings, context.state)
        if controller.speaks == "isapi"
        else ControllerCollector(controller, settings)
        for controller in settings.controllers
    ]
    files = [FileCollector(one, one.path, context.state) for one in settings.lines if one.path is not None]
    sockets = [SocketCollector(one, one.socket) for one in settings.lines if one.socket is not None]
    brokers = [TopicsCollector(one, settings.pause_seconds) for one in settings.topics]
    return [*controllers, *files, *sockets, *brokers]


plugin = Plugin(
    "doors",
    DoorsSettings,
    _build,
    metrics=(
        *("door_reachable", "authenticated", "account_paused", "requests_per_hour", "requests_held_back"),
        *("door_open", "door_locked", "door_alarm", "door_fault", "door_silence_seconds"),
    ),
    events=(*EVENTS, FLOOD),
    needs=(
        Need("HTTP to each controller, on its `port`", "everything: its doors count as unreachable"),
        Need(
            "an account of the controller that may receive events",
            "everything about its doors but that the controller answers",
        ),
        Need("read access to the files of `lines`", "the events in them"),
        Need("an account of each broker of `topics` that may subscribe", "the doors behind it"),
    ),
)

__all__ = ["ControllerCollector", "DoorsSettings", "plugin"]
