"""The figures that the store tells, for Prometheus: each read when it is asked for, the same from every api. Pure."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.metrics_core import Metric

from ward.alerts import AlertState, Priority
from ward.channels import WAYS
from ward.chores import Chores, Deed, Kind
from ward.figures import gauge
from ward.selfcheck import Walk, is_ahead
from ward.store.platform import Platform

_STATES = (AlertState.OPEN, AlertState.ACKNOWLEDGED)


def families(found: Platform, now: datetime) -> Iterator[Metric]:
    """Yield how the platform fares."""
    yield from _store(found)
    yield from _work(found, now)
    yield from _delivery(found, now)
    yield from _chores(found.chores, now)
    if found.walk is not None:
        yield from _walk(found.walk, now)


def _store(found: Platform) -> Iterator[Metric]:
    server, room = found.server, found.room
    yield gauge("store_bytes", "Size of the store", [({}, server.size_bytes)])
    yield gauge("store_connections_free", "Connections that the store has left", [({}, server.free_connections)])
    yield gauge(
        "store_transaction_seconds",
        "How long the oldest transaction of a service has been running",
        [({}, server.oldest_transaction_s)],
    )
    yield gauge(
        "store_disk_free_bytes",
        "Room on the disk of the store, where that is this machine's",
        [] if room is None else [({}, room.free)],
    )
    yield gauge("store_disk_bytes", "Size of that disk", [] if room is None else [({}, room.total)])


def _work(found: Platform, now: datetime) -> Iterator[Metric]:
    yield gauge(
        "service_processes",
        "Processes of a service that have shown a sign of life within 15 s",
        [({"service": name}, count) for name, (count, _) in sorted(found.beats.items())],
    )
    yield gauge(
        "service_beat_age_seconds",
        "Time since the newest sign of life of a service",
        [({"service": name}, _unheard(at, now)) for name, (_, at) in sorted(found.beats.items())],
    )
    yield gauge(
        "evaluation_lag_seconds",
        "How long the oldest stay has been waiting that is due or of which something new has come",
        [({}, found.lag.behind(now).total_seconds())],
    )
    yield gauge("evaluation_stays_due", "Stays that are due to be evaluated", [({}, found.lag.overdue)])
    yield gauge("evaluation_stays_new", "Stays of which something new has come", [({}, found.lag.waiting)])
    yield gauge(
        "devices_worn",
        "Devices that somebody wears",
        [({"online": str(online).lower()}, count) for online, count in sorted(found.worn.items())],
    )
    yield gauge("backtests_waiting", "Back-tests that are not done", [({}, found.backtests)])


def _delivery(found: Platform, now: datetime) -> Iterator[Metric]:
    # A way by which nothing waits is 0: a figure that is away would say that nobody knows.
    waiting = dict.fromkeys(WAYS, 0) | {each.channel: each.waiting for each in found.backlog}
    yield gauge(
        "alerts_open",
        "Alerts that are not resolved",
        [
            ({"priority": each.name.lower(), "state": state}, found.open_alerts.get((each.value, state), 0))
            for each in Priority
            for state in _STATES
        ],
    )
    yield gauge(
        "alerts_suppressed_top_priority",
        "Findings of high priority, or not technical, that were ever held back; it is 0",
        [({}, found.wrongly_held)],
    )
    yield gauge(
        "alerts_untold",
        "Alerts of high (medium) priority that ring and have reached nobody for 2 (30) minutes, by any way",
        [({}, found.untold)],
    )
    yield gauge("screens_listening", "Screens that can be heard now", [({}, found.screens)])
    yield gauge(
        "notifications_waiting",
        "Notifications that wait to be sent, or to be tried again",
        [({"channel": channel}, count) for channel, count in sorted(waiting.items())],
    )
    yield gauge(
        "notifications_day",
        "Notifications of the last day by what became of them",
        [({"channel": channel, "state": state}, count) for (channel, state), count in sorted(found.fates.items())],
    )
    yield gauge(
        "escalation_overdue_seconds",
        "How long the oldest step that is due has been waiting",
        [({}, _since(found.waiting.step_due_at, now))],
    )
    yield gauge(
        "urgent_overdue_seconds",
        "How long the oldest notification of high priority has been waiting",
        [({}, _since(found.waiting.urgent_due_at, now))],
    )


def _chores(chores: Chores, now: datetime) -> Iterator[Metric]:
    first = {kind: chores.first(kind) for kind in Kind}
    yield gauge(
        "certificate_ends_timestamp_seconds",
        "When the first certificate of a kind ends, seconds since 1970",
        [({"of": kind.value}, at.timestamp()) for kind, at in first.items() if at is not None],
    )
    yield gauge(
        "backup_age_seconds",
        "Time since the newest backup that did not fail began; where there is none, since the store was made",
        [({}, chores.age(Deed.BACKUP, now).total_seconds())],
    )
    yield gauge(
        "backup_failed", "Whether the newest backup failed", [({}, float(chores.failed(Deed.BACKUP) is not None))]
    )
    yield gauge(
        "restore_rehearsal_age_seconds",
        "Time since a restore was last rehearsed; where none was, since the store was made",
        [({}, chores.age(Deed.REHEARSAL, now).total_seconds())],
    )
    yield gauge(
        "fallback_lists_age_seconds",
        "Time since the fallback lists of all teams were last made; where they never were, since the store was made",
        [({}, chores.age(Deed.LISTS, now).total_seconds())],
    )


def _walk(walk: Walk, now: datetime) -> Iterator[Metric]:
    legs = {
        "alerting": walk.alerted_at,
        "outbox": walk.queued_at,
        "delivery": walk.sent_at,
        "screen": walk.screened_at,
    }
    yield gauge("selfcheck_ok", "Whether the newest synthetic alert came through", [({}, float(walk.fault is None))])
    yield gauge("selfcheck_age_seconds", "Time since it began", [({}, _since(walk.started_at, now))])
    yield gauge(
        "selfcheck_leg_seconds",
        "Time from its beginning to each leg that it reached",
        [({"leg": leg}, (at - walk.started_at).total_seconds()) for leg, at in legs.items() if at is not None],
    )


def _unheard(beat_at: datetime, now: datetime) -> float:
    """Return for how long a service has not been heard; a sign of life from ahead is as bad as one from so long ago."""
    return abs((now - beat_at).total_seconds()) if is_ahead(beat_at, now) else _since(beat_at, now)


def _since(at: datetime | None, now: datetime) -> float:
    return 0.0 if at is None else max(0.0, (now - at).total_seconds())
