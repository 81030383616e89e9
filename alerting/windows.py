"""The readings that a worker has already read, so that a pass reads only what is new.

Holds facts only, and only while it certainly holds all of them: a stay that another worker has evaluated in between,
or whose window reaches further back than before, is read anew. So any worker can take any stay over at any time.
"""

import secrets
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from alerting.features import Readings
from ward.people import StayId
from ward.vitals import VitalKind

# One reading as the store returns it: `place` is that of its stay in the question.
Rows = npt.NDArray[np.void]


class Windows:
    """Readings by stay, at most `most` in all; when that is exceeded everything is forgotten and read anew."""

    def __init__(self, most: int = 5_000_000) -> None:
        self.worker = secrets.randbits(62)
        self._most = most
        self._held = 0
        self._rows: dict[StayId, Rows] = {}
        self._from_us: dict[StayId, int] = {}
        self._kinds: set[VitalKind] = set()

    def include(self, kinds: set[VitalKind]) -> list[VitalKind]:
        """Return the kinds to read: these and all before. A new one means that nothing held is complete."""
        if not kinds <= self._kinds:
            self._kinds |= kinds
            self._forget()
        return sorted(self._kinds)

    def covers(self, stay_id: StayId, evaluated_by: int | None, from_us: int) -> bool:
        """Tell whether everything since `from_us` that was stored before the last evaluation is held here."""
        return evaluated_by == self.worker and self._from_us.get(stay_id, from_us + 1) <= from_us

    def extend(
        self, stay_ids: Sequence[StayId], from_us: Mapping[StayId, int], covered: set[StayId], new: Rows
    ) -> Rows:
        """Add new rows to what is held of these stays, forget what is older than `from_us`, and return them all.

        Rows older than that in `new` (the newest of a kind, however old) are returned, not held. Repeats fall together.
        """
        held = [self._rows[stay_id] for stay_id in stay_ids if stay_id in covered]
        places = [place for place, stay_id in enumerate(stay_ids) if stay_id in covered]
        old = np.concatenate([new[:0], *held])
        old["place"] = np.repeat(np.array(places, old["place"].dtype), [len(rows) for rows in held])
        bounds = np.array([from_us[stay_id] for stay_id in stay_ids])
        both = np.concatenate((old, new))
        inside = both["measured_us"] >= bounds[both["place"]]
        kept = _tidy(both[inside])
        self._keep(stay_ids, from_us, kept)
        return np.concatenate((both[~inside], kept))

    def _keep(self, stay_ids: Sequence[StayId], from_us: Mapping[StayId, int], rows: Rows) -> None:
        edges = np.searchsorted(rows["place"], np.arange(len(stay_ids) + 1)).tolist()
        for stay_id, (first, end) in zip(stay_ids, pairwise(edges), strict=True):
            self._held += (end - first) - len(self._rows.get(stay_id, ()))
            self._rows[stay_id] = rows[first:end].copy()
            self._from_us[stay_id] = from_us[stay_id]
        if self._held > self._most:
            self._forget()

    def _forget(self) -> None:
        self._rows.clear()
        self._from_us.clear()
        self._held = 0


def _tidy(rows: Rows) -> Rows:
    """Sort by stay, kind and time, and drop repeats."""
    order = np.lexsort((rows["measured_us"], rows["kind"], rows["place"]))
    rows = rows[order]
    again = np.zeros(len(rows), np.bool_)
    again[1:] = np.logical_and.reduce(
        [rows[name][1:] == rows[name][:-1] for name in ("place", "kind", "measured_us", "received_us", "value")]
    )
    return rows[~again]


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
