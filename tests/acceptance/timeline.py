"""A script of what happens to one patient, on a fake clock and a real store, through the real evaluation.

`at` moves the clock there, evaluating at every instant at which the list says that something is due, as the service
would; `expect` does the same and then looks at what the store holds.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import numpy as np
import psycopg

from alerting import apply
from alerting.due import evaluate_due
from alerting.windows import Windows
from ward.alerts import AlertId, Outcome
from ward.clock import FakeClock, to_us
from ward.people import StaffId, StayId
from ward.store import evaluation, migrate, registry, samples
from ward.store.pool import Connection, connect
from ward.vitals import ACVPU, VITALS, Validity, VitalKind

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
CALM = {"spo2": 97.0, "heart_rate": 72.0, "resp_rate": 15.0}
T = TypeVar("T")


def a_ward(conn: psycopg.Connection, stays: int = 1) -> list[int]:
    """Make an organisation with a team, a nurse, and so many patients in care since the start; return their stays."""
    conn.execute("insert into organisation (name, kind) values ('Testregionen', 'region')")
    conn.execute("insert into team (organisation_id, name, phone) select 1, 'Provteamet', '010-000 00 00'")
    older = conn.execute(
        "select from information_schema.columns where table_name = 'staff' and column_name = 'username'"
    ).fetchone()
    named, values = (", username, password_hash", ", 'anna', 'x'") if older is not None else ("", "")
    conn.execute(
        f"insert into staff (organisation_id, name, title, role{named})"  # noqa: S608 - columns of an older schema
        f" values (1, 'Anna Provsköterska', 'Sjuksköterska', 'nurse'{values})".encode()
    )
    conn.execute(
        "insert into patient (organisation_id, personal_number, given_name, family_name, birth_date, sex)"
        " select 1, '19121212' || lpad(n::text, 4, '0'), 'Tolvan', 'Testsson', '1912-12-12', 'male'"
        " from generate_series(1, %s) n",
        (stays,),
    )
    with conn.transaction():
        conn.execute(
            "insert into stay (patient_id, programme, period)"
            " select patient_id, 'hospital_at_home', tstzrange(%s, null) from patient order by patient_id",
            (START,),
        )
        conn.execute(
            "insert into responsibility (stay_id, team_id, period) select stay_id, 1, tstzrange(%s, null) from stay",
            (START,),
        )
    conn.execute(
        "insert into device (device_id, secret_sha256) select 'hv-' || stay_id, sha256('x') from stay order by stay_id"
    )
    conn.execute(
        "insert into binding (device_no, stay_id, period)"
        " select device_no, substr(device_id, 4)::bigint, tstzrange(%s, null) from device where device_no > 0",
        (START,),
    )
    return [row[0] for row in conn.execute("select stay_id from stay order by stay_id").fetchall()]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSeen:
    """What a test asserts about."""

    alert_id: int
    rule: str
    priority: str
    state: str
    condition: str
    rev: int
    recurrences: int
    outcome: str | None
    signal: str
    responsibility: str
    unasked: bool


def _written(moment: str) -> timedelta:
    """Read `mm:ss` or `h:mm:ss` since the start."""
    parts = [int(part) for part in moment.split(":")]
    return timedelta(seconds=sum(part * 60**power for power, part in enumerate(reversed(parts))))


class Timeline:
    """One patient's hours, written as a script."""

    def __init__(self, database_url: str) -> None:
        self.url = database_url
        self.clock = FakeClock(START)
        self._runner = asyncio.Runner()
        self.windows = Windows()
        self.sql = psycopg.connect(database_url, autocommit=True)
        self.stay_id = a_ward(self.sql)[0]
        self.conn = self.run(connect(database_url, "test"))
        self.run(self._ready())
        self.run(migrate.ensure_partitions(self.conn, [START.date(), START.date() + timedelta(days=1)]))
        self.run(evaluation.enrol(self.conn, START))
        self.run(self.conn.commit())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run asynchronous work to its end."""
        return self._runner.run(work)

    def close(self) -> None:
        """Let go of the store."""
        self.run(self.conn.close())
        self.sql.close()
        self._runner.close()

    def restart(self) -> "Timeline":
        """Let the worker die and another one take over: nothing but the store goes on."""
        self.run(self.conn.close())
        self.conn = self.run(connect(self.url, "test"))
        self.windows = Windows()
        self.run(self._ready())
        return self

    async def _ready(self) -> None:
        async with self.conn.transaction():
            await samples.prepare(self.conn)

    def at(self, moment: str) -> "Timeline":
        """Go to a moment, evaluating on the way whenever something is due."""
        goal = START + _written(moment)
        while (due_at := self._due()) is not None and due_at <= goal:
            self.clock.set(max(due_at, self.clock.now()))
            self._evaluate()
        self.clock.set(goal)
        self._evaluate()
        return self

    def _due(self) -> datetime | None:
        row = self.sql.execute("select min(due_at) from evaluation_due").fetchone()
        return row[0] if row else None

    def _evaluate(self) -> None:
        while self.run(self._pass()).stays:
            pass

    async def _pass(self) -> Any:
        async with self.conn.transaction():
            return await evaluate_due(self.conn, self.clock.now(), windows=self.windows)

    def vital(self, kind: str, value: float | str, ago: str = "00:00", validity: Validity = Validity.VLD) -> "Timeline":
        """Measure a value now, or receive now what was measured `ago`."""
        number = float(ACVPU[value]) if isinstance(value, str) else float(value)
        now_us = to_us(self.clock.now())
        rows = samples.Rows(
            stay_id=np.array([self.stay_id]),
            kind=np.array([VITALS[VitalKind(kind)].code]),
            measured_us=np.array([to_us(self.clock.now() - _written(ago))]),
            device_no=np.array([1]),
            value=np.array([number]),
            received_us=np.array([now_us]),
            validity=np.array([validity.value]),
            quality=np.array([95]),
        )
        self.run(self._insert(rows))
        self._evaluate()
        return self

    def burst(self, kind: str, values: dict[int, float]) -> "Timeline":
        """Receive at once what was measured so many minutes ago, as from a gateway that was offline."""
        now_us, count = to_us(self.clock.now()), len(values)
        measured = now_us - np.array(list(values), np.int64) * 60_000_000
        same = np.ones(count, np.int64)
        rows = samples.Rows(
            stay_id=self.stay_id * same,
            kind=VITALS[VitalKind(kind)].code * same,
            measured_us=measured,
            device_no=same,
            value=np.array(list(values.values()), np.float64),
            received_us=now_us * same,
            validity=Validity.VLD.value * same,
            quality=95 * same,
        )
        self.run(self._insert(rows))
        self._evaluate()
        return self

    async def _insert(self, rows: samples.Rows) -> None:
        async with self.conn.transaction():
            await samples.insert_batch(self.conn, rows, await registry.version(self.conn))

    def vitals(self, until: str, *, every_s: float = 60, **values: float) -> "Timeline":
        """Measure these values again and again from now until a moment."""
        goal = START + _written(until)
        while self.clock.now() < goal:
            for kind, value in values.items():
                self.vital(kind, value)
            at = min(goal, self.clock.now() + timedelta(seconds=every_s)) - START
            self.at(f"{int(at.total_seconds()) // 60}:{int(at.total_seconds()) % 60}")
        return self

    def acknowledge(self, rule: str, *, rev: int | None = None) -> "Timeline":
        """Let the nurse acknowledge the alert of a rule."""
        seen = self.alert(rule)
        event = apply.Acknowledge(by=StaffId(1), rev=seen.rev if rev is None else rev)
        self.run(self._apply(seen.alert_id, event))
        return self

    def resolve(self, rule: str, outcome: Outcome) -> "Timeline":
        """Let the nurse close the alert of a rule."""
        seen = self.alert(rule)
        self.run(self._apply(seen.alert_id, apply.Resolve(by=StaffId(1), outcome=outcome, rev=seen.rev)))
        return self

    def act(self, rule: str, act: type, **more: object) -> "Timeline":
        """Let the nurse do something else about the alert of a rule, as it is now."""
        seen = self.alert(rule)
        self.run(self._apply(seen.alert_id, act(by=StaffId(1), rev=seen.rev, **more)))
        return self

    async def _apply(self, alert_id: int, event: apply.Event) -> None:
        async with self.conn.transaction():
            await apply.apply_event(self.conn, AlertId(alert_id), event, self.clock.now())

    def alerts(self, rule: str) -> list[AlertSeen]:
        """Return every alert of a rule, the oldest first."""
        rows = self.sql.execute(
            "select alert_id, rule, case priority when 3 then 'high' when 2 then 'medium' else 'low' end,"
            " state, condition, rev, recurrences, outcome, signal, responsibility, unasked"
            " from alert where rule = %s order by alert_id",
            (rule,),
        ).fetchall()
        return [AlertSeen(**dict(zip(AlertSeen.__dataclass_fields__, row, strict=True))) for row in rows]

    def alert(self, rule: str) -> AlertSeen:
        """Return the newest alert of a rule."""
        found = self.alerts(rule)
        assert found, f"no alert of {rule}; there are {self.rules()}"
        return found[-1]

    def evidence(self, rule: str) -> tuple[float, list[float]]:
        """Return the value that the newest alert of a rule names, and those of the readings that it rests on."""
        row = self.sql.execute(
            "select evidence from alert where alert_id = %s", (self.alert(rule).alert_id,)
        ).fetchone()
        assert row is not None
        return row[0]["params"]["value"], [each["value"] for each in row[0]["inputs"]]

    def rings(self, rule: str) -> int:
        """Return how often people were told of the newest alert of a rule anew."""
        row = self.sql.execute(
            "select count(distinct ring) from escalation_step where alert_id = %s", (self.alert(rule).alert_id,)
        ).fetchone()
        return 0 if row is None else int(row[0])

    def rules(self) -> list[str]:
        """Return the rules that have an alert which is not resolved."""
        rows = self.sql.execute("select rule from alert where state <> 'resolved' order by rule").fetchall()
        return [row[0] for row in rows]

    def expect(self, moment: str, rule: str, **expected: object) -> "Timeline":
        """Go to a moment; the newest alert of a rule is then as `expected` says."""
        seen = self.at(moment).alert(rule)
        assert {name: getattr(seen, name) for name in expected} == expected
        return self

    def quiet(self, moment: str, rule: str) -> "Timeline":
        """Go to a moment; there has been no alert of a rule by then."""
        assert self.at(moment).alerts(rule) == []
        return self

    def life(self, rule: str) -> list[str]:
        """Return the words of the newest alert's events, in order."""
        rows = self.sql.execute(
            "select kind from alert_event where alert_id = %s order by rev", (self.alert(rule).alert_id,)
        ).fetchall()
        return [row[0] for row in rows]


def stays_of(conn: psycopg.Connection) -> list[StayId]:
    """Return all stays."""
    return [StayId(row[0]) for row in conn.execute("select stay_id from stay order by stay_id").fetchall()]


__all__ = ["CALM", "START", "AlertSeen", "Connection", "Timeline", "a_ward", "stays_of"]
