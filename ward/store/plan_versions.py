"""The overlays of teams and patients, version by version. Which of them are in force: `ward.store.plans`.

The caller owns the transaction. The invariant: a version is added and takes its steps, and is never rewritten, so that
what was in force at any instant of the past can be told.
"""

from dataclasses import dataclass
from datetime import datetime

from ward import overlays
from ward.overlays import Overlay
from ward.people import StaffId, StayId, TeamId
from ward.plan_versions import State
from ward.store import bus
from ward.store.plans import TEAM_OF_PLAN, team_of
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose versions: a stay's, or a team's for one programme."""

    stay_id: StayId | None = None
    team_id: TeamId | None = None
    programme: str | None = None

    @property
    def table(self) -> str:
        """The table that holds them."""
        return "team_plan" if self.stay_id is None else "plan"

    @property
    def where(self) -> str:
        """What is true of them."""
        if self.stay_id is None:
            return "v.team_id = %(team)s and v.programme = %(programme)s"
        return "v.stay_id = %(stay)s"

    @property
    def key(self) -> dict[str, object]:
        """The parameters of `where`."""
        return {"stay": self.stay_id, "team": self.team_id, "programme": self.programme}


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version as it is kept; `rules` is its overlay as JSON, `asks` what needs the second signature."""

    version: int
    state: State
    rules: str
    author_id: StaffId | None
    author: str | None
    reason: str
    valid_from: datetime
    valid_until: datetime | None
    asks: tuple[str, ...]
    approved_by: StaffId | None
    approver: str | None
    approved_at: datetime | None
    ended_by: StaffId | None
    ended_at: datetime | None

    @property
    def begins_at(self) -> datetime:
        """Since when it may be in force: what needs a second signature begins with that."""
        return max(self.valid_from, self.approved_at or self.valid_from)

    @property
    def was_in_force(self) -> bool:
        """Tell whether it ever came in force; a withdrawn one says so by when it ceased."""
        return self.state in {State.IN_FORCE, State.SUPERSEDED} or self.ended_at is not None

    def in_force(self, now: datetime) -> bool:
        """Tell whether time lets it be in force; of several standing ones the newest is."""
        kept = self.state is State.IN_FORCE or (self.ended_at is not None and self.ended_at > now)
        return kept and self.begins_at <= now and (self.valid_until is None or self.valid_until > now)


_COLUMNS = (
    "v.version, v.state, v.rules::text as rules, v.author_id, a.name as author, v.reason, v.valid_from, v.valid_until,"
    " v.asks, v.approved_by, b.name as approver, v.approved_at, v.ended_by, v.ended_at"
)
_PEOPLE = "left join staff a on a.staff_id = v.author_id left join staff b on b.staff_id = v.approved_by"


def _version(**row: object) -> Version:
    return Version(**{**row, "state": State(str(row["state"])), "asks": tuple(row["asks"])})  # type: ignore[arg-type]


async def versions(conn: Connection, owner: Owner) -> list[Version]:
    """Return every version, the newest first."""
    query = f"select {_COLUMNS} from {owner.table} v {_PEOPLE} where {owner.where} order by v.version desc"  # nosec B608  # noqa: S608
    cursor = await conn.execute(query.encode(), owner.key)
    names = [each.name for each in cursor.description or ()]
    return [_version(**dict(zip(names, row, strict=True))) for row in await cursor.fetchall()]


# What who changes a team's plans holds alone, and who changes a patient's over one of them with others.
_TEAM_S = b"hashtextextended('plans of team ' || %(team)s::bigint, 0)"


async def lock(conn: Connection, owner: Owner) -> int:
    """Let nobody else change these versions, or those that they lie over or under, until the transaction ends.

    Return their revision.
    """
    held = (
        "select from team where team_id = %(team)s for no key update"
        if owner.stay_id is None
        else "select from stay where stay_id = %(stay)s for no key update"
    )
    await conn.execute(held, owner.key)
    if owner.team_id is not None:
        await conn.execute(b"select pg_advisory_xact_lock(" + _TEAM_S + b")", owner.key)
    elif owner.stay_id is not None and (below := await team_of(conn, owner.stay_id)) is not None:
        await share_team(conn, below)
    return await revision(conn, owner)


async def share_team(conn: Connection, team_id: TeamId) -> None:
    """Have who changes a team's plans wait: a patient's is looked at over one of them."""
    await conn.execute(b"select pg_advisory_xact_lock_shared(" + _TEAM_S + b")", {"team": team_id})


