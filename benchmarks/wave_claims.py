"""What the live reading of waveforms says of public records: how often fibrillation is seen, and which alarms speak.

`python -m benchmarks.wave_claims --data FOLDER`. Fibrillation: each ten seconds of the MIT-BIH records, of which the
minute before is annotated as atrial fibrillation or flutter throughout, or not at all. Alarms: the minute before each
alarm of the Challenge of 2015, true or false, and whether the reading finds the same claim there and lets it speak.
What is looked at live ends 12 s after the ten seconds, these records end with the alarm: so more is missed here.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from alerting import waves_heart, waves_read
from alerting.rules.rhythm import AF_SCORE
from alerting.signal.records import Floats
from alerting.waves_cells import BACK_S, STRETCH_S
from alerting.waves_read import Wanted
from benchmarks import annotated
from tests.builders_waves import START_S, cell_at
from ward.people import StayId
from ward.traces import Channel, Piece
from ward.wave_features import CELL_S, SPEAKS, WaveFeature
from ward.waveforms import WAVES, WaveKind

CLAIMS: Final = {
    "Asystole": WaveFeature.ASYSTOLE,
    "Bradycardia": WaveFeature.BRADYCARDIA,
    "Tachycardia": WaveFeature.TACHYCARDIA,
    "Ventricular_Tachycardia": WaveFeature.VENTRICULAR_TACHYCARDIA,
    "Ventricular_Flutter_Fib": WaveFeature.VENTRICULAR_FIBRILLATION,
}
PLETH: Final = frozenset({"PLETH", "PPG"})
NO_ECG: Final = frozenset({"RESP", "ABP", "ART", "CVP", "PAP"})
MINUTE_S: Final = 60.0


def fibrillation(data: Path) -> tuple[Floats, Floats]:
    """Return the scores of minutes of fibrillation, and of minutes without."""
    yes, no = [], []
    for name in annotated.names(data, "mitdb", ".dat.xz"):
        record = annotated.mitdb(data, name)
        share = _share(record)
        score = waves_heart.read(_stretches(record), record.fs_hz).af
        yes.append(score[share > 0.99])
        no.append(score[share < 0.01])
    return np.concatenate(yes), np.concatenate(no)


def _cells(record: annotated.Ecg) -> range:
    length_s = record.ecg_mv.shape[1] / record.fs_hz
    return range(round(BACK_S / CELL_S), int((length_s - STRETCH_S + BACK_S) / CELL_S))


def _stretches(record: annotated.Ecg) -> Floats:
    length = round(STRETCH_S * record.fs_hz)
    begins = [round((CELL_S * cell - BACK_S) * record.fs_hz) for cell in _cells(record)]
    return np.stack([record.ecg_mv[0, begin : begin + length] for begin in begins])


def _share(record: annotated.Ecg) -> Floats:
    """Return how much of the minute until each cell's end is annotated as fibrillation or flutter."""
    notes, marked = record.annotations, np.zeros(record.ecg_mv.shape[1])
    rhythms = [(at, aux) for at, aux in zip(notes.sample.tolist(), notes.aux.tolist(), strict=True) if aux[:1] == "("]
    for (begin, aux), (end, _) in zip(rhythms, [*rhythms[1:], (len(marked), "")], strict=True):
        marked[begin:end] = aux.startswith(("(AFIB", "(AFL"))
    ends = [round((cell + 1) * CELL_S * record.fs_hz) for cell in _cells(record)]
    return np.array([marked[end - round(MINUTE_S * record.fs_hz) : end].mean() for end in ends])


def alarms(data: Path) -> Iterator[tuple[str, bool, bool]]:
    """Yield each alarm of the Challenge: what it claims, whether it is true, whether the reading speaks of the same."""
    for alarm in annotated.cinc2015(data):
        pieces = [_piece(name, samples, alarm.fs_hz) for name, samples in alarm.channels.items() if name not in NO_ECG]
        lasts_s = max(len(each.samples) for each in pieces) / alarm.fs_hz
        wanted = [
            Wanted(stay_id=StayId(1), cell=cell_at(begin_s), pieces=tuple(pieces))
            for begin_s in np.arange(lasts_s - 3 * CELL_S, lasts_s, CELL_S)
        ]
        rows = [row for cell in waves_read.read(wanted) for row in cell]
        claim = CLAIMS[alarm.alarm]
        yield (
            alarm.alarm,
            alarm.is_true,
            any(row.feature is claim and row.strip is not None and row.strip.verdict in SPEAKS for row in rows),
        )


def _piece(name: str, samples: Floats, fs_hz: float) -> Piece:
    kind = WaveKind.PPG if name in PLETH else WaveKind.ECG
    scale = float(np.nanmax(np.abs(samples), initial=1e-6)) / 30_000
    channel = Channel(
        kind=WAVES[kind].code, lead=name, device_no=1, fs_hz=fs_hz, unit="1", scale=scale, offset=0.0
    )  # fmt: skip
    return Piece(
        channel=channel, t0_us=START_S * 1_000_000, samples=np.nan_to_num(samples / scale).astype(np.int16)
    )  # fmt: skip


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data: Path = parser.parse_args().data
    for said, score in zip(("fibrillation", "other rhythm"), fibrillation(data), strict=True):
        seen, unreadable = np.mean(score >= AF_SCORE), np.mean(np.isnan(score))
        print(f"{len(score)} minutes of {said}: {seen:.1%} from {AF_SCORE:g} on, {unreadable:.1%} unreadable")
    counts = Counter(alarms(data))
    for claim in CLAIMS:
        true, false = ([counts[claim, is_true, spoke] for spoke in (True, False)] for is_true in (True, False))
        print(f"{claim}: of {sum(true)} true alarms {true[0]} speak, of {sum(false)} false ones {false[0]}")


if __name__ == "__main__":
    main()
