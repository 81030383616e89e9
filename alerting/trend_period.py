"""What trends are judged by over a period whose readings are at hand: for looking back, and for made-up people.

The quarters are those of the readings of the batch; only the hours before them, from which the first normals are
learnt, are read from the store, or are not there. The invariant: from `from_s` on trends say what they said live, but
for devices whose clock is ahead: here a reading is of its event time, live of the time that the device gave it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from alerting.features import Batch, StayContext
from alerting.quarters import (
    HOUR_S,
    NORMAL_EVERY_S,
    NORMAL_LOOK_BACK_S,
    QUARTER_S,
    Quarters,
    binned,
    hourly,
    normals,
    taken_s,
)
from alerting.rules.trends import look_back, normals_of
from alerting.signal.norms import NORMS
from alerting.signal.series import Moments
from alerting.trend_memory import hours_of
from ward.plans import Plan
from ward.store.pool import Connection
from ward.vitals import VitalKind


def needed(plan: Plan) -> dict[VitalKind, float]:
    """Return how far before the period readings are needed, by kind, in seconds; whole hours, so that hours join."""
    return {kind: np.ceil(back_s / HOUR_S) * HOUR_S for kind, back_s in look_back(plan).items()}


def period(batch: Batch, from_s: float, until_s: float, earlier: Mapping[VitalKind, Quarters]) -> Batch:
    """Return a batch with quarters and normals from `from_s`, a whole hour, until `until_s`.

    batch : readings of every kind since `from_s` less `needed`
    earlier : the hours before those (`hours_before`), of the same stays; what is missing there is learnt without
    """
    kinds = sorted({kind for stay in batch.stays for kind in look_back(stay.plan)})
    measured = {kind: binned(batch.of(kind)) for kind in kinds}
    quarters = {kind: each.chosen(each.end_s <= until_s) for kind, each in measured.items()}
    times = np.arange(float(taken_s(from_s - QUARTER_S)), until_s + 1, NORMAL_EVERY_S)
    found = {}
    for kind in sorted({kind for stay in batch.stays for kind in normals_of(stay.plan)}):
        rows = [place for place, stay in enumerate(batch.stays) if kind in normals_of(stay.plan)]
        hours = hourly(quarters[kind])
        if kind in earlier:
            edge_s = from_s - max(needed(plan).get(kind, 0.0) for plan in batch.plans)
            before = earlier[kind].chosen(earlier[kind].start_s < edge_s)
            hours = before.joined(hours.chosen(hours.start_s >= edge_s))
        at = Moments(row=np.repeat(np.array(rows), len(times)), at_s=np.tile(times, len(rows)))
        found[kind] = normals(hours, at, NORMS[kind])
    return replace(batch, quarters=quarters, normals=found, trends_from_s=np.full(len(batch.stays), from_s))


def asks_as(batch: Batch, other: Batch) -> bool:
    """Tell whether the plans of a batch ask for the same quarters and normals as those of another of the same stays."""
    asked = [[(look_back(stay.plan), normals_of(stay.plan)) for stay in each.stays] for each in (batch, other)]
    return asked[0] == asked[1]


async def hours_before(conn: Connection, stays: Sequence[StayContext], from_s: float) -> dict[VitalKind, Quarters]:
    """Return the hours that the normals of a period need beside its readings, of every kind that has normals."""
    first_s = float(taken_s(from_s - QUARTER_S)) - NORMAL_LOOK_BACK_S
    kinds = sorted({kind for stay in stays for kind in normals_of(stay.plan)})
    ids = [stay.stay_id for stay in stays]
    return {kind: await hours_of(conn, ids, kind, first_s, from_s) for kind in kinds}
