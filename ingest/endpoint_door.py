"""The endpoint with its sessions in the store, as the service runs it.

Shell. The invariant: on a stop the devices go first, then what has changed of their sessions is written.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Final

import psycopg

from ingest.delivery import Inbox
from ingest.endpoint import Endpoint
from ingest.session import Limits
from ingest.session_store import SessionStore
from ward import log
from ward.chores import Ending
from ward.clock import Clock
from ward.errors import StoreUnavailable
from ward.settings import Settings
from ward.store import mqtt_sessions
from ward.store.pool import Connection, Pool

_FLUSH_S: Final = 3.0
_MESSAGE_BYTES: Final = 4000  # of an average message, by which a device's rate is also bounded


def limits_of(settings: Settings) -> Limits:
    """Return the endpoint's bounds as the operator set them."""
    rate = settings.mqtt_device_rate
    return Limits(device_messages_s=rate, device_bytes_s=rate * _MESSAGE_BYTES)


class EndpointDoor:
    """An endpoint and the task that keeps its sessions; `keeping` ends only when cancelled."""

    def __init__(
        self,
        settings: Settings,
        side: Pool,
        inbox: Inbox,
        clock: Clock,
        retained: Callable[[str], bytes | None],
    ) -> None:
        limits = limits_of(settings)
        self._settings = settings
        self._sessions = SessionStore(side, settings.database_url, clock, limits)
        self._throttled: dict[str, object] = {}
        # What a device publishes under another's topic goes to the quarantine by the same way as everything else.
        self.endpoint = Endpoint(
            inbox,
            self._sessions,
            clock=clock,
            retained=retained,
            on_foreign=inbox.put,
            certificates=settings.mqtt_tls,
            limits=limits,
        )
        self.keeping: asyncio.Task[None]

    async def start(self) -> None:
        """Listen for devices."""
        self.keeping = asyncio.create_task(self._sessions.run(), name="mqtt-sessions")
        await self.endpoint.start(self._settings.mqtt_host, self._settings.mqtt_port)
        log.get().info("endpoint_listening", host=self._settings.mqtt_host, port=self.endpoint.port)

    @property
    def working(self) -> bool:
        """True while devices can connect."""
        return self.endpoint.working and not self.keeping.done()

    def endings(self, holder: str) -> list[Ending]:
        """Return when certificates end: ours, and those that devices came with since the last call."""
        return self.endpoint.endings(holder)

    async def stop(self) -> None:
        """Tell the devices, then write what has changed of their sessions; at most a few seconds."""
        await self.endpoint.stop()
        self.keeping.cancel()
        await asyncio.gather(self.keeping, return_exceptions=True)
        try:
            async with asyncio.timeout(_FLUSH_S):
                await self._sessions.flush()
        except (StoreUnavailable, psycopg.Error, OSError, TimeoutError) as error:
            log.get().warning("sessions_unwritten", error=str(error)[:200])

    def detail(self) -> dict[str, object]:
        """Return what the heartbeat says of the endpoint."""
        now = {"throttled_now": len(self.endpoint.throttled()), "session_commits": self._sessions.commits}
        return {"endpoint": {**asdict(self.endpoint.counters), **now}}

    async def note_throttled(self, conn: Connection) -> None:
        """Keep which devices are read slowly, if that has changed."""
        now = self.endpoint.throttled()
        if now != self._throttled:
            await mqtt_sessions.throttle(conn, self._sessions.instance, now)
            self._throttled = dict(now)
