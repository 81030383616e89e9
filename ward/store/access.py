"""Who may see a stay: the one place. Every read of a patient's data asks `MAY_SEE`.

A team sees a stay in which it answers now; one of whose unresolved alerts it was told, or is offered; in which it
answered, until `AFTER_CARE` after the end. The last needs the patient's consent where the team is of another
organisation than the patient's, and ends with a block; the first two do not, since an alert must never go to somebody
who cannot see its patient. One person sees who is in their `Scope` by number: oneself, who has opened something to
them, those they are named for (`PERSONAL`), and whom they have opened in an emergency (`OPENED`). Reads only.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ward.access.principals import Scope
from ward.people import PatientId, StayId
from ward.store.pool import Connection

AFTER_CARE = timedelta(days=90)
"""For how long after a stay those who cared for the patient may look at it: follow-up, readmission, back-tests."""

TEAM_OF_STAY = b"""
    join lateral (
        select t.team_id, t.name, t.phone, t.organisation_id from (
            select 0 as rank, upper(r.period) as until, r.team_id from responsibility r
            where r.stay_id = s.stay_id and (lower_inf(r.period) or lower(r.period) <= %(now)s)
            union all
            select 1, null, o.team_id from team o where o.organisation_id = p.organisation_id
            union all
            select 2, null, o.team_id from team o
            where not exists (select from team q where q.organisation_id = p.organisation_id)
        ) c join team t using (team_id)
        order by c.rank, c.until desc nulls first, c.team_id limit 1
    ) t on true
"""
"""The team (`t`) of a stay (`s`, patient `p`) at %(now)s: who answers; once it is over, who answered last."""

BLOCKED_TEAM = b"""
    select from patient_block b where b.patient_id = p.patient_id and b.lifted_at is null
    and (b.team_id = o.team_id or b.organisation_id = o.organisation_id)
"""
"""The blocks of a patient (`p`) against a team (`o`) or its organisation."""

_ALERTED = b"""
    select unnest(array[a.team_id, a.offered_team_id]) from alert a
    where a.stay_id = s.stay_id and a.resolved_at is null
    union all
    select (each ->> 'team_id')::bigint from alert a join escalation_step e using (stay_id, alert_id)
    cross join lateral jsonb_array_elements(e.contacts) each
    where a.stay_id = s.stay_id and a.resolved_at is null and e.state = 'fired'
