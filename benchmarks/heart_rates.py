"""Heart rate in windows of ten seconds, and kinds of beats, against what experts annotated: MIT-BIH and 118e.

    python -m benchmarks.heart_rates ../shared/data

The truth is the mean of the annotated RR intervals that lie wholly in a window; windows with fewer than two, and those
with ventricular flutter, are left out. Coverage is filled in order of the confidence; what is not read counts as wrong.
"""

import sys
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal import ecg, qrs
from alerting.signal.ecg_intervals import intervals
from alerting.signal.ecg_kinds import Kind, kinds
from alerting.signal.ecg_leads import best
from alerting.signal.ecg_rate import WINDOW_S, Rate, heart_rate
from alerting.signal.events import Beats
from benchmarks import annotated

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

WITHIN_PER_MIN: Final = 5.0
COVERAGES: Final = (1.0, 0.95, 0.9, 0.8)


def main() -> None:
    """Print how often the rate is right at each coverage, and how well ventricular beats are told."""
    folder = Path(sys.argv[1])
    records = [annotated.mitdb(folder, name) for name in annotated.names(folder, "mitdb", ".dat.xz")]
    print("one lead  ", _line([judged(record, one_lead(record)) for record in records]))
    print("two leads ", _line([judged(record, two_leads(record)) for record in records]))
    for snr_db in (24, 12, 6, 0):
        record = annotated.nstdb(folder, snr_db)
        print(f"118e{snr_db:02}    ", _line([judged(record, one_lead(record))]))
    told = np.sum([ventricular(record) for record in records], axis=0)
    print(
        f"ventricular beats: Se {100 * told[0] / (told[0] + told[2]):.1f} P+ {100 * told[0] / (told[0] + told[1]):.1f}"
    )


def one_lead(record: annotated.Ecg) -> Rate:
    """Return the rate read from the first lead."""
    signal = record.ecg_mv[:1]
    found = ecg.read(signal, record.fs_hz, qrs.detect(signal, record.fs_hz))
    return heart_rate(found.intervals, found.quality)


def two_leads(record: annotated.Ecg) -> Rate:
    """Return the rate read from the better lead of each window."""
    leads = []
    for signal in record.ecg_mv:
        found = ecg.read(signal, record.fs_hz, qrs.detect(signal, record.fs_hz))
        leads.append((found.beats, found.quality))
    beats, quality = best(leads)
    return heart_rate(intervals(beats, np.zeros(len(beats.sample), np.uint8), quality), quality)


def judged(record: annotated.Ecg, rate: Rate) -> tuple[Floats, Floats]:
    """Return the error, NaN where nothing was read, and the confidence of each window whose truth is known."""
    truth = annotated_rates(record)
    known = ~np.isnan(truth)
    return np.abs(rate.per_min[0, : len(truth)] - truth)[known], rate.confidence[0, : len(truth)][known]


def annotated_rates(record: annotated.Ecg) -> Floats:
    """Return the rate of each whole window from the annotated beats, NaN where it is not known."""
    marks = record.annotations
    truth = interval_rates(marks.sample[marks.is_beat], record.ecg_mv.shape[1], record.fs_hz)
    step = round(WINDOW_S * record.fs_hz)
    for begin, end in zip(marks.sample[marks.symbol == "["], marks.sample[marks.symbol == "]"], strict=True):
        truth[begin // step : end // step + 1] = np.nan
    return truth


def interval_rates(beats: Ints, samples: int, fs_hz: float) -> Floats:
    """Return the rate of each whole window, by the mean of the intervals within; NaN where there are fewer than two."""
    step = round(WINDOW_S * fs_hz)
    windows = samples // step
    place = beats[:-1] // step
    inside = (place == beats[1:] // step) & (place < windows)
    count = np.bincount(place[inside], minlength=windows)
    total = np.bincount(place[inside], np.diff(beats)[inside] / fs_hz, windows)
    return np.asarray(np.divide(60.0 * count, total, out=np.full(windows, np.nan), where=count >= 2))


def right_at(cases: list[tuple[Floats, Floats]], coverage: float) -> float:
    """Return the share within 5/min among the surest windows that make up `coverage` of all."""
    error, sure = (np.concatenate(each) for each in zip(*cases, strict=True))
    chosen = np.argsort(-sure, kind="stable")[: round(coverage * len(error))]
    return float((error[chosen] <= WITHIN_PER_MIN).mean())


def _line(cases: list[tuple[Floats, Floats]]) -> str:
    error = np.concatenate([each for each, _ in cases])
    read = ~np.isnan(error)
    right = (error[read] <= WITHIN_PER_MIN).mean() if read.any() else np.nan
    at = ", ".join(f"{100 * coverage:.0f} %: {100 * right_at(cases, coverage):.2f}" for coverage in COVERAGES)
    return (
        f"{len(error):5} windows, read {100 * read.mean():.1f} %, right {100 * right:.2f} % of these; at coverage {at}"
    )


def ventricular(record: annotated.Ecg) -> tuple[int, int, int]:
    """Return how many ventricular beats are found, made up, and missed at the annotated beats; fusion is neither."""
    marks = record.annotations
    sample, symbol = marks.sample[marks.is_beat], marks.symbol[marks.is_beat]
    found = kinds(record.ecg_mv[:1], Beats.of(sample, record.fs_hz), np.ones(len(sample))) == Kind.VENTRICULAR
    true = np.isin(symbol, ["V", "E"])
    counts = (found & true, found & ~true & (symbol != "F"), true & ~found)
    hit, made_up, missed = (int(np.count_nonzero(each)) for each in counts)
    return hit, made_up, missed


if __name__ == "__main__":
    main()
