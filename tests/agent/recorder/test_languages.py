"""Every language that a configuration can name has a speaker, made without a word to the recorder."""

import subprocess
import sys

import pytest

from agent.device.address import Endpoint
from agent.recorder import languages
from agent.recorder.languages import Language


@pytest.mark.parametrize("language", list(Language))
def test_a_language_has_its_speaker(language: Language) -> None:
    made = languages.speaker(
        language, Endpoint("192.0.2.1"), None, timeout=1.0, max_bytes=2**20, max_requests=100, pause_seconds=60.0
    )
    assert made.answers == 0
    assert not made.paused
    assert type(made).__name__ == languages.SPEAKERS[language][1]
    made.release()


@pytest.mark.parametrize("language", [Language.ISAPI, Language.DAHUA])
def test_one_that_is_not_onvif_costs_no_onvif_library(language: Language) -> None:
    program = (
        "import sys\n"
        "from agent.device.address import Endpoint\n"
        "from agent.recorder import languages\n"
        f"languages.speaker(languages.Language({str(language)!r}), Endpoint('192.0.2.1'), None, timeout=1.0,"
        " max_bytes=2**20, max_requests=100, pause_seconds=60.0)\n"
        "assert not {'zeep', 'onvif'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
