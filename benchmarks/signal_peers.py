"""What users would take instead: the public libraries, where they are installed, and yardsticks of a few lines.

None of them is a dependency of ours. Each entry is (form, name, what it needs installed, how it is made); a peer whose
library is absent is left out of the table.
"""

import contextlib
import io
import math
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

Function = Callable[..., Any]


def quiet(function: Function) -> Function:
    """Return a function that prints and warns nothing: libraries talk a lot."""

    def call(*arguments: Any) -> Any:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*arguments)

    return call


def _neurokit_ecg(method: str) -> Function:
    kit = import_module("neurokit2")

    def detect(ecg_mv: Any, fs: float) -> Any:
        clean = kit.ecg_clean(ecg_mv, sampling_rate=int(fs), method=method)
        return kit.ecg_peaks(clean, sampling_rate=int(fs), method=method)[1]["ECG_R_Peaks"]

    return detect


def _sleepecg() -> Function:
    detect: Function = import_module("sleepecg").detect_heartbeats
    return detect


def _gqrs() -> Function:
    processing = import_module("wfdb.processing")
    return lambda ecg_mv, fs: processing.gqrs_detect(sig=ecg_mv, fs=fs)


def _hamilton() -> Function:
    ecg, tools = import_module("biosppy.signals.ecg"), import_module("biosppy.signals.tools")

    def detect(ecg_mv: Any, fs: float) -> Any:
        order = int(0.3 * fs) | 1
        band = {"ftype": "FIR", "band": "bandpass", "order": order, "frequency": [3, 45], "sampling_rate": fs}
        clean, _, _ = tools.filter_signal(signal=ecg_mv, **band)
        peaks = ecg.hamilton_segmenter(signal=clean, sampling_rate=fs)["rpeaks"]
        return ecg.correct_rpeaks(signal=clean, rpeaks=peaks, sampling_rate=fs, tol=0.05)["rpeaks"]

    return detect


def _neurokit_ppg() -> Function:
    kit = import_module("neurokit2")

    def detect(ppg: Any, fs: float) -> Any:
        clean = kit.ppg_clean(ppg, sampling_rate=int(fs))
        return kit.ppg_peaks(clean, sampling_rate=int(fs), method="elgendi")[1]["PPG_Peaks"]

    return detect


def _heartpy_ppg() -> Function:
    heartpy = import_module("heartpy")

    def detect(ppg: Any, fs: float) -> Any:
        clean = heartpy.filter_signal(ppg, [0.7, 3.5], sample_rate=fs, order=3, filtertype="bandpass")
        found, _ = heartpy.process(clean, fs)
        return np.setdiff1d(found["peaklist"], found["removed_beats"])

    return detect


def _neurokit_edr() -> Function:
    kit = import_module("neurokit2")

    def rate(_ppg: Any, ecg: Any, _resp: Any, fs: float) -> float:
        clean = kit.ecg_clean(ecg, sampling_rate=int(fs))
        peaks = kit.ecg_peaks(clean, sampling_rate=int(fs))[1]["ECG_R_Peaks"]
        beats = kit.signal_rate(peaks, sampling_rate=int(fs), desired_length=len(clean))
        return spectral_peak(kit.ecg_rsp(beats, sampling_rate=int(fs), method="vangent2019"), fs)

    return rate


def _neurokit_chest() -> Function:
    kit = import_module("neurokit2")

    def rate(_ppg: Any, _ecg: Any, resp: Any, fs: float) -> float:
        clean = kit.rsp_clean(resp, sampling_rate=int(fs), method="biosppy")
        peaks = kit.rsp_peaks(clean, sampling_rate=int(fs), method="biosppy")[1]["RSP_Peaks"]
        return float(60 * fs / np.mean(np.diff(peaks))) if len(peaks) > 2 else math.nan

    return rate


def spectral_peak(signal: Any, fs: float) -> float:
    """Return the strongest frequency between 4 and 40 a minute."""
    values = np.asarray(signal, float)
    values = (values - values.mean()) * np.hanning(len(values))
    power = np.abs(np.fft.rfft(values, int(fs * 512))) ** 2
    per_min = 60 * np.fft.rfftfreq(int(fs * 512), 1 / fs)
    inside = (per_min >= 4) & (per_min <= 40)
    return float(per_min[inside][np.argmax(power[inside])])


def cosen(rr_ms: Any, within_ms: float = 30.0) -> float:
    """Return the coefficient of sample entropy of RR intervals (Lake & Moorman 2011, doi:10.1152/ajpheart.00561.2010).

    As it is published, with a fixed tolerance and nothing done about ectopic beats.
    """
    rr = np.asarray(rr_ms, float)
    if len(rr) < 3:
        return math.nan
    near = np.abs(rr[:, None] - rr[None, :]) <= within_ms
    np.fill_diagonal(near, val=False)
    pairs, triples = near[:-1, :-1].sum(), (near[:-1, :-1] & near[1:, 1:]).sum()
    return float(-math.log(max(triples, 1) / max(pairs, 1)) + math.log(2 * within_ms) - math.log(rr.mean()))


def _cosen_of(make: Callable[[], Function]) -> Function:
    detect = make()
    return lambda ecg_mv, fs: cosen(np.diff(np.asarray(detect(ecg_mv, fs), float)) / fs * 1000)


_PEERS: Final[tuple[tuple[str, str, str, Callable[[], Function]], ...]] = (
    ("qrs", "NeuroKit2", "neurokit2", lambda: _neurokit_ecg("neurokit")),
    ("qrs", "sleepecg", "sleepecg", _sleepecg),
    ("qrs", "wfdb gqrs", "wfdb", _gqrs),
    ("qrs", "BioSPPy hamilton", "biosppy", _hamilton),
    ("pulse", "NeuroKit2 elgendi", "neurokit2", _neurokit_ppg),
    ("pulse", "HeartPy", "heartpy", _heartpy_ppg),
    ("rr_ppg_ecg", "always 18", "", lambda: lambda *_: 18.0),
    ("rr_ppg_ecg", "spectral peak of the PPG", "", lambda: lambda ppg, _ecg, _resp, fs: spectral_peak(ppg, fs)),
    ("rr_ppg_ecg", "NeuroKit2 vangent2019", "neurokit2", _neurokit_edr),
    ("rr_chest", "spectral peak", "", lambda: lambda _ppg, _ecg, resp, fs: spectral_peak(resp, fs)),
    ("rr_chest", "NeuroKit2 biosppy", "neurokit2", _neurokit_chest),
    ("af", "CoSEn", "", lambda: cosen),
    ("af2017", "sleepecg + CoSEn", "sleepecg", lambda: _cosen_of(_sleepecg)),
    ("alarm", "believe every alarm", "", lambda: lambda *_: True),
)


def installed(form: str) -> Iterator[tuple[str, Function]]:
    """Yield the peers of a form that can run here, by name."""
    for of, name, needs, make in _PEERS:
        if of == form and (not needs or find_spec(needs) is not None):
            yield name, quiet(make())
