"""Stretches of beats: pauses, bradycardia, tachycardia, runs of ventricular beats; and how long no beat has come.

Not here: whether anybody should be told. The invariant: a stretch is counted by its beats, which follow each other in
one record; a stretch that was cut at a beat, which both pieces then hold, is put together again by `joined`, so any
chunking of the beats gives the same stretches.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from alerting.signal.ecg_intervals import Doubt, Intervals
from alerting.signal.ecg_kinds import Kind, Kinds
from alerting.signal.events import Beats
from alerting.signal.records import Bools, Floats, Ints

PAUSE_S: Final = 2.0
"""Counted as a pause in long-term ECG; ISHNE-HRS 2017, doi:10.1111/anec.12447."""
LONG_PAUSE_S: Final = 3.0
"""A pause that matters; ACC/AHA/HRS 2018, doi:10.1161/CIR.0000000000000628."""
BRADYCARDIA_PER_MIN: Final = 50.0
"""Below it; ACC/AHA/HRS 2018, doi:10.1161/CIR.0000000000000628."""
TACHYCARDIA_PER_MIN: Final = 100.0
"""Above it; ACC/AHA/HRS 2015, doi:10.1161/CIR.0000000000000311."""
RUN_BEATS: Final = 4
"""A slow or fast run has at least this many beats, so that a single long or short interval is none."""
VT_BEATS: Final = 3
VT_PER_MIN: Final = 100.0
"""Three or more ventricular beats in a row, faster than this; AHA/ACC/HRS 2017, doi:10.1161/CIR.0000000000000549."""
SUSTAINED_S: Final = 30.0
"""Ventricular tachycardia that lasts longer is sustained; same source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretches:
    """Stretches of beats as columns, record after record, in order of time within each.

    row : (k,) int64, the record; begin, end : (k,) int64, samples of the first and the last beat
    beats : (k,) int64, how many, the first and the last among them
    quality : (k,) float64, the lowest index on the way, 0-1; fs_hz : Hz, of the samples
    """

    row: Ints
    begin: Ints
    end: Ints
    beats: Ints
    quality: Floats
    fs_hz: float

    @property
    def lasted_s(self) -> Floats:
        """(k,) s: from the first beat to the last."""
        return (self.end - self.begin) / self.fs_hz

    @property
    def rate_per_min(self) -> Floats:
        """(k,) beats/min; NaN for a single beat."""
        lasted = self.lasted_s
        made: Floats = np.full(len(lasted), np.nan)
        np.divide(60.0 * (self.beats - 1), lasted, out=made, where=lasted > 0)
        return made

    def where(self, these: Bools) -> "Stretches":
        """Return only some of them, (k,) bool."""
        return Stretches(
            row=self.row[these],
            begin=self.begin[these],
            end=self.end[these],
            beats=self.beats[these],
            quality=self.quality[these],
            fs_hz=self.fs_hz,
        )


def pauses(intervals: Intervals, least_s: float = PAUSE_S) -> Intervals:
    """Return the readable intervals of at least `least_s`."""
    return intervals.where(_readable(intervals) & (intervals.rr_s >= least_s))


def slow(intervals: Intervals, below_per_min: float = BRADYCARDIA_PER_MIN, least_beats: int = RUN_BEATS) -> Stretches:
    """Return the stretches of at least `least_beats` in which every interval is readable and slower than this rate.

    For pieces that are to be joined, ask for `least_beats=2` and select afterwards.
    """
    found = _stretches(intervals, _readable(intervals) & (intervals.rr_s * below_per_min > 60.0))
    return found.where(found.beats >= least_beats)


def fast(intervals: Intervals, above_per_min: float = TACHYCARDIA_PER_MIN, least_beats: int = RUN_BEATS) -> Stretches:
    """Return the stretches of at least `least_beats` in which every interval is readable and faster than this rate.

    For pieces that are to be joined, ask for `least_beats=2` and select afterwards.
    """
    found = _stretches(intervals, _readable(intervals) & (intervals.rr_s * above_per_min < 60.0))
    return found.where(found.beats >= least_beats)


