"""Alerts as FHIR asks for them, with every event of their life, of patients who may be seen. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

from psycopg.rows import class_row

from ward.access.principals import Scope
from ward.record import Happened, Raised
from ward.store import access, records
from ward.store.fhir_people import SEEN
from ward.store.pool import Connection
from ward.vitals import Mode

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAlerts:
    """Which alerts, by their number: of these patients, with these ids, begun and changed within; None: all."""

    scope: Scope
    patients: Sequence[int] | None = None
    ids: Sequence[int] | None = None
    rules: Sequence[str] | None = None
    states: Sequence[str] | None = None
    began_from: datetime | None = None
    began_until: datetime | None = None
    changed_from: datetime | None = None
    changed_until: datetime | None = None
    after: int | None = None
    order: Literal["desc", "asc"] = "desc"
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An alert with its life; `rev` and `changed_at` are those of its last event, `mode` its stay's."""

    alert: Raised
    events: Sequence[Happened]
    rev: int
    changed_at: datetime
    mode: Mode


_FILTERS = sorted(set(AskedAlerts.__dataclass_fields__) - {"scope", "patients"})
_WANTED = """
    from alert a join seen s using (stay_id)
    where (%(ids)s::bigint[] is null or a.alert_id = any(%(ids)s))
    and (%(rules)s::text[] is null or a.rule = any(%(rules)s) or a.family = any(%(rules)s))
    and (%(states)s::text[] is null or a.state = any(%(states)s))
    and (%(began_from)s::timestamptz is null or a.began_at >= %(began_from)s)
    and (%(began_until)s::timestamptz is null or a.began_at < %(began_until)s)
    and (%(changed_from)s::timestamptz is null or a.changed_at >= %(changed_from)s)
    and (%(changed_until)s::timestamptz is null or a.changed_at < %(changed_until)s)
    and (%(after)s::bigint is null or a.alert_id {beyond} %(after)s)
    order by a.alert_id {order} limit %(limit)s
"""
_SEEN = (b"with " + SEEN + b" and (%(only)s::bigint[] is null or s.patient_id = any(%(only)s)))").decode()
_PAGE = " select a.alert_id, a.rev, a.changed_at, s.mode" + _WANTED


async def find(conn: Connection, asked: AskedAlerts, now: datetime) -> list[Told]:
    """Return the alerts that are asked for and may be seen, in order."""
    parameters = {
        **access.asked(asked.scope),
        "now": now,
        "only": asked.patients,
        **{
            name: getattr(asked, name) for name in AskedAlerts.__dataclass_fields__ if name not in {"scope", "patients"}
        },
    }
    query = _SEEN + _PAGE.format(order=asked.order, beyond="<" if asked.order == "desc" else ">")
    page = await (await conn.execute(query.encode(), parameters)).fetchall()
    numbers = [number for number, *_ in page]
    raised = await _read(conn, records.ALERTS, "a.alert_id = any(%s) order by a.alert_id", numbers, Raised)
    happened = await _read(conn, records.EVENTS, "a.alert_id = any(%s) order by e.alert_id, e.rev", numbers, Happened)
    by_id = {each.alert_id: each for each in raised}
    return [
        Told(
            alert=by_id[number],
            events=[each for each in happened if each.alert_id == number],
            rev=rev,
            changed_at=changed_at,
            mode=Mode(mode),
        )
        for number, rev, changed_at, mode in page
    ]


async def _read(conn: Connection, query: str, where: str, numbers: list[int], kind: type[_Row]) -> list[_Row]:
    cursor = conn.cursor(row_factory=class_row(kind))
    await cursor.execute(f"{query} where {where}".encode(), (numbers,))
    return await cursor.fetchall()
