"""Our signal core in the forms that measuring scripts take: one function a form, arrays and numbers only.

Nothing is decided here. Times are in samples of the given rate; they may lie between samples. A score that cannot be
read is 0, the least suspicious, where the form has no word for it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.models import datasets, deterioration
from alerting.signal import pulses, respiration, rhythm
from alerting.signal import qrs as r_peaks
from alerting.signal import risk as deteriorating
from alerting.signal.risk_courses import OLDEST_YEARS, course
from alerting.signal.verify import AlarmKind, verify
from ward.vitals import VITALS

Floats = npt.NDArray[np.float64]

_ALARMS: Final = MappingProxyType(
    {
        "Asystole": AlarmKind.ASYSTOLE,
        "Bradycardia": AlarmKind.BRADYCARDIA,
        "Tachycardia": AlarmKind.TACHYCARDIA,
        "Ventricular_Tachycardia": AlarmKind.VENTRICULAR_TACHYCARDIA,
        "Ventricular_Flutter_Fib": AlarmKind.VENTRICULAR_FIBRILLATION,
    }
)


def qrs(ecg_mv: npt.ArrayLike, fs: float) -> Floats:
    """Return the R peaks of an ECG, (samples,)."""
    return r_peaks.detect(ecg_mv, fs).exact


def qrs_batch(ecg_mv: npt.ArrayLike, fs: float) -> list[npt.NDArray[np.int64]]:
    """Return the R peaks of each ECG of a batch, (n, samples)."""
    return r_peaks.detect(ecg_mv, fs).split()


def pulse(ppg: npt.ArrayLike, fs: float) -> Floats:
    """Return the pulses of a pulse wave, (samples,)."""
    return pulses.detect(ppg, fs).exact


def rr_ppg_ecg(ppg: npt.ArrayLike, ecg: npt.ArrayLike, resp: object, fs: float) -> float:
    """Return breaths a minute from PPG and ECG of 16 to 64 s: the best guess, however sure."""
    del resp
    return float(respiration.fused(ppg, ecg, fs).best_per_min[0])


def rr_gated(ppg: npt.ArrayLike, ecg: npt.ArrayLike, resp: object, fs: float) -> tuple[float, float]:
    """Return the same and how sure it is, 0 to 1."""
    del resp
    found = respiration.fused(ppg, ecg, fs)
    return float(found.best_per_min[0]), float(found.confidence[0])


def rr_chest(ppg: object, ecg: object, resp: npt.ArrayLike, fs: float) -> float:
    """Return breaths a minute from the chest's movement or impedance."""
    del ppg, ecg
    return float(respiration.chest(resp, fs).best_per_min[0])


def af(rr_ms: npt.ArrayLike) -> float:
    """Return the suspicion of atrial fibrillation of a window of RR intervals, 0 to 1."""
    return float(np.nan_to_num(rhythm.af_score(rr_ms))[0])


def af2017(ecg_mv: npt.ArrayLike, fs: float) -> float:
    """Return the suspicion of atrial fibrillation of a short ECG, were it believed, 0 to 1."""
    return float(np.nan_to_num(rhythm.strip(ecg_mv, fs).suspicion)[0])


def af2017_gated(ecg_mv: npt.ArrayLike, fs: float) -> float | None:
    """Return the score of a short ECG, None where it cannot be read."""
    found = rhythm.strip(ecg_mv, fs)
    return float(found.score[0]) if found.readable[0] else None


def alarm(signals: Mapping[str, npt.ArrayLike], fs: float, alarm_type: str) -> bool:
    """Return whether an alarm that sounds where the signals end is believed; its name as in the Challenge of 2015."""
    return verify(signals, fs, _ALARMS[alarm_type]).believed


def risk(times_min: npt.ArrayLike, vitals: Mapping[str, npt.ArrayLike], age: float | None) -> Floats:
    """Return the deterioration score at each time, 0 to 1, of what was known by then.

    Kinds are those of `VitalKind`; `gcs` is taken for consciousness where that is not given, FiO2 up to 1 as a share.
    """
    given = {kind: np.asarray(values, np.float64) for kind, values in vitals.items() if kind in VITALS}
    if "gcs" in vitals and "consciousness" not in given:
        given["consciousness"] = np.array([datasets.consciousness(each) for each in np.asarray(vitals["gcs"], float)])
    if "fio2" in given:
        given["fio2"] = np.where(given["fio2"] <= 1, given["fio2"] * 100, given["fio2"])
    years = float(age) if age is not None and 0 <= float(age) <= OLDEST_YEARS else np.nan
    found = course(np.asarray(times_min, np.float64), given, years)
    return deteriorating.score(found, deterioration.weights()).score
