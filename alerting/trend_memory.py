"""What this worker remembers of trends: until when each stay's were judged, and everybody's own normal.

Trends change by the quarter of an hour, stays are looked at every minute: so the quarters of a stay are read once one
is over and most of it has arrived, or when something late has come, of a few stays a pass. Of the others nothing is
read, so nothing is said, and their alerts stay as they are. Holds nothing that another worker could not read anew. The
invariant: what is read of a stay reaches back as far as its rules look (`rules.trends`), so all workers judge alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.features import Batch, moment, seconds
from alerting.quarters import (
    HOUR_S,
    NORMAL_EVERY_S,
    NORMAL_LOOK_BACK_S,
    QUARTER_S,
    Normals,
    Quarters,
    columns,
    normals,
    taken_s,
)
from alerting.rules.trends import look_back, normals_of
from alerting.signal.baseline import LAG_S
from alerting.signal.norms import NORMS
from alerting.signal.records import Bools, Floats, Ints
from alerting.signal.series import Moments
from ward.people import StayId
from ward.store import quarters as store
from ward.store.pool import Connection
from ward.vitals import VITALS, VitalKind

MOST: Final = 50  # stays whose trends are judged in one pass: a trend may wait a minute, a call for help may not
MOST_LEARNT: Final = 10  # of them, of which normals are learnt: that reads days
MOST_REMEMBERED: Final = 50_000  # stays; beyond, all are forgotten and read anew, those that have ended too
SETTLED_S: Final = 60.0  # after the end of a quarter, before it is judged: most of what is late has come by then
AGAIN_S: Final = 300.0  # between two looks at a stay whose readings come some minutes late all the time
LATEST_S: Final = 6 * 3600.0  # what is later than this is judged from here on
Own = tuple[Floats, Floats, Bools]


@dataclass(slots=True, kw_only=True)
class _Judged:
    """Until when a stay was judged, when that was, and from when on it must be again (inf: nothing late has come)."""

    until_s: float
    looked_s: float
    late_s: float = np.inf


class TrendMemory:
    """What one worker remembers, for as long as it lives."""

    def __init__(self) -> None:
        self._judged: dict[StayId, _Judged] = {}
        self._normals: dict[tuple[StayId, VitalKind], dict[float, Own]] = {}

    def forget(self) -> None:
        """Forget until when stays were judged: what was made of it may not have been kept."""
        self._judged.clear()

    async def recall(self, conn: Connection, batch: Batch, now_s: float, since: Mapping[StayId, datetime]) -> Batch:
        """Return a batch with the quarters and normals of the stays whose trends are to be judged now.

        since : the time of the earliest new reading of each stay that has one
        """
        if len(self._judged) > MOST_REMEMBERED:
            self._normals.clear()
            self.forget()
        for stay_id, at in since.items():
            self._late(stay_id, seconds(at))
        until_s = float(np.floor((now_s - SETTLED_S) / QUARTER_S) * QUARTER_S)
        chosen = self._few(batch, self._due(batch, now_s, until_s), until_s)
        if not chosen:
            return batch
        from_s = {place: self._from_s(batch.stays[place].stay_id, until_s) for place in chosen}
        found = await _quarters(conn, batch, from_s, until_s)
        own = {
            kind: await self._normals_of(conn, batch, kind, from_s, until_s)
            for kind in sorted({kind for place in chosen for kind in normals_of(batch.stays[place].plan)})
        }
        for place in chosen:
            self._judged[batch.stays[place].stay_id] = _Judged(until_s=until_s, looked_s=now_s)
        begins_s = np.array([from_s.get(place, np.inf) for place in range(len(batch.stays))])
        return replace(batch, quarters=found, normals=own, trends_from_s=begins_s)

    def _late(self, stay_id: StayId, at_s: float) -> None:
        """Take notice of a new reading that lies in what was judged already, or in what a normal was learnt from."""
        judged = self._judged.get(stay_id)
        if judged is not None and at_s < judged.until_s:
            judged.late_s = min(judged.late_s, at_s)
            for kind in VitalKind:
                kept = self._normals.get((stay_id, kind), {})
                for taken in [each for each in kept if at_s < each - LAG_S]:
                    del kept[taken]

    def _due(self, batch: Batch, now_s: float, until_s: float) -> list[int]:
        """Return the places of the stays to judge, those that have waited longest first."""
        asks = np.array([bool(look_back(plan)) for plan in batch.plans])[batch.plan_of]
        waiting = []
        for place in np.flatnonzero(asks).tolist():
            judged = self._judged.get(batch.stays[place].stay_id)
            if judged is None:
                waiting.append((-np.inf, place))
            elif judged.until_s < until_s:
                waiting.append((judged.until_s, place))
            elif judged.late_s < judged.until_s - QUARTER_S or (
                judged.late_s < np.inf and now_s >= judged.looked_s + AGAIN_S
            ):
                waiting.append((-np.inf, place))
        return [place for _, place in sorted(waiting)]

    def _few(self, batch: Batch, due: Sequence[int], until_s: float) -> list[int]:
        """Return as many of these places as one pass may judge, and learn of, in rising order."""
        found: list[int] = []
        learnt = 0
        for place in due:
            stay = batch.stays[place]
            times = _taken(self._from_s(stay.stay_id, until_s), until_s)
            known = [self._normals.get((stay.stay_id, kind), {}).keys() for kind in normals_of(stay.plan)]
            learns = any(at_s not in kept for kept in known for at_s in times)
            if not learns or learnt < MOST_LEARNT:
                found.append(place)
                learnt += learns
            if len(found) == MOST:
                break
        return sorted(found)

    def _from_s(self, stay_id: StayId, until_s: float) -> float:
        """Return the first instant to be judged: the one after the last, or the one that something late changed."""
        judged = self._judged.get(stay_id)
        if judged is None:
            return until_s
        first_s = min(judged.until_s + QUARTER_S, np.floor(judged.late_s / QUARTER_S) * QUARTER_S)
        return float(min(max(first_s, until_s - LATEST_S), until_s))

    async def _normals_of(
        self, conn: Connection, batch: Batch, kind: VitalKind, from_s: Mapping[int, float], until_s: float
    ) -> Normals:
        """Return the normals in force while these stays are judged, out of memory, or out of the store and into it."""
        wanted = {
            place: _taken(first_s, until_s)
            for place, first_s in from_s.items()
            if kind in normals_of(batch.stays[place].plan)
        }
        missing = [
            (batch.stays[place].stay_id, at_s)
            for place, times in wanted.items()
            for at_s in times
            if at_s not in self._normals.get((batch.stays[place].stay_id, kind), {})
        ]
        if missing:
            for (stay_id, at_s), own in zip(missing, await _learn(conn, kind, missing), strict=True):
                kept = self._normals.setdefault((stay_id, kind), {})
                kept[at_s] = own
                for old in sorted(kept)[:-3]:
                    del kept[old]
        rows = [(place, at_s) for place, times in sorted(wanted.items()) for at_s in times]
        own_of = [self._normals[batch.stays[place].stay_id, kind][at_s] for place, at_s in rows]
        return Normals(
            at_s=np.array([at_s for _, at_s in rows]),
            centre=np.array([own[0] for own in own_of]).reshape(-1, 2),
            spread=np.array([own[1] for own in own_of]).reshape(-1, 2),
            personal=np.array([own[2] for own in own_of], np.bool_).reshape(-1, 2),
            offsets=_offsets(np.array([place for place, _ in rows], np.int64), len(batch.stays)),
        )


def _taken(from_s: float, until_s: float) -> list[float]:
    """Return when the normals in force from one instant to another were taken."""
    first, last = taken_s(np.array([from_s - QUARTER_S, until_s])).tolist()
    return [first + step * NORMAL_EVERY_S for step in range(round((last - first) / NORMAL_EVERY_S) + 1)]


async def _quarters(
    conn: Connection, batch: Batch, from_s: Mapping[int, float], until_s: float
) -> dict[VitalKind, Quarters]:
    needed = [look_back(plan) for plan in batch.plans]
    asked = [
        (place, kind, float(np.floor((first_s - back_s) / QUARTER_S) * QUARTER_S))
        for place, first_s in from_s.items()
        for kind, back_s in needed[int(batch.plan_of[place])].items()
    ]
    rows = await store.read(
        conn, [_wanted(batch.stays[place].stay_id, kind, since_s, until_s) for place, kind, since_s in asked]
    )
    owner = np.array([place for place, _, _ in asked], np.int64)[rows["place"]]
    return {
        kind: _columns(rows[chosen], owner[chosen], len(batch.stays), QUARTER_S)
        for kind in sorted({kind for _, kind, _ in asked})
        for chosen in [np.flatnonzero(rows["kind"] == VITALS[kind].code)]
    }


async def hours_of(
    conn: Connection, stay_ids: Sequence[StayId], kind: VitalKind, from_s: float, until_s: float
) -> Quarters:
    """Return the hours of one kind of these stays, in their order."""
    rows = await store.read(conn, [_wanted(each, kind, from_s, until_s) for each in stay_ids], store.HOURLY)
    return _columns(rows, rows["place"].astype(np.int64), len(stay_ids), HOUR_S)


async def _learn(conn: Connection, kind: VitalKind, missing: Sequence[tuple[StayId, float]]) -> list[Own]:
    """Learn normals from hours: each of a stay at the time at which it is taken."""
    wanted = [_wanted(stay_id, kind, at_s - NORMAL_LOOK_BACK_S, at_s - LAG_S) for stay_id, at_s in missing]
    rows = await store.read(conn, wanted, store.HOURLY)
    hours = _columns(rows, rows["place"].astype(np.int64), len(missing), HOUR_S)
    at = Moments(row=np.arange(len(missing)), at_s=np.array([at_s for _, at_s in missing]))
    found = normals(hours, at, NORMS[kind])
    return list(zip(found.centre, found.spread, found.personal, strict=True))


def _wanted(stay_id: StayId, kind: VitalKind, since_s: float, until_s: float) -> store.Wanted:
    return store.Wanted(stay_id=stay_id, kind=VITALS[kind].code, since=moment(since_s), until=moment(until_s))


def _columns(rows: npt.NDArray[np.void], owner: Ints, stays: int, step_s: float) -> Quarters:
    return columns(
        rows["start_us"] / 1e6, rows["total"], rows["n"], (rows["low"], rows["high"]), _offsets(owner, stays), step_s
    )


def _offsets(owner: Ints, stays: int) -> Ints:
    found: Ints = np.searchsorted(owner, np.arange(stays + 1)).astype(np.int64)
    return found
