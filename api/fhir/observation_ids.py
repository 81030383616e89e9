"""The ids of Observations, taken apart. Pure; they are put together where the Observations are (`ward.fhir`)."""

import re
from dataclasses import dataclass

from ward.vitals import BY_CODE, Vital
from ward.waveforms import BY_CODE as WAVES_BY_CODE
from ward.waveforms import Wave

_READING = re.compile(r"([1-9][0-9]{0,17})-(bp|[1-9][0-9]?)-([0-9]{1,18})")
_SCORE = re.compile(r"news2-([1-9][0-9]{0,17})-([0-9]{1,18})")
_WAVE = re.compile(r"wave-([1-9][0-9]{0,17})-([1-9])-([A-Za-z0-9]{1,10})-([0-9]{1,18})")
LATEST_US = 253_370_764_800_000_000
"""The year 9999: where the calendar ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingId:
    """A reading of a device, or, without a kind, the blood pressure of one instant."""

    device_no: int
    vital: Vital | None
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreId:
    """The score of a stay at one instant."""

    stay_id: int
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveId:
    """A piece of a waveform that begins at one instant."""

    device_no: int
    wave: Wave
    lead: str
    at_us: int


def parse(text: str) -> ReadingId | ScoreId | WaveId | None:
    """Take an id apart; None where no Observation of ours can have it."""
    if found := _READING.fullmatch(text):
        return _reading(int(found[1]), found[2], int(found[3]))
    if found := _SCORE.fullmatch(text):
        at_us = int(found[2])
        return ScoreId(stay_id=int(found[1]), at_us=at_us) if at_us < LATEST_US else None
    if found := _WAVE.fullmatch(text):
        return _wave(int(found[1]), int(found[2]), found[3], int(found[4]))
    return None


def _reading(device_no: int, part: str, at_us: int) -> ReadingId | None:
    vital = None if part == "bp" else BY_CODE.get(int(part))
    if at_us >= LATEST_US or (part != "bp" and vital is None):
        return None
    return ReadingId(device_no=device_no, vital=vital, at_us=at_us)


def _wave(device_no: int, kind: int, lead: str, at_us: int) -> WaveId | None:
    wave = WAVES_BY_CODE.get(kind)
    if wave is None or lead not in wave.leads or at_us >= LATEST_US:
        return None
    return WaveId(device_no=device_no, wave=wave, lead=lead, at_us=at_us)
