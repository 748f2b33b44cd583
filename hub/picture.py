"""What is wrong with a picture, and which of several flaws is the ticket. Pure; the rules on pictures share it.

Agents judge a picture of each camera every ten minutes against what they have learned of it, apart for colour and
infra-red. A ticket needs three in a row in one light. One cause can show in several ways (a lens that is taped over is
black by night, too), so of flaws of one rank the first keeps the ticket until the picture is good again, and a graver
one keeps a lesser one from having another.
"""

from collections.abc import Callable, Mapping

from hub.rule import CLEAR, UNKNOWN, Judgement, Settings, Snapshot

RANKS: Mapping[str, int] = {
    **dict.fromkeys(("covered", "dark", "infrared_dead"), 3),
    **dict.fromkeys(("frozen", "bright", "moved"), 2),
    **dict.fromkeys(("blurred", "dirty", "colour_lost"), 1),
}
"""Flaw → how much of the picture is lost with it. Metrics are called `picture_{flaw}`, and so are the rules."""

BARRED = ("reachable", "online")
"""Where one of these is 0, what comes as a picture may be a recorder's blue screen."""

LIGHT_SECONDS = 2400.0
"""So long, three pictures and a little more, the light must have been the same."""

WOKEN_BY = ("picture_infrared",)
"""Told with every picture, and before a flaw is judged: the light it was taken in."""


class PictureSettings(Settings):
    """Three pictures in a row, taken every ten minutes. Where agents take them less often than every half hour, the
    hold time must be at least their pace. What shows by night only, night after night, is one ticket."""

    hold_seconds: float = 1080.0
    clear_seconds: float = 1080.0
    flap_seconds: float = 57_600.0


def of(flaw: str) -> Callable[[Snapshot, Settings, int], Judgement]:
    """The condition of a rule on this flaw."""

    def judge(snapshot: Snapshot, settings: Settings, now: int) -> Judgement:
        return _judge(flaw, snapshot)

    return judge


def _judge(flaw: str, snapshot: Snapshot) -> Judgement:
    """Of a picture in which this flaw could not be judged, or another one hides it, an open finding learns nothing."""
    latest, still = snapshot.latest, f"picture_{flaw}" in snapshot.findings
    otherwise = UNKNOWN if still else CLEAR
    light, told = latest.get("picture_infrared"), latest.get(f"picture_{flaw}")
    if not still and (told is None or told.value < 0.5):
        return CLEAR  # most pictures of most cameras, nine times each: nothing more is looked at
    if light is None or told is None or told.at != light.at or _barred(snapshot):
        return otherwise
    if told.value < 0.5:
        unlike = flaw == "dark" and light.value >= 0.5  # that infra-red shines says nothing of the day
        return otherwise if unlike or _found(snapshot, light.at) else CLEAR
    if not still and _has_its_ticket(flaw, snapshot, light.at):
        return CLEAR
    lights = {value.value for value in snapshot.windows.get("picture_infrared", ())}
    return Judgement("firing") if len(lights) < 2 else UNKNOWN


def _barred(snapshot: Snapshot) -> bool:
    latest = snapshot.latest
    lost = latest.get("video_loss")
    return (lost is not None and lost.value >= 0.5) or any(n in latest and latest[n].value < 0.5 for n in BARRED)


def _found(snapshot: Snapshot, at: int) -> list[str]:
    """The flaws of the picture taken then."""
    told = ((flaw, snapshot.latest.get(f"picture_{flaw}")) for flaw in RANKS)
    return [flaw for flaw, value in told if value is not None and value.at == at and value.value >= 0.5]


def _has_its_ticket(flaw: str, snapshot: Snapshot, at: int) -> bool:
    """Whether what is wrong here has, or is about to have, the ticket of another flaw."""
    rank = RANKS[flaw]
    if any(RANKS[other] >= rank and f"picture_{other}" in snapshot.findings for other in RANKS):
        return True
    gravest = max(_found(snapshot, at), key=lambda found: RANKS[found], default=flaw)
    return RANKS[gravest] > rank or (RANKS[gravest] == rank and gravest != flaw)
