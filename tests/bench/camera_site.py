"""Simulated cameras in a process of their own, with their streams: `python -m tests.bench.camera_site 64`.

Prints their ports, ONVIF and RTSP, as one JSON list of pairs, and serves until its standard input ends.
"""

import json
import sys

from simulator.onvif import Camera

cameras = [Camera(name=f"cam-{number}", streams=True).start() for number in range(int(sys.argv[1]))]
print(json.dumps([(camera.port, camera.rtsp_port) for camera in cameras]), flush=True)
sys.stdin.read()
