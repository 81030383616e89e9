"""Several leads of one ECG as one: in each window the beats of the lead that can be read best.

Not here: beats of a lead, or its quality. The invariant: a beat of the result is one of the leads' own, at its own
sample, and two beats of the result are never closer than `REFRACTORY_S`.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from alerting.signal.events import Beats
from alerting.signal.quality_verdict import Quality
from alerting.signal.records import Bools, Ints

APART_S: Final = 0.1
"""The R peak of one beat lies up to this much earlier or later in another lead."""
REFRACTORY_S: Final = 0.2
"""No heart beats twice within this time."""


def best(leads: Sequence[tuple[Beats, Quality]]) -> tuple[Beats, Quality]:
    """Return the beats and the quality of the best lead of each window; of equal ones the first.

    Parameters
    ----------
    leads : beats and quality of each lead, all of the same batch of records, rate and length

    Raises
    ------
    ValueError
        If there is no lead, or leads are of different records, rates or lengths.
    """
    _check(leads)
    index = np.stack([quality.index for _, quality in leads])
    chosen = index.argmax(axis=0)
    reasons = np.stack([quality.reasons for _, quality in leads])
    first, window_s = leads[0][0], leads[0][1].window_s
    kept = [_in_chosen(beats, chosen == lead, window_s) for lead, (beats, _) in enumerate(leads)]
    row = np.concatenate([beats.row[some] for (beats, _), some in zip(leads, kept, strict=True)])
    sample = np.concatenate([beats.sample[some] for (beats, _), some in zip(leads, kept, strict=True)])
    order = np.lexsort((sample, row))
    row, sample = _parted(row[order], sample[order], round(REFRACTORY_S * first.fs_hz))
    return (
        Beats(row=row, sample=sample, fs_hz=first.fs_hz, records=first.records),
        Quality(
            index=np.take_along_axis(index, chosen[None], axis=0)[0],
            reasons=np.take_along_axis(reasons, chosen[None], axis=0)[0],
            window_s=window_s,
        ),
    )


def _check(leads: Sequence[tuple[Beats, Quality]]) -> None:
    kinds = {(beats.records, beats.fs_hz, quality.index.shape, quality.window_s) for beats, quality in leads}
    if len(kinds) != 1:
        raise ValueError(f"leads: {len(leads)} of them, must be one or more of the same records, rate and length")


def _in_chosen(beats: Beats, chosen: Bools, window_s: float) -> Bools:
    """Tell which beats of a lead lie in a window where it is chosen, or so near that another lead has them there."""
    step, most = round(window_s * beats.fs_hz), chosen.shape[1] - 1
    made = np.zeros(len(beats.sample), np.bool_)
    for shift in (0, -round(APART_S * beats.fs_hz), round(APART_S * beats.fs_hz)):
        made |= chosen[beats.row, np.clip((beats.sample + shift) // step, 0, most)]
    return made


def _parted(row: Ints, sample: Ints, least: int) -> tuple[Ints, Ints]:
    """Return the beats without those that follow another one too soon; of two such the earlier one stays."""
    while True:
        soon = np.zeros(len(row), np.bool_)
        soon[1:] = (row[1:] == row[:-1]) & (np.diff(sample) < least)
        later = soon & ~np.concatenate(([False], soon[:-1]))
        if not later.any():
            return row, sample
        row, sample = row[~later], sample[~later]
