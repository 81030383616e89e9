"""What keeps alerts closed that a person has closed while their condition was there. Only `alerting.apply` writes here.

The caller owns the transaction. The invariant: a stay and rule have one hold at most, and none while an alert is open.
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.alerts import BAND, HARD, AlertId, Hold, Priority
from ward.people import StayId
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A row of `alert_hold` as the driver gives it."""

    stay_id: int
    rule: str
    alert_id: int
    priority: int
    until: datetime
    quiet_since: datetime | None
    hard: bool


# A hold, to be asked for and locked; that a hard bound was passed stands in the evidence of the alert that was closed.
HOLD = f"""
    select stay_id, rule, alert_id, priority, until, quiet_since,
        exists (select from alert a where a.stay_id = h.stay_id and a.alert_id = h.alert_id
            and a.evidence #>> '{{params,{BAND}}}' = '{HARD}') as hard
    from alert_hold h
"""  # nosec B608  # noqa: S608 - put together from constants


async def lock(conn: Connection, stay_id: StayId, rule: str) -> Hold | None:
    """Return what keeps a rule of a stay from opening an alert, locked; None where nothing does."""
    async with conn.cursor(row_factory=class_row(_Row)) as cursor:
        await cursor.execute(
            f"{HOLD} where stay_id = %s and rule = %s for update".encode(),
            (stay_id, rule),
        )
        row = await cursor.fetchone()
    if row is None:
        return None
    return Hold(
        stay_id=StayId(row.stay_id),
        rule=row.rule,
        alert_id=AlertId(row.alert_id),
        priority=Priority(row.priority),
        until=row.until,
        quiet_since=row.quiet_since,
        hard=row.hard,
    )


async def keep(conn: Connection, hold: Hold) -> None:
    """Write a hold over what was held before."""
    await conn.execute(
        """
        insert into alert_hold (stay_id, rule, alert_id, priority, until, quiet_since)
        values (%(stay)s, %(rule)s, %(alert)s, %(priority)s, %(until)s, %(quiet_since)s)
        on conflict (stay_id, rule) do update set alert_id = excluded.alert_id, priority = excluded.priority,
            until = excluded.until, quiet_since = excluded.quiet_since
        """,
        {
            "stay": hold.stay_id,
            "rule": hold.rule,
            "alert": hold.alert_id,
            "priority": hold.priority.value,
            "until": hold.until,
            "quiet_since": hold.quiet_since,
        },
    )


async def end(conn: Connection, stay_id: StayId, rule: str) -> None:
    """Let a rule of a stay open alerts again."""
    await conn.execute("delete from alert_hold where stay_id = %s and rule = %s", (stay_id, rule))
