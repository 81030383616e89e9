"""Teams with their weeks and exceptions: read for a span of time, and saved as revisions that are kept.

The caller owns the transaction. Nothing is checked here: `ward.duty.coverage` says what a week leaves open. The
invariant: the newest revision of a team's week is the one in force; overlapping exceptions are refused by the schema.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import msgspec
from psycopg.rows import class_row

from ward import log
from ward.duty.routing import OnDuty
from ward.duty.schedule import Override, Schedule, turns
from ward.people import OrganisationId, Role, StaffId, TeamId
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRow:
    """A team and its week; `rev` 0 is a team whose week nobody has entered yet."""

    team_id: TeamId
    organisation_id: OrganisationId
    organisation: str
    name: str
    phone: str
    competences: list[str]
    rev: int
    week: str | None

    def schedule(self) -> Schedule:
        """Return the week; without one, or where another program wrote what we cannot read, nobody is on duty by it."""
        return Schedule() if self.week is None else decode(self.week)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRow:
    """An exception as it is kept."""

    override_id: int
    team_id: TeamId
    from_at: datetime
    until: datetime
    crew: list[int] | None
    reason: str
    made_by: StaffId | None
    made_at: datetime

    def override(self) -> Override:
        """Return what it says."""
        crew = None if self.crew is None else tuple(StaffId(each) for each in self.crew)
        return Override(from_at=self.from_at, until=self.until, crew=crew)


@lru_cache(maxsize=1024)
def decode(week: str) -> Schedule:
    """Return a week as it is kept, an empty one where it cannot be read: somebody must be told all the same."""
    try:
        return msgspec.json.decode(week, type=Schedule)
    except msgspec.DecodeError as error:
        log.get().error("week_unreadable", error=str(error)[:200])
        return Schedule()


def encode(schedule: Schedule) -> str:
    """Return what is kept of a week."""
    return msgspec.json.encode(schedule, order="sorted").decode()


# What is kept of teams and their weeks, of exceptions in force, and of who is in a team and can log in.
TEAMS = """
    select t.team_id, t.organisation_id, o.name as organisation, t.name, t.phone, t.competences,
           coalesce(d.rev, 0) as rev, d.week::text as week
    from team t join organisation o using (organisation_id) left join lateral (
        select rev, week from duty_schedule s where s.team_id = t.team_id order by rev desc limit 1
    ) d on true
"""
OVERRIDES = """
    select override_id, team_id, lower(period) as from_at, upper(period) as until, crew, reason, made_by, made_at
    from duty_override where withdrawn_at is null
"""
MEMBERS = """
    select m.team_id, f.staff_id, f.name, f.title, f.role, f.phone
    from team_member m join staff f using (staff_id) where f.disabled_at is null
