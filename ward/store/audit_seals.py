"""Seals over the audit and the access log: each covers new entries and names the one before, as links of a chain.

Entries are sealed a little after they were written, by whichever process comes first. What commits later than its
neighbours is sealed by a later seal, so nothing waits for a lock while it acts. The invariant: recomputing the seals
from the entries gives the same hashes, or something was altered, taken out or put in.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from psycopg.rows import TupleRow, class_row
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range

from ward.store.pool import Connection

_LOCK = 4200022
_LOOKED_BACK = 20_000  # ids: an entry can commit later than so many of its successors and still be sealed
_AT_ONCE = 5_000
FIRST = bytes(32)
"""What the first seal names as the one before."""

_DEEDS = (
    "select audit_id, at, account_id, staff_id, role, organisation_id, action, device_id, patient_id, stay_id, reason,"
    " detail from audit where {} order by audit_id limit {}"
)
_ACCESSES = (
    "select access_id, at, account_id, staff_id, role, organisation_id, team_ids, permission, method, path, why,"
    " patient_ids, attempts from access_entry where {} order by access_id limit {}"
)
_UNSEALED = (
    "{id} > coalesce((select max(upper({column})) from audit_seal), 0) - {back}"
    " and not exists (select from audit_seal s where s.{column} @> {id})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """One link."""

    seal_id: int
    deeds: Multirange[int]
    accesses: Multirange[int]
    entries: int
    previous_sha256: bytes
    sha256: bytes
    sealed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A seal that does not hold, and what is wrong with it."""

    seal_id: int
    why: str


def _plain(value: object) -> object:
    """Return a value as every version of every program writes it: instants in microseconds, keys in order."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value


def digest(previous: bytes, deeds: list[TupleRow], accesses: list[TupleRow]) -> bytes:
    """Return the hash of a seal over these entries after the previous one."""
    link = hashlib.sha256(previous)
    for table, entries in ((b"audit", deeds), (b"access_entry", accesses)):
        link.update(table + b"\n")
        for entry in entries:
            # A last column that is null is left out: entries from before there was one keep their hash.
            told = entry[:-1] if table == b"access_entry" and entry[-1] is None else entry
            link.update(orjson.dumps([_plain(value) for value in told], option=orjson.OPT_SORT_KEYS) + b"\n")
    return link.digest()


async def seal(conn: Connection, now: datetime) -> Seal | None:
    """Seal what is not sealed yet; None when there is nothing, or another process is at it."""
    row = await (await conn.execute("select pg_try_advisory_xact_lock(%s)", (_LOCK,))).fetchone()
    if row is None or not row[0]:
        return None
    deeds = await _read(conn, _DEEDS, _UNSEALED.format(id="audit_id", column="deeds", back=_LOOKED_BACK))
    accesses = await _read(conn, _ACCESSES, _UNSEALED.format(id="access_id", column="accesses", back=_LOOKED_BACK))
    if not deeds and not accesses:
        return None
    last = await newest(conn)
    previous = FIRST if last is None else bytes(last.sha256)
    made = Seal(
        seal_id=1 if last is None else last.seal_id + 1,
        deeds=_ranges(deeds),
        accesses=_ranges(accesses),
        entries=len(deeds) + len(accesses),
        previous_sha256=previous,
        sha256=digest(previous, deeds, accesses),
        sealed_at=now,
    )
    await conn.execute(
        "insert into audit_seal (seal_id, deeds, accesses, entries, previous_sha256, sha256, sealed_at)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        (made.seal_id, made.deeds, made.accesses, made.entries, made.previous_sha256, made.sha256, made.sealed_at),
    )
    return made


async def _read(conn: Connection, query: str, where: str, limit: int = _AT_ONCE) -> list[TupleRow]:
    return await (await conn.execute(query.format(where, limit).encode())).fetchall()


def _ranges(entries: list[TupleRow]) -> Multirange[int]:
    """Return the ids of entries, which rise, as ranges without their end."""
    bounds: list[list[int]] = []
    for entry in entries:
        if bounds and bounds[-1][1] == entry[0]:
            bounds[-1][1] = entry[0] + 1
        else:
            bounds.append([entry[0], entry[0] + 1])
    return Multirange([Range(low, high, "[)") for low, high in bounds])


async def newest(conn: Connection) -> Seal | None:
    """Return the newest seal: whoever notes its hash elsewhere can prove later that nothing before it has changed."""
    cursor = conn.cursor(row_factory=class_row(Seal))
    await cursor.execute("select * from audit_seal order by seal_id desc limit 1")
    return await cursor.fetchone()


async def verify(conn: Connection, since: int = 1) -> Broken | None:
    """Recompute the seals from `since` on; return the first that does not hold, None when all do."""
    found = await (await conn.execute("select sha256 from audit_seal where seal_id = %s", (since - 1,))).fetchone()
    previous, expected = (FIRST if found is None else bytes(found[0])), since
    while True:
        cursor = conn.cursor(row_factory=class_row(Seal))
        await cursor.execute("select * from audit_seal where seal_id >= %s order by seal_id limit 200", (expected,))
        seals = await cursor.fetchall()
        if not seals:
            return None
        for each in seals:
            why = await _fault(conn, each, previous, expected)
            if why is not None:
                return Broken(seal_id=each.seal_id, why=why)
            previous, expected = bytes(each.sha256), expected + 1


async def _fault(conn: Connection, each: Seal, previous: bytes, expected: int) -> str | None:
    if each.seal_id != expected:
        return f"seal {expected} is missing"
    if bytes(each.previous_sha256) != previous:
        return "it does not name the seal before it"
    deeds = await _covered(conn, _DEEDS, "audit_id", each.deeds)
    accesses = await _covered(conn, _ACCESSES, "access_id", each.accesses)
    if len(deeds) + len(accesses) != each.entries:
        return f"it covers {each.entries} entries, of which {len(deeds) + len(accesses)} are there"
    if digest(previous, deeds, accesses) != bytes(each.sha256):
        return "an entry that it covers has been altered"
    return None


async def _covered(conn: Connection, query: str, key: str, ids: Multirange[int]) -> list[TupleRow]:
    if not ids:
        return []
    where = " or ".join(f"{key} >= {each.lower} and {key} < {each.upper}" for each in ids)
    return await _read(conn, query, f"({where})", 2 * _AT_ONCE)


async def loose(conn: Connection, before: datetime) -> int:
    """Return how many entries from before an instant no seal covers."""
    row = await (
        await conn.execute(
            "select (select count(*) from audit a where at < %(before)s and not exists"
            " (select from audit_seal s where s.deeds @> a.audit_id))"
            " + (select count(*) from access_entry e where at < %(before)s and not exists"
            " (select from audit_seal s where s.accesses @> e.access_id))",
            {"before": before},
        )
    ).fetchone()
    return int(row[0]) if row else 0
