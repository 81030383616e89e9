"""Asking for a stay to be evaluated, as ingest does with readings. Brings no numpy, so that the API can use it."""

from datetime import datetime

from ward.people import StayId
from ward.store.pool import Connection


async def request(conn: Connection, stay_id: StayId, since: datetime) -> None:
    """Ask for a stay to be evaluated, as ingest does with readings."""
    await conn.execute("insert into evaluation_request (stay_id, since) values (%s, %s)", (stay_id, since))
