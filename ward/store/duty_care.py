"""What routes a patient: the unit's routes, the patient's needs, the named nurse and doctor. Read and saved.

The caller owns the transaction. The invariant: a unit always has a team that answers round the clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import msgspec
from psycopg.rows import class_row

from ward import log
from ward.duty.chain import Named
from ward.duty.routing import Policy, Route
from ward.people import OrganisationId, StaffId, StayId, TeamId
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow:
    """A unit and its routes as they are kept.

    `waiting` are the teams of other organisations that routes name and whose organisation has not consented.
    """

    policy_id: int
    organisation_id: OrganisationId
    name: str
    base_team_id: TeamId
    routes: str
    rev: int
    waiting: list[int]

    def policy(self) -> Policy:
        """Return what counts of it: a route to another organisation's team does once that one has consented."""
        counting = tuple(each for each in _routes(self.routes) if each.team_id not in self.waiting)
        return Policy(base_team_id=self.base_team_id, routes=counting)

    def written(self) -> Policy:
        """Return all that it says, also what waits for a consent."""
        return Policy(base_team_id=self.base_team_id, routes=_routes(self.routes))


@dataclass(frozen=True, slots=True, kw_only=True)
class CareRow:
    """What routes one stay; `rev` 0 is one of which nobody has said anything yet."""

    stay_id: StayId
    policy_id: int | None
    nurse_id: StaffId | None
    doctor_id: StaffId | None
    needs: list[str]
    rev: int

    def named(self) -> Named:
        """Return who is named for the patient."""
        return Named(nurse_id=self.nurse_id, doctor_id=self.doctor_id)


@lru_cache(maxsize=256)
def _routes(kept: str) -> tuple[Route, ...]:
    """Return routes as they are kept, none where they cannot be read: then the base answers."""
    try:
        return msgspec.json.decode(kept, type=tuple[Route, ...])
    except msgspec.DecodeError as error:
        log.get().error("routes_unreadable", error=str(error)[:200])
        return ()


# What is kept of units, and of what routes a stay.
POLICIES = """
    select policy_id, organisation_id, name, base_team_id, routes::text as routes, rev, array(
        select distinct t.team_id from jsonb_array_elements(p.routes) r
        join team t on to_jsonb(t.team_id) = r -> 'team_id' and t.organisation_id <> p.organisation_id
        where not exists (select from route_consent c where c.policy_id = p.policy_id and c.team_id = t.team_id)
        order by t.team_id
    ) as waiting
    from duty_policy p
"""
CARE = "select stay_id, policy_id, nurse_id, doctor_id, needs, rev from duty_care"


async def policies(conn: Connection) -> list[PolicyRow]:
    """Return every unit, by name."""
    cursor = conn.cursor(row_factory=class_row(PolicyRow))
    await cursor.execute(f"{POLICIES} order by name, policy_id".encode())
    return await cursor.fetchall()


async def policy(conn: Connection, policy_id: int) -> PolicyRow | None:
    """Return one unit, None where there is none."""
    cursor = conn.cursor(row_factory=class_row(PolicyRow))
    await cursor.execute(f"{POLICIES} where policy_id = %s".encode(), (policy_id,))
    return await cursor.fetchone()


