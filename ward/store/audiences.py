"""What is known of those whom a step of an escalation tells, in one answer: mode, ways, listening screens, just told.

Reads only; the caller owns the transaction. What follows from it is decided by `alerting.addressing`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from ward.alerts import AlertId
from ward.errors import NotFound
from ward.people import StaffId, StayId, TeamId
from ward.store import contact_channels
from ward.store.contact_channels import ChannelRow
from ward.store.listeners import SILENT_AFTER
from ward.store.pool import Connection
from ward.vitals import Mode

_WAYS = msgspec.json.Decoder(list[ChannelRow])
_QUERY = f"""
    select s.mode,
        (select coalesce(json_agg(c order by c.channel_id), '[]')::text from ({contact_channels.SELECT}
            where broken_at is null and (team_id = any(%(teams)s) or staff_id in
                (select staff_id from staff where staff_id = any(%(staff)s) and disabled_at is null))) c),
        array(select distinct m.team_id from listener l join team_member m using (staff_id)
            join staff f on f.staff_id = l.staff_id and f.disabled_at is null
            where m.team_id = any(%(teams)s) and l.heard_at > %(silent)s),
        array(select channel_id from outbox where stay_id = %(stay)s and alert_id = %(alert)s and ring = %(ring)s
            and queued_at > %(since)s and channel_id is not null
            and state in ('queued', 'sent', 'delivered', 'seen'))
    from stay s where s.stay_id = %(stay)s
""".encode()  # nosec B608  # noqa: S608 - put together from constants


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whom a step tells: these people and teams, in this ring of an alert; `just_now` is how long ago that still is."""

    stay_id: StayId
    alert_id: AlertId
    ring: int
    staff: Collection[StaffId]
    teams: Collection[TeamId]
    just_now: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The stay's mode, the ways that work, the teams with a listening screen, the ways that were told just now."""

    mode: Mode
    ways: tuple[ChannelRow, ...]
    listening: frozenset[TeamId]
    just_told: frozenset[int]


async def read(conn: Connection, asked: Asked, now: datetime) -> Known:
    """Return what is known of them now.

    Raises
    ------
    NotFound
        If there is no such stay.
    """
    parameters = {
        "stay": asked.stay_id,
        "alert": asked.alert_id,
        "ring": asked.ring,
        "staff": list(asked.staff),
        "teams": list(asked.teams),
        "silent": now - SILENT_AFTER,
        "since": now - asked.just_now,
    }
    row = await (await conn.execute(_QUERY, parameters)).fetchone()
    if row is None:
        raise NotFound(f"stay {asked.stay_id}")
    mode, ways, listening, told = row
    return Known(
        mode=Mode(mode),
        ways=tuple(_WAYS.decode(ways)),
        listening=frozenset(map(TeamId, listening)),
        just_told=frozenset(told),
    )
