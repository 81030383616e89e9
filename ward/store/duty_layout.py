"""Lays out ahead who answers for stays, from routes, weeks and batons, into the periods of `responsibility`.

The caller owns the transaction. The invariant: what is past stays as it was, and the periods of a stay join without
gap or overlap up to an open end; the schema proves it at the commit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from ward.clock import Clock
from ward.duty.durations import AHEAD
from ward.duty.routing import Ground, Hold, OnDuty, Period, Policy, laid, routed, unheld
from ward.people import StaffId, StayId, TeamId
from ward.store import alerts, bus, duty_care, duty_schedules
from ward.store.pool import Connection

# Laid out a day further than is shown, so that it is looked at once a day.
REACH = AHEAD + timedelta(days=1)
# As many as are laid out in the transaction that changes what routes them; the others within seconds, by `sweep`.
AT_ONCE = 200
# So many of them may have alerts or offers that go over with them, each of which is told.
AT_ONCE_OPEN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """What a layout did: how many stays go on; who answered before, of those for whom others do from `at` on."""

    at: datetime
    count: int
    moved: Mapping[StayId, TeamId]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stay:
    stay_id: StayId
    started_at: datetime
    policy_id: int | None
    needs: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    stay_id: StayId
    team_id: TeamId
    staff_id: StaffId | None
    ground: str
    from_at: datetime
    until: datetime | None

    def period(self) -> Period:
        return Period(
            team_id=self.team_id,
            staff_id=self.staff_id,
            from_at=self.from_at,
            until=self.until,
            ground=Ground(self.ground),
        )


_STAYS = b"""
    select s.stay_id, greatest(lower(s.period), %(now)s) as started_at, c.policy_id, coalesce(c.needs, '{}') as needs
    from stay s left join duty_care c using (stay_id)
    where s.stay_id = any(%(stays)s) and (upper_inf(s.period) or upper(s.period) > %(now)s)
    order by s.stay_id
"""
_PERIODS = b"""
    select stay_id, team_id, staff_id, ground, greatest(coalesce(lower(period), '-infinity'), '0001-01-02Z') as from_at,
           case when upper(period) < '9999-01-01Z' then upper(period) end as until
    from responsibility where stay_id = any(%(stays)s) and (upper_inf(period) or upper(period) > %(now)s)
    order by stay_id, lower(period) nulls first
"""
_HOLDS = b"""
    select stay_id, to_team as team_id, answered_by as staff_id, answered_at as from_at,
           least(held_until, coalesce(returned_at, held_until)) as until
    from baton where stay_id = any(%(stays)s) and answer = 'accepted' and held_until > %(now)s
      and (returned_at is null or returned_at > %(now)s)
    union all
    select stay_id, from_team, null, arranged_at, timestamptz '9998-01-01Z' from stay_transfer
    where stay_id = any(%(stays)s) and closed is null
    order by from_at
