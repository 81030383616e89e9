"""What a patient has said of who may see them: consents between organisations, blocks, protected identity.

The caller owns the transaction. History is kept: what ends gets a time. What follows from it is `ward.store.access`.
The invariant: a block is never set against a team that answers for the patient now or ahead, is offered them, or is to
take them home.
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.access.principals import AccountId
from ward.people import OrganisationId, PatientId, StayId, TeamId
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRow:
    """A consent: the organisation may see what it needs to care; `withdrawn_at` is None while it is in force."""

    consent_id: int
    organisation_id: OrganisationId
    organisation: str
    given_at: datetime
    given_by: AccountId
    withdrawn_at: datetime | None
    withdrawn_by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRow:
    """A block against a team or an organisation; `lifted_at` is None while it is in force."""

    block_id: int
    team_id: TeamId | None
    organisation_id: OrganisationId | None
    name: str
    set_at: datetime
    set_by: AccountId
    lifted_at: datetime | None
    lifted_by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """Whom a block is against: one of the two."""

    team_id: TeamId | None = None
    organisation_id: OrganisationId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """Whom a block can be against: a team, or an organisation as a whole (`team_id` None).

    `answers`: they answer for the patient now or ahead, or are offered them; `blocked`: there is a block in force.
    """

    organisation_id: OrganisationId
    organisation: str
    team_id: TeamId | None
    team: str | None
    answers: bool
    blocked: bool


async def consents(conn: Connection, patient_id: PatientId) -> list[ConsentRow]:
    """Return every consent of a patient, the newest first."""
    cursor = conn.cursor(row_factory=class_row(ConsentRow))
    await cursor.execute(
        "select c.consent_id, c.organisation_id, o.name as organisation, c.given_at, c.given_by, c.withdrawn_at,"
        " c.withdrawn_by from patient_consent c join organisation o using (organisation_id)"
        " where c.patient_id = %s order by c.consent_id desc",
        (patient_id,),
    )
    return await cursor.fetchall()


async def give(
    conn: Connection, patient_id: PatientId, organisation_id: OrganisationId, by: AccountId, now: datetime
) -> int | None:
    """Keep a consent; None where one is in force, or there is no such organisation beside the patient's own."""
    cursor = await conn.execute(
        "insert into patient_consent (patient_id, organisation_id, given_at, given_by)"
        " select p.patient_id, o.organisation_id, %(now)s, %(by)s from patient p join organisation o"
        " on o.organisation_id = %(organisation)s and o.organisation_id <> p.organisation_id"
        " where p.patient_id = %(patient)s"
        " on conflict (patient_id, organisation_id) where withdrawn_at is null do nothing returning consent_id",
        {"patient": patient_id, "organisation": organisation_id, "by": by, "now": now},
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def withdraw(conn: Connection, patient_id: PatientId, consent_id: int, by: AccountId, now: datetime) -> bool:
    """End a consent; whether there was one in force."""
    done = await conn.execute(
        "update patient_consent set withdrawn_at = %s, withdrawn_by = %s"
        " where patient_id = %s and consent_id = %s and withdrawn_at is null",
        (now, by, patient_id, consent_id),
    )
    return done.rowcount == 1


async def blocks(conn: Connection, patient_id: PatientId) -> list[BlockRow]:
    """Return every block of a patient, the newest first."""
    cursor = conn.cursor(row_factory=class_row(BlockRow))
    await cursor.execute(
        "select b.block_id, b.team_id, b.organisation_id, coalesce(t.name, o.name) as name, b.set_at, b.set_by,"
        " b.lifted_at, b.lifted_by from patient_block b left join team t using (team_id)"
        " left join organisation o on o.organisation_id = b.organisation_id"
        " where b.patient_id = %s order by b.block_id desc",
        (patient_id,),
    )
    return await cursor.fetchall()


async def units(conn: Connection, stay_id: StayId, now: datetime) -> list[UnitRow]:
    """Return whom a patient can block: every team, and every other organisation as a whole, with what stands against.

    The team of the walks of the synthetic alert is nobody's and left out, as its organisation is.
    """
    cursor = conn.cursor(row_factory=class_row(UnitRow))
    await cursor.execute(
        "with real as (select team_id, organisation_id, name from team where phone <> '-'),"
        " asked as (select s.stay_id, p.patient_id, p.organisation_id from stay s join patient p using (patient_id)"
        " where s.stay_id = %(stay)s),"
        " taking as (select r.team_id from responsibility r join asked using (stay_id)"
        " where upper_inf(r.period) or upper(r.period) > %(now)s"
        " union select b.to_team from baton b join asked using (stay_id)"
        " where b.answer is null and b.expires_at > %(now)s"
        " union select w.to_team from stay_transfer w join asked using (stay_id) where w.closed is null),"
        " blocked as (select b.team_id, b.organisation_id from patient_block b join asked using (patient_id)"
        " where b.lifted_at is null)"
        " select o.organisation_id, o.name as organisation, t.team_id, t.name as team,"
        " exists (select from real f join taking using (team_id) where f.organisation_id = o.organisation_id"
        " and (t.team_id is null or f.team_id = t.team_id)) as answers,"
        " exists (select from blocked b where b.team_id = t.team_id"
        " or b.organisation_id = o.organisation_id) as blocked"
        " from organisation o cross join asked a"
        " cross join lateral (select team_id, name from real f where f.organisation_id = o.organisation_id"
        " union all select null, null where o.organisation_id <> a.organisation_id) t"
        " where o.organisation_id in (select organisation_id from real)"
        " order by o.organisation_id <> a.organisation_id, o.name, t.name nulls first, t.team_id",
        {"stay": stay_id, "now": now},
    )
    return await cursor.fetchall()


async def known(conn: Connection, patient_id: PatientId, against: Against) -> bool:
    """Tell whether there is such a team, or such an organisation beside the patient's own."""
    row = await (
        await conn.execute(
            "select exists (select from team where team_id = %(team)s) or exists (select from organisation o"
            " join patient p on p.patient_id = %(patient)s and p.organisation_id <> o.organisation_id"
            " where o.organisation_id = %(organisation)s)",
            {"patient": patient_id, "team": against.team_id, "organisation": against.organisation_id},
        )
    ).fetchone()
    return row is not None and bool(row[0])


async def answers(conn: Connection, stay_id: StayId, against: Against, now: datetime) -> bool:
    """Tell whether they answer for a stay now or ahead, or may be about to. Who asks holds the stay's lock."""
    row = await (
        await conn.execute(
            "select exists (select from responsibility r join team t using (team_id) where r.stay_id = %(stay)s"
            " and (upper_inf(r.period) or upper(r.period) > %(now)s)"
            " and (t.team_id = %(team)s or t.organisation_id = %(organisation)s))"
            " or exists (select from baton b join team t on t.team_id = b.to_team where b.stay_id = %(stay)s"
            " and b.answer is null and b.expires_at > %(now)s"
            " and (t.team_id = %(team)s or t.organisation_id = %(organisation)s))"
            " or exists (select from stay_transfer w join team t on t.team_id = w.to_team where w.stay_id = %(stay)s"
            " and w.closed is null and (t.team_id = %(team)s or t.organisation_id = %(organisation)s))",
            {"stay": stay_id, "team": against.team_id, "organisation": against.organisation_id, "now": now},
        )
    ).fetchone()
    return row is not None and bool(row[0])


async def block(conn: Connection, patient_id: PatientId, against: Against, by: AccountId, now: datetime) -> int | None:
    """Set a block; None where it is set already."""
    cursor = await conn.execute(
        "insert into patient_block (patient_id, team_id, organisation_id, set_at, set_by) values (%s, %s, %s, %s, %s)"
        " on conflict (patient_id, team_id, organisation_id) where lifted_at is null do nothing returning block_id",
        (patient_id, against.team_id, against.organisation_id, now, by),
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def lift(conn: Connection, patient_id: PatientId, block_id: int, by: AccountId, now: datetime) -> bool:
    """Lift a block; whether there was one in force."""
    done = await conn.execute(
        "update patient_block set lifted_at = %s, lifted_by = %s"
        " where patient_id = %s and block_id = %s and lifted_at is null",
        (now, by, patient_id, block_id),
    )
    return done.rowcount == 1


async def blocks_team(conn: Connection, patient_id: PatientId, team_id: TeamId) -> bool:
    """Tell whether a patient has a block against a team or its organisation."""
    row = await (
        await conn.execute(
            "select exists (select from patient_block b join team o on o.team_id = %s where b.patient_id = %s"
            " and b.lifted_at is null and (b.team_id = o.team_id or b.organisation_id = o.organisation_id))",
            (team_id, patient_id),
        )
    ).fetchone()
    return row is not None and bool(row[0])


async def protect(conn: Connection, patient_id: PatientId, since: datetime | None) -> None:
    """Say that a patient's identity is protected, since when; None: it is not. An earlier beginning is kept."""
    await conn.execute(
        "update patient set protected_since = case when %(since)s::timestamptz is null then null"
        " else coalesce(protected_since, %(since)s) end where patient_id = %(patient)s",
        {"since": since, "patient": patient_id},
    )
