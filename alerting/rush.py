"""Stays that cannot wait for the next pass are evaluated at once, beside it: the shell around `screen`.

Whatever is overlooked here (a lost hint, a lost store, a stay that a pass has in its hands for longer) is found by the
pass, which looks at everything; so this only ever makes an alert earlier.
"""

import asyncio
import time
from collections.abc import Mapping

from alerting.due import MOST, evaluate_these
from alerting.screen import Screen
from alerting.windows import Windows
from ward import log
from ward.clock import Clock
from ward.errors import StoreUnavailable
from ward.people import StayId
from ward.plans import Plan
from ward.store.borrow import borrow
from ward.store.bus import Hint
from ward.store.pool import Pool

# A stay that somebody else is evaluating is asked for again soon, and left to the pass after a while.
_AGAIN_S, _PATIENCE_S = 0.005, 2.0
_READINGS = 500_000


class Rush:
    """What has been heard and cannot wait.

    `evaluated` counts the stays that were looked at for it, `refused` how often somebody else had one in their hands.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._screen = Screen()
        # Windows of its own: those of a pass are in its hands meanwhile.
        self._windows = Windows(most=_READINGS)
        self._asked: dict[StayId, float] = {}
        self._heard = asyncio.Event()
        self.evaluated = 0
        self.refused = 0

    def learn(self, plans: Mapping[StayId, Plan]) -> None:
        """Take up the plans by which stays were evaluated."""
        self._screen.learn(plans.items())

    def hear(self, hint: Hint) -> None:
        """Take up announced readings."""
        for reading in hint.latest()[0]:
            if self._screen.worse(reading.stay_id, reading.kind, reading.value):
                self._asked[reading.stay_id] = time.monotonic() + _PATIENCE_S
                self._heard.set()

    async def work(self, store: Pool) -> None:
        """Evaluate what cannot wait, for ever."""
        while True:
            await self._heard.wait()
            self._heard.clear()
            asked = dict(list(self._asked.items())[:MOST])
            try:
                async with borrow(store) as conn:
                    done = await evaluate_these(conn, self._clock.now(), list(asked), self._windows)
            except StoreUnavailable as error:
                self._asked.clear()
                self._windows.trends.forget()
                log.get().warning("store_lost", error=str(error)[:200])
                continue
            except Exception as error:  # noqa: BLE001 - whatever is wrong here, the passes watch all the same
                self._asked.clear()
                log.get().error("rush_broken", error=type(error).__name__, exc_info=error)
                continue
            self.learn(done.plans)
            self.evaluated += done.stays
            await self._put_back(asked, done.plans, done.stays)

    async def _put_back(self, asked: Mapping[StayId, float], done: Mapping[StayId, Plan], stays: int) -> None:
        """Forget what is done, and what has been asked for long enough; ask again for the rest."""
        now_s = time.monotonic()
        held = {each for each, until_s in asked.items() if each not in done and until_s > now_s}
        for each, until_s in asked.items():
            if each not in held and self._asked.get(each) == until_s:
                del self._asked[each]
        if held and stays < len(asked):
            self.refused += len(held)
            await asyncio.sleep(_AGAIN_S)
        if self._asked:
            self._heard.set()
