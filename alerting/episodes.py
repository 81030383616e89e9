"""What a rule's verdicts over time come to, when nobody acts: the alerts that would have been raised.

Pure. An episode is one alert: it opens when a verdict becomes a finding, takes the highest priority it reaches, and
is over when the condition is known to be over and has stayed so for the damping time. What is not known ends nothing.
Not here: the rules (`alerting.rules`), and what people do to an alert (`lifecycle`).

The invariant: episodes of one stay and rule do not overlap, and judging the readings in pieces gives the same ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alerting.durations import SETTLES_AFTER
from alerting.features import Bools, Floats, Ints
from alerting.tracks import FINDING, Track, Verdict
from ward.alerts import Priority

_SETTLES_AFTER_S = np.array([0.0, *(SETTLES_AFTER[each].total_seconds() for each in sorted(Priority))])


@dataclass(frozen=True, slots=True, kw_only=True)
class Episodes:
    """Alerts that would have been, by stay and then time; all arrays are (k,).

    stay : int64, index of the stay in the batch
    opened_s : float64, when it would have rung, seconds since 1970; began_s : since when the condition was there
    priority : int8, the highest it reached, `Priority`; ended_s : when it was known to be over, inf where it was not
    """

    stay: Ints
    opened_s: Floats
    began_s: Floats
    priority: Ints
    ended_s: Floats

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.stay)


def episodes(track: Track, until_s: float | Floats) -> Episodes:
    """Return the episodes of a track whose finding began to speak before `until_s`, seconds since 1970, one or (m,).

    What the track says from then on, if nothing had come, is left out. A condition that is back within the damping
    time of its priority (`lifecycle`) goes on as the same episode.
    """
    lengths = np.diff(track.offsets)
    stay = np.repeat(np.arange(len(lengths)), lengths)
    last_s = np.repeat(np.broadcast_to(until_s, len(lengths)), lengths)
    # Neither UNKNOWN nor PENDING decides anything: what was open stays open.
    decided = ((track.verdict == Verdict.QUIET) | (track.verdict >= Verdict.LOW)) & (track.from_s < last_s)
    stay, from_s = stay[decided], track.from_s[decided]
    verdict, began_s = track.verdict[decided], track.began_s[decided]
    found = verdict >= Verdict.LOW
    opens = found & ~_carried(stay, found)
    over = ~found & _carried(stay, found)
    ended_s = _next_end(stay, from_s, opens, over)
    first = np.flatnonzero(opens)
    highest = np.maximum.reduceat(np.where(found, verdict, 0), first) if len(first) else np.empty(0, np.int8)
    each = Episodes(
        stay=stay[first],
        opened_s=from_s[first],
        began_s=began_s[first],
        priority=highest.astype(np.int64) - FINDING,
        ended_s=ended_s,
    )
    return _damped(each)


def _carried(stay: Ints, found: Bools) -> Bools:
    """Return for each row whether the row before it, of the same stay, was a finding."""
    before = np.zeros(len(found), np.bool_)
    before[1:] = found[:-1] & (stay[1:] == stay[:-1])
    return before


def _next_end(stay: Ints, from_s: Floats, opens: Bools, over: Bools) -> Floats:
    """Return for each opening when it ended: ends and openings alternate within a stay, the last end may be missing."""
    first, end = np.flatnonzero(opens), np.flatnonzero(over)
    place = np.searchsorted(end, first)
    found = place < len(end)
    at = end[np.minimum(place, len(end) - 1)] if len(end) else np.zeros(len(first), np.int64)
    mine = found & (stay[at] == stay[first]) if len(end) else found
    return np.where(mine, from_s[at], np.inf) if len(end) else np.full(len(first), np.inf)


def _damped(each: Episodes) -> Episodes:
    """Join an episode to the one before it where the condition was away for less than the damping time.

    The time is that of the priority of the earlier one, as in an alert's life.
    """
    if len(each) == 0:
        return each
    away_s = _SETTLES_AFTER_S[each.priority[:-1]]
    new = np.ones(len(each), np.bool_)
    new[1:] = (each.stay[1:] != each.stay[:-1]) | (each.opened_s[1:] - each.ended_s[:-1] >= away_s)
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(each)) - 1
    return Episodes(
        stay=each.stay[first],
        opened_s=each.opened_s[first],
        began_s=each.began_s[first],
        priority=np.maximum.reduceat(each.priority, first),
        ended_s=each.ended_s[last],
    )


def joined(parts: Sequence[Episodes]) -> Episodes:
    """Put the episodes of several rules together."""
    return Episodes(
        stay=np.concatenate([part.stay for part in parts]),
        opened_s=np.concatenate([part.opened_s for part in parts]),
        began_s=np.concatenate([part.began_s for part in parts]),
        priority=np.concatenate([part.priority for part in parts]),
        ended_s=np.concatenate([part.ended_s for part in parts]),
    )
