"""A stream of chunks through a function of whole records: what the whole record gives, as soon as it is settled.

Not here: what the function looks for. The invariant: the function decides about a sample from `back` samples before it
and `ahead` after it, on a grid that begins at sample 0; so the chunks, however cut, change nothing but the moment at
which a result comes out. What is kept is bounded by `back`, `ahead`, `hop` and the largest chunk.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from alerting.signal.events import Beats
from alerting.signal.records import Floats, rows

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far a function sees, in samples: `back` before and `ahead` after what it decides, `grid` between its blocks.

    `hop` is how many samples at least are settled at a time: more is cheaper, less is sooner.
    """

    back: int
    ahead: int
    grid: int
    hop: int

    @classmethod
    def of(cls, *, back_s: float, ahead_s: float, hop_s: float, grid: int, fs_hz: float) -> "Reach":
        """Return a reach given in seconds, in whole samples that are never too few.

        Raises
        ------
        ValueError
            If a time is not finite, or less than none.
        """
        for name, each in (("back_s", back_s), ("ahead_s", ahead_s), ("hop_s", hop_s)):
            if not 0 <= each < math.inf:
                raise ValueError(f"{name}: is {each!r}, must be a finite number, 0 or more")
        back, ahead, hop = (math.ceil(each * fs_hz) for each in (back_s, ahead_s, hop_s))
        return cls(back=back, ahead=ahead, grid=grid, hop=max(1, hop))


class Stream(Generic[T]):
    """A function of whole records, fed in chunks.

    Parameters
    ----------
    function : of (n, samples), what it gives
    between : of (what the function gave, start, first, end): only what lies in the samples [first, end) of the stream,
        counted from the stream's beginning, where the function was given the samples from `start` on
    reach : how far the function sees
    """

    def __init__(
        self, function: Callable[[Floats], T], between: Callable[[T, int, int, int], T], *, reach: Reach
    ) -> None:
        self._function = function
        self._between = between
        self._reach = reach
        self._kept: list[Floats] = []
        self._start = 0  # of what is kept
        self._end = 0
        self.settled = 0
        """Everything before this sample has been given."""

    def push(self, chunk: npt.ArrayLike) -> T | None:
        """Return what the next samples, (samples,) or (n, samples), have settled; None until that is a hop's worth.

        Raises
        ------
        ValueError
            If it is no signal, or holds another number of records than the chunks before it.
        """
        more = rows(chunk, name="chunk")
        if self._kept and len(more) != len(self._kept[0]):
            raise ValueError(f"chunk: holds {len(more)} records, must hold {len(self._kept[0])} as those before it")
        self._kept.append(more.copy())
        self._end += more.shape[-1]
        until = self._end - self._reach.ahead
        return self._settle(until) if until - self.settled >= self._reach.hop else None

    def finish(self) -> T | None:
        """Return what was not settled yet, now that the record ends here; None if no sample ever came."""
        return self._settle(self._end) if self._kept else None

    def _settle(self, until: int) -> T:
        signal = np.concatenate(self._kept, axis=-1)
        given = self._between(self._function(signal), self._start, self.settled, until)
        self.settled = until
        start = max(0, until - self._reach.back) // self._reach.grid * self._reach.grid
        self._kept = [signal[..., start - self._start :].copy()]
        self._start = start
        return given


def beats_between(beats: Beats, start: int, first: int, end: int) -> Beats:
    """Return the beats in the samples [first, end) of a stream, of which `beats` were looked for from `start` on."""
    sample = beats.sample + start
    here = (first <= sample) & (sample < end)
    shift = None if beats.shift is None else beats.shift[here]
    return Beats(row=beats.row[here], sample=sample[here], fs_hz=beats.fs_hz, records=beats.records, shift=shift)