"""


async def teams(conn: Connection) -> list[TeamRow]:
    """Return every team, by organisation and name."""
    cursor = conn.cursor(row_factory=class_row(TeamRow))
    await cursor.execute(f"{TEAMS} order by o.name, t.name, t.team_id".encode())
    return await cursor.fetchall()


async def team(conn: Connection, team_id: TeamId) -> TeamRow | None:
    """Return one team, None where there is none."""
    cursor = conn.cursor(row_factory=class_row(TeamRow))
    await cursor.execute(f"{TEAMS} where t.team_id = %s".encode(), (team_id,))
    return await cursor.fetchone()


async def lock(conn: Connection, team_id: TeamId) -> TeamRow | None:
    """Return one team and keep others from changing its week or exceptions until the transaction ends."""
    await conn.execute("select from team where team_id = %s for no key update", (team_id,))
    return await team(conn, team_id)


async def save_week(
    conn: Connection, team_id: TeamId, rev: int, schedule: Schedule, by: StaffId | None, now: datetime
) -> None:
    """Keep a week as revision `rev` of a team that the caller has locked."""
    await conn.execute(
        "insert into duty_schedule (team_id, rev, week, saved_by, saved_at) values (%s, %s, %s, %s, %s)",
        (team_id, rev, encode(schedule), by, now),
    )


async def overrides(
    conn: Connection, team_ids: Iterable[TeamId], start: datetime, end: datetime
) -> dict[TeamId, list[OverrideRow]]:
    """Return the exceptions of these teams that touch [start, end)."""
    wanted = list(team_ids)
    cursor = conn.cursor(row_factory=class_row(OverrideRow))
    await cursor.execute(
        f"{OVERRIDES} and team_id = any(%s) and period && tstzrange(%s, %s) order by lower(period)".encode(),
        (wanted, start, end),
    )
    found: dict[TeamId, list[OverrideRow]] = {team_id: [] for team_id in wanted}
    for row in await cursor.fetchall():
        found[row.team_id].append(row)
    return found


async def add_override(
    conn: Connection, team_id: TeamId, override: Override, reason: str, by: StaffId, now: datetime
) -> int | None:
    """Keep an exception; None where the team has one at that time already."""
    cursor = await conn.execute(
        "insert into duty_override (team_id, period, crew, reason, made_by, made_at)"
        " select %(team)s, tstzrange(%(from)s, %(until)s), %(crew)s::bigint[], %(reason)s, %(by)s, %(now)s"
        " where not exists (select from duty_override o where o.team_id = %(team)s and o.withdrawn_at is null"
        " and o.period && tstzrange(%(from)s, %(until)s)) returning override_id",
        {
            "team": team_id,
            "from": override.from_at,
            "until": override.until,
            "crew": None if override.crew is None else list(override.crew),
            "reason": reason,
            "by": by,
            "now": now,
        },
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def withdraw_override(conn: Connection, team_id: TeamId, override_id: int, by: StaffId, now: datetime) -> bool:
    """Take an exception back; False where there is none in force."""
    done = await conn.execute(
        "update duty_override set withdrawn_by = %s, withdrawn_at = %s"
        " where team_id = %s and override_id = %s and withdrawn_at is null",
        (by, now, team_id, override_id),
    )
    return done.rowcount == 1


async def on_duty(
    conn: Connection, start: datetime, end: datetime, only: Sequence[TeamRow] | None = None
) -> dict[TeamId, OnDuty]:
    """Return who of every team (or of `only` these) keeps watch within [start, end)."""
    rows = await teams(conn) if only is None else only
    exceptions = await overrides(conn, [row.team_id for row in rows], start, end)
    return {row.team_id: watch(row, exceptions[row.team_id], start, end) for row in rows}


def watch(row: TeamRow, exceptions: Iterable[OverrideRow], start: datetime, end: datetime) -> OnDuty:
    """Return who of a team keeps watch within [start, end)."""
    said = [each.override() for each in exceptions]
    return OnDuty(
        team_id=row.team_id,
        organisation_id=row.organisation_id,
        competences=frozenset(row.competences),
        week=row.schedule(),
        turns=tuple(turns(row.team_id, row.schedule(), said, start, end)),
    )


async def bases(conn: Connection) -> dict[TeamId, list[str]]:
    """Return the round-the-clock teams, each with the names of its units."""
    cursor = await conn.execute(
        "select base_team_id, array_agg(name order by name) from duty_policy group by base_team_id"
    )
    return {TeamId(team_id): list(units) for team_id, units in await cursor.fetchall()}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """Somebody of a team who can log in."""

    team_id: TeamId
    staff_id: StaffId
    name: str
    title: str
    role: str
    phone: str | None


async def names(conn: Connection, staff_ids: Iterable[int | None]) -> dict[int, str]:
    """Return the names of these people."""
    cursor = await conn.execute(
        "select staff_id, name from staff where staff_id = any(%s)",
        ([each for each in set(staff_ids) if each is not None],),
    )
    return {int(staff_id): str(name) for staff_id, name in await cursor.fetchall()}


async def roles(conn: Connection, staff_ids: Iterable[int | None]) -> dict[int, Role]:
    """Return the roles of those of these people who can log in."""
    cursor = await conn.execute(
        "select staff_id, role from staff where staff_id = any(%s) and disabled_at is null",
        ([each for each in set(staff_ids) if each is not None],),
    )
    return {int(staff_id): Role(role) for staff_id, role in await cursor.fetchall()}


async def members(conn: Connection, team_ids: Iterable[TeamId]) -> Mapping[TeamId, list[MemberRow]]:
    """Return who is in these teams and can log in, nurses before doctors."""
    wanted = list(team_ids)
    cursor = conn.cursor(row_factory=class_row(MemberRow))
    await cursor.execute(
        f"{MEMBERS} and m.team_id = any(%s) order by f.role <> 'nurse', f.name, f.staff_id".encode(),
        (wanted,),
    )
    found: dict[TeamId, list[MemberRow]] = {team_id: [] for team_id in wanted}
    for row in await cursor.fetchall():
        found[row.team_id].append(row)
    return found
