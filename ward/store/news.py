"""How often something was written of a stay, by what shows it: numbers that only rise, kept by triggers. Reads only.

`events` is the timeline, `effects` the reports of what a change of medication did, `rounds` the signatures before free
days, `home` what a patient's own page shows beside values and alerts.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ward.people import StayId
from ward.store.pool import Connection


class NewsRow(NamedTuple):
    """How often something was written of a stay."""

    stay_id: StayId
    events: int
    effects: int
    rounds: int
    home: int


_ROWS = "select n.stay_id, n.events, n.effects, n.rounds, n.home from stay_news n"


async def of_stays(conn: Connection, stays: Sequence[StayId]) -> list[NewsRow]:
    """Return those of these stays of which anything was written."""
    cursor = await conn.execute(f"{_ROWS} where n.stay_id = any(%s)".encode(), (list(stays),))
    return [NewsRow(*row) for row in await cursor.fetchall()]


async def in_care(conn: Connection, now: datetime) -> list[NewsRow]:
    """Return every stay in progress of which anything was written, so that a lost hint shows."""
    query = f"{_ROWS} join stay s using (stay_id) where s.period @> %s::timestamptz"
    cursor = await conn.execute(query.encode(), (now,))
    return [NewsRow(*row) for row in await cursor.fetchall()]
