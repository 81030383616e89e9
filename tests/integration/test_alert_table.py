"""The store refuses an alert that cannot be: what the machine never reaches, a bug or a hand in the database cannot."""

import asyncio
from types import MappingProxyType

import psycopg
import pytest

from tests.acceptance.timeline import START, a_ward
from tests.builders_alerts import IMPOSSIBLE
from ward.store import migrate

PRESENT = "insert into alert (stay_id, rule, family, priority, worst, condition, rev, team_id, began_at, opened_at, \
changed_at, evidence, signal) values (1, 'limit.spo2.low', 'clinical', 3, 3, 'present', 1, 1, %(t)s, %(t)s, %(t)s, \
'{}', 'ringing')"
QUIET = "signal = 'acknowledged', acknowledged_by = 1, acknowledged_at = opened_at, signal_until = opened_at"
PAUSED = f"{QUIET}, signal = 'paused', pause_reason = 'x'".replace("signal = 'acknowledged', ", "")
CLEARED = "condition = 'cleared', cleared_at = opened_at"
CLOSED = "signal = 'silent', resolved_at = opened_at, outcome = 'technical'"
HELD = "holder_id = 1, held_since = opened_at"
OFFER = "offered_team_id = 1, offered_by = 1, offered_until = opened_at"

# What makes an alert that rings impossible, beside what is right about it.
SPOILT: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "pending: before its delay has run out nobody is told, and there is no alert": ("condition = 'pending'",),
        "at its worst milder than now": ("worst = 2",),
        "gone without since when, or there with": ("condition = 'clearing'", "cleared_at = opened_at"),
        "there and asked for no more": ("unasked = true",),
        "a request that has gone": (f"family = 'request', {CLEARED}",),
        "acknowledged or paused without an end, or by nobody": (
            f"{QUIET}, signal_until = null".replace("signal_until = opened_at, ", ""),
            f"{QUIET}, acknowledged_by = null".replace("acknowledged_by = 1, ", ""),
        ),
        "acknowledged or paused though it has cleared": (f"{QUIET}, {CLEARED}",),
        "ringing with an end, or with who has seen it": ("signal_until = opened_at", "acknowledged_by = 1"),
        "silent and open, and not cleared": ("signal = 'silent'",),
        "silent and open for its holder without an end": (
            f"signal = 'silent', responsibility = 'accepted', {CLEARED}, {HELD}",
        ),
        "paused without a reason, or with one and not paused": (
            PAUSED.replace(", pause_reason = 'x'", ""),
            "pause_reason = 'x'",
        ),
        "high and paused for more than 15 minutes": (
            PAUSED.replace("signal_until = opened_at", "signal_until = opened_at + interval '15 minutes 1 second'"),
        ),
        "accepted and held by nobody": ("responsibility = 'accepted'",),
        "unassigned or declined and held by somebody": (HELD, f"responsibility = 'declined', {HELD}"),
        "held without since when": ("responsibility = 'accepted', holder_id = 1",),
        "offered to nobody, or an offer that is none": ("responsibility = 'offered'", OFFER),
        "closed and not silent": (
            "resolved_at = opened_at, outcome = 'technical'",
            f"{CLOSED}, signal_until = opened_at",
        ),
        "closed and offered": (f"{CLOSED}, responsibility = 'offered', {OFFER}",),
        "closed without an outcome, or with one and open": (
            "signal = 'silent', resolved_at = opened_at",
            "outcome = 'technical'",
        ),
        "open with a cause or an action": ("cause = 'limits'", "action = 'called'"),
    }
)
RIGHT = (
    QUIET,
    PAUSED,
    f"{CLEARED}, worst = 3",
    f"signal = 'silent', {CLEARED}",
    f"{CLEARED}, unasked = true",
    f"signal = 'silent', responsibility = 'accepted', signal_until = opened_at, {CLEARED}, {HELD}",
    f"responsibility = 'offered', {OFFER}, {HELD}",
    f"{CLOSED}, cause = 'limits', action = 'called'",
)


@pytest.fixture
def alerts(database_url: str) -> psycopg.Connection:
    """A store with one alert that rings."""
    conn = psycopg.connect(database_url, autocommit=True)
    a_ward(conn)
    conn.execute(PRESENT.encode(), {"t": START})
    return conn


def _make(alerts: psycopg.Connection, what: str) -> None:
    """Make the alert what a text of this module says."""
    alerts.execute(f"update alert set {what}".encode())  # noqa: S608


