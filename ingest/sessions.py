"""What the endpoint asks of whoever knows the devices and keeps their sessions.

Pure: shapes only. `session_store` keeps sessions in the store. The promise: what `open` gives is the endpoint's alone
until `on_lost` says otherwise, and `when_kept` calls back only after what has changed until then is stored.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from ingest.identity import Presented
from ingest.session import Message, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A device that wants in; `expiry_s` above 0 asks for a session that outlives the connection."""

    presented: Presented
    clean: bool
    expiry_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A device that may come in.

    `generation` is the number of its connection. `restored` is its session as it was kept; None where none was kept,
    and where the endpoint's own memory of it (`in_memory` True) is as good or better.
    """

    device_id: str
    client_id: str
    expiry_s: int
    generation: int = 0
    in_memory: bool = True
    restored: Session | None = None
    retained: dict[str, Message] = field(default_factory=dict)


class Sessions(Protocol):
    """The devices, and their sessions beyond the endpoint's memory. All but `open` return at once."""

    async def open(self, asking: Asking) -> Admitted | None:
        """Let a device in; None refuses it. HemvaktError, OSError or TimeoutError where it cannot be told now."""

    def close(self, admitted: Admitted) -> None:
        """Take note that a device which may come in did not."""

    def keep(self, session: Session) -> None:
        """Keep a session that outlives its connection, from now on, with all its changes."""

    def end(self, session: Session) -> None:
        """Forget a session; harmless where it is not kept."""

    def when_kept(self, session: Session, then: Callable[[], None]) -> None:
        """Call `then` when the present state of the session is stored; never where the session is lost first."""

    def retain(self, device_id: str, topic: str, message: Message | None) -> None:
        """Keep what a device has retained under a topic; None forgets it."""

    def on_lost(self, callback: Callable[[int, int], None]) -> None:
        """Register `callback(key, generation)`: from that number on another connection has the session of `key`."""
