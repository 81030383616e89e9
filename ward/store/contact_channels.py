"""The ways to people and teams beside their screens: telephones, mail, browsers, rooms of a chat, webhooks.

An address is as secret as a telephone number and stands in no log. One that its provider calls gone is marked broken
and not used again until it is entered anew.
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.people import StaffId, TeamId
from ward.store.pool import Connection
from ward.vitals import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """One way to a person or to a team: exactly one of the two."""

    channel_id: int
    staff_id: StaffId | None
    team_id: TeamId | None
    kind: str
    address: str
    mode: str
    added_at: datetime
    broken_at: datetime | None
    broken_reason: str | None


SELECT = (
    "select channel_id, staff_id, team_id, kind, address, mode, added_at, broken_at, broken_reason from contact_channel"
)


async def add(
    conn: Connection,
    *,
    kind: str,
    address: str,
    now: datetime,
    staff_id: StaffId | None = None,
    team_id: TeamId | None = None,
    mode: Mode = Mode.REAL,
) -> int:
    """Add a way to a person or a team, and return its number; one that is there already is mended."""
    whose = "staff_id" if team_id is None else "team_id"
    row = await (
        await conn.execute(
            (
                "insert into contact_channel (staff_id, team_id, kind, address, mode, added_at)"  # nosec B608  # noqa: S608
                " values (%(staff)s, %(team)s, %(kind)s, %(address)s, %(mode)s, %(now)s)"
                f" on conflict ({whose}, kind, md5(address)) do update"
                " set broken_at = null, broken_reason = null, mode = excluded.mode returning channel_id"
            ).encode(),
            {
                "staff": staff_id,
                "team": team_id,
                "kind": kind,
                "address": address,
                "mode": mode.value,
                "now": now,
            },
        )
    ).fetchone()
    if row is None:
        raise AssertionError("an insert with returning gives a row")
    return int(row[0])


async def remove(
    conn: Connection, channel_id: int, *, staff_id: StaffId | None = None, team_id: TeamId | None = None
) -> bool:
    """Take a way out, if it is this person's or team's; return whether it was."""
    done = await conn.execute(
        "delete from contact_channel where channel_id = %s and (staff_id = %s or team_id = %s)",
        (channel_id, staff_id, team_id),
    )
    return done.rowcount == 1


async def of_staff(conn: Connection, staff_id: StaffId) -> list[ChannelRow]:
    """Return a person's ways, the oldest first."""
    cursor = conn.cursor(row_factory=class_row(ChannelRow))
    await cursor.execute(f"{SELECT} where staff_id = %s order by channel_id".encode(), (staff_id,))
    return await cursor.fetchall()


async def of_team(conn: Connection, team_id: TeamId) -> list[ChannelRow]:
    """Return a team's ways, the oldest first."""
    cursor = conn.cursor(row_factory=class_row(ChannelRow))
    await cursor.execute(f"{SELECT} where team_id = %s order by channel_id".encode(), (team_id,))
    return await cursor.fetchall()


async def break_off(conn: Connection, channel_id: int, now: datetime, reason: str) -> None:
    """Mark a way that its provider says is gone."""
    await conn.execute(
        "update contact_channel set broken_at = %s, broken_reason = %s where channel_id = %s",
        (now, reason[:500], channel_id),
    )
