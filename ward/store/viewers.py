"""Who has the board open, at every api process: what each says of its own sockets, so that all can show it.

Presence and nothing else: whether somebody can *hear* an alert is `listeners`. The rows of a process that has not been
heard of for `SILENT_AFTER` count no longer, whatever became of it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from ward.people import PatientId, StaffId, TeamId
from ward.store.bus import Channel
from ward.store.pool import Connection

SILENT_AFTER = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One socket, whose it is, and the patient that is open in it, if any."""

    viewer_id: UUID
    staff_id: StaffId
    patient_id: PatientId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Somebody who looks, with what is shown of them. `team_ids` are theirs now."""

    staff_id: StaffId
    name: str
    title: str
    patient_id: PatientId | None
    team_ids: list[TeamId]


async def beat(conn: Connection, process_id: UUID, now: datetime) -> bool:
    """Say that a process lives, and forget those that have been silent, with all their viewers.

    Returns
    -------
    bool
        Whether the process was unknown: new, or forgotten, and then its viewers with it.
    """
    await conn.execute("delete from viewer_process where heard_at < %s", (now - SILENT_AFTER,))
    cursor = await conn.execute(
        "insert into viewer_process (process_id, heard_at) values (%s, %s)"
        " on conflict (process_id) do update set heard_at = excluded.heard_at returning xmax = 0",
        (process_id, now),
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def save(conn: Connection, process_id: UUID, opened: Sequence[Opened], closed: Collection[UUID]) -> None:
    """Write what has changed of a process's sockets, and tell every process. The process must have beaten before."""
    await conn.execute("delete from viewer where viewer_id = any(%s)", (list(closed),))
    await conn.execute(
        """
        insert into viewer (viewer_id, process_id, staff_id, patient_id)
        select v.viewer_id, %(process)s, v.staff_id, p.patient_id
        from unnest(%(viewers)s::uuid[], %(staff)s::bigint[], %(patients)s::bigint[]) v (viewer_id, staff_id, looks_at)
            left join patient p on p.patient_id = v.looks_at
        on conflict (viewer_id) do update set patient_id = excluded.patient_id
        """,
        {
            "process": process_id,
            "viewers": [each.viewer_id for each in opened],
            "staff": [each.staff_id for each in opened],
            "patients": [each.patient_id for each in opened],
        },
    )
    await conn.execute("select pg_notify(%s, '')", (Channel.PRESENCE.value,))


async def depart(conn: Connection, process_id: UUID) -> None:
    """Take a process out that ends, with all its viewers, and tell the others."""
    await conn.execute("delete from viewer_process where process_id = %s", (process_id,))
    await conn.execute("select pg_notify(%s, '')", (Channel.PRESENCE.value,))


async def read(conn: Connection, now: datetime) -> list[Viewer]:
    """Return everybody who looks, once for each patient that they have open."""
    cursor = conn.cursor(row_factory=class_row(Viewer))
    await cursor.execute(
        """
        select v.staff_id, f.name, f.title, v.patient_id,
               array(select m.team_id from team_member m where m.staff_id = v.staff_id order by 1) as team_ids
        from (select distinct w.staff_id, w.patient_id from viewer w join viewer_process p using (process_id)
              where p.heard_at >= %s) v
        join staff f using (staff_id) order by v.staff_id, v.patient_id nulls first
        """,
        (now - SILENT_AFTER,),
        prepare=True,
    )
    return await cursor.fetchall()
