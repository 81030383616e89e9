"""What was refused, with its reason. Nothing refused is thrown away in silence."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ward.store.pool import Connection

_KEPT_BYTES = 65_536  # of a payload; its whole length and SHA-256 are kept beside


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One message, or one reading of it, that could not be used."""

    received_at: datetime
    device_id: str | None
    topic: str
    reason: str
    detail: str
    index: int | None
    payload: bytes


async def insert(conn: Connection, refused: Sequence[Refused]) -> None:
    """Keep what was refused, in the caller's transaction."""
    async with conn.cursor() as cursor:
        await cursor.executemany(
            "insert into quarantine (received_at, device_id, topic, reason, detail, item_index, payload,"
            " payload_sha256, payload_bytes) values (%s, %s, %s, %s, %s, %s, %b, %b, %s)",
            [
                (
                    each.received_at,
                    each.device_id,
                    _storable(each.topic[:1000]),
                    each.reason,
                    _storable(each.detail[:2000]),
                    each.index,
                    each.payload[:_KEPT_BYTES],
                    hashlib.sha256(each.payload).digest(),
                    len(each.payload),
                )
                for each in refused
            ],
        )


def _storable(text: str) -> str:
    """Replace what PostgreSQL's text cannot hold, NUL and halves of surrogate pairs: a refusal must not be refused."""
    return text.encode(errors="replace").decode().replace("\0", "\ufffd")