async def add_policy(
    conn: Connection, *, organisation_id: OrganisationId, name: str, base_team_id: TeamId, routes: Sequence[Route] = ()
) -> int | None:
    """Keep a new unit; None where the organisation has one of that name."""
    cursor = await conn.execute(
        "insert into duty_policy (organisation_id, name, base_team_id, routes) values (%s, %s, %s, %s)"
        " on conflict do nothing returning policy_id",
        (organisation_id, name, base_team_id, _kept(routes)),
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def save_policy(conn: Connection, policy_id: int, rev: int, said: Policy) -> bool:
    """Save a unit's routes over revision `rev`; False where that is not the newest."""
    done = await conn.execute(
        "update duty_policy set base_team_id = %s, routes = %s, rev = rev + 1 where policy_id = %s and rev = %s",
        (said.base_team_id, _kept(said.routes), policy_id, rev),
    )
    return done.rowcount == 1


def _kept(routes: Sequence[Route]) -> str:
    return msgspec.json.encode(tuple(routes), order="sorted").decode()


async def has_consented(conn: Connection, policy_id: int, team_id: TeamId) -> bool:
    """Tell whether the organisation of a team has consented that a unit routes its patients there."""
    row = await (
        await conn.execute("select from route_consent where policy_id = %s and team_id = %s", (policy_id, team_id))
    ).fetchone()
    return row is not None


async def consent(conn: Connection, policy_id: int, team_id: TeamId, by: StaffId | None, now: datetime) -> bool:
    """Record that a team's organisation lets a unit of another one route patients to it; False where it did before."""
    done = await conn.execute(
        "insert into route_consent (policy_id, team_id, given_by, given_at) values (%s, %s, %s, %s)"
        " on conflict do nothing",
        (policy_id, team_id, by, now),
    )
    return done.rowcount == 1


async def withdraw_consent(conn: Connection, policy_id: int, team_id: TeamId) -> bool:
    """Take a consent back; False where there was none."""
    done = await conn.execute("delete from route_consent where policy_id = %s and team_id = %s", (policy_id, team_id))
    return done.rowcount == 1


async def care(conn: Connection, stay_id: StayId) -> CareRow:
    """Return what routes a stay."""
    cursor = conn.cursor(row_factory=class_row(CareRow))
    await cursor.execute(f"{CARE} where stay_id = %s".encode(), (stay_id,))
    return await cursor.fetchone() or unsaid(stay_id)


def unsaid(stay_id: StayId) -> CareRow:
    """Return what routes a stay of which nobody has said anything."""
    return CareRow(stay_id=stay_id, policy_id=None, nurse_id=None, doctor_id=None, needs=[], rev=0)


async def save_care(conn: Connection, wanted: CareRow) -> bool:
    """Save what routes a stay over revision `wanted.rev` (0: there was none); False where that is not the newest."""
    done = await conn.execute(
        "insert into duty_care (stay_id, policy_id, nurse_id, doctor_id, needs)"
        " select %(stay)s, %(policy)s, %(nurse)s, %(doctor)s, %(needs)s where %(rev)s = 0"
        " or exists (select from duty_care where stay_id = %(stay)s)"
        " on conflict (stay_id) do update set policy_id = excluded.policy_id, nurse_id = excluded.nurse_id,"
        " doctor_id = excluded.doctor_id, needs = excluded.needs, rev = duty_care.rev + 1"
        " where duty_care.rev = %(rev)s",
        {
            "stay": wanted.stay_id,
            "policy": wanted.policy_id,
            "nurse": wanted.nurse_id,
            "doctor": wanted.doctor_id,
            "needs": sorted(set(wanted.needs)),
            "rev": wanted.rev,
        },
    )
    return done.rowcount == 1


_LEADS = """(p.base_team_id = %(team)s or exists (
    select from jsonb_array_elements(p.routes) r join team t on t.team_id = %(team)s
    where r -> 'team_id' = to_jsonb(%(team)s::bigint) or r ->> 'competence' = any(t.competences)))"""


async def share_routes(conn: Connection, policy_id: int) -> None:
    """Wait for who changes what a unit leads to, and have them wait: who comes into it goes by what they have saved.

    Before the stay is held, as everybody does who changes it.
    """
    await conn.execute("select from duty_policy where policy_id = %s for share", (policy_id,))


async def stays_routed(conn: Connection, team_id: TeamId, now: datetime) -> list[StayId]:
    """Return the stays in progress that a team's hours may concern: those of every unit that could lead to it.

    Nobody comes into these units until the transaction ends (`share_routes`).
    """
    asked = {"team": team_id, "now": now}
    held = f"select from duty_policy p where {_LEADS} order by p.policy_id for no key update"  # nosec B608
    await conn.execute(held.encode(), asked)
    cursor = await conn.execute(
        "select c.stay_id from duty_care c join stay s using (stay_id) join duty_policy p using (policy_id)"  # nosec B608  # noqa: S608
        f" where s.period @> %(now)s and {_LEADS} order by 1".encode(),
        asked,
    )
    return [StayId(row[0]) for row in await cursor.fetchall()]


async def stays_of(conn: Connection, policy_id: int, now: datetime) -> list[StayId]:
    """Return the stays in progress of a unit; nobody comes into it until the transaction ends (`share_routes`)."""
    await conn.execute("select from duty_policy where policy_id = %s for no key update", (policy_id,))
    cursor = await conn.execute(
        "select c.stay_id from duty_care c join stay s using (stay_id)"
        " where c.policy_id = %s and s.period @> %s order by 1",
        (policy_id, now),
    )
    return [StayId(row[0]) for row in await cursor.fetchall()]
