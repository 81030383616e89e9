"""A recording, read by the signal core, as a page to be drawn. Computes; draws nothing.

Channels are taken by their names: the leads of an ECG, pulse waves and pressures, the chest's movement. Nothing is left
out in silence: a channel whose name says nothing is named on the page.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from alerting.signal import ecg, ecg_rate, pulses, qrs, quality, respiration, rhythm
from alerting.signal.ecg_kinds import Kind
from alerting.signal.events import Beats
from alerting.signal.quality import READABLE, Quality, Reason
from alerting.signal.records import Bools, Floats
from onebox.recordings import Recording
from onebox.signal_picture import Band, Intervals, Lane, Marks, Page
from ward.errors import ConfigError

_LIMBS: Final = ("i", "ii", "iii", "avr", "avl", "avf", "mlii", "mliii")
_CHEST_LEADS: Final = ("v", "v1", "v2", "v3", "v4", "v5", "v6", "mcl", "mcl1", "mcl6")
_ECG: Final = frozenset(("ecg", "ekg", *_LIMBS, *_CHEST_LEADS))
_PULSE: Final = frozenset(("pleth", "ppg", "red", "infrared", "green", "abp", "art", "pap"))
_CHEST: Final = frozenset(("resp", "impedance", "thorax", "abdomen", "breathing"))
_LETTERS: Final[Mapping[int, str]] = {
    Kind.NORMAL: "N",
    Kind.VENTRICULAR: "V",
    Kind.SUPRAVENTRICULAR: "S",
    Kind.UNREADABLE: "?",
}
_LEAST_ECG_HZ, _LEAST_PULSE_HZ = qrs.LEAST_HZ, pulses.LEAST_HZ


def page(recording: Recording, begin_s: float, length_s: float) -> Page:
    """Return what was seen in a part of a recording; all of it is read, so that nothing begins at the part's edge.

    Raises
    ------
    ConfigError
        If no channel is known by its name, or the part lies beyond the end.
    """
    if not 0 <= begin_s < recording.length_s:
        raise ConfigError(
            f"{recording.name} lasts {recording.length_s:.1f} s: --begin must lie within, and is {begin_s:g}."
        )
    sorts = {name: _sort(name) for name in recording.channels}
    known = [name for name, sort in sorts.items() if sort]
    if not known:
        raise ConfigError(
            f"{recording.name}: no channel is known by its name ({', '.join(sorts)}). Name them I, II, V1 … or ecg,"
            " pleth or ppg, resp, in the header of the file."
        )
    lanes, said = [], []
    intervals = Intervals(at_s=np.empty(0), ms=np.empty(0), called=())
    for name in sorted(known, key=lambda each: ("ecg", "pulse", "chest").index(sorts[each])):
        signal, fs_hz = recording.channels[name], recording.fs_hz
        if sorts[name] == "ecg" and fs_hz >= _LEAST_ECG_HZ:
            lane, about, beaten = _ecg(name, signal, fs_hz, (begin_s, begin_s + length_s))
            intervals = beaten if not len(intervals.at_s) else intervals
        elif sorts[name] == "pulse" and fs_hz >= _LEAST_PULSE_HZ:
            lane, about, beaten = _pulse(name, signal, fs_hz, (begin_s, begin_s + length_s))
            intervals = beaten if not len(intervals.at_s) else intervals
        else:
            lane, about = _chest(name, signal, fs_hz, (begin_s, begin_s + length_s))
        lanes.append(lane)
        said += about
    if unknown := [name for name, sort in sorts.items() if not sort]:
        said.append(f"not shown: {', '.join(unknown)}")
    until_s = min(begin_s + length_s, recording.length_s)
    title = f"{recording.name}   {begin_s:g} to {until_s:g} s of {recording.length_s:.0f} s, {recording.fs_hz:g} Hz"
    return Page(title=title, said=said, lanes=lanes, intervals=intervals, begin_s=begin_s, length_s=until_s - begin_s)


def _sort(name: str) -> str:
    """Return what a channel is, empty where its name does not say."""
    words = {*name.lower().replace("-", " ").replace("_", " ").split(), name.lower()}
    for sort, names in (("ecg", _ECG), ("pulse", _PULSE), ("chest", _CHEST)):
        if words & names:
            return sort
    return ""


def _ecg(name: str, signal: Floats, fs_hz: float, part: tuple[float, float]) -> tuple[Lane, list[str], Intervals]:
    read = ecg.read(signal, fs_hz, qrs.detect(signal, fs_hz))
    called = [_LETTERS[kind] for kind in read.kind.tolist()]
    rate = ecg_rate.heart_rate(read.intervals, read.quality)
    said = [f"{name}: {_rate('heart rate', rate.per_min[0], rate.confidence[0], rate.window_s, part)}"]
    usable = quality.at(read.quality, read.beats) >= READABLE
    said.append(_rhythm(read.beats, len(signal), usable, part))
    ends = np.searchsorted(read.beats.sample, read.intervals.end)
    intervals = Intervals(
        at_s=read.intervals.end / fs_hz, ms=1000 * read.intervals.rr_s, called=[called[place] for place in ends]
    )
    return _lane(name, signal, read.beats, called, read.quality, is_ecg=True), said, intervals


def _pulse(name: str, signal: Floats, fs_hz: float, part: tuple[float, float]) -> tuple[Lane, list[str], Intervals]:
    found = pulses.detect(signal, fs_hz)
    judged = quality.ppg(signal, fs_hz, found)
    at_s = found.exact / fs_hz
    inside = (at_s >= part[0]) & (at_s < part[1])
    between = np.diff(at_s[inside])
    rate = f"{60 / between.mean():.0f}/min" if len(between) else "unreadable"
    called = [""] * len(at_s)
    intervals = Intervals(at_s=at_s[1:], ms=1000 * np.diff(at_s), called=called[1:])
    return _lane(name, signal, found, called, judged, is_ecg=False), [f"{name}: pulses {rate}"], intervals


def _chest(name: str, signal: Floats, fs_hz: float, part: tuple[float, float]) -> tuple[Lane, list[str]]:
    """Return a lane with the breaths, and the rate of the part where it is long enough for one."""
    first, until = (round(at_s * fs_hz) for at_s in part)
    piece = signal[first:until][: round(respiration.MOST_S * fs_hz)]
    rate = np.nan
    if len(piece) >= respiration.LEAST_S * fs_hz:
        rate = respiration.chest(piece, fs_hz).rate_per_min[0]
    breaths = respiration.follow(signal, fs_hz).at_s
    marks = Marks(at_s=breaths, called=[""] * len(breaths))
    lane = Lane(name=name, signal=signal, fs_hz=fs_hz, marks=marks, band=None)
    return lane, [f"{name}: breaths {'unreadable' if np.isnan(rate) else f'{rate:.0f}/min'}"]


def _lane(name: str, signal: Floats, beats: Beats, called: list[str], judged: Quality, *, is_ecg: bool) -> Lane:
    reasons = [_words(each) for each in judged.reasons[0].tolist()]
    band = Band(index=judged.index[0], reasons=reasons, window_s=judged.window_s, readable=READABLE)
    marks = Marks(at_s=beats.sample / beats.fs_hz, called=called)
    return Lane(name=name, signal=signal, fs_hz=beats.fs_hz, marks=marks, band=band, is_ecg=is_ecg)


def _words(reasons: int) -> str:
    return ", ".join(each.name.lower().replace("_", " ") for each in Reason(reasons) if each.name)


def _rate(what: str, per_min: Floats, sure: Floats, window_s: float, part: tuple[float, float]) -> str:
    first, until = int(part[0] // window_s), int(-(-part[1] // window_s))
    seen, how = per_min[first:until], sure[first:until]
    if not np.isfinite(seen).any():
        return f"{what} unreadable"
    low, high = np.nanmin(seen), np.nanmax(seen)
    said = f"{low:.0f}" if round(low) == round(high) else f"{low:.0f} to {high:.0f}"
    return f"{what} {said}/min (sure {np.mean(how):.0%})"


def _rhythm(beats: Beats, samples: int, usable: Bools, part: tuple[float, float]) -> str:
    line = rhythm.timeline(beats, samples, usable)
    cells: Iterable[int] = line.state[0, int(part[0] // rhythm.STEP_S) : int(-(-part[1] // rhythm.STEP_S))].tolist()
    kinds = {rhythm.Rhythm(each).name.lower().replace("_", " ") for each in cells}
    return f"rhythm: {', '.join(sorted(kinds)) or 'too short'}"
