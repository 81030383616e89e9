"""Checks of who is whose: periods that overlap, patients without a team or out of sight, devices that are nobody's."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ward.store.checks.finding import Finding, fail, listed, ok, rows, warn
from ward.store.pool import Connection

_JUST_ADMITTED = timedelta(minutes=1)
# Table, whose periods may not overlap, and what tells two rows apart.
_PERIODS = (
    ("binding", "device_no", "binding_id"),
    ("stay", "patient_id", "stay_id"),
    ("responsibility", "stay_id", "ctid"),
)


async def overlaps(conn: Connection, _now: datetime) -> Iterable[Finding]:
    """See that nothing overlaps: a device has one wearer, a patient one stay, a stay one team."""
    found = []
    for table, whose, apart in _PERIODS:
        twice = await rows(
            conn,
            f"select distinct a.{whose} from {table} a join {table} b"  # nosec B608  # noqa: S608 - names from the table above
            f" on a.{whose} = b.{whose} and a.{apart} < b.{apart} and a.period && b.period order by 1",
        )
        if twice:
            said = f"{table}: periods overlap for {whose} {listed(row[0] for row in twice)}"
            found.append(fail("periods", said, "end one of them where the other begins"))
    return found or [ok("periods", "none overlap")]


async def responsibility(conn: Connection, now: datetime) -> Iterable[Finding]:
    """See that somebody answers for every patient, and can log in."""
    nobody = await rows(
        conn,
        "select stay_id from stay s where period @> %(now)s and not exists"
        " (select from responsibility r where r.stay_id = s.stay_id and r.period @> %(now)s) order by 1",
        {"now": now},
    )
    empty = await rows(
        conn,
        "select distinct r.team_id from responsibility r join stay s using (stay_id) where r.period @> %(now)s"
        " and s.period @> %(now)s and not exists (select from team_member m join staff f using (staff_id)"
        " where m.team_id = r.team_id and f.disabled_at is null) order by 1",
        {"now": now},
    )
    found = []
    if nobody:
        said = f"no team answers for stay {listed(row[0] for row in nobody)}"
        found.append(fail("responsibility", said, "give each a team"))
    if empty:
        said = f"nobody can log in for team {listed(row[0] for row in empty)}, which answers for patients"
        found.append(warn("responsibility", said, "add members, or another team"))
    return found or [ok("responsibility", "a team answers for every patient")]


async def watched(conn: Connection, now: datetime) -> Iterable[Finding]:
    """See that every present stay is on the list of those to evaluate."""
    missing = await rows(
        conn,
        "select stay_id from stay s where period @> %(now)s and lower(period) < %(settled)s"
        " and not exists (select from evaluation_due d where d.stay_id = s.stay_id) order by 1",
        {"now": now, "settled": now - _JUST_ADMITTED},
    )
    if missing:
        said = f"stay {listed(row[0] for row in missing)} not on the list of stays to evaluate"
        return [fail("watched", said, "alerting puts them there every 5 s: see that it runs")]
    return [ok("watched", "every present stay is evaluated")]


async def alerts(conn: Connection, now: datetime) -> Iterable[Finding]:
    """See that every alert has a stay and a team, and none is open for a stay that is over."""
    lost = await rows(
        conn,
        "select alert_id from alert a where not exists (select from team t where t.team_id = a.team_id)"
        " or not exists (select from stay s where s.stay_id = a.stay_id) order by 1",
    )
    open_after = await rows(
        conn,
        "select alert_id from alert join stay using (stay_id) where state <> 'resolved' and upper(period) < %(past)s"
        " order by 1",
        {"past": now - timedelta(days=1)},
    )
    found = []
    if lost:
        said = f"alert {listed(row[0] for row in lost)} has no team or no stay"
        found.append(fail("alerts", said, "restore a backup: the schema forbids it"))
    if open_after:
        said = f"alert {listed(row[0] for row in open_after)} is open although the stay ended a day ago"
        found.append(warn("alerts", said, "resolve it"))
    return found or [ok("alerts", "each has its team and its stay")]


async def modes(conn: Connection, now: datetime) -> Iterable[Finding]:
    """See that a device that is worn makes data of the same kind, real, test or demo, as the stay's."""
    mixed = await rows(
        conn,
        "select d.device_id from binding b join device d using (device_no) join stay s using (stay_id)"
        " where b.period @> %(now)s and s.mode <> d.mode order by 1",
        {"now": now},
    )
    if mixed:
        said = f"device {listed(row[0] for row in mixed)} is worn in a stay of another mode: its readings are refused"
        return [warn("modes", said, "bind a device of the stay's mode")]
    return [ok("modes", "devices and stays are of one kind")]
