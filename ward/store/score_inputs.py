"""When the values that a stay's score rests on were measured, for who reads the score in words. Reads only.

The invariant: only what the score may have counted. A reading that is not usable or of poor quality is not, nor is one
that came after alerting looked last: where alerting stands still, what a score rests on grows old.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ward.measuring import BY
from ward.people import StayId
from ward.store.pool import Connection
from ward.vitals import BY_CODE, POOR_BELOW, USABLE, VITALS, VitalKind

# Of what was measured before that nobody need know when.
_LOOKED_BACK = timedelta(days=14)
_KINDS = [VITALS[kind].code for kind in (*BY, VitalKind.FIO2)]

_NEWEST = b"""
    select k.kind, r.measured_at, r.received_at from unnest(%(kinds)s::smallint[]) as k (kind) cross join lateral (
        select measured_at, received_at from reading
        where stay_id = %(stay)s and kind = k.kind and measured_at > %(from)s
          and measured_at < coalesce((select min(since) from evaluation_request where stay_id = %(stay)s), 'infinity')
          and validity = any(%(usable)s::smallint[]) and (quality is null or quality < 0 or quality >= %(poor)s)
        order by measured_at desc limit 1
    ) r
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """The newest reading of a kind that counts."""

    kind: VitalKind
    measured_at: datetime
    received_at: datetime


async def newest(conn: Connection, stay_id: StayId, now: datetime) -> Sequence[Input]:
    """Return the newest reading of each kind that the score of a stay may rest on."""
    values = {
        "stay": stay_id,
        "kinds": _KINDS,
        "from": now - _LOOKED_BACK,
        "usable": [each.value for each in USABLE],
        "poor": round(POOR_BELOW * 100),
    }
    rows = await (await conn.execute(_NEWEST, values)).fetchall()
    return [Input(kind=BY_CODE[row[0]].kind, measured_at=row[1], received_at=row[2]) for row in rows]
