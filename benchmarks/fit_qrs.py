"""Fit the weights by which R peaks are told from other candidates, and judge them on records that they have not seen.

Every record of MIT-BIH as it is, and ten minutes of it with added noise (wander, motion, muscle) at 18, 12 and 6 dB.
Prints candidates wrongly taken and beats left out, each record judged by the weights of the others, then the weights
of all: they go into `alerting/signal/qrs_decision.py` by hand.

Example: python -m benchmarks.fit_qrs --data ../shared/data
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal import qrs_candidates, qrs_decision
from alerting.signal.qrs_energy import energy
from benchmarks import annotated
from benchmarks.signal_scores import Floats, noise

_LEVELS: Final = (None, 18, 12, 6)
_FROM_S, _UNTIL_S = 60, 660
_SEED: Final = 100  # other noise than that under which the detector is judged
_NEAR_S: Final = 0.15
_RIDGE: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """The candidates of a record at a level of noise: measures (k, 7), and whether each is a beat (k,)."""

    name: str
    snr_db: int | None
    measures: Floats
    is_beat: npt.NDArray[np.bool_]
    beyond: int


def candidates(record: annotated.Ecg, snr_db: int | None) -> Candidates:
    """Return the candidates of a record's first lead; those in ventricular flutter are left out."""
    fs_hz, notes = record.fs_hz, record.annotations
    low, high = (0, record.ecg_mv.shape[1]) if snr_db is None else (int(_FROM_S * fs_hz), int(_UNTIL_S * fs_hz))
    signal = record.ecg_mv[0, low:high]
    beats = notes.sample[notes.is_beat & (notes.sample >= low) & (notes.sample < high)] - low
    if snr_db is not None:
        half = int(0.05 * fs_hz)
        heights = [np.ptp(signal[max(0, each - half) : each + half]) for each in beats if each > half]
        power = float(np.median(heights)) ** 2 / 8 / 10 ** (snr_db / 10)
        signal = signal + noise(len(signal), fs_hz, int(record.name) + _SEED + snr_db) * np.sqrt(power)
    found = qrs_candidates.candidates(energy(signal[None], fs_hz))
    at = (found.point + 0.5) * found.by - 0.5
    nearest = np.abs(at[:, None] - beats[np.clip(np.searchsorted(beats, at)[:, None] + [-1, 0], 0, len(beats) - 1)])
    owner = np.clip(np.searchsorted(beats, at) - (nearest[:, 0] <= nearest[:, 1]), 0, len(beats) - 1)
    off = nearest.min(axis=1)
    best = np.full(len(beats), np.inf)
    np.minimum.at(best, owner, off)
    is_beat = (off <= _NEAR_S * fs_hz) & (off == best[owner])
    judged = np.ones(len(at), np.bool_)
    for begin, end in zip(notes.sample[notes.symbol == "["], notes.sample[notes.symbol == "]"], strict=False):
        judged &= (at < begin - low - _NEAR_S * fs_hz) | (at > end - low + _NEAR_S * fs_hz)
    judged &= at > 5 * fs_hz
    missed = len(beats) - len(np.unique(owner[is_beat]))
    measured = qrs_decision.measures(found)
    return Candidates(
        name=record.name, snr_db=snr_db, measures=measured[judged], is_beat=is_beat[judged], beyond=missed
    )


def fitted(some: list[Candidates]) -> Floats:
    """Return the weights and the intercept, (8,), by ridge-penalised logistic regression (Newton's method)."""
    values = np.concatenate([each.measures for each in some])
    truth = np.concatenate([each.is_beat for each in some]).astype(float)
    centre, scale = values.mean(axis=0), values.std(axis=0) + 1e-9
    design = np.column_stack(((values - centre) / scale, np.ones(len(values))))
    penalty = np.diag([_RIDGE] * values.shape[1] + [0.0])
    found = np.zeros(design.shape[1])
    for _ in range(40):
        chance = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        curvature = design.T @ (design * (chance * (1 - chance) + 1e-9)[:, None]) + penalty
        step = np.linalg.solve(curvature, design.T @ (truth - chance) - penalty @ found)
        found += step
        if np.abs(step).max() < 1e-7:
            break
    weights = found[:-1] / scale
    return np.append(weights, found[-1] - centre @ weights)


def _judged(everything: list[Candidates]) -> Iterator[tuple[int | None, int, int, int]]:
    wrong = {level: np.zeros(3, int) for level in _LEVELS}
    for name in sorted({each.name for each in everything}):
        weights = fitted([each for each in everything if each.name != name])
        for each in everything:
            if each.name == name:
                taken = each.measures @ weights[:-1] + weights[-1] > 0
                wrong[each.snr_db] += ((taken & ~each.is_beat).sum(), (~taken & each.is_beat).sum(), each.beyond)
    for level, (extra, left_out, beyond) in wrong.items():
        yield level, int(extra), int(left_out), int(beyond)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of public recordings")
    folder: Path = parser.parse_args().data
    records = [annotated.mitdb(folder, name) for name in annotated.names(folder, "mitdb", ".dat.xz")]
    everything = [candidates(record, level) for record in records for level in _LEVELS]
    print("| noise | beats and other candidates | wrongly taken | wrongly left out | beats that are no candidate |")
    print("|---|---|---|---|---|")
    for level, extra, left_out, beyond in _judged(everything):
        of = [each for each in everything if each.snr_db == level]
        beats, others = (sum(int((each.is_beat == kind).sum()) for each in of) for kind in (True, False))
        print(
            f"| {'none' if level is None else f'{level} dB'} | {beats} + {others} | {extra} | {left_out} | {beyond} |"
        )
    *weights, intercept = fitted(everything)
    print(f"\nWEIGHTS = ({', '.join(f'{each:.2f}' for each in weights)})\nINTERCEPT = {intercept:.2f}")


if __name__ == "__main__":
    main()
