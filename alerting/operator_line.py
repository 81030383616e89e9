"""The line to the operator: what could not be said is said again, in its order, until it has gone out.

The network that took the store away takes the gateway too, and comes back: who was not told then is told now, and
since when. The invariant: nothing waits for a gateway longer than `TELLING_S`, and no more is kept than `_MOST_UNSAID`.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import apprise

from ward import log
from ward.clock import Clock

# A gateway that takes longer holds up no walk.
TELLING_S = 30.0
_MOST_UNSAID = 20
Way = Callable[[str], None]


@dataclass(slots=True)
class _Unsaid:
    way: Way
    what: str
    at: datetime
    late: bool = False

    def text(self) -> str:
        return f"{self.what} (since {self.at:%Y-%m-%d %H:%M} UTC)" if self.late else self.what


@dataclass(slots=True, kw_only=True)
class Line:
    """What is still to be said, the oldest first; `out` is a call that has not come back."""

    clock: Clock
    unsaid: list[_Unsaid] = field(default_factory=list)
    out: asyncio.Task[None] | None = None
    one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def say(self, what: str, way: Way) -> None:
        """Tell the operator, behind what could not be said before."""
        self.unsaid.append(_Unsaid(way, what, self.clock.now()))
        del self.unsaid[:-_MOST_UNSAID]
        await self.go_on()

    async def go_on(self) -> None:
        """Say what is still to be said, until something does not go out."""
        async with self.one:
            while self.unsaid and await self._said(first := self.unsaid[0]):
                self.unsaid.remove(first)
            for each in self.unsaid:
                each.late = True

    async def _said(self, saying: _Unsaid) -> bool:
        """Tell whether it went out; a call that hangs is waited for before there is another."""
        if self.out is not None and not self.out.done():
            return False
        self.out = asyncio.create_task(asyncio.to_thread(saying.way, saying.text()))
        done, _ = await asyncio.wait({self.out}, timeout=TELLING_S)
        error = self.out.exception() if done else TimeoutError()
        if error is not None:
            log.get().error("operator_not_told", error=type(error).__name__)
        return error is None


def gateway(address: str, title: str) -> Way:
    """Return what tells the operator; without a gateway the log has it alone.

    It raises `ConnectionError` where the gateway does not take it.
    """
    logging.getLogger("apprise").setLevel(logging.CRITICAL)

    def tell(what: str) -> None:
        if not address:
            return
        way = apprise.Apprise()
        if not (way.add(address) and way.notify(title=title, body=what)):
            raise ConnectionError("the gateway refused it")

    return tell