def test_store_refuses_every_alert_that_cannot_be(alerts: psycopg.Connection) -> None:
    """Each combination that the page lists as impossible breaks a check, and each of the machine's own none."""
    with alerts:
        for spoilt in [each for name in IMPOSSIBLE for each in SPOILT[name]]:
            with pytest.raises(psycopg.errors.CheckViolation, match="alert"):
                _make(alerts, spoilt)
        for right in RIGHT:
            with alerts.transaction(force_rollback=True):
                _make(alerts, right)


def test_stay_and_rule_have_one_open_alert(alerts: psycopg.Connection) -> None:
    """A second open alert of a stay and rule is refused by an index; a closed one is in nobody's way."""
    with alerts:
        with pytest.raises(psycopg.errors.UniqueViolation):
            alerts.execute(PRESENT.encode(), {"t": START})
        _make(alerts, CLOSED)
        alerts.execute(PRESENT.encode(), {"t": START})


@pytest.mark.parametrize(
    ("made", "state"),
    [
        ("rev = 2", "open"),
        (QUIET, "acknowledged"),
        (PAUSED, "acknowledged"),
        (f"signal = 'silent', {CLEARED}", "open"),
        (
            f"signal = 'silent', responsibility = 'accepted', signal_until = opened_at, {CLEARED}, {HELD}",
            "acknowledged",
        ),
        (CLOSED, "resolved"),
    ],
)
def test_store_derives_the_one_word(alerts: psycopg.Connection, made: str, state: str) -> None:
    """The word that lists show follows from the four dimensions, and cannot be written."""
    with alerts:
        _make(alerts, made)
        assert alerts.execute("select state from alert").fetchone() == (state,)
        with pytest.raises(psycopg.errors.GeneratedAlways):
            alerts.execute("update alert set state = 'open'")


BEFORE = 11
KEPT = """
insert into alert (stay_id, alert_id, rule, family, priority, state, condition, rev, team_id, began_at, opened_at,
    changed_at, cleared_at, acknowledged_at, acknowledged_by, acknowledged_until, resolved_at, resolved_by, outcome,
    evidence)
values
    (1, 1, 'limit.spo2.low', 'clinical', 3, 'open', 'present', 1, 1, %(t)s, %(t)s, %(t)s, null, null, null, null,
        null, null, null, '{}'),
    (1, 2, 'news2.total', 'clinical', 2, 'open', 'cleared', 2, 1, %(t)s, %(t)s, %(t)s, %(t)s, null, null, null,
        null, null, null, '{}'),
    (1, 3, 'help_button', 'request', 3, 'acknowledged', 'present', 2, 1, %(t)s, %(t)s, %(t)s, null, %(t)s, 1,
        %(t)s + interval '15 minutes', null, null, null, '{}'),
    (1, 4, 'offline', 'technical', 1, 'resolved', 'cleared', 2, 1, %(t)s, %(t)s, %(t)s, %(t)s, null, null, null,
        %(t)s, null, 'self_resolved', '{}'),
    (1, 5, 'limit.spo2.low', 'clinical', 3, 'resolved', 'present', 3, 1, %(t)s, %(t)s, %(t)s, null, %(t)s, 1, null,
        %(t)s, 1, 'false_alarm', '{}')
"""


def test_alerts_of_before_are_kept(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alerts in every state that a store of before may hold go on as what they were."""
    every = migrate.migrations()
    monkeypatch.setattr(migrate, "migrations", lambda: [each for each in every if each[0] <= BEFORE])
    asyncio.run(migrate.migrate(empty_url, START))
    with psycopg.connect(empty_url, autocommit=True) as conn:
        a_ward(conn)
        conn.execute(KEPT.encode(), {"t": START})
        conn.execute("insert into alert_event values (1, 3, 2, %s, 'acknowledged', 1, null)", (START,))
    monkeypatch.setattr(migrate, "migrations", lambda: every)
    asyncio.run(migrate.migrate(empty_url, START))

    with psycopg.connect(empty_url) as conn:
        rows = conn.execute("select alert_id, state, signal, responsibility, worst from alert order by 1").fetchall()
    assert rows == [
        (1, "open", "ringing", "unassigned", 3),
        (2, "open", "ringing", "unassigned", 2),
        (3, "acknowledged", "acknowledged", "unassigned", 3),
        (4, "resolved", "silent", "unassigned", 1),
        (5, "resolved", "silent", "unassigned", 3),
    ]
