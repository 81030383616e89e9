"""Checks of the services: each shows signs of life, holds nothing back, and keeps up with what comes in."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ward import guard
from ward.store import evaluation_lag
from ward.store import heartbeats as signs
from ward.store.checks.finding import Finding, fail, ok, rows, warn
from ward.store.pool import Connection

_SILENT = timedelta(seconds=15)
_HELD_WARN = 1000
_LAG_WARN, _LAG_FAIL = timedelta(seconds=30), timedelta(minutes=5)
# Longer than any wait for what follows (`alerting.waves_work`); due later than that is only what could not be read.
_UNREAD_FAIL, _UNREAD_ASIDE = timedelta(minutes=5), timedelta(seconds=90)


async def heartbeats(conn: Connection, now: datetime) -> Iterable[Finding]:
    """See that each service has shown a sign of life."""
    found = []
    newest = await signs.newest(conn, now)
    for service in guard.WATCHED:
        beat_at = newest.get(service)
        if beat_at is None:
            found.append(fail(service, "has never run, or not for a day", f"start it: hemvakt {service}"))
            continue
        said = f"last sign of life {_seconds(now - beat_at)} ago"
        todo = f"look at the log of {service}; start it again"
        silent = guard.is_silent(beat_at, now, _SILENT)
        found.append(fail(service, said, todo) if silent else ok(service, said))
    return found


async def holding(conn: Connection, now: datetime) -> Iterable[Finding]:
    """See that no ingest has lost the store, or holds more than it can soon put away."""
    found = []
    for instance, held, since in await rows(
        conn,
        "select instance, coalesce((detail ->> 'held')::bigint, 0), (detail ->> 'store_down_since')::timestamptz"
        " from service_heartbeat where service = 'ingest' and beat_at > %(since)s order by instance",
        {"since": now - _SILENT},
    ):
        if isinstance(since, datetime):
            said = f"{instance} has not reached the store for {_seconds(now - since)}"
            found.append(fail("ingest", said, "look at the network between them, and at the log of ingest"))
        elif held > _HELD_WARN:
            todo = "if it does not go down: run more ingest processes, or see what keeps the store busy"
            found.append(warn("ingest", f"{instance} holds {held} messages that are not stored yet", todo))
    return found


async def lag(conn: Connection, now: datetime) -> Iterable[Finding]:
    """See that alerting keeps up: no stay is overdue, and nothing new has been waiting for long."""
    found = await evaluation_lag.read(conn, now)
    behind = found.behind(now)
    said = f"{_seconds(behind)} behind; {found.overdue} stays due, {found.waiting} with something new"
    todo = "see that alerting runs and what its log says; run more of it"
    if behind > _LAG_FAIL:
        return [fail("evaluation", said, todo)]
    return [warn("evaluation", said, todo) if behind > _LAG_WARN else ok("evaluation", said)]


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s"


async def unread(conn: Connection, now: datetime) -> Iterable[Finding]:
    """See that waveforms are looked at as they come, and that none of them cannot be read."""
    late = await rows(
        conn,
        "select count(*), min(looked_at) from wave_due d where looked_at < %(since)s"
        " and (backlog <> '{}' or exists (select from wave_request r where r.stay_id = d.stay_id))",
        {"since": now - _UNREAD_FAIL},
    )
    aside = await rows(
        conn,
        "select stay_id from wave_due where due_at > %(later)s and due_at < 'infinity' order by stay_id limit 5",
        {"later": now + _UNREAD_ASIDE},
    )
    found = []
    if late[0][0]:
        said = f"{late[0][0]} stays have waveforms that nobody has looked at for {_seconds(_UNREAD_FAIL)}"
        found.append(fail("waveforms", said, "see that alerting runs and what its log says; run more of it"))
    if aside:
        said = f"those of stays {', '.join(str(stay_id) for (stay_id,) in aside)} could not be read"
        found.append(fail("waveforms", said, "see what the log of alerting says of waveforms_unreadable; report it"))
    return found or [ok("waveforms", "looked at as they come")]
