"""The readings that a worker has already read, so that a pass reads only what is new.

Holds facts only, and only while it certainly holds all of them: a stay that another worker has evaluated in between,
or of which a reading has come from before what is held, is read anew. So any worker can take any stay over at any
time. Of each kind the newest readings before what is held stay too: they say what held when it begins. The same goes
for what a rule remembers of the time before (`alerting.rules.catalogue.Memory`). Of hours, what says nothing that its
neighbours do not say is let go (`alerting.thinning`), so a stay is read anew for another plan too. Memory is bounded:
what has no room is read anew each time, which is slower, and told.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from alerting.features import Batch, Bools, Floats, Readings, Rows
from alerting.thinning import THIN_AFTER_S, Thinner
from alerting.trend_memory import TrendMemory
from ward import log
from ward.people import StayId
from ward.plans import Plan
from ward.vitals import POOR_BELOW, USABLE, VITALS, VitalKind

# Readings that come so late are no reason to read a stay anew. The project's choice.
LATE_S = 900.0
# Every stay is looked at more often than once an hour: one that is not has ended, or is another worker's.
_HOUR_US = 3_600_000_000
# In one sorted number: the code of a kind, and 50 days of microseconds.
_KIND_BITS, _TIME_BITS = 8, 42


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """One stay's readings since `from_us`, and what rules remember of the time before; None if they do not know it.

    plan : by which some were let go; at_us : when that was
    """

    rows: Rows
    from_us: int
    at_us: int
    plan: Plan
    memory: Mapping[str, Floats] | None


class Windows:
    """Readings by stay, at most `most` in all; a stay that finds no room is read anew each time."""

    def __init__(self, most: int = 5_000_000) -> None:
        self.worker = secrets.randbits(62)
        self.trends = TrendMemory()
        self._thinner = Thinner()
        self._most = most
        self._count = 0
        self._told_us = -_HOUR_US
        self._held: dict[StayId, _Held] = {}
        self._back_us: dict[VitalKind, int] = {}

    def include(self, back_s: Mapping[VitalKind, float]) -> dict[VitalKind, float]:
        """Return the kinds to hold, and how far back: these and all before. More of it: nothing held is complete."""
        wanted = {kind: round(max(each, LATE_S) * 1e6) for kind, each in back_s.items()}
        if any(each > self._back_us.get(kind, -1) for kind, each in wanted.items()):
            self._back_us |= {kind: max(each, self._back_us.get(kind, 0)) for kind, each in wanted.items()}
            self._forget()
        return {kind: each / 1e6 for kind, each in sorted(self._back_us.items())}

    def covers(self, stay_id: StayId, plan: Plan, evaluated_by: int | None, since_us: int | None) -> bool:
        """Tell whether all that was stored before the last evaluation, and decides now, is held here."""
        held = self._held.get(stay_id)
        if held is None or evaluated_by != self.worker or not (held.plan is plan or held.plan == plan):
            return False
        return since_us is None or since_us >= held.from_us

    def extend(self, stay_ids: Sequence[StayId], covered: set[StayId], new: Rows) -> Rows:
        """Return new rows together with what is held of these stays, by stay, kind and time; repeats fall together."""
        held = [(place, self._held[each].rows) for place, each in enumerate(stay_ids) if each in covered]
        # As bytes: numpy would compare the names of the columns of each with those of the one before.
        whole = np.dtype((np.void, new.dtype.itemsize))
        old = np.concatenate([new[:0].view(whole), *(rows.view(whole) for _, rows in held)]).view(new.dtype)
        places = np.array([place for place, _ in held], old["place"].dtype)
        old["place"] = np.repeat(places, [len(rows) for _, rows in held])
        return _tidy(np.concatenate((old, new)))

    def remembers(self, stay_id: StayId) -> bool:
        """Tell whether what was before the readings of a stay that is covered is known."""
        return self._held[stay_id].memory is not None

    def memory(self, name: str, stay_ids: Sequence[StayId], covered: set[StayId]) -> Floats | None:
        """Return what a rule remembers of these stays, -inf where it remembers nothing; None for nothing at all."""
        held = {place: self._held[each].memory for place, each in enumerate(stay_ids) if each in covered}
        known = {place: each[name] for place, each in held.items() if each is not None}
        if not known:
            return None
        found = np.full((len(stay_ids), len(next(iter(known.values())))), -np.inf)
        found[list(known)] = list(known.values())
        return found

    def first_us(self, now_us: int) -> int:
        """Return the instant from which on all readings are held that were evaluated at `now_us`."""
        return now_us - min(self._back_us.values(), default=0)

    def keep(
        self, batch: Batch, rows: Rows, now_us: int, memory: Mapping[str, Floats], known: Collection[StayId]
    ) -> None:
        """Hold what decides from `now_us` on of the rows that `extend` returned for the stays of a batch.

        `memory` is of before `first_us`; it holds for the stays that are `known`, of the others not all was read.
        """
        kept = rows[_decides(rows, now_us, self._back_us)]
        kept = kept[~self._thinner.spared(kept, batch, now_us)]
        from_us = max(self.first_us(now_us), now_us - round(THIN_AFTER_S * 1e6))
        edges = np.searchsorted(kept["place"], np.arange(len(batch.stays) + 1)).tolist()
        for place, (stay, (first, end)) in enumerate(zip(batch.stays, pairwise(edges), strict=True)):
            self._let_go(stay.stay_id)
            if not self._has_room(end - first, now_us):
                continue
            self._count += end - first
            self._held[stay.stay_id] = _Held(
                rows=kept[first:end].copy(),
                from_us=from_us,
                at_us=now_us,
                plan=stay.plan,
                memory={name: each[place] for name, each in memory.items()} if stay.stay_id in known else None,
            )

    def _has_room(self, rows: int, now_us: int) -> bool:
        """Tell whether so many more may be held, once those that nobody has asked for in an hour are let go."""
        while self._count + rows > self._most and self._held:
            oldest, held = next(iter(self._held.items()))
            if now_us - held.at_us < _HOUR_US:
                break
            self._let_go(oldest)
        room = self._count + rows <= self._most
        if not room and now_us - self._told_us >= _HOUR_US:
            self._told_us = now_us
            log.get().warning("windows_full", readings=self._count, stays=len(self._held))
        return room

    def _let_go(self, stay_id: StayId) -> None:
        held = self._held.pop(stay_id, None)
        self._count -= 0 if held is None else len(held.rows)

    def _forget(self) -> None:
        self._held.clear()
        self._count = 0


def _decides(rows: Rows, now_us: int, back_us: Mapping[VitalKind, int]) -> Bools:
    """Tell which rows are recent, or the newest before that of their kind: of all, of the usable, of the good."""
    from_us = np.full(max((VITALS[kind].code for kind in VitalKind), default=0) + 1, now_us, np.int64)
    for kind, each in back_us.items():
        from_us[VITALS[kind].code] = now_us - each
    time_us = np.minimum(rows["measured_us"], rows["received_us"])
    recent: Bools = time_us >= from_us[rows["kind"]]
    usable = np.isin(rows["validity"], USABLE)
    good = usable & ~((rows["quality"] >= 0) & (rows["quality"] < round(POOR_BELOW * 100)))
    newest = np.zeros(len(rows), np.bool_)
    for among in (np.ones(len(rows), np.bool_), usable, good):
        newest |= _newest(rows, time_us, among & ~recent)
    return recent | newest


def _newest(rows: Rows, time_us: npt.NDArray[np.int64], among: Bools) -> Bools:
    """Tell which of some rows is the newest of its stay and kind."""
    index = np.flatnonzero(among)
    order = index[np.lexsort((time_us[index], rows["kind"][index], rows["place"][index]))]
    last = np.ones(len(order), np.bool_)
    last[:-1] = (rows["place"][order[1:]] != rows["place"][order[:-1]]) | (
        rows["kind"][order[1:]] != rows["kind"][order[:-1]]
    )
    found = np.zeros(len(rows), np.bool_)
    found[order[last]] = True
    return found


def _tidy(rows: Rows) -> Rows:
    """Sort by stay, kind and time, and drop repeats."""
    if not len(rows):
        return rows
    time_us = rows["measured_us"] - rows["measured_us"].min()
    series = rows["place"].astype(np.int64) << _KIND_BITS | rows["kind"]
    # As one number each they are sorted sooner: what is held and what is new are in order already.
    fits = int(time_us.max()) >> _TIME_BITS == 0 and int(series.max()) >> (63 - _TIME_BITS) == 0
    order = np.argsort(series << _TIME_BITS | time_us, kind="stable") if fits else np.lexsort((time_us, series))
    rows, series, time_us = rows[order], series[order], time_us[order]
    # Of one instant there are seldom two: only those are looked at whole.
    twin = np.flatnonzero((time_us[1:] == time_us[:-1]) & (series[1:] == series[:-1])) + 1
    again = twin[np.logical_and.reduce([rows[name][twin] == rows[name][twin - 1] for name in ("received_us", "value")])]
    return np.delete(rows, again) if len(again) else rows


def columns(rows: Rows) -> Readings:
    """Turn rows into what rules look at."""
    quality = rows["quality"].astype(np.float64)
    return Readings(
        stay=rows["place"].astype(np.int64),
        kind=rows["kind"].astype(np.int64),
        measured_s=rows["measured_us"] / 1e6,
        received_s=rows["received_us"] / 1e6,
        value=rows["value"],
        validity=rows["validity"].astype(np.int64),
        quality=np.where(quality < 0, np.nan, quality / 100),
    )
