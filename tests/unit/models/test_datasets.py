"""Readers of the training data, on a few made-up lines in the data sets' forms."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from alerting.models import datasets
from ward.vitals import VitalKind

OUTCOMES = "RecordID,SAPS-I,SOFA,Length_of_stay,Survival,In-hospital_death\n1,6,1,5,-1,0\n2,9,3,5,4,1\n3,9,3,5,4,0\n"
VITALS = """RecordID,minute,param,value
1,0,Age,54
1,0,Gender,0
1,0,ICUType,4
1,0,Weight,-1
1,7,GCS,15
1,7,NISysABP,147
1,7,SysABP,140
1,7,Urine,900
1,7,HR,73
1,67,FiO2,0.4
1,67,HR,-1
1,67,NISysABP,99
2,0,Age,80
2,0,Gender,-1
2,0,ICUType,1
2,30,GCS,8
"""
HOURS = """patient,HR,O2Sat,Temp,SBP,MAP,DBP,Resp,EtCO2,FiO2,Age,Gender,HospAdmTime,ICULOS,SepsisLabel
p1,84.0,97.5,37.3,140.5,94.5,,17.5,,,28.1,1,-0.05,2,0
p1,,,,,,,,30,0.5,28.1,1,-0.05,4,1
p2,90,,,,,,,,,61,0,-0.05,1,0
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the three files."""
    for name, text in zip(datasets.FILES, (VITALS, OUTCOMES, HOURS), strict=True):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return tmp_path


def test_deaths_are_read(folder: Path) -> None:
    """Rows are the minutes of a vital sign; a patient without one stays; the outcome stands at every row."""
    found = datasets.deaths(folder)

    assert found.outcome.tolist() == [False, True, False]
    assert np.diff(found.courses.offsets).tolist() == [2, 1, 0]
    assert found.event.tolist() == [False, False, True]
    assert found.courses.t_s.tolist() == [0, 3600, 0]
    assert found.sex == ("female", "unknown", "unknown")
    assert found.unit == ("surgical", "coronary care", "unknown")
    assert found.courses.of(VitalKind.HEART_RATE)[:2].tolist() == pytest.approx([73, np.nan], nan_ok=True)


def test_arterial_pressure_comes_before_the_cuffs(folder: Path) -> None:
    """At the same minute the arterial line is taken, whichever stands first; else the cuff."""
    assert datasets.deaths(folder).courses.of(VitalKind.SYSTOLIC)[:2].tolist() == [140, 99]


def test_oxygen_is_in_per_cent(folder: Path) -> None:
    """A fraction of 0.4 is 40 %, in both data sets."""
    assert datasets.deaths(folder).courses.of(VitalKind.FIO2)[1] == 40
    assert datasets.sepsis(folder).courses.of(VitalKind.FIO2)[1] == 50


def test_sepsis_is_read(folder: Path) -> None:
    """Rows are hours, the label stands at its hour, and a patient is septic who has one."""
    found = datasets.sepsis(folder)

    assert found.courses.t_s.tolist() == [0, 7200, 0]
    assert found.event.tolist() == [False, True, False]
    assert found.outcome.tolist() == [True, False]
    assert found.courses.age_years.tolist() == [28.1, 61]
    assert found.sex == ("male", "female")


@pytest.mark.parametrize(
    ("glasgow", "level"), [(15, 0), (14, 1), (13, 2), (11, 2), (10, 3), (7, 3), (6, 4), (3, 4), (2, np.nan)]
)
def test_glasgow_score_becomes_a_level(glasgow: float, level: float) -> None:
    """Each Glasgow score has one ACVPU level; below three there is none."""
    assert datasets.consciousness(glasgow) == pytest.approx(level, nan_ok=True)


def test_checksum_is_of_all_files(folder: Path) -> None:
    """A change in any file that is read changes the checksum."""
    before = datasets.checksum(folder)
    (folder / datasets.FILES[1]).write_text(OUTCOMES + "4,1,1,1,1,0\n")

    assert datasets.checksum(folder) != before
