"""Device answers slowly.

Meaning: The device has taken far longer to answer its management protocol in the last hours than it usually does at
this time of the week. It still answers.

Why it matters: A device that is short of memory or processor, or that too many clients ask at once, answers slowly
before it stops to answer at all; with recorders, recording often suffers first.

First step: See who else asks the device: other software, many viewers, a firmware that has run for months. Restart it
in a quiet hour if nothing explains it. What has lasted for a day counts as usual, and the ticket resolves by itself.
"""

from hub.rule import N_, Rule, Unusual
from hub.unusual import RatioSettings
from wire.messages import DeviceKind


class ResponseSlowSettings(RatioSettings):
    """Answers jitter: only several times as long is news."""

    least_factor: float = 4.0


rule = Rule(
    name="response_slow",
    kinds=frozenset({DeviceKind.CAMERA, DeviceKind.RECORDER, DeviceKind.SWITCH}),
    condition=Unusual(
        "response_seconds",
        lambda s: (s.raise_score, s.least_factor, s.learn_days),
        floor=0.01,
        towards=frozenset({"high"}),
    ),
    summary=N_("Takes {response_seconds} to answer, usually {usual_response_seconds}."),
    settings=ResponseSlowSettings,
)
