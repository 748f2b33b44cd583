"""What a recorder is asked round by round, in which order, and what is told of it.

The small questions come first, then the channels' recordings, as many as our manners allow: a recorder that is slow to
search loses nothing else by it. What fails is logged and left out; a recorder that falls silent ends the round.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from agent.collector import Happening, Measurement, Reading
from agent.device.errors import AuthRefused, CredentialsWanted, Unreachable
from agent.device.manners import MANNERS
from agent.device.reach import own_address
from agent.memory import Memory
from agent.recorder.accounts import Accounts, AccountsNote
from agent.recorder.channels import Channels, ChannelsNote
from agent.recorder.directory import DIRECTORY, Directory
from agent.recorder.drives import Drives, DrivesNote
from agent.recorder.history import History, HistoryNote
from agent.recorder.ids import drive_id, storage_id
from agent.recorder.judgement import ages
from agent.recorder.operations import LogNote, Operations, of_others
from agent.recorder.pace import Pace
from agent.recorder.presence import Presence
from agent.recorder.settings import RecorderSettings, RecordersSettings
from agent.recorder.speaker import Speaker, Summary
from agent.recorder.subjects import RoundOver, Subjects
from wire.messages import Device

N = TypeVar("N", bound=BaseModel)

SHARE_OF_TIMEOUT = 0.6
"""Part of a run's time-out after which no further channel is looked into."""

REFUSALS = 3
"""So many channels in a row that the recorder refuses to tell of, and none it told of: it tells of none."""


class _Told:
    """What comes of one round."""

    def __init__(self) -> None:
        self.values: dict[str, dict[str, float]] = defaultdict(dict)
        self.happenings: list[Happening] = []

    def add(self, device: str, values: Mapping[str, float]) -> None:
        """Values of a device; empty ones are none."""
        if device and values:
            self.values[device] |= values


