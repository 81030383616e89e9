"""Judges a run of a whole cell by the rows of the store: alerts by who fell ill, boards by what is stored."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import psycopg

from benchmarks.cell_boards import Board
from benchmarks.cell_patients import NEWS2_SINGLE
from ward.vitals import VITALS

_MOST = 20
_CODES = {vital.code: str(kind) for kind, vital in VITALS.items()}
# What rang: a ring of an alert is one call, whose steps are each due once.
_ALERTS = """
select a.stay_id, a.rule, a.family, count(*), max(a.recurrences),
    max((select max(s.ring) from escalation_step s where s.alert_id = a.alert_id)),
    min((select count(*) from outbox o where o.alert_id = a.alert_id and o.step = 1))
from alert a group by 1, 2, 3 order by 1, 2
"""
_DOUBLED_STEPS = """
select count(*) from (
    select from outbox group by alert_id, ring, step, channel, team_id, staff_id, channel_id having count(*) > 1
) twice
"""
_LEVELS_TWICE = """
select count(*) from (
    select from escalation_step where ring = 1 and again is null group by alert_id, level having count(*) > 1
) twice
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """What became of the alerts; all but the first two must be empty or 0."""

    expected: int
    technical: int
    missing: list[str]
    doubled: list[str]
    rang_again: list[str]
    silent: list[str]
    of_nobody: list[str]
    doubled_notifications: int
    doubled_levels: int

    def faults(self) -> dict[str, object]:
        """Return what must not be and is."""
        names = (
            "missing", "doubled", "rang_again", "silent", "of_nobody", "doubled_notifications", "doubled_levels",
        )  # fmt: skip
        return {name: found for name in names if (found := getattr(self, name))}


def alerts(database_url: str, expected: Collection[tuple[int, str]]) -> Alerts:
    """Hold the alerts of the store against those that there must be: each once, called for once, and no other."""
    with psycopg.connect(database_url) as conn:
        rows = conn.execute(_ALERTS).fetchall()
        twice = [conn.execute(query).fetchone() for query in (_DOUBLED_STEPS, _LEVELS_TWICE)]
    wanted, ill = set(expected), {stay for stay, _ in expected}
    found = {(stay, rule): (count, again, ring, first) for stay, rule, _, count, again, ring, first in rows}
    clinical = [(stay, rule) for stay, rule, family, *_ in rows if family == "clinical"]
    mine = {key: found[key] for key in wanted & found.keys()}
    return Alerts(
        expected=len(wanted),
        technical=sum(count for _, _, family, count, *_ in rows if family == "technical"),
        missing=_words(wanted - found.keys()),
        doubled=_words(key for key, (count, *_) in found.items() if key in clinical and count > 1),
        rang_again=_words(key for key, (_, again, ring, _) in mine.items() if again or (ring or 0) > 1),
        silent=_words(key for key, (_, _, ring, first) in mine.items() if not ring or not first),
        of_nobody=_words(set(clinical) - wanted - {(stay, NEWS2_SINGLE) for stay in ill}),
        doubled_notifications=twice[0][0] if twice[0] else 0,
        doubled_levels=twice[1][0] if twice[1] else 0,
    )


def unlike(database_url: str, board: Board) -> list[str]:
    """Return in words where a board does not show what the store holds; at most so many."""
    with psycopg.connect(database_url) as conn:
        alert_rows = conn.execute("select alert_id, rev, state from alert where resolved_at is null").fetchall()
        values = conn.execute(
            "select stay_id, kind, to_char(measured_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS')"
            " from latest_reading"
        ).fetchall()
    shown_alerts, shown_values = board.shows()
    stored_alerts = {number: (rev, state) for number, rev, state in alert_rows}
    stored_values = {(stay, _CODES[kind]): at for stay, kind, at in values}
    times = {key: _to_ms(at) for key, at in shown_values.items()}
    wrong = [
        f"alert {number}: shown {shown_alerts.get(number)}, stored {stored_alerts.get(number)}"
        for number in sorted(shown_alerts.keys() | stored_alerts.keys())
        if shown_alerts.get(number) != stored_alerts.get(number)
    ]
    wrong += [
        f"value {key}: shown {times.get(key)}, stored {at}" for key, at in stored_values.items() if times.get(key) != at
    ]
    return wrong[:_MOST]


def _to_ms(at: str) -> str:
    """Return a time of the stream as the store writes it here: to the millisecond, cut off."""
    whole, _, rest = at.removesuffix("Z").partition(".")
    return f"{whole}.{rest[:3].ljust(3, '0')}"


def shown_as_gone(database_url: str) -> list[str]:
    """Return in words which devices are said to be offline; at the end all of them are there."""
    query = "select device_id from device_status join device using (device_no) where not online order by 1"
    with psycopg.connect(database_url) as conn:
        return [f"{row[0]} is shown as offline" for row in conn.execute(query).fetchall()][:_MOST]


def unfinished(database_url: str) -> int:
    """Return how many back-tests have been asked for and have no report."""
    with psycopg.connect(database_url) as conn:
        row = conn.execute("select count(*) from backtest where state <> 'done'").fetchone()
    return int(row[0]) if row else 0


def backtests(database_url: str) -> int:
    """Return how many there are."""
    with psycopg.connect(database_url) as conn:
        row = conn.execute("select count(*) from backtest").fetchone()
    return int(row[0]) if row else 0


def patients(database_url: str) -> list[int]:
    """Return everybody's id."""
    with psycopg.connect(database_url) as conn:
        return [int(row[0]) for row in conn.execute("select patient_id from patient order by 1").fetchall()]


def _words(keys: Iterable[tuple[int, str]]) -> list[str]:
    return [f"stay {stay}: {rule}" for stay, rule in sorted(keys)][:_MOST]
