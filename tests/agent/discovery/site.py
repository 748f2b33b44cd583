"""A network with devices in it, for a process of its own in a namespace: `python -m tests.agent.discovery.site`.

It says READY, and ends, telling what was asked of it, when its standard input does.
"""

import json
import sys
from contextlib import ExitStack

from simulator.onvif import Camera
from simulator.onvif.discovery import Manner, Responder

CAMERA, RECORDER, HOSTILE = "10.9.0.2", "10.9.0.3", ("10.9.0.4", "10.9.0.5", "10.9.0.6", "10.9.0.7")


def main() -> None:
    with ExitStack() as stack:
        camera = stack.enter_context(Camera(host=CAMERA, port=80, name="gate"))
        recorder = stack.enter_context(Camera(host=RECORDER, port=8080, name="nvr"))
        recorder.anonymous = False
        responders = [
            Responder(CAMERA, [f"http://{CAMERA}/onvif/device_service"], name="Main%20Gate"),
            Responder(
                RECORDER,
                ["http://10.1.1.1/onvif/device_service", f"http://{RECORDER}:8080/onvif/device_service"],
                name="NVR%22%0Ahost",
                hardware="DS-7616NI",
            ),
            Responder(HOSTILE[0], ["http://10.1.1.1/onvif/device_service"], name="elsewhere", identity="urn:uuid:1"),
            Responder(HOSTILE[1], manner=Manner.BOMB),
            Responder(HOSTILE[2], manner=Manner.FLOOD, profiles=["C"], types=["tds:Device"]),
            Responder(HOSTILE[3], manner=Manner.STRANGER),
        ]
        for one in responders:
            stack.enter_context(one)
        print("READY", flush=True)
        sys.stdin.read()
        print(
            json.dumps(
                {
                    "requests": dict(camera.requests),
                    "refused": camera.refused_logins + recorder.refused_logins,
                    "connections": [camera.connections, recorder.connections],
                }
            )
        )


if __name__ == "__main__":
    main()