class Rounds:
    """One recorder. `cameras` are those watched by themselves: device id → host. `state` is where things are
    remembered; without one everything is asked at once (`collect`). For one thread at a time."""

    def __init__(
        self,
        recorder: RecorderSettings,
        settings: RecordersSettings,
        cameras: Mapping[str, str],
        state: Path | None,
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        directory: Directory = DIRECTORY,
    ) -> None:
        self._recorder = recorder
        self._settings = settings
        self._monotonic = monotonic
        self._directory = directory
        self._subjects = Subjects(recorder.id, _pace_of(settings), monotonic)
        self._presence = Presence(recorder, settings, self._subjects, wall=wall, monotonic=monotonic)

        def memory(name: str, model: type[N]) -> Memory[N]:
            return Memory(state, f"{recorder.id}-{name}", model)

        reserved = {r.id for r in settings.devices} | set(settings.channel_ids()) | {storage_id(recorder.id)}
        # Another recorder may find channels of its own: ids that begin like those of `nvr-1` are not for `nvr`.
        foreign = (*(f"{r.id}-" for r in settings.devices if r.id.startswith(f"{recorder.id}-")),)
        foreign += (drive_id(recorder.id, "x")[:-1],)
        self._channels = Channels(
            *(recorder, settings.max_channels, reserved, foreign, cameras, memory("channels", ChannelsNote)),
            wall=wall,
            monotonic=monotonic,
        )
        self._history = History(settings, memory("history", HistoryNote), monotonic=monotonic)
        taken = frozenset(settings.channel_ids()) | cameras.keys()
        self._drives = Drives(recorder.id, memory("drives", DrivesNote), lambda: taken, wall)
        self._accounts = Accounts(recorder.id, memory("accounts", AccountsNote))
        account = settings.account(recorder)
        self._username = account.username if account is not None else None
        self._operations = Operations(recorder.id, memory("log", LogNote), wall=wall, monotonic=monotonic)
        manner = MANNERS.of(recorder.endpoint)
        budget = settings.max_requests_per_hour if state is not None else None
        self._pace = Pace(budget, monotonic, lambda: manner.spent)
        self._served: set[str] = set()
        self._turns = 0
        self._devices: list[Device] | None = None

    def round(self, speaker: Speaker) -> Reading:
        """One round. Channels are silent, neither online nor not, while the recorder does not tell of them."""
        told, began = _Told(), self._monotonic()
        told.add(self._recorder.id, self._presence.examine(speaker))
        if self._presence.answers and not speaker.paused:
            with suppress(RoundOver):
                self._ask_small(speaker, told)
                self._ask_history(speaker, told, began + self._settings.timeout_seconds * SHARE_OF_TIMEOUT)
        self._history.remember()
        self._tell_plans(told)
        told.add(self._recorder.id, self._presence.account_values(speaker))
        now = self._monotonic()
        return Reading(
            measurements=[Measurement(device, values, now) for device, values in told.values.items()],
            happenings=told.happenings,
            devices=self._changed(),
            problem=self._problem(),
        )

    # Questions

    def _ask_small(self, speaker: Speaker, told: _Told) -> None:
        """Everything but the channels' recordings, each at its own pace. Raises RoundOver."""
        for name, ask in {
            "identity": self._ask_identity,
            "channels": self._ask_channels,
            "time": self._ask_time,
            "plans": self._ask_plans,
            "recording": self._ask_recording,
            "disks": self._ask_disks,
            "condition": self._ask_condition,
            "accounts": self._ask_accounts,
            "log": self._ask_log,
        }.items():
            if self._subjects.due(name):
                with self._asking(name, speaker):
                    ask(speaker, told)

    def _ask_identity(self, speaker: Speaker, _: _Told) -> None:
        if self._presence.identify(speaker.identity()):
            self._served.clear()
            self._subjects.again()

    def _ask_channels(self, speaker: Speaker, told: _Told) -> None:
        values = self._channels.learn(speaker.inputs())
        self._history.keep(self._channels.tokens)
        for token, one in values.items():
            told.add(self._channels.device(token), one)

    def _ask_time(self, speaker: Speaker, told: _Told) -> None:
        settings = self._presence.time = speaker.time_settings()
        self._history.set_zone(settings.utc_offset_seconds)
        if settings.ntp is not None:
            told.add(self._recorder.id, {"ntp_enabled": float(settings.ntp)})

    def _ask_plans(self, speaker: Speaker, _: _Told) -> None:
        self._history.set_plans(speaker.plans())

    def _ask_recording(self, speaker: Speaker, told: _Told) -> None:
        recording = speaker.recording()
        self._history.set_recording(recording)
        for token, active in recording.items():
            told.add(self._channels.device(token), {"recording_active": float(active)})

    def _ask_disks(self, speaker: Speaker, told: _Told) -> None:
        for one in self._drives.learn(speaker.storage()):
            told.add(one.device, one.values)

    def _ask_condition(self, speaker: Speaker, told: _Told) -> None:
        one = speaker.condition()
        values = {
            "temperature_celsius": one.temperature_celsius,
            "cpu_ratio": one.cpu_ratio,
            "memory_used_ratio": one.memory_used_ratio,
            "uptime_seconds": one.uptime_seconds,
        }
        told.add(self._recorder.id, {name: value for name, value in values.items() if value is not None})

    def _ask_accounts(self, speaker: Speaker, told: _Told) -> None:
        values, happenings = self._accounts.learn(speaker.users(), self._monotonic())
        told.add(self._recorder.id, values)
        told.happenings += happenings

    def _ask_log(self, speaker: Speaker, told: _Told) -> None:
        now = self._presence.now()
        if now is None:  # lines carry its own time: without that nobody knows which are new
            return
        entries = of_others(
            speaker.log(*self._operations.span(now)), self._username, own_address(self._recorder.endpoint)
        )
        told.happenings += self._operations.learn(entries, now, self._channels.device)

    # The channels' recordings

    def _ask_history(self, speaker: Speaker, told: _Told, until: float) -> None:
        """Channels by turns. Raises RoundOver."""
        now = self._presence.now()
        # The recorder stamps recordings with its own clock: without that an age is anybody's guess.
        if now is None:
            return
        if isinstance(speaker, Summary) and self._subjects.due("summary"):
            with self._asking("summary", speaker):
                told.add(self._recorder.id, ages(speaker.whole(), now))

        def extent(token: str) -> None:
            self._history.begin_extent(token)
            values = self._history.learn_extent(token, speaker.extent(token), self._presence.now() or now)
            told.add(self._channels.device(token), values)

        def gaps(token: str) -> None:
            self._ask_gaps(speaker, told, token, self._presence.now() or now)

        parts = [("recordings", extent, self._history.due_extents(now)), ("gaps", gaps, self._history.due_gaps(now))]
        # By turns, so that a recorder that is slow to answer one of them is asked for the other too.
        self._turns += 1
        for name, ask, tokens in parts if self._turns % 2 else parts[::-1]:
            self._each(name, tokens, ask, speaker, until)
        if not isinstance(speaker, Summary):
            told.add(self._recorder.id, self._history.whole())

    def _ask_gaps(self, speaker: Speaker, told: _Told, token: str, now: float) -> None:
        asked = self._history.begin_gaps(token, now)
        values, gaps = self._history.learn_spans(token, speaker.spans(token, *asked), asked)
        device = self._channels.device(token)
        told.add(device, values)
        told.happenings += [self._history.gap(device, token, gap, self._presence.ahead or 0.0) for gap in gaps]

    def _each(
        self, name: str, tokens: Sequence[str], ask: Callable[[str], None], speaker: Speaker, until: float
    ) -> None:
        """Ask this of one channel after the other, while our manners and the time allow it.

        A channel of which a recorder tells nothing costs the others nothing, unless it tells of none.
        """
        refusals = 0
        for token in tokens:
            if not self._subjects.due(name) or not self._pace.allows() or self._monotonic() >= until:
                return
            before = speaker.answers
            try:
                with self._asking(name, speaker):
                    ask(token)
                    self._served.add(name)
            finally:
                self._pace.spend(speaker.answers - before)
            refusals += self._subjects.is_refused(name)
            if self._subjects.is_refused(name) and (name in self._served or refusals < min(REFUSALS, len(tokens))):
                self._subjects.again([name])

    @contextmanager
    def _asking(self, name: str, speaker: Speaker) -> Iterator[None]:
        try:
            with self._subjects.asking(name):
                yield
                self._presence.note_answer(speaker)
        except RoundOver as over:
            if isinstance(over.cause, AuthRefused | CredentialsWanted):
                self._presence.note_refusal()
            if isinstance(over.cause, Unreachable):
                self._presence.lose(speaker)
            raise

    # What is told

    def _tell_plans(self, told: _Told) -> None:
        """What each channel that was told of in this round is meant to do now, by the recorder's clock."""
        now = self._presence.now()
        for token in self._channels.tokens if now is not None else ():
            device = self._channels.device(token)
            if now is not None and device in told.values:
                told.add(device, self._history.round(token, now))

    def _changed(self) -> list[Device] | None:
        channels = self._channels.devices(self._history.facts())
        devices = [self._presence.entry(), *channels.values(), *self._drives.devices()]
        if devices == self._devices:
            return None
        self._devices = devices
        self._directory.tell(self._recorder.id, channels)
        return devices

    def _problem(self) -> str:
        left, watched = self._channels.too_many, len(self._channels)
        if not left:
            return ""
        return f"recorder {self._recorder.id}: {left} channels beyond the {watched} watched (max_channels)"


def _pace_of(settings: RecordersSettings) -> dict[str, float]:
    """How often each subject is asked for (s); 0 is every round."""
    detail, recordings = settings.detail_seconds, settings.recordings_seconds
    return {
        "identity": settings.login_check_seconds,
        "channels": 0.0,
        "time": detail,
        "plans": detail,
        "recording": recordings,
        "disks": detail,
        "condition": detail,
        "accounts": detail,
        "log": settings.log_seconds,
        "summary": recordings,
        "recordings": 0.0,
        "gaps": 0.0,
    }