def ventricular(beats: Beats, kind: Kinds, intervals: Intervals) -> Stretches:
    """Return all stretches of ventricular beats: of one beat, two (couplets), three and more (`tachycardia`).

    Parameters
    ----------
    beats, kind : the beats and the kind of each; intervals : those between them, all of them
    """
    is_v = kind == Kind.VENTRICULAR
    after = np.flatnonzero(beats.row[1:] == beats.row[:-1])
    together = is_v[after] & is_v[after + 1] & _readable(intervals)
    linked = np.zeros(len(kind), np.bool_)
    linked[after[together]] = linked[after[together] + 1] = True
    alone = np.flatnonzero(is_v & ~linked)
    single = Stretches(
        row=beats.row[alone],
        begin=beats.sample[alone],
        end=beats.sample[alone],
        beats=np.ones(len(alone), np.int64),
        quality=_beside(beats, after, intervals)[alone],
        fs_hz=beats.fs_hz,
    )
    return _sorted([_stretches(intervals, together), single])


def tachycardia(ventricular: Stretches, above_per_min: float = VT_PER_MIN, least_beats: int = VT_BEATS) -> Stretches:
    """Return the ventricular stretches that are ventricular tachycardia; see `SUSTAINED_S` for its length."""
    with np.errstate(invalid="ignore"):
        return ventricular.where((ventricular.beats >= least_beats) & (ventricular.rate_per_min > above_per_min))


def joined(pieces: list[Stretches]) -> Stretches:
    """Return the stretches of which these are pieces, cut at beats that both pieces on either side hold.

    Raises
    ------
    ValueError
        If there are no pieces, or of different rates.
    """
    if len({piece.fs_hz for piece in pieces}) != 1:
        raise ValueError(f"pieces: {len(pieces)} of them, must be one or more of the same fs_hz")
    each = _sorted(pieces)
    if len(each.row) == 0:
        return each
    starts = np.flatnonzero(~_goes_on(each.row, each.begin, each.end))
    count = np.diff(np.append(starts, len(each.row)))
    return Stretches(
        row=each.row[starts],
        begin=each.begin[starts],
        end=np.maximum.reduceat(each.end, starts),
        beats=np.add.reduceat(each.beats, starts) - (count - 1),
        quality=np.minimum.reduceat(each.quality, starts),
        fs_hz=each.fs_hz,
    )


def silent_s(beats: Beats, samples: int) -> Floats:
    """Return the time from the last beat to the end of each record, (records,) s; inf where there is no beat at all."""
    last = np.full(beats.records, -1, np.int64)
    np.maximum.at(last, beats.row, beats.sample)
    return np.where(last >= 0, (samples - 1 - last) / beats.fs_hz, np.inf)


def _readable(intervals: Intervals) -> Bools:
    clear: Bools = np.equal(intervals.doubt & (Doubt.GAP | Doubt.UNREADABLE), 0)
    return clear


def _beside(beats: Beats, after: Ints, intervals: Intervals) -> Floats:
    """Return the higher index of the intervals before and after each beat, (k,); 0 for a beat without any."""
    made = np.zeros(len(beats.sample))
    made[after] = intervals.quality
    made[after + 1] = np.maximum(made[after + 1], intervals.quality)
    return made


def _goes_on(row: Ints, begin: Ints, end: Ints) -> Bools:
    """Tell which pieces begin at the beat at which the one before them ended, (k,)."""
    made = np.zeros(len(row), np.bool_)
    made[1:] = (row[1:] == row[:-1]) & (begin[1:] == end[:-1])
    return made


def _stretches(intervals: Intervals, wanted: Bools) -> Stretches:
    """Return the stretches of intervals that are wanted and share their beats."""
    row, begin, end = intervals.row[wanted], intervals.begin[wanted], intervals.end[wanted]
    starts = np.flatnonzero(~_goes_on(row, begin, end))
    last = np.append(starts[1:], len(row)) - 1
    return Stretches(
        row=row[starts],
        begin=begin[starts],
        end=end[last] if len(row) else end,
        beats=(last - starts + 2)[: len(starts)].astype(np.int64),
        quality=np.minimum.reduceat(intervals.quality[wanted], starts) if len(row) else np.zeros(0),
        fs_hz=intervals.fs_hz,
    )


def _sorted(pieces: list[Stretches]) -> Stretches:
    row, begin, end, count, quality = (
        np.concatenate([getattr(piece, name) for piece in pieces])
        for name in ("row", "begin", "end", "beats", "quality")
    )
    order = np.lexsort((end, begin, row))
    return Stretches(
        row=row[order],
        begin=begin[order],
        end=end[order],
        beats=count[order],
        quality=quality[order],
        fs_hz=pieces[0].fs_hz,
    )
