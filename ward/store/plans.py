"""Which overlays of a team and a patient are in force of a stay at an instant, now or in the past. Reads only.

What they give together is `ward.overlays.effective`; their versions are `ward.store.plan_versions`. The invariant: a
stay without any overlay is returned as well, and is watched by its programme's template.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import AsyncCursor
from psycopg.rows import class_row

from ward.access.principals import Scope
from ward.people import PatientId, StayId, TeamId
from ward.store import access
from ward.store.pool import Connection


def _in_force(of: str) -> str:
    """Return what is true of a version that is in force at `now`."""
    return (
        f"({of}.state = 'in_force' or {of}.ended_at > %(now)s) and greatest({of}.valid_from, {of}.approved_at)"
        f" <= %(now)s and ({of}.valid_until is null or {of}.valid_until > %(now)s)"
    )


# The team whose overlay lies under that of a stay `s`: the one that is named, else the one that answered first.
TEAM_OF_PLAN = """coalesce(
    (select n.team_id from plan_team n where n.stay_id = s.stay_id),
    (select r.team_id from responsibility r where r.stay_id = s.stay_id
     order by lower(r.period) nulls first, r.team_id limit 1))"""

# Joined to a stay `s`, with `now`: `plan_layers`, the JSON that `overlays.effective` reads, and `plan_change_at`, when
# by time alone it will be another. Of the standing versions of a layer the newest counts, of the temporary ones all.
LAYERS_OF_STAY = f"""
    cross join lateral (select {TEAM_OF_PLAN} as team_id) plan_home
    cross join lateral (
        select '[' || coalesce(string_agg(
                '{{"origin":"' || l.origin || '","version":' || l.version || ',"rules":' || l.rules
                    || coalesce(',"until":' || to_json(l.valid_until)::text, '') || '}}',
                ',' order by l.origin desc, l.valid_until is not null, l.version
            ) filter (where l.valid_until is not null or l.version = l.newest), '') || ']' as plan_layers,
            min(l.valid_until) as plan_change_at
        from (
            select 'team' as origin, v.version, v.rules, v.valid_until,
                max(v.version) filter (where v.valid_until is null) over () as newest
            from team_plan v
            where v.team_id = plan_home.team_id and v.programme = s.programme and {_in_force("v")}
            union all
            select 'patient', v.version, v.rules, v.valid_until,
                max(v.version) filter (where v.valid_until is null) over ()
            from plan v where v.stay_id = s.stay_id and {_in_force("v")}
        ) l
    ) plan
"""  # nosec B608  # noqa: S608 - put together from constants


@dataclass(frozen=True, slots=True, kw_only=True)
class StayLayers:
    """What is in force of a stay; `plan_layers` is for `overlays.effective`, `plan_change_at` when time changes it."""

    stay_id: StayId
    programme: str
    plan_layers: str
    plan_change_at: datetime | None


_EFFECTIVE = (
    f"select s.stay_id, s.programme, plan.plan_layers, plan.plan_change_at from stay s {LAYERS_OF_STAY}"  # nosec B608  # noqa: S608
    " where s.stay_id = any(%(stays)s) order by s.stay_id"
).encode()


async def ask(conn: Connection, stay_ids: Sequence[StayId], now: datetime) -> AsyncCursor[StayLayers]:
    """Ask for the layers of these stays that are in force at an instant, so that other questions can go with it."""
    cursor = conn.cursor(row_factory=class_row(StayLayers))
    return await cursor.execute(_EFFECTIVE, {"stays": list(stay_ids), "now": now})


async def effective(conn: Connection, stay_ids: Sequence[StayId], now: datetime) -> list[StayLayers]:
    """Return the layers of these stays that are in force at an instant, now or in the past."""
    return await (await ask(conn, stay_ids, now)).fetchall()


_CHANGES = f"""
    with s as (select stay_id, programme from stay where stay_id = %(stay)s),
    v as (
        select valid_from, approved_at, valid_until, ended_at from plan where stay_id = %(stay)s
        union all
        select t.valid_from, t.approved_at, t.valid_until, t.ended_at from s
        join team_plan t on t.programme = s.programme and t.team_id = {TEAM_OF_PLAN}
    )
    select distinct at from v cross join lateral (values (valid_from), (approved_at), (valid_until), (ended_at)) c(at)
    where at > %(start)s and at < %(end)s order by at
""".encode()  # nosec B608  # noqa: S608 - put together from constants


async def changes(conn: Connection, stay_id: StayId, start: datetime, end: datetime) -> list[datetime]:
    """Return the instants between two at which the layers of a stay may have become others, in order."""
    cursor = await conn.execute(_CHANGES, {"stay": stay_id, "start": start, "end": end})
    return [at for (at,) in await cursor.fetchall()]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOfTeam:
    """A team's plan for a programme, and under whose it lies now."""

    team_id: TeamId
    programme: str
    patients: list[PatientId]


_OF_TEAMS = (
    b"select team_id, programme, array_agg(patient_id order by patient_id) as patients from (select "
    + TEAM_OF_PLAN.encode()
    + b" as team_id, s.programme, s.patient_id"
    + access.VISIBLE_STAYS
    + b" and s.period @> %(now)s) u where team_id is not null group by 1, 2 order by 1, 2"
)


async def of_teams(conn: Connection, scope: Scope, now: datetime) -> list[PlanOfTeam]:
    """Return the teams' plans that lie under those of anybody whom somebody may see, with who they are."""
    cursor = conn.cursor(row_factory=class_row(PlanOfTeam))
    await cursor.execute(_OF_TEAMS, {**access.asked(scope), "now": now})
    return await cursor.fetchall()


async def team_of(conn: Connection, stay_id: StayId) -> TeamId | None:
    """Return the team whose overlay lies under a stay's; None when none has ever answered for it."""
    query = f"select {TEAM_OF_PLAN} from stay s where s.stay_id = %s"  # nosec B608  # noqa: S608
    row = await (await conn.execute(query.encode(), (stay_id,))).fetchone()
    return None if row is None or row[0] is None else TeamId(row[0])
