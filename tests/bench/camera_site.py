"""Simulated ONVIF cameras in a process of their own: `python -m tests.bench.camera_site 64`.

Prints their ports as one JSON list, and serves until its standard input ends.
"""

import json
import sys

from simulator.onvif import Camera

cameras = [Camera(name=f"cam-{number}").start() for number in range(int(sys.argv[1]))]
print(json.dumps([camera.port for camera in cameras]), flush=True)
sys.stdin.read()
