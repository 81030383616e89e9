"""How fast an account may ask: a bucket of requests for each, that fills with time. Pure; times are aware UTC.

A page that runs wild, a system in a loop and a stolen session are slowed down before they cost the others anything.
What must never wait (`ward.access.permissions.NEVER_SLOWED`) is not counted. Each api process counts for itself, in
memory, and forgets; the invariant: no more than `MOST` buckets are kept, those used last.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from ward.access.principals import AccountId

AT_ONCE = 40  # times what is allowed a second: every screen of a ward that comes back at the same moment
MOST = 20_000


@dataclass(slots=True)
class _Bucket:
    left: float
    at: datetime
    empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Paced:
    """What becomes of a request: it waits so many seconds, none where it may go on; `begins` an episode of waiting."""

    wait_s: int = 0
    begins: bool = False


_GO = Paced()


class Pace:
    """The buckets of one process; with 0 a second everybody may ask as they like."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._buckets: OrderedDict[AccountId, _Bucket] = OrderedDict()

    def take(self, account_id: AccountId, now: datetime) -> Paced:
        """Take one request out of an account's bucket."""
        if self._per_second == 0:
            return _GO
        bucket = self._bucket(account_id, now)
        if bucket.left >= 1:
            bucket.left -= 1
            bucket.empty = False
            return _GO
        begins, bucket.empty = not bucket.empty, True
        return Paced(wait_s=max(1, math.ceil((1 - bucket.left) / self._per_second)), begins=begins)

    def _bucket(self, account_id: AccountId, now: datetime) -> _Bucket:
        """Return an account's bucket as full as it is now."""
        most = float(self._per_second * AT_ONCE)
        bucket = self._buckets.setdefault(account_id, _Bucket(left=most, at=now))
        self._buckets.move_to_end(account_id)
        if len(self._buckets) > MOST:
            self._buckets.popitem(last=False)
        passed_s = max(0.0, (now - bucket.at).total_seconds())
        bucket.left, bucket.at = min(most, bucket.left + passed_s * self._per_second), now
        return bucket
