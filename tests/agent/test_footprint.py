"""What keeps the process small takes nothing away that we use."""

import subprocess
import sys

PROGRAM = """
import sys
from agent.footprint import leave_out_text_detection, trim
leave_out_text_detection()
from agent.onvif.client import OnvifClient
import requests
trim()
assert "charset_normalizer.cd" not in sys.modules
answer = requests.Response()
answer._content = "Zürich".encode()
print(answer.text)
"""


def test_devices_are_asked_without_the_character_detector_and_nobody_is_warned() -> None:
    ended = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", PROGRAM], capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "Zürich\n", "")
