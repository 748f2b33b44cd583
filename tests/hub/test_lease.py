"""One hub works, the other stands by: on SQLite and PostgreSQL, on clocks of the test's making."""

import threading
from collections.abc import Iterator
from contextlib import closing, nullcontext
from itertools import count
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from hub.config import ConfigError
from hub.lease import EXPIRY_SECONDS, LOOK_SECONDS, Standing, refuse_apart
from hub.place import place
from hub.store import lease as sql
from hub.store import schema
from hub.store.database import APPLICATION, connect, migrate
from hub.store.lease import LeaseLost, RebuildWanted
from tests.databases import prepare
from tests.hub.contenders import Contender
from tests.servers.postgresql import Postgresql
from tests.waiting import wait_until

RENEWAL = b"UPDATE lease SET renewals = renewals + 1"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    url = f"sqlite:///{tmp_path_factory.mktemp('lease') / 'hub.db'}"
    if request.param == "postgresql":
        cluster: Postgresql = request.getfixturevalue("postgresql")
        url = cluster.url(cluster.create_database())
    engine = connect(url, patience=1.5)
    prepare(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def database(made: sa.Engine) -> sa.Engine:
    """No hub has ever worked on it."""
    with made.begin() as connection:
        connection.execute(schema.lease.delete())
    return made


@pytest.fixture
def first(database: sa.Engine) -> Contender:
    """Holds the lease, its engine rebuilt."""
    one = Contender(database, "first")
    one.lease.step()
    one.enter()
    assert one.commit()
    return one


@pytest.fixture
def second(database: sa.Engine, first: Contender) -> Contender:
    """Stands by. Its clock shows another time, in both senses."""
    other = Contender(database, "second", now=1e6, wall=-3_600_000)
    other.lease.step()
    assert other.lease.standing == Standing("standby", "second", "first")
    return other


def test_the_first_hub_of_a_database_works_at_once(database: sa.Engine) -> None:
    hub = Contender(database, "first")
    hub.lease.step()
    assert hub.lease.active
    assert hub.told == ["taken"]
    assert hub.lease.standing == Standing("holder", "first", "first")


def test_a_holder_that_renews_keeps_it(first: Contender, second: Contender) -> None:
    for _ in range(20):
        first.pass_time(2)
        second.pass_time(2)
    assert first.lease.active
    assert not second.lease.held


def test_a_holder_that_only_commits_keeps_it(first: Contender, second: Contender) -> None:
    for _ in range(20):
        first.now += 2
        assert first.commit()
        second.pass_time(2)
    assert not second.lease.held


def test_a_dead_holders_lease_is_taken_after_it_was_watched_long_enough(first: Contender, second: Contender) -> None:
    second.pass_time(EXPIRY_SECONDS - LOOK_SECONDS)
    assert not second.lease.held
    second.pass_time(2 * LOOK_SECONDS)
    assert second.lease.active
    with second.database.connect() as connection:
        unseen = second.lease.enter(connection)
    assert unseen is not None
    assert unseen >= EXPIRY_SECONDS * 1000
    assert second.commit()


def test_who_was_stopped_itself_has_watched_nothing(first: Contender, second: Contender) -> None:
    second.now += 3600
    second.lease.step()
    assert not second.lease.held


def test_a_holder_that_wakes_up_too_late_commits_nothing_and_stands_by(first: Contender, second: Contender) -> None:
    second.pass_time(10)
    assert second.lease.held
    first.now += 10
    assert not first.lease.active  # by its own clock, before it has asked anybody
    assert not first.commit()
    assert first.lease.standing == Standing("standby", "first", "second")
    assert first.told == ["taken", "lost"]
    second.enter()
    assert second.commit()


def test_a_transaction_that_was_stopped_before_its_first_statement_does_not_happen(
    first: Contender, second: Contender
) -> None:
    first.lease.confirm()
    second.pass_time(10)
    with pytest.raises(LeaseLost, match="second"), first.lease.begin(first.database):
        raise AssertionError("unreachable")
    assert not first.lease.held


def test_a_tenure_that_was_lost_and_won_again_commits_nothing_of_before(first: Contender, second: Contender) -> None:
    second.pass_time(10)
    first.now += 10
    first.lease.step()
    assert not first.lease.held
    first.pass_time(10)
    assert first.lease.held
    assert not first.commit()  # its engine is of the first tenure
    assert first.lease.held
    first.enter()
    assert first.commit()


def test_given_back_it_is_taken_at_the_next_look(first: Contender, second: Contender) -> None:
    first.lease.release()
    assert not first.commit()
    second.pass_time(LOOK_SECONDS)
    assert second.lease.active


def test_giving_back_what_is_lost_takes_it_from_nobody(first: Contender, second: Contender) -> None:
    second.pass_time(10)
    first.lease.release()
    assert second.lease.held
    second.enter()
    assert second.commit()


def test_who_has_the_lock_of_the_last_holder_does_not_wait_for_it(database: sa.Engine, first: Contender) -> None:
    again = Contender(database, "renamed", place="first")
    again.lease.step()
    assert again.lease.active


def test_an_epoch_raised_by_another_process_drops_the_next_commit_once(database: sa.Engine, first: Contender) -> None:
    with database.begin() as connection:
        epoch = sql.raise_epoch(connection)
    with database.connect() as connection:
        assert not sql.caught_up(connection, epoch)
    first.now += 3
    first.lease.step()  # the lease's own renewal says nothing of the engine
    with database.connect() as connection:
        assert not sql.caught_up(connection, epoch)
    with pytest.raises(RebuildWanted), first.lease.begin(database):
        raise AssertionError("unreachable")
    assert first.lease.held
    first.enter()
    assert first.commit()
    with database.connect() as connection:
        assert sql.caught_up(connection, epoch)


def test_where_no_hub_works_nobody_has_to_catch_up(database: sa.Engine) -> None:
    with database.begin() as connection:
        assert sql.caught_up(connection, sql.raise_epoch(connection))
    hub = Contender(database, "first")
    hub.lease.step()
    hub.lease.release()
    with database.begin() as connection:
        assert sql.caught_up(connection, sql.raise_epoch(connection))


def test_a_database_that_is_away_costs_nobody_the_lease(first: Contender, second: Contender) -> None:
    """Neither is it taken while it can't be watched, nor is it lost by that."""
    away = sa.create_engine("sqlite:////nowhere/at/all.db")
    one, other = first.lease._database, second.lease._database
    first.lease._database = second.lease._database = away
    first.pass_time(60)
    second.pass_time(60)
    assert first.lease.held
    assert not first.lease.active
    first.lease._database, second.lease._database = one, other
    second.lease.step()
    assert not second.lease.held
    first.lease.step()
    assert first.lease.active


def test_a_holder_stopped_between_two_statements_keeps_no_lock(
    first: Contender, second: Contender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL ends its session; on SQLite the file's lock stays, and nobody takes over until it wakes up or ends."""
    monkeypatch.setattr(sql, "IDLE_MS", 100)
    on_sqlite = first.database.dialect.name == "sqlite"
    fails = nullcontext() if on_sqlite else pytest.raises(sa.exc.DBAPIError)
    with fails, first.lease.begin(first.database) as connection:
        second.pass_time(EXPIRY_SECONDS + 2)
        if not on_sqlite:
            wait_until(lambda: second.looks_and_holds(), what="the take-over")
        assert second.lease.held is not on_sqlite
        connection.execute(sa.select(schema.lease.c.fence))


def test_a_holder_stopped_within_a_pipeline_keeps_no_lock(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No time-out of the server ends such a session (libpq sends no end of it); whoever takes over does."""
    monkeypatch.setattr(sql, "IDLE_MS", 300)
    database = connect(postgresql_url, patience=1.5)
    migrate(database)
    first, second = Contender(database, "first"), Contender(database, "second")
    first.lease.step()
    second.lease.step()
    plain = postgresql_url.replace("+psycopg", "")
    with closing(psycopg.connect(plain, application_name=APPLICATION)) as stopped:
        stopped.pgconn.enter_pipeline_mode()
        for statement in (b"BEGIN", b"SET LOCAL idle_in_transaction_session_timeout = 100", RENEWAL):
            stopped.pgconn.send_query_params(statement, None)
        stopped.pgconn.send_flush_request()
        stopped.pgconn.flush()
        old = sa.text(
            "SELECT clock_timestamp() - xact_start > interval '1 s' AND backend_xid IS NOT NULL "
            "FROM pg_stat_activity WHERE pid = :pid"
        ).bindparams(pid=stopped.info.backend_pid)

        def locked() -> object:
            with database.connect() as monitor:  # anew each time: within one transaction the view never changes
                return monitor.execute(old).scalar()

        wait_until(locked, what="the row to be locked for a second")
        second.pass_time(EXPIRY_SECONDS + 2)
        assert second.lease.held
    database.dispose()


@pytest.mark.parametrize(
    ("name", "series", "complaint"),
    [("first", "influx", "hub.name: a hub first works"), ("second", "embedded:file", "two hubs need one InfluxDB")],
)
def test_a_second_hub_that_is_no_fellow_is_refused_while_the_first_lives(
    first: Contender, name: str, series: str, complaint: str
) -> None:
    other = Contender(first.database, name, place="elsewhere", series=series)
    living = threading.Timer(0.2, first.commit)
    living.start()
    with pytest.raises(ConfigError, match=complaint):
        refuse_apart(other.lease)
    living.join()


def test_a_second_hub_may_follow_a_dead_one_however_it_is_called(first: Contender) -> None:
    other = Contender(first.database, "first", place="elsewhere", series="embedded:file")
    other.lease._monotonic = count(0, 2).__next__  # four looks
    refuse_apart(other.lease)


def test_a_name_means_one_file_on_one_machine(tmp_path: Path) -> None:
    file, copy = tmp_path / "lock", tmp_path / "copy"
    file.touch()
    copy.touch()
    assert place(file) == place(file) != place(copy)
    assert place(tmp_path / "missing") != place(tmp_path / "missing")
