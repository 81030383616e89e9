"""Reports of what changes of medication did: frozen as they were sent to who prescribed them, and what they answered.

The caller owns the transaction. The invariant: what was reported never changes; a report is answered once, over the
revision that was seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from ward.access.principals import Scope
from ward.people import PatientId, StaffId, StayId
from ward.store import access
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReport:
    """A report that is to be sent; `report` is what it rests on, as it was shown."""

    stay_id: StayId
    event_id: int
    prescriber_id: StaffId
    sent_by: StaffId
    line_sv: str
    line_en: str
    report: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """A report as it is kept."""

    report_id: int
    rev: int
    patient_id: PatientId
    stay_id: StayId
    event_id: int
    prescriber_id: StaffId
    prescriber_name: str
    sent_by: StaffId
    sent_by_name: str
    sent_at: datetime
    line_sv: str
    line_en: str
    report: dict[str, object]
    seen_at: datetime | None
    answer: str | None
    answer_note: str
    answered_at: datetime | None


_REPORTS = """
    select r.report_id, r.rev, s.patient_id, r.stay_id, r.event_id, r.prescriber_id, p.name as prescriber_name,
           r.sent_by, f.name as sent_by_name, r.sent_at, r.line_sv, r.line_en, r.report, r.seen_at, r.answer,
           r.answer_note, r.answered_at
    from effect_report r join stay s using (stay_id)
    join staff p on p.staff_id = r.prescriber_id join staff f on f.staff_id = r.sent_by
"""
# A report is a message: its prescriber needs no care relation for it, but blocks and consents hold as everywhere.
_TO_PRESCRIBER = (
    _REPORTS.encode()
    + b" where r.prescriber_id = %(prescriber)s and (exists (select from stay s join patient p using (patient_id)"
    + b" join staff f on f.staff_id = %(prescriber)s where s.stay_id = r.stay_id and "
    + access.SHARED
    + b") or r.stay_id in (select s.stay_id"
    + access.VISIBLE_STAYS
    + b"and s.stay_id in (select stay_id from effect_report where prescriber_id = %(prescriber)s)))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which of the reports that were sent to somebody; None leaves a filter out."""

    prescriber_id: StaffId
    scope: Scope
    limit: int
    answered: bool | None = None
    before: int | None = None


async def send(conn: Connection, new: NewReport, now: datetime) -> int:
    """Keep a report and return its number."""
    cursor = await conn.execute(
        "insert into effect_report (stay_id, event_id, prescriber_id, sent_by, sent_at, line_sv, line_en, report)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s) returning report_id",
        (
            new.stay_id,
            new.event_id,
            new.prescriber_id,
            new.sent_by,
            now,
            new.line_sv,
            new.line_en,
            Jsonb(dict(new.report)),
        ),
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - an insert with returning gives a row
    return int(row[0])


async def of_event(conn: Connection, stay_id: StayId, event_id: int) -> list[ReportRow]:
    """Return the reports about one change, the newest first."""
    cursor = conn.cursor(row_factory=class_row(ReportRow))
    query = f"{_REPORTS} where r.stay_id = %s and r.event_id = %s order by r.report_id desc"
    await cursor.execute(query.encode(), (stay_id, event_id))
    return await cursor.fetchall()


async def to_prescriber(conn: Connection, wanted: Wanted, now: datetime) -> list[ReportRow]:
    """Return the reports that were sent to somebody and may be known to them, the newest first."""
    cursor = conn.cursor(row_factory=class_row(ReportRow))
    await cursor.execute(
        _TO_PRESCRIBER
        + b" and (%(answered)s::boolean is null or (r.answer is not null) = %(answered)s)"
        + b" and (%(before)s::bigint is null or r.report_id < %(before)s)"
        + b" order by r.report_id desc limit %(limit)s",
        {
            **access.asked(wanted.scope),
            "prescriber": wanted.prescriber_id,
            "answered": wanted.answered,
            "before": wanted.before,
            "limit": wanted.limit,
            "now": now,
        },
    )
    return await cursor.fetchall()


async def one(
    conn: Connection, prescriber_id: StaffId, scope: Scope, report_id: int, now: datetime
) -> ReportRow | None:
    """Return a report to this prescriber, None where there is none, or none that they may know of."""
    cursor = conn.cursor(row_factory=class_row(ReportRow))
    asked = {**access.asked(scope), "prescriber": prescriber_id, "report": report_id, "now": now}
    await cursor.execute(_TO_PRESCRIBER + b" and r.report_id = %(report)s", asked)
    return await cursor.fetchone()


async def may_be_told(conn: Connection, stay_id: StayId, prescriber_id: StaffId, now: datetime) -> bool:
    """Tell whether consent and blocks let somebody know of a patient: who answers for them may in any case."""
    row = await (
        await conn.execute(
            b"select from stay s join patient p using (patient_id) join staff f on f.staff_id = %(prescriber)s"
            b" where s.stay_id = %(stay)s and (" + access.SHARED + b" or exists (select from responsibility r"
            b" join team_member m using (team_id) where r.stay_id = s.stay_id and r.period @> %(now)s::timestamptz"
            b" and m.staff_id = f.staff_id))",
            {"stay": stay_id, "prescriber": prescriber_id, "now": now},
        )
    ).fetchone()
    return row is not None


async def see(conn: Connection, prescriber_id: StaffId, report_id: int, now: datetime) -> bool:
    """Note that the prescriber has seen a report; False where they had already. The first time counts."""
    done = await conn.execute(
        "update effect_report set seen_at = %s, rev = rev + 1 where prescriber_id = %s and report_id = %s"
        " and seen_at is null",
        (now, prescriber_id, report_id),
    )
    return done.rowcount == 1


async def answer(
    conn: Connection, prescriber_id: StaffId, report_id: int, rev: int, said: str, note: str, now: datetime
) -> bool:
    """Keep the prescriber's answer over revision `rev`; False where that is not the newest or it was answered."""
    done = await conn.execute(
        "update effect_report set answer = %s, answer_note = %s, answered_at = %s, seen_at = coalesce(seen_at, %s),"
        " rev = rev + 1 where prescriber_id = %s and report_id = %s and rev = %s and answer is null",
        (said, note, now, now, prescriber_id, report_id, rev),
    )
    return done.rowcount == 1
