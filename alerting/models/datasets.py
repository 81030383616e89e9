"""The two public data sets that the deterioration score is fitted on, read into courses with what became of people.

`cinc2012`: PhysioNet/CinC Challenge 2012 (Silva 2012), first 48 h in intensive care, death in hospital.
`cinc2019`: PhysioNet/CinC Challenge 2019 set A (Reyna 2020, doi:10.1097/CCM.0000000000004145), sepsis by the hour.
Only vital signs, oxygen and age are taken; sex and unit serve to look at subgroups and enter no model. Left out: every
laboratory value, treatment, weight, urine, and the time since admission. Not here: the data themselves.
"""

import csv
import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from alerting.signal.records import Bools, Floats
from alerting.signal.risk_courses import KINDS, Courses, ragged
from ward.vitals import Acvpu, VitalKind

DEATHS: Final = "cinc2012"
SEPSIS: Final = "cinc2019"
FILES: Final = ("cinc2012/vitals.csv.gz", "cinc2012/outcomes.csv", "cinc2019/hourly_vitals_setA.csv.gz")

# A cuff's value is taken where the arterial line has none at the same minute.
_DEATHS_KINDS: Final = MappingProxyType(
    {
        "HR": VitalKind.HEART_RATE,
        "RespRate": VitalKind.RESP_RATE,
        "SaO2": VitalKind.SPO2,
        "Temp": VitalKind.TEMPERATURE,
        "SysABP": VitalKind.SYSTOLIC,
        "DiasABP": VitalKind.DIASTOLIC,
        "MAP": VitalKind.MEAN_PRESSURE,
        "NISysABP": VitalKind.SYSTOLIC,
        "NIDiasABP": VitalKind.DIASTOLIC,
        "NIMAP": VitalKind.MEAN_PRESSURE,
        "GCS": VitalKind.CONSCIOUSNESS,
        "FiO2": VitalKind.FIO2,
    }
)
_CUFF: Final = "NI"
_SEPSIS_KINDS: Final = MappingProxyType(
    {
        "HR": VitalKind.HEART_RATE,
        "Resp": VitalKind.RESP_RATE,
        "O2Sat": VitalKind.SPO2,
        "Temp": VitalKind.TEMPERATURE,
        "SBP": VitalKind.SYSTOLIC,
        "DBP": VitalKind.DIASTOLIC,
        "MAP": VitalKind.MEAN_PRESSURE,
        "FiO2": VitalKind.FIO2,
    }
)
# Least Glasgow score of each level, between the medians that McNarry & Goldhill 2004 found (A 15, V 13, P 8, U 6;
# doi:10.1111/j.1365-2044.2004.03526.x); C, new confusion, is not theirs: 14 is a full score less orientation.
GLASGOW: Final = ((15, Acvpu.A), (14, Acvpu.C), (11, Acvpu.V), (7, Acvpu.P), (3, Acvpu.U))
UNITS: Final = MappingProxyType({"1": "coronary care", "2": "cardiac surgery", "3": "medical", "4": "surgical"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """The patients of one data set.

    courses : n patients; outcome : (n,) bool, died in hospital, or became septic
    event : (rows,) bool, what each row is to be told apart by: the outcome itself, or septic within hours
    sex : (n,) "female", "male" or "unknown"; unit : (n,) kind of intensive care, or "unknown"
    """

    name: str
    courses: Courses
    outcome: Bools
    event: Bools
    sex: tuple[str, ...]
    unit: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class _Patient:
    rows: dict[float, dict[VitalKind, float]]
    events: dict[float, bool]
    age: float = np.nan
    sex: str = "unknown"
    unit: str = "unknown"


def consciousness(glasgow: float) -> float:
    """Return the ACVPU number that stands for a Glasgow coma score, NaN for a score below three."""
    return next((float(level) for least, level in GLASGOW if glasgow >= least), np.nan)


def checksum(folder: Path) -> str:
    """Return SHA-256 over the files that are read, in the order of `FILES`."""
    found = hashlib.sha256()
    for name in FILES:
        found.update((folder / name).read_bytes())
    return found.hexdigest()


def deaths(folder: Path) -> Cohort:
    """Read the data set of deaths in hospital; rows are the minutes at which something was measured."""
    with (folder / FILES[1]).open(encoding="utf-8") as lines:
        died = {row["RecordID"]: row["In-hospital_death"] == "1" for row in csv.DictReader(lines)}
    patients = {record: _Patient(rows={}, events={}) for record in died}
    for row in _table(folder / FILES[0]):
        _enter(patients[row["RecordID"]], row)
    return _cohort(DEATHS, list(patients.values()), list(died.values()))


def sepsis(folder: Path) -> Cohort:
    """Read the data set of sepsis by the hour; a row an hour."""
    patients: dict[str, _Patient] = {}
    for row in _table(folder / FILES[2]):
        patient = patients.setdefault(row["patient"], _Patient(rows={}, events={}))
        patient.age, patient.sex = float(row["Age"] or "nan"), _sex(row["Gender"])
        minute = 60.0 * float(row["ICULOS"])
        values = {kind: float(row[name]) for name, kind in _SEPSIS_KINDS.items() if row[name]}
        patient.rows[minute] = {kind: _in_unit(kind, value) for kind, value in values.items()}
        patient.events[minute] = row["SepsisLabel"] == "1"
    return _cohort(SEPSIS, list(patients.values()), [any(each.events.values()) for each in patients.values()])


def _table(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _sex(code: str) -> str:
    return {"0": "female", "1": "male"}.get(code, "unknown")


def _in_unit(kind: VitalKind, value: float) -> float:
    """Return the value in the unit of `ward.vitals`: oxygen is given as a fraction."""
    return value * 100 if kind is VitalKind.FIO2 else value


def _enter(patient: _Patient, row: Mapping[str, str]) -> None:
    name, value = row["param"], float(row["value"])
    if name == "Age":
        patient.age = value
    elif name == "Gender":
        patient.sex = _sex(row["value"])
    elif name == "ICUType":
        patient.unit = UNITS.get(row["value"], "unknown")
    elif name in _DEATHS_KINDS and value >= 0:
        kind = _DEATHS_KINDS[name]
        at = patient.rows.setdefault(float(row["minute"]), {})
        if not (name.startswith(_CUFF) and kind in at):
            at[kind] = consciousness(value) if kind is VitalKind.CONSCIOUSNESS else _in_unit(kind, value)


def _cohort(name: str, patients: list[_Patient], outcome: list[bool]) -> Cohort:
    minutes = [sorted(patient.rows) for patient in patients]
    counts = np.array([len(each) for each in minutes])
    columns = {kind.value: _column(patients, minutes, kind) for kind in KINDS}
    happened = np.array(outcome, np.bool_)
    at = [patient.events[t] for patient, times in zip(patients, minutes, strict=True) for t in times if patient.events]
    return Cohort(
        name=name,
        courses=ragged(
            np.concatenate(([0], np.cumsum(counts))),
            np.array([t for times in minutes for t in times]),
            columns,
            [patient.age for patient in patients],
        ),
        outcome=happened,
        event=np.array(at, np.bool_) if at else np.repeat(happened, counts),
        sex=tuple(patient.sex for patient in patients),
        unit=tuple(patient.unit for patient in patients),
    )


def _column(patients: list[_Patient], minutes: list[list[float]], kind: VitalKind) -> Floats:
    return np.array(
        [patient.rows[t].get(kind, np.nan) for patient, times in zip(patients, minutes, strict=True) for t in times]
    )
