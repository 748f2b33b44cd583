"""Hubs that are stopped, woken, killed and started at will: never two that commit in turns, always one in the end."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import StaticPool

from hub.store.schema import metadata
from tests.hub.contenders import Contender

SECONDS = st.sampled_from([0.1, 0.5, 1.9, 2.1, 5.9, 6.1, 7.9, 8.1, 30.0, 3600.0])


class Hubs(RuleBasedStateMachine):
    """Each has a clock of its own that may stand still, run, or jump, as a stopped process finds it."""

    hubs = Bundle("hubs")

    @initialize()
    def set_up(self) -> None:
        self.database: Engine = create_engine(
            "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
        metadata.create_all(self.database)
        self.alive: list[Contender] = []
        self.committed: list[tuple[int, str]] = []
        """Fence and token of every commit, in the order in which they happened."""
        self.started = 0

    @rule(target=hubs, now=st.floats(0, 1e9), wall=st.integers(-(10**12), 10**12))
    def start(self, now: float, wall: int) -> Contender:
        self.started += 1
        hub = Contender(self.database, f"hub-{self.started}", now=now, wall=wall)
        self.alive.append(hub)
        return hub

    @rule(hub=consumes(hubs))
    def kill(self, hub: Contender) -> None:
        self.alive.remove(hub)

    @rule(hub=consumes(hubs))
    def stop(self, hub: Contender) -> None:
        hub.lease.release()
        self.alive.remove(hub)

    @rule(target=hubs, hub=consumes(hubs))
    def kill_and_start_again(self, hub: Contender) -> Contender:
        """On the same state_dir, whose lock proves the other dead."""
        again = Contender(self.database, hub.name, hub.name, now=0.0)
        self.alive[self.alive.index(hub)] = again
        return again

    @rule(hub=hubs, seconds=SECONDS)
    def run(self, hub: Contender, seconds: float) -> None:
        hub.pass_time(min(seconds, 30.0))

    @rule(hub=hubs, seconds=SECONDS)
    def sleep(self, hub: Contender, seconds: float) -> None:
        """SIGSTOP and SIGCONT: its clock goes on, it does nothing."""
        hub.now += seconds

    @rule(hub=hubs, wall=st.integers(-(10**12), 10**12))
    def set_calendar(self, hub: Contender, wall: int) -> None:
        hub.wall = wall

    @rule(hub=hubs)
    def rebuild(self, hub: Contender) -> None:
        if hub.lease.held:
            try:
                hub.enter()
            except Exception:  # noqa: BLE001 - the lease was lost meanwhile
                assert not hub.lease.held

    @rule(hub=hubs)
    def commit(self, hub: Contender) -> None:
        entered = hub.lease._entered
        if hub.commit():
            assert entered is not None
            self.committed.append((entered.fence, entered.token))

    @rule(hub=hubs, other=hubs, seconds=SECONDS)
    def commit_late(self, hub: Contender, other: Contender, seconds: float) -> None:
        """Stopped between the look at its own clock and the transaction, while another goes on."""
        entered = hub.lease._entered
        if entered is None or not hub.lease.active:
            return
        other.pass_time(min(seconds, 30.0))
        hub.now += seconds
        try:
            with hub.lease.begin(self.database):
                pass
        except Exception:  # noqa: BLE001 - fenced
            return
        self.committed.append((entered.fence, entered.token))

    @invariant()
    def one_after_the_other(self) -> None:
        """Fences never go back, and one fence is one hub's one tenure."""
        fences = [fence for fence, _ in self.committed]
        assert fences == sorted(fences)
        assert len(dict(self.committed)) == len(set(self.committed))

    def teardown(self) -> None:
        """Whatever has happened: let all who live run on, and one of them works, alone, and commits."""
        if not self.alive:
            return
        for _ in range(60):
            for hub in self.alive:
                hub.pass_time(0.5)
        assert [hub.lease.active for hub in self.alive].count(True) == 1
        holder = next(hub for hub in self.alive if hub.lease.active)
        holder.enter()
        assert holder.commit()
        assert [hub.commit() for hub in self.alive if hub is not holder] == [False] * (len(self.alive) - 1)
        self.database.dispose()


Hubs.TestCase.settings = settings(max_examples=40, stateful_step_count=40)
TestHubs = Hubs.TestCase
