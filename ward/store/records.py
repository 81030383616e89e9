"""Everything about one patient, read as streams, however much there is: `hemvakt export`. Reads only.

Each stream is a cursor on the server, so the caller owns a transaction, and one that sees the store at one instant
where the streams are to agree (`ward.store.snapshot.held`).
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from psycopg.rows import class_row, kwargs_row

from ward.events import EventKind
from ward.record import (
    Answering,
    Episode,
    Happened,
    Measured,
    Person,
    Planned,
    Raised,
    Refused,
    Reported,
    Scored,
    Told,
    Worn,
    Written,
)
from ward.store.pool import Connection
from ward.vitals import BY_CODE, Mode, Validity

_AT_A_TIME = 2000
_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What of a patient is wanted: from `start` until before `end`; None is without limit."""

    patient_id: int
    start: datetime | None = None
    end: datetime | None = None

    def parameters(self) -> dict[str, object]:
        """Return the span as query parameters."""
        return {"patient": self.patient_id, "start": self.start, "end": self.end}


_WITHIN = (
    "({column} >= %(start)s or %(start)s::timestamptz is null) and ({column} < %(end)s or %(end)s::timestamptz is null)"
)
_LIMITS = (
    "nullif(greatest(lower({period}), 'epoch'), 'epoch') as started_at,"
    " nullif(least(upper({period}), '9999-01-01'), '9999-01-01') as ended_at"
)
_TOUCHES = "{period} && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)"


def _within(column: str) -> str:
    return _WITHIN.format(column=column)


def _limits(period: str) -> str:
    return _LIMITS.format(period=period)


async def patient_of(conn: Connection, personal_number: str) -> int | None:
    """Return the patient with a personal number (twelve characters), None when there is none."""
    row = await (
        await conn.execute("select patient_id from patient where personal_number = %s", (personal_number,))
    ).fetchone()
    return row[0] if row else None


async def patients_of_device(conn: Connection, device_id: str) -> list[int]:
    """Return the patients who wear or wore a device."""
    found = await conn.execute(
        "select distinct patient_id from device join binding using (device_no) join stay using (stay_id)"
        " where device_id = %s and device_no > 0 order by patient_id",
        (device_id,),
    )
    return [row[0] for row in await found.fetchall()]


async def person(conn: Connection, patient_id: int) -> Person | None:
    """Return the patient, None when there is no such one."""
    async with conn.cursor(row_factory=class_row(Person)) as cursor:
        await cursor.execute(
            "select patient_id, personal_number, given_name, family_name, birth_date, sex, phone, address,"
            " o.organisation_id, o.name as organisation, o.hsa_id, protected_since is not null as protected"
            " from patient join organisation o using (organisation_id) where patient_id = %s",
            (patient_id,),
        )
        return await cursor.fetchone()


async def count_readings(conn: Connection, span: Span) -> int:
    """Count the readings of the span."""
    query = (
        f"select count(*) from reading where stay_id = any(array(select stay_id from stay"  # nosec B608  # noqa: S608
        f" where patient_id = %(patient)s)) and {_within('measured_at')}"
    )
    row = await (await conn.execute(query.encode(), span.parameters())).fetchone()
    return int(row[0]) if row else 0


async def _stream(
    conn: Connection, name: str, query: str, span: Span, make: Callable[..., _Row]
) -> AsyncIterator[_Row]:
    async with conn.cursor(name=name, row_factory=kwargs_row(make)) as cursor:
        cursor.itersize = _AT_A_TIME
        await cursor.execute(query.encode(), span.parameters())
        async for each in cursor:
            yield each


# The driver gives numbers and text where the record has words of its own.
def _episode(*, mode: str, **rest: Any) -> Episode:
    return Episode(mode=Mode(mode), **rest)


def _worn(*, mode: str, **rest: Any) -> Worn:
    return Worn(mode=Mode(mode), **rest)


def _measured(*, kind: int, validity: int, **rest: Any) -> Measured:
    return Measured(kind=BY_CODE[kind].kind, validity=Validity(validity), **rest)


def _reported(*, kind: str, **rest: Any) -> Reported:
    return Reported(kind=EventKind(kind), **rest)


