"""What every request needs, put together once by `api.app`; kept in the application's state, nowhere else."""

import asyncio
from dataclasses import dataclass, field

from starlette.requests import HTTPConnection

from api.attempts import Refusals
from api.figures import Figures
from api.live.feed import Feed
from api.live.hub import Hub
from api.live.listening import Listening
from api.live.presence import Presence
from api.oidc.provider import Provider
from api.pace import Pace
from api.witness import Witness
from ward.clock import Clock
from ward.settings import Settings
from ward.store.figures import Teller
from ward.store.pool import Pool

_HASHING_AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The application's parts. `looks` is a pool for reading alone.

    `hashing` bounds how many passwords are checked at once (64 MiB each).
    """

    settings: Settings
    clock: Clock
    pool: Pool
    looks: Pool
    hub: Hub
    feed: Feed
    listening: Listening
    witness: Witness
    refusals: Refusals
    presence: Presence
    figures: Figures
    pace: Pace
    teller: Teller
    provider: Provider | None = None
    hashing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_HASHING_AT_ONCE))


def context_of(connection: HTTPConnection) -> Context:
    """Return the context of the application that serves this request or socket."""
    context: Context = connection.app.state.context
    return context
