"""How the platform fares as the store tells it, for the figures: no patient, no alert and no person is named."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ward import guard
from ward.chores import Chores
from ward.selfcheck import CLOCKS_APART, Waiting, Walk
from ward.store import (
    chores,
    disk,
    evaluation_lag,
    heartbeats,
    listeners,
    outbox_reads,
    selfchecks,
    suppressions,
    untold,
)
from ward.store.disk import Room
from ward.store.evaluation_lag import EvaluationLag
from ward.store.outbox_reads import Backlog
from ward.store.pool import Connection

_LATELY = timedelta(days=1)
_AT_WORK = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The store itself: its size, how many connections are left, how long its oldest transaction of ours has run."""

    size_bytes: int
    free_connections: int
    oldest_transaction_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Everything at one moment. `beats` has for each service how many processes are at work, and the newest beat."""

    server: Server
    room: Room | None
    beats: Mapping[str, tuple[int, datetime]]
    lag: EvaluationLag
    worn: Mapping[bool, int]
    open_alerts: Mapping[tuple[int, str], int]
    backtests: int
    wrongly_held: int
    screens: int
    backlog: list[Backlog]
    fates: Mapping[tuple[str, str], int]
    waiting: Waiting
    untold: int
    walk: Walk | None
    chores: Chores


async def read(conn: Connection, now: datetime) -> Platform:
    """Return how the platform fares."""
    return Platform(
        server=await _server(conn),
        room=await disk.room(conn),
        beats=await _beats(conn, now),
        lag=await evaluation_lag.read(conn, now),
        worn=await _worn(conn, now),
        open_alerts=await _open_alerts(conn),
        backtests=await _backtests(conn),
        wrongly_held=await suppressions.wrongly_held(conn),
        screens=await listeners.count(conn, now),
        backlog=await outbox_reads.backlog(conn),
        fates=await outbox_reads.fates(conn, now - _LATELY),
        waiting=await selfchecks.waiting(conn),
        untold=len(await untold.since(conn, guard.UNTOLD_AFTER, now)),
        walk=await selfchecks.newest_ended(conn),
        chores=await chores.read(conn, now),
    )


async def _server(conn: Connection) -> Server:
    row = await (
        await conn.execute(
            """
            select pg_database_size(current_database()),
                current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                    - count(*) filter (where backend_type = 'client backend'),
                coalesce(extract(epoch from max(clock_timestamp() - xact_start) filter (
                    where application_name like 'hemvakt-%%' and pid <> pg_backend_pid())), 0)::float8
            from pg_stat_activity
            """
        )
    ).fetchone()
    size, free, oldest_s = row or (0, 0, 0.0)
    return Server(size_bytes=size, free_connections=free, oldest_transaction_s=oldest_s)


async def _beats(conn: Connection, now: datetime) -> dict[str, tuple[int, datetime]]:
    rows = await (
        await conn.execute(
            f"select service, count(*) filter (where beat_at > %(since)s), {heartbeats.NEWEST} from service_heartbeat"  # nosec B608  # noqa: S608
            " where service <> %(lists)s group by 1".encode(),
            {"since": now - _AT_WORK, "ahead": now + CLOCKS_APART, "lists": heartbeats.LISTS},
        )
    ).fetchall()
    return {row[0]: (row[1], row[2]) for row in rows}


async def _worn(conn: Connection, now: datetime) -> dict[bool, int]:
    """Count the devices that somebody wears, by whether they are connected as far as we know."""
    rows = await (
        await conn.execute(
            "select coalesce(s.online, false), count(*) from binding b left join device_status s using (device_no)"
            " where b.period @> %s group by 1",
            (now,),
        )
    ).fetchall()
    return {False: 0, True: 0} | {row[0]: row[1] for row in rows}


async def _open_alerts(conn: Connection) -> dict[tuple[int, str], int]:
    """Count alerts that are not resolved, by priority and state; those of the self-check are left out."""
    rows = await (
        await conn.execute(
            "select a.priority, a.state, count(*) from alert a join stay s using (stay_id)"
            " where a.resolved_at is null and s.mode <> 'test' group by 1, 2"
        )
    ).fetchall()
    return {(row[0], row[1]): row[2] for row in rows}


async def _backtests(conn: Connection) -> int:
    row = await (await conn.execute("select count(*) from backtest where state in ('queued', 'running')")).fetchone()
    return 0 if row is None else int(row[0])