"""


async def lay(conn: Connection, stays: Iterable[StayId], now: datetime) -> Laid:
    """Lay out these stays anew from `now` on.

    Whoever calls it has the alerts go over of those that it moves, in the same transaction (`alerting.going_over`).
    """
    laid_out = sorted(set(stays))
    wanted = {"stays": laid_out, "now": now}
    # By itself: a question that waits for its lock would answer with what routed the stay before it waited.
    await hold(conn, laid_out)
    cursor = conn.cursor(row_factory=class_row(_Stay))
    await cursor.execute(_STAYS, wanted)
    found = await cursor.fetchall()
    before = await _periods(conn, wanted)
    holds = await _holds(conn, wanted)
    plain = await _plain(conn, found, before, now)
    gone, come, moved = [], [], {}
    for stay in found:
        start = stay.started_at
        old = before.get(stay.stay_id, [])
        current = next((each for each in old if each.from_at < start), None)
        new = laid(plain[stay.stay_id], holds.get(stay.stay_id, ()), start, current)
        gone += [(stay.stay_id, each) for each in old if each not in new]
        come += [(stay.stay_id, each) for each in new if each not in old]
        answered, answers = _team(old, now), _team(new, now)
        if answered is not None and answered != answers:
            moved[stay.stay_id] = answered
    await _replace(conn, gone, come)
    # Looked at now and not only at the commit, so that what is wrong with one stay is found where it can be set aside.
    await conn.execute("set constraints responsibility_is_whole immediate")
    await conn.execute("set constraints responsibility_is_whole deferred")
    if any(each.from_at <= now and (each.until is None or each.until > now) for _, each in come):
        await bus.announce(conn, bus.Channel.REGISTRY, [0])
    await conn.execute(
        "update duty_care set laid_until = %s where stay_id = any(%s)", (now + REACH, [each.stay_id for each in found])
    )
    return Laid(at=now, count=len(found), moved=moved)


def _team(periods: Iterable[Period], at: datetime) -> TeamId | None:
    """Return the team that answers at an instant."""
    covering = (each.team_id for each in periods if each.from_at <= at and (each.until is None or at < each.until))
    return next(covering, None)


async def hold(conn: Connection, stays: Iterable[StayId]) -> None:
    """Keep others from laying out these stays until the transaction ends; who changes what routes one does this first.

    Everybody locks the stay before what is kept of it, so that nobody waits in a ring.
    """
    await conn.execute(
        "select from stay where stay_id = any(%s) order by stay_id for no key update", (sorted(set(stays)),)
    )


async def lay_or_leave(conn: Connection, stays: Sequence[StayId], clock: Clock) -> Laid:
    """Lay out the first of many stays at once, and leave the others to the next sweeps.

    From when they are held on: what somebody else has changed while these were waited for is past and stays.
    """
    now, later = await portion(conn, stays)
    await hold(conn, now)
    laid_out = await lay(conn, now, clock.now())
    await conn.execute("update duty_care set laid_until = null where stay_id = any(%s)", (later,))
    return laid_out


async def portion(conn: Connection, stays: Sequence[StayId]) -> tuple[list[StayId], list[StayId]]:
    """Divide stays into as many as one transaction lays out, those with open alerts or offers first, and the others."""
    unsettled = await alerts.left_open(conn, stays)
    apart = set(unsettled)
    first = [*unsettled[:AT_ONCE_OPEN], *(each for each in stays if each not in apart)][:AT_ONCE]
    taken = set(first)
    return first, [each for each in stays if each not in taken]


async def due(conn: Connection, now: datetime, most: int = AT_ONCE) -> list[StayId]:
    """Return stays in progress that are not laid out far enough, locked against other sweepers."""
    cursor = await conn.execute(
        "select c.stay_id from duty_care c join stay s using (stay_id) where c.policy_id is not null"
        " and (c.laid_until is null or c.laid_until < %(far)s) and s.period @> %(now)s"
        " order by c.laid_until nulls first limit %(most)s for no key update of s skip locked",
        {"far": now + AHEAD, "now": now, "most": most},
    )
    return [StayId(row[0]) for row in await cursor.fetchall()]


async def ahead(conn: Connection, stay_id: StayId, now: datetime) -> list[Period]:
    """Return who answers for a stay from `now` on, as it is laid out."""
    return (await _periods(conn, {"stays": [stay_id], "now": now})).get(stay_id, [])


async def all_ahead(conn: Connection, stays: Sequence[StayId], now: datetime) -> dict[StayId, list[Period]]:
    """Return who answers for each of these stays from `now` on, as it is laid out."""
    return await _periods(conn, {"stays": list(stays), "now": now})


async def _periods(conn: Connection, wanted: Mapping[str, object]) -> dict[StayId, list[Period]]:
    cursor = conn.cursor(row_factory=class_row(_Row))
    await cursor.execute(_PERIODS, wanted)
    found: dict[StayId, list[Period]] = {}
    for row in await cursor.fetchall():
        found.setdefault(row.stay_id, []).append(row.period())
    return found


async def _holds(conn: Connection, wanted: Mapping[str, object]) -> dict[StayId, list[Hold]]:
    cursor = await conn.execute(_HOLDS, wanted)
    found: dict[StayId, list[Hold]] = {}
    for stay_id, team_id, staff_id, from_at, until in await cursor.fetchall():
        hold = Hold(team_id=team_id, staff_id=staff_id, from_at=from_at, until=until)
        found.setdefault(stay_id, []).append(hold)
    return found


async def _plain(
    conn: Connection, stays: Sequence[_Stay], before: Mapping[StayId, Sequence[Period]], now: datetime
) -> dict[StayId, tuple[Period, ...]]:
    """Return what holds without batons: the routes of a stay's unit, or, where it has none, what was laid before."""
    units = {row.policy_id: row.policy() for row in await duty_care.policies(conn)}
    teams: dict[TeamId, OnDuty] = {}
    if any(stay.policy_id is not None for stay in stays):
        teams = await duty_schedules.on_duty(conn, now, now + REACH)
    known: dict[tuple[int, frozenset[str], datetime], tuple[Period, ...]] = {}
    found = {}
    for stay in stays:
        if stay.policy_id is None:
            found[stay.stay_id] = unheld(before.get(stay.stay_id, []), stay.started_at)
            continue
        key = (stay.policy_id, frozenset(stay.needs), stay.started_at)
        if key not in known:
            known[key] = _route(units[stay.policy_id], key[1], teams, stay.started_at, now)
        found[stay.stay_id] = known[key]
    return found


def _route(
    policy: Policy, needs: frozenset[str], teams: Mapping[TeamId, OnDuty], start: datetime, now: datetime
) -> tuple[Period, ...]:
    end = now + REACH
    if start >= end:
        return routed(policy, needs, {}, start, start)
    return routed(policy, needs, teams, start, end)


async def _replace(
    conn: Connection, gone: Sequence[tuple[StayId, Period]], come: Sequence[tuple[StayId, Period]]
) -> None:
    """Take periods away and lay others, each by its stay and where it begins."""
    if gone:
        await conn.execute(
            "delete from responsibility r using unnest(%s::bigint[], %s::timestamptz[]) as w (stay_id, from_at)"
            " where r.stay_id = w.stay_id and coalesce(lower(r.period), '0001-01-01') = w.from_at",
            ([stay_id for stay_id, _ in gone], [each.from_at for _, each in gone]),
        )
    if come:
        await conn.execute(
            "insert into responsibility (stay_id, team_id, staff_id, ground, period) select w.stay_id, w.team_id,"
            " w.staff_id, w.ground, tstzrange(nullif(w.from_at, '0001-01-01'), w.until)"
            " from unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[])"
            " as w (stay_id, team_id, staff_id, ground, from_at, until)",
            (
                [stay_id for stay_id, _ in come],
                [each.team_id for _, each in come],
                [each.staff_id for _, each in come],
                [each.ground.value for _, each in come],
                [each.from_at for _, each in come],
                [each.until for _, each in come],
            ),
        )
