"""Readings and scores, as they come from the store in one order, to a page of Observations. Pure.

Each source gives the first rows of what there is; where one was cut off at its limit, nothing beyond its last row is
told, so that what the other holds there waits for the next page. The invariant: page after page, everything appears
once, and a blood pressure is never torn apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from ward.fhir import observations
from ward.fhir.codes import Resource, mode_tags
from ward.store.fhir_observations import Order, Place, Row, ScoreRow
from ward.vitals import Mode

PARTS = 3  # rows that one blood pressure may be made of: how many more are read than told
_Found = tuple[Place, Resource]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Observations in order, and where the last of them stands (None: nothing follows it)."""

    resources: list[Resource]
    last: Place | None


def page(rows: Sequence[Row], scores: Sequence[ScoreRow], order: Order, count: int) -> Told:
    """Return at most `count` Observations of rows of which at most `count + PARTS` were read of each source."""
    limit = count + PARTS
    whole = _without_torn(rows) if len(rows) >= limit else rows
    found = [*_readings(whole), *((row.place, _marked(observations.of_score(row.score), row.mode)) for row in scores)]
    newest = order is Order.NEWEST
    ends = [source[-1].place for source, read in ((whole, rows), (scores, scores)) if len(read) >= limit]
    if ends:
        horizon = max(ends) if newest else min(ends)
        found = [each for each in found if (each[0] >= horizon if newest else each[0] <= horizon)]
    found.sort(key=lambda each: each[0], reverse=newest)
    shown = found[:count]
    more = bool(ends) or len(found) > count
    return Told(resources=[made for _, made in shown], last=shown[-1][0] if more and shown else None)


def _without_torn(rows: Sequence[Row]) -> Sequence[Row]:
    """Leave out a blood pressure at the end, of which some may be missing; never all there is."""
    last = rows[-1]
    kept = len(rows)
    while last.panel and kept and _cuff(rows[kept - 1]) == _cuff(last):
        kept -= 1
    return rows[:kept]


def _cuff(row: Row) -> tuple[object, ...]:
    reading = row.reading
    return (row.panel, reading.measured_at, reading.device_no, reading.stay_id)


def _readings(rows: Sequence[Row]) -> Iterator[_Found]:
    """Yield the Observations of rows, each with the place of its last row."""
    for key, together in groupby(rows, key=_cuff):
        alike = list(together)
        if key[0]:
            parts = sorted((row.reading for row in alike), key=lambda each: observations.CUFF.index(each.kind))
            yield alike[-1].place, _marked(observations.of_blood_pressure(parts), alike[0].mode)
        else:
            for row in alike:
                yield row.place, _marked(observations.of_reading(row.reading), row.mode)


def _marked(made: Resource, mode: Mode) -> Resource:
    """Mark what is no real patient's (H28)."""
    if mode is not Mode.REAL:
        meta = made["meta"]
        assert isinstance(meta, dict)  # noqa: S101 - every Observation of ours has one
        meta["tag"] = mode_tags(mode)
    return made