async def revision(conn: Connection, owner: Owner) -> int:
    """Return how often these versions have changed, and, of a stay, the team below."""
    query = (
        f"select coalesce(sum(v.rev), 0)::int + coalesce((select rev from plan_team where stay_id = %(stay)s), 0)"  # nosec B608  # noqa: S608
        f" from {owner.table} v where {owner.where}"
    )
    row = await (await conn.execute(query.encode(), owner.key)).fetchone()
    return 0 if row is None else int(row[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A version to be added."""

    overlay: Overlay
    state: State
    author_id: StaffId | None
    reason: str
    at: datetime
    until: datetime | None = None
    asks: tuple[str, ...] = ()


async def begin(conn: Connection, stay_id: StayId, overlay: Overlay, at: datetime) -> None:
    """Add the first version of a stay when it begins: nobody has to be told, it is looked at soon anyway."""
    change = Change(overlay=overlay, state=State.IN_FORCE, author_id=None, reason="", at=at)
    await _insert(conn, Owner(stay_id=stay_id), change)


async def add(conn: Connection, owner: Owner, change: Change) -> int:
    """Add a version and return its number; a standing one that is in force ends the one before it."""
    number = await _insert(conn, owner, change)
    if change.state is State.IN_FORCE:
        await _took_force(conn, owner, number, change.until, change.author_id, change.at)
    return number


async def _insert(conn: Connection, owner: Owner, change: Change) -> int:
    columns = "team_id, programme" if owner.stay_id is None else "stay_id"
    values = "%(team)s, %(programme)s" if owner.stay_id is None else "%(stay)s"
    query = (
        f"insert into {owner.table} ({columns}, version, rules, state, author_id, reason, valid_from,"  # nosec B608  # noqa: S608
        f" valid_until, asks) select {values}, coalesce(max(v.version), 0) + 1, %(rules)s::jsonb, %(state)s,"
        f" %(author)s, %(reason)s, %(at)s, %(until)s, %(asks)s from {owner.table} v where {owner.where}"
        " returning version"
    )
    parameters = {
        "rules": overlays.encode(change.overlay),
        "state": change.state.value,
        "author": change.author_id,
        "reason": change.reason,
        "at": change.at,
        "until": change.until,
        "asks": list(change.asks),
    }
    row = await (await conn.execute(query.encode(), {**owner.key, **parameters})).fetchone()
    if row is None:
        raise AssertionError("an insert with returning gives a row")
    return int(row[0])


async def approve(conn: Connection, owner: Owner, version: Version, by: StaffId, now: datetime) -> None:
    """Put an awaiting version in force with a second signature."""
    query = (
        f"update {owner.table} v set state = 'in_force', approved_by = %(by)s, approved_at = %(now)s, rev = rev + 1"  # nosec B608  # noqa: S608
        f" where {owner.where} and v.version = %(version)s and v.state = 'awaiting'"
    )
    await conn.execute(query.encode(), {**owner.key, "by": by, "now": now, "version": version.version})
    await _took_force(conn, owner, version.version, version.valid_until, by, now)


async def withdraw(conn: Connection, owner: Owner, version: Version, by: StaffId, now: datetime) -> None:
    """Take a version back; what was in force says when it ceased to be."""
    query = (
        f"update {owner.table} v set state = 'withdrawn', ended_by = %(by)s, rev = rev + 1,"  # nosec B608  # noqa: S608
        f" ended_at = case v.state when 'in_force' then %(now)s::timestamptz end"
        f" where {owner.where} and v.version = %(version)s"
    )
    await conn.execute(query.encode(), {**owner.key, "by": by, "now": now, "version": version.version})
    await changed(conn, owner, now)


async def _took_force(
    conn: Connection, owner: Owner, number: int, until: datetime | None, by: StaffId | None, now: datetime
) -> None:
    """End the standing versions before a standing one, and have its stays looked at."""
    if until is None:
        query = (
            f"update {owner.table} v set state = 'superseded', ended_by = %(by)s, ended_at = %(now)s, rev = rev + 1"  # nosec B608  # noqa: S608
            f" where {owner.where} and v.version < %(version)s and v.state = 'in_force' and v.valid_until is null"
        )
        await conn.execute(query.encode(), {**owner.key, "by": by, "now": now, "version": number})
    await changed(conn, owner, now)


async def changed(conn: Connection, owner: Owner, now: datetime) -> None:
    """Ask for the stays that a plan is about to be evaluated at once, and tell boards to read it anew."""
    stays = [owner.stay_id] if owner.stay_id is not None else await stays_of(conn, owner, now)
    await conn.execute(
        "insert into evaluation_request (stay_id, since) select stay_id, %s from unnest(%s::bigint[]) w (stay_id)",
        (now, stays),
    )
    await bus.announce(conn, bus.Channel.REGISTRY, stays)


async def stays_of(conn: Connection, owner: Owner, now: datetime) -> list[StayId]:
    """Return the stays in progress that a team's plan for a programme lies under."""
    query = (
        f"select s.stay_id from stay s where s.period @> %(now)s and s.programme = %(programme)s"  # nosec B608  # noqa: S608
        f" and {TEAM_OF_PLAN} = %(team)s order by s.stay_id"
    )
    cursor = await conn.execute(query.encode(), {**owner.key, "now": now})
    return [StayId(row[0]) for row in await cursor.fetchall()]


async def name_team(conn: Connection, stay_id: StayId, team_id: TeamId, now: datetime) -> None:
    """Name the team whose overlay lies under a stay's from now on."""
    await conn.execute(
        "insert into plan_team as t (stay_id, team_id) values (%(stay)s, %(team)s)"
        " on conflict (stay_id) do update set team_id = %(team)s, rev = t.rev + 1",
        {"stay": stay_id, "team": team_id},
    )
    await changed(conn, Owner(stay_id=stay_id), now)