"""
_CARED = (
    b"""
    select r.team_id from (
        select distinct team_id from responsibility
        where stay_id = s.stay_id and (lower_inf(period) or lower(period) <= %(now)s)
    ) r join team o using (team_id)
    where (upper_inf(s.period) or upper(s.period) > %(now)s - interval '90 days')
    and (o.organisation_id = p.organisation_id or exists (
        select from patient_consent c where c.patient_id = p.patient_id and c.withdrawn_at is null
        and c.organisation_id = o.organisation_id))
    and not exists ("""
    + BLOCKED_TEAM
    + b")"
).replace(b"90 days", b"%d days" % AFTER_CARE.days)

SIGHT = (
    b"""
    join lateral (
        select coalesce(array_agg(distinct w.team_id order by w.team_id), '{}') as teams from (
            select t.team_id where s.period @> %(now)s
            union all """
    + _ALERTED
    + b" union all "
    + _CARED
    + b""") w where w.team_id is not null
    ) sight on true
"""
)
"""The teams that may see a stay (`sight.teams`), of `s`, `p` and its team `t` at %(now)s: for who has to know them."""

_PERHAPS = b"""
    (exists (select from responsibility r where r.stay_id = s.stay_id and r.team_id = any(%(teams)s::bigint[]))
     or exists (select from alert a where a.stay_id = s.stay_id and a.resolved_at is null)
     or not exists (select from responsibility r where r.stay_id = s.stay_id
                    and (lower_inf(r.period) or lower(r.period) <= %(now)s))
     or p.patient_id = any(%(patients)s::bigint[]) or p.organisation_id = %(organisation)s) and
"""  # nobody else can be among the teams: found by index, before the team is looked up for every stay there is
MAY_SEE = (
    _PERHAPS
    + b"""
    (p.patient_id = any(%(patients)s::bigint[]) or p.organisation_id = %(organisation)s
     or (t.team_id = any(%(teams)s::bigint[]) and s.period @> %(now)s)
     or exists (select from ("""
    + _ALERTED
    + b""") w (team_id) where w.team_id = any(%(teams)s::bigint[]))
     or exists (select from ("""
    + _CARED
    + b""") w (team_id) where w.team_id = any(%(teams)s::bigint[])))
"""
)
"""Whether the scope of `asked` may see a stay joined with `TEAM_OF_STAY`: what is found soonest is asked first.

As `SIGHT` and `api.live.board.sees` say it of everybody: a team of theirs is among those, or they see patient or owner.
"""

VISIBLE_STAYS = b" from stay s join patient p using (patient_id) " + TEAM_OF_STAY + b" where " + MAY_SEE
"""Every stay (`s`, patient `p`) of a scope at %(now)s; conditions may follow."""

SHARED = b"""
    (f.organisation_id = p.organisation_id or exists (
        select from patient_consent c where c.patient_id = p.patient_id and c.withdrawn_at is null
        and c.organisation_id = f.organisation_id))
    and not exists (
        select from patient_block b where b.patient_id = p.patient_id and b.lifted_at is null
        and (b.organisation_id = f.organisation_id or b.team_id in (
            select m.team_id from team_member m where m.staff_id = f.staff_id)))
"""
"""Whether consent and blocks let a member of staff (`f`) know of a patient (`p`) whom they are concerned with."""

PERSONAL = (
    b"""
    select d.patient_id from (
        select s.patient_id, s.period from duty_care n join stay s using (stay_id)
        where n.nurse_id = f.staff_id or n.doctor_id = f.staff_id
    ) d join patient p using (patient_id)
    where (upper_inf(d.period) or upper(d.period) > %(now)s - interval '90 days')
    and """
    + SHARED
    + b"""
    union
    select s.patient_id from alert a join stay s using (stay_id)
    where a.resolved_at is null and (a.holder_id = f.staff_id or a.offered_staff_id = f.staff_id)
"""
).replace(b"90 days", b"%d days" % AFTER_CARE.days)
"""The patients whom a member of staff (`f`) sees by themselves and not by a team: named for them, or by an alert."""

OPENED = b"""
    select e.patient_id from emergency_opening e
    where e.account_id = c.account_id and e.ended_at is null and e.until > %(now)s
"""
"""The patients whom an account (`c`) has opened in an emergency."""


def asked(scope: Scope) -> dict[str, object]:
    """Return the parameters of `MAY_SEE`; %(now)s is the caller's."""
    return {
        "teams": list(scope.team_ids),
        "patients": list(scope.patient_ids),
        "organisation": scope.organisation_id,
    }


async def is_blocked(conn: Connection, patient_id: PatientId, scope: Scope, now: datetime) -> bool:
    """Tell whether a team of theirs has cared for a patient and would see them, were it not for a block."""
    row = await (
        await conn.execute(
            b"select exists (select from stay s join patient p using (patient_id)"
            b" join responsibility r using (stay_id) join team o using (team_id)"
            b" where p.patient_id = %(patient)s and o.team_id = any(%(teams)s)"
            b" and (lower_inf(r.period) or lower(r.period) <= %(now)s) and s.period @> %(now)s"
            b" and exists (" + BLOCKED_TEAM + b"))",
            {**asked(scope), "patient": patient_id, "now": now},
        )
    ).fetchone()
    return row is not None and bool(row[0])


async def seen(conn: Connection, stays: Iterable[StayId], scope: Scope, now: datetime) -> set[StayId]:
    """Return those of these stays that somebody may see."""
    cursor = await conn.execute(
        b"select s.stay_id" + VISIBLE_STAYS + b"and s.stay_id = any(%(stays)s)",
        {**asked(scope), "stays": sorted(set(stays)), "now": now},
    )
    return {StayId(row[0]) for row in await cursor.fetchall()}
