"""Reports of what changes of medication did: frozen as they were sent to who prescribed them, and what they answered.

The caller owns the transaction. The invariant: what was reported never changes; a report is answered once, over the
revision that was seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from ward.people import PatientId, StaffId, StayId
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


async def to_prescriber(
    conn: Connection, prescriber_id: StaffId, *, answered: bool | None, before: int | None, limit: int
) -> list[ReportRow]:
    """Return the reports that were sent to somebody, the newest first; None leaves a filter out."""
    cursor = conn.cursor(row_factory=class_row(ReportRow))
    await cursor.execute(
        f"{_REPORTS} where r.prescriber_id = %(prescriber)s"
        " and (%(answered)s::boolean is null or (r.answer is not null) = %(answered)s)"
        " and (%(before)s::bigint is null or r.report_id < %(before)s)"
        " order by r.report_id desc limit %(limit)s".encode(),
        {"prescriber": prescriber_id, "answered": answered, "before": before, "limit": limit},
    )
    return await cursor.fetchall()


async def one(conn: Connection, prescriber_id: StaffId, report_id: int) -> ReportRow | None:
    """Return a report to this prescriber, None where there is none."""
    cursor = conn.cursor(row_factory=class_row(ReportRow))
    query = f"{_REPORTS} where r.prescriber_id = %s and r.report_id = %s"
    await cursor.execute(query.encode(), (prescriber_id, report_id))
    return await cursor.fetchone()


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
