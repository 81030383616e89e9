"""How far alerting is behind: the oldest thing that ought to have been evaluated by now. Reads only."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ward.store.pool import Connection
from ward.vitals import BY_CODE

_LOOKED_AT = 500  # requests; the oldest by measured time


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationLag:
    """What waits: stays that are due, and stays of which something is new; since when the oldest of each."""

    overdue: int
    overdue_since: datetime | None
    waiting: int
    received_at: datetime | None

    def behind(self, now: datetime) -> timedelta:
        """Return for how long the oldest has been waiting."""
        since = [each for each in (self.overdue_since, self.received_at) if each is not None]
        return max(timedelta(0), now - min(since)) if since else timedelta(0)


async def read(conn: Connection, now: datetime) -> EvaluationLag:
    """Return what waits now; when a request was made is when its reading was received: the one measured at `since`."""
    row = await (
        await conn.execute(
            """
            with due as (
                -- One that has never been evaluated is due since its stay began, which may be entered days later.
                select min(d.due_at) filter (where d.evaluated_by is not null) as since, count(*) as stays
                from evaluation_due d join stay s using (stay_id)
                where d.due_at < %(now)s and s.period @> %(now)s
            ), came as (
                select min(received.at) as at
                from (select stay_id, since from evaluation_request order by since limit %(most)s) r
                cross join lateral (select max(received_at) as at from reading
                                    where stay_id = r.stay_id and kind = any(%(kinds)s) and measured_at = r.since)
                                   as received
            )
            select due.stays, due.since, (select count(distinct stay_id) from evaluation_request), came.at
            from due, came
            """,
            {"now": now, "most": _LOOKED_AT, "kinds": list(BY_CODE)},
        )
    ).fetchone()
    overdue, since, waiting, received_at = row or (0, None, 0, None)
    return EvaluationLag(overdue=overdue, overdue_since=since, waiting=waiting, received_at=received_at)
