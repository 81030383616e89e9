"""What creates is done once for each `Idempotency-Key`, in the transaction of what it makes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from api.preconditions import key_reused
from ward.store import idempotency
from ward.store.idempotency import Key
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The number of what was made, now or by the same request before; `status` says which."""

    number: int
    status: HTTPStatus


async def once(conn: Connection, key: Key | None, now: datetime, make: Callable[[], Awaitable[int]]) -> Done:
    """Make something and return its number; where the key stands for it already, return that and make nothing.

    Raises
    ------
    Problem
        422 where the key stands for another request.
    """
    before = await idempotency.claim(conn, key, now) if key else None
    if before is None:
        number = await make()
        if key:
            await idempotency.keep(conn, key, number)
        return Done(number=number, status=HTTPStatus.CREATED)
    if before.made_id is None:
        raise key_reused()
    return Done(number=before.made_id, status=HTTPStatus.OK)