def stays(conn: Connection, span: Span) -> AsyncIterator[Episode]:
    """Stream the stays, oldest first."""
    query = (
        f"select stay_id, patient_id, programme, reason, next_step, mode, {_limits('period')}"  # nosec B608  # noqa: S608
        f" from stay where patient_id = %(patient)s and {_TOUCHES.format(period='period')} order by lower(period)"
    )
    return _stream(conn, "stays", query, span, _episode)


def teams(conn: Connection, span: Span) -> AsyncIterator[Answering]:
    """Stream the teams that answered for the patient, oldest first."""
    query = (
        f"select r.stay_id, s.patient_id, t.team_id, t.name as team, t.phone, o.organisation_id,"  # nosec B608  # noqa: S608
        f" o.name as organisation, o.hsa_id, {_limits('r.period')}"
        f" from responsibility r join stay s using (stay_id) join team t using (team_id)"
        f" join organisation o on o.organisation_id = t.organisation_id"
        f" where s.patient_id = %(patient)s and {_TOUCHES.format(period='r.period')}"
        f" order by lower(r.period) nulls first"
    )
    return _stream(conn, "teams", query, span, Answering)


def worn(conn: Connection, span: Span) -> AsyncIterator[Worn]:
    """Stream the devices that the patient wore, oldest first."""
    query = (
        f"select b.binding_id, b.stay_id, s.patient_id, d.device_no, d.device_id, d.model, d.mode,"  # nosec B608  # noqa: S608
        f" {_limits('b.period')} from binding b join stay s using (stay_id) join device d using (device_no)"
        f" where s.patient_id = %(patient)s and {_TOUCHES.format(period='b.period')} order by lower(b.period)"
    )
    return _stream(conn, "worn", query, span, _worn)


def readings(conn: Connection, span: Span) -> AsyncIterator[Measured]:
    """Stream the readings, oldest first; those of one device and instant come together."""
    query = (
        f"select s.patient_id, r.stay_id, r.device_no, d.device_id, r.kind, r.value, r.measured_at,"  # nosec B608  # noqa: S608
        f" r.received_at, r.validity, r.quality / 100.0::float8 as quality"
        f" from reading r join stay s using (stay_id) join device d using (device_no)"
        f" where s.patient_id = %(patient)s and {_within('r.measured_at')}"
        f" order by r.measured_at, r.device_no, r.stay_id, r.kind"
    )
    return _stream(conn, "readings", query, span, _measured)


def reports(conn: Connection, span: Span) -> AsyncIterator[Reported]:
    """Stream what the devices reported, oldest first."""
    query = (
        f"select s.patient_id, e.stay_id, e.device_no, d.device_id, e.kind, e.occurred_at, e.received_at, e.alert_id,"  # nosec B608  # noqa: S608
        f" e.detail::text as detail from device_event e join stay s using (stay_id) join device d using (device_no)"
        f" where s.patient_id = %(patient)s and {_within('e.occurred_at')}"
        f" order by e.occurred_at, e.device_no, e.kind, e.stay_id"
    )
    return _stream(conn, "reports", query, span, _reported)


def scores(conn: Connection, span: Span) -> AsyncIterator[Scored]:
    """Stream the scores, oldest first."""
    query = (
        f"select s.patient_id, stay_id, scored_at, total_min, total_max, risk, spo2_scale, detail::text as detail"  # nosec B608  # noqa: S608
        f" from score join stay s using (stay_id) where s.patient_id = %(patient)s and {_within('scored_at')}"
        f" order by scored_at"
    )
    return _stream(conn, "scores", query, span, Scored)


# Every alert, and every event of one; `where` and an order follow.
ALERTS = (
    "select s.patient_id, stay_id, a.alert_id, rule, family, priority, worst, state, condition, signal,"
    " responsibility, t.name as team, h.name as holder, began_at, opened_at, cleared_at, acknowledged_at,"
    " resolved_at, outcome, cause, action, recurrences, evidence::text as evidence"
    " from alert a join stay s using (stay_id) join team t using (team_id)"
    " left join staff h on h.staff_id = holder_id"
)
EVENTS = (
    "select e.stay_id, e.alert_id, e.rev, e.at, e.kind, e.staff_id, f.name as staff, e.note, e.priority,"
    " e.until, m.name as to_team, w.name as to_staff, e.outcome, e.cause, e.action, e.evidence::text as evidence"
    " from alert_event e join alert a using (stay_id, alert_id) join stay s using (stay_id)"
    " left join staff f on f.staff_id = e.staff_id left join team m on m.team_id = e.to_team_id"
    " left join staff w on w.staff_id = e.to_staff_id"
)


