"""Recorder refuses our account.

Meaning: The recorder answers, but has refused the agent's account, at more than one attempt.

Why it matters: The recorder may go on recording, but nobody watches it: not its channels, not its disks, not its
accounts. A password that was changed without a word is also how an intruder shuts the watch out.

First step: Log in to the recorder with the agent's account. If it works, the recorder's sessions were most likely used
up: close some, or restart it. If not, set the password again on the recorder or in the agent's configuration, and find
out who changed it. The agent tries again by itself half an hour after a refusal; do not try passwords, the recorder may
lock the account.
"""

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class RecorderUnauthenticatedSettings(Settings):
    """An agent leaves an account that was refused alone for half an hour: one refusal may be a recorder that is busy.

    Some recorders are only heard of at each attempt: the second refusal, half an hour after the first, is the ticket.
    """

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 1500.0
    clear_seconds: float = 60.0


rule = Rule(
    name="recorder_unauthenticated",
    kinds=frozenset({DeviceKind.RECORDER}),
    condition=Threshold("authenticated", lambda _: (0.0, 1.0)),
    summary=N_("The recorder refuses our account."),
    settings=RecorderUnauthenticatedSettings,
    hides_children=True,
)
