"""NEWS2 over time: the ends of its interval at every instant at which an input changes or grows old.

Pure and vectorised; the chart itself is `news2`. Each part of the score is a step function, and so is their sum: what
is added up are seven small numbers in one, so that the whole is one sort and one running sum. The invariant: at every
instant this is what `news2.score` gives for the values that are known then.
"""

from dataclasses import replace

import numpy as np

from alerting import runs
from alerting.features import Batch, Bools, Ints, Totals
from alerting.rules import news2, steps
from alerting.rules.news2 import CHART, SINGLE, Part
from alerting.rules.steps import Steps
from ward.vitals import VITALS, VitalKind

# An input that has not been measured for so long is as if it had never been: nobody counts what it could give.
MEASURED_S = 48 * 3600.0
_BITS = 8
_MASK = (1 << _BITS) - 1


def held(score: Totals, value: Bools) -> Steps:
    """Return what holds at the instants of a score as steps."""
    return Steps(stays=score.stays, stay=score.stay, from_s=score.from_s, value=value.astype(np.int64))


def scored(batch: Batch) -> Batch:
    """Return the batch with the scores that `totals` gives, so that whoever asks for them need not make them anew."""
    return replace(batch, totals=totals(batch))


def totals(batch: Batch) -> Totals:
    """Return the score of every stay from its first input on."""
    return _made(batch) if batch.totals is None else batch.totals


def _made(batch: Batch) -> Totals:
    parts = [each for part, kind in news2.PLAIN for each in _plain(batch, part, kind)]
    summed = steps.total([*parts, _breathing(batch)])
    base = sum(_missing(_most(part)) for part in Part)
    value = summed.value + base
    low, upper, high, ceiling, threes, open_, said = ((value >> (_BITS * field)) & _MASK for field in range(7))
    return Totals(
        stays=summed.stays,
        stay=summed.stay,
        from_s=summed.from_s,
        low=low,
        upper=upper,
        high=high,
        ceiling=ceiling,
        threes=threes,
        open_=open_,
        said=said,
    )


def _most(part: Part) -> int:
    return max(CHART["oxygen"].points) if part is Part.OXYGEN else SINGLE


def _packed(low: Ints, upper: Ints, high: Ints, ceiling: Ints, part: Part | None = None) -> Ints:
    """Put the seven numbers of a part side by side; sums of them stay apart, since a total has fewer than 8 bits."""
    three = (low == SINGLE).astype(np.int64)
    said = three if part is Part.CONSCIOUSNESS else np.zeros_like(three)
    fields = (low, upper, high, ceiling, three, (upper == SINGLE).astype(np.int64), said)
    packed = np.zeros_like(low)
    for place, each in enumerate(fields):
        packed += each << (_BITS * place)
    return packed


def _known(part: Part, low: Ints, high: Ints) -> Ints:
    return _packed(low, high, high, low, part)


def _stale(most: int) -> int:
    """Return a part that was measured and is too old: all that it could give."""
    return int(_packed(np.array([0]), np.array([most]), np.array([most]), np.array([0]))[0])


def _missing(most: int) -> int:
    """Return a part that was never measured: it may be anything, and nobody counts on it."""
    return int(_packed(np.array([0]), np.array([0]), np.array([most]), np.array([most]))[0])


def _plain(batch: Batch, part: Part, kind: VitalKind) -> tuple[Steps, Steps]:
    """Return a part as the sum of two steps, each relative to never measured: that it was, and that it is fresh."""
    rows = runs.of(batch, kind)
    stale, missing = _stale(_most(part)), _missing(_most(part))
    low, high = news2.points(CHART[part.label], rows.value)
    once = np.full(len(rows.stay), stale - missing, np.int64)
    span = (len(batch.stays), rows.stay, rows.from_s, rows.last_s)
    measured = steps.hold(*span, once, MEASURED_S)
    fresh = steps.hold(*span, _known(part, low, high) - stale, VITALS[kind].freshness.stale_s)
    return steps.changes(measured), steps.changes(fresh)


def _breathing(batch: Batch) -> Steps:
    """Return SpO2 and oxygen together, relative to never measured: on scale 2 the one depends on the other."""
    kinds = (VitalKind.SPO2, VitalKind.OXYGEN_FLOW, VitalKind.FIO2)
    found = steps.align([*(_value(batch, kind) for kind in kinds), *(_measured(batch, kind) for kind in kinds)])
    spo2, flow, fio2 = found.values[:3]
    no_spo2, no_oxygen = found.values[3] == 0, (found.values[4] == 0) & (found.values[5] == 0)
    scale = np.array([plan.spo2_scale for plan in batch.plans], np.int64)[batch.plan_of][found.stay]
    oxygen = news2.on_oxygen(flow, fio2)
    given = news2.points(CHART["oxygen"], oxygen)
    air = np.where(no_oxygen, _missing(_most(Part.OXYGEN)), _open(given, no_oxygen))
    low, high = news2.spo2_points(spo2, oxygen, scale)
    whole = _packed(low, np.where(no_oxygen & ~np.isnan(spo2), low, high), high, low)
    saturation = np.where(no_spo2, _missing(SINGLE), whole)
    never = _missing(SINGLE) + _missing(_most(Part.OXYGEN))
    return steps.changes(Steps(stays=found.stays, stay=found.stay, from_s=found.from_s, value=air + saturation - never))


def _open(ends: tuple[Ints, Ints], missing: Bools) -> Ints:
    low, high = ends
    return _packed(low, np.where(missing, low, high), high, low)


def _value(batch: Batch, kind: VitalKind) -> Steps:
    """Return the value of a kind, NaN while none is fresh."""
    rows = runs.of(batch, kind)
    stale_s = VITALS[kind].freshness.stale_s
    return steps.hold(len(batch.stays), rows.stay, rows.from_s, rows.last_s, rows.value, stale_s, gone=np.nan)


def _measured(batch: Batch, kind: VitalKind) -> Steps:
    rows = runs.of(batch, kind)
    once = np.ones(len(rows.stay), np.int64)
    return steps.changes(steps.hold(len(batch.stays), rows.stay, rows.from_s, rows.last_s, once, MEASURED_S))