def alerts(conn: Connection, span: Span) -> AsyncIterator[Raised]:
    """Stream the alerts, oldest first."""
    query = f"{ALERTS} where s.patient_id = %(patient)s and {_within('opened_at')} order by opened_at, a.alert_id"
    return _stream(conn, "alerts", query, span, Raised)


def events(conn: Connection, span: Span) -> AsyncIterator[Happened]:
    """Stream what happened to the alerts, in the order of `alerts`, each alert's own events in their order."""
    query = (
        f"{EVENTS} where s.patient_id = %(patient)s and {_within('a.opened_at')}"
        f" order by a.opened_at, e.alert_id, e.rev"
    )
    return _stream(conn, "events", query, span, Happened)


def told(conn: Connection, span: Span) -> AsyncIterator[Told]:
    """Stream who was told of the alerts, in the order of `alerts`, each alert's own notifications in their order."""
    query = (
        f"select o.stay_id, o.alert_id, o.ring, o.step, o.channel, t.name as team, o.staff_id, f.name as staff,"  # nosec B608  # noqa: S608
        f" o.state, o.reason, o.queued_at, o.sent_at, o.delivered_at, o.seen_at"
        f" from outbox o join alert a using (stay_id, alert_id) join stay s using (stay_id)"
        f" join team t on t.team_id = o.team_id left join staff f on f.staff_id = o.staff_id"
        f" where s.patient_id = %(patient)s and {_within('a.opened_at')}"
        f" order by a.opened_at, o.alert_id, o.ring, o.step, o.channel, o.notification_id"
    )
    return _stream(conn, "told", query, span, Told)


def written(conn: Connection, span: Span) -> AsyncIterator[Written]:
    """Stream what people wrote on the timeline, oldest first, also what was entered in error."""
    query = (
        f"select e.stay_id, e.event_id, e.kind, e.occurred_at, e.written_at, e.author, f.name as staff, e.words,"  # nosec B608  # noqa: S608
        f" e.detail::text as detail, e.corrects, x.at as error_at, g.name as error_by, x.reason as error_reason"
        f" from care_event e join stay s using (stay_id) left join staff f on f.staff_id = e.staff_id"
        f" left join care_event_error x on (x.stay_id, x.event_id) = (e.stay_id, e.event_id)"
        f" left join staff g on g.staff_id = x.staff_id"
        f" where s.patient_id = %(patient)s and {_within('e.occurred_at')} order by e.occurred_at, e.event_id"
    )
    return _stream(conn, "written", query, span, Written)


def plans(conn: Connection, span: Span) -> AsyncIterator[Planned]:
    """Stream every version of every plan; a plan has no end, so the span does not limit them."""
    query = (
        "select stay_id, s.programme, version, state, valid_from, valid_until, ended_at, f.name as author,"
        " g.name as approver, approved_at, p.reason, rules::text as rules"
        " from plan p join stay s using (stay_id) left join staff f on f.staff_id = p.author_id"
        " left join staff g on g.staff_id = p.approved_by"
        " where s.patient_id = %(patient)s order by stay_id, version"
    )
    return _stream(conn, "plans", query, span, Planned)


def refused(conn: Connection, span: Span) -> AsyncIterator[Refused]:
    """Stream what was refused of a device while the patient wore it.

    What it was about is not known for sure: where another patient has worn the device too, a late message may be
    theirs, and its contents are withheld.
    """
    query = (
        f"select q.quarantine_id, q.received_at, q.device_id, q.topic, q.reason, q.item_index,"  # nosec B608  # noqa: S608
        f" q.payload_bytes, encode(q.payload_sha256, 'hex') as payload_sha256,"
        f" case when o.alone then q.detail end as detail,"
        f" case when o.alone then q.payload end as payload"
        f" from (select distinct d.device_no, d.device_id, b.period from binding b join stay s using (stay_id)"
        f" join device d using (device_no) where s.patient_id = %(patient)s) w"
        f" join quarantine q on q.device_id = w.device_id and w.period @> q.received_at"
        f" cross join lateral (select not exists (select from binding x join stay y using (stay_id)"
        f" where x.device_no = w.device_no and y.patient_id <> %(patient)s) as alone) o"
        f" where {_within('q.received_at')} order by q.received_at, q.quarantine_id"
    )
    return _stream(conn, "refused", query, span, Refused)
