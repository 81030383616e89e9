"""The review of a unit's access log: what was looked at in a period, a sample of it, and what people concluded.

Looks at lists and boards are counted and sampled, but only looks at one patient are judged: a board shows everybody.
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.access.principals import AccountId
from ward.access.review import Look, Refusals
from ward.people import OrganisationId
from ward.store.accesses import ROWS, AccessRow
from ward.store.pool import Connection

SAMPLE = 20
MOST_JUDGED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A review that was made, and by whom."""

    review_id: int
    start: datetime
    end: datetime
    reviewed_at: datetime
    reviewed_by: AccountId
    name: str
    entries: int
    anomalies: int
    conclusion: str


_LOOKS = b"""
    select e.access_id, e.account_id, e.role, coalesce(f.name, c.name) as name, p.patient_id, p.family_name, e.why,
           exists (select from stay s where s.patient_id = p.patient_id and s.period @> e.at) as in_care,
           exists (select from responsibility r join stay s using (stay_id)
                   where s.patient_id = p.patient_id and r.period @> e.at and r.team_id = any(e.team_ids)) as own_team
    from access_entry e join account c using (account_id) left join staff f on f.staff_id = e.staff_id
    join patient p on p.patient_id = e.patient_ids[1]
    where e.organisation_id = %(organisation)s and e.at >= %(start)s and e.at < %(end)s
      and cardinality(e.patient_ids) = 1 and e.staff_id is not null and e.attempts is null and e.why <> 'link'
    order by e.access_id limit %(limit)s
"""

_REFUSALS = b"""
    with r as (
        select e.access_id, e.account_id, e.attempts, e.patient_ids from access_entry e
        where e.attempts is not null and e.at >= %(start)s and e.at < %(end)s and (
            e.organisation_id = %(organisation)s
            or exists (select from patient q where q.patient_id = any(e.patient_ids)
                       and q.organisation_id = %(organisation)s))
    )
    select account_id, array_agg(access_id order by access_id) as access_ids, sum(attempts)::int as attempts,
           (select count(distinct x)::int from r o cross join unnest(o.patient_ids) x
            where o.account_id = r.account_id) as patients
    from r group by account_id order by account_id
"""


async def count(conn: Connection, organisation_id: OrganisationId, start: datetime, end: datetime) -> int:
    """Return how many looks an organisation's people had in a period."""
    row = await (
        await conn.execute(
            "select count(*) from access_entry where organisation_id = %s and at >= %s and at < %s"
            " and attempts is null",
            (organisation_id, start, end),
        )
    ).fetchone()
    return int(row[0]) if row else 0


async def looks(conn: Connection, organisation_id: OrganisationId, start: datetime, end: datetime) -> list[Look]:
    """Return the looks at one patient, at most `MOST_JUDGED`: the caller compares with `count`."""
    cursor = conn.cursor(row_factory=class_row(Look))
    await cursor.execute(_LOOKS, {"organisation": organisation_id, "start": start, "end": end, "limit": MOST_JUDGED})
    return await cursor.fetchall()


async def refusals(conn: Connection, organisation_id: OrganisationId, start: datetime, end: datetime) -> list[Refusals]:
    """Return how often each person was refused: the organisation's own people, and whoever asked for its patients."""
    cursor = conn.cursor(row_factory=class_row(Refusals))
    await cursor.execute(_REFUSALS, {"organisation": organisation_id, "start": start, "end": end})
    return await cursor.fetchall()


async def sample(conn: Connection, organisation_id: OrganisationId, start: datetime, end: datetime) -> list[AccessRow]:
    """Return some of the looks, drawn by the period alone: who draws again draws the same, and nobody chooses."""
    cursor = conn.cursor(row_factory=class_row(AccessRow))
    await cursor.execute(
        f"{ROWS} where e.organisation_id = %(organisation)s and e.at >= %(start)s and e.at < %(end)s"
        " and e.attempts is null"
        " order by hashint8extended(e.access_id, extract(epoch from %(start)s::timestamptz)::bigint), e.access_id"
        " limit %(limit)s".encode(),
        {"organisation": organisation_id, "start": start, "end": end, "limit": SAMPLE},
    )
    return await cursor.fetchall()


async def entries(conn: Connection, access_ids: list[int]) -> list[AccessRow]:
    """Return these looks, the newest first."""
    cursor = conn.cursor(row_factory=class_row(AccessRow))
    await cursor.execute(f"{ROWS} where e.access_id = any(%s) order by e.access_id desc".encode(), (access_ids,))
    return await cursor.fetchall()


async def add(
    conn: Connection,
    organisation_id: OrganisationId,
    start: datetime,
    end: datetime,
    *,
    account_id: AccountId,
    entries: int,
    anomalies: int,
    conclusion: str,
    now: datetime,
) -> int:
    """Keep that a period was looked through, and what was concluded; return its number."""
    row = await (
        await conn.execute(
            "insert into access_review (organisation_id, period, reviewed_at, reviewed_by, entries, anomalies,"
            " conclusion) values (%s, tstzrange(%s, %s), %s, %s, %s, %s, %s) returning review_id",
            (organisation_id, start, end, now, account_id, entries, anomalies, conclusion),
        )
    ).fetchone()
    if row is None:
        raise AssertionError("an insert with returning gives a row")
    return int(row[0])


async def made(conn: Connection, organisation_id: OrganisationId, limit: int) -> list[Reviewed]:
    """Return the newest reviews of an organisation."""
    cursor = conn.cursor(row_factory=class_row(Reviewed))
    await cursor.execute(
        'select r.review_id, lower(r.period) as start, upper(r.period) as "end", r.reviewed_at, r.reviewed_by,'
        " coalesce(f.name, c.name) as name, r.entries, r.anomalies, r.conclusion"
        " from access_review r join account c on c.account_id = r.reviewed_by left join staff f using (staff_id)"
        " where r.organisation_id = %s order by r.review_id desc limit %s",
        (organisation_id, limit),
    )
    return await cursor.fetchall()
