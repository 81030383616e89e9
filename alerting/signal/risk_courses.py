"""The vital signs of patients over time as ragged columns, checked once: what the deterioration score looks at.

Not here: windows, features (`risk_features`), the score (`risk`). The invariant: within a patient times never fall, and
a value that is no finite number, or outside what is plausible for its kind (`ward.vitals`), is NaN.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal.records import Floats, Ints
from ward.vitals import VITALS, VitalKind

KINDS: Final = (
    VitalKind.HEART_RATE,
    VitalKind.RESP_RATE,
    VitalKind.SPO2,
    VitalKind.TEMPERATURE,
    VitalKind.SYSTOLIC,
    VitalKind.DIASTOLIC,
    VitalKind.MEAN_PRESSURE,
    VitalKind.CONSCIOUSNESS,
    VitalKind.OXYGEN_FLOW,
    VitalKind.FIO2,
)
"""What is looked at; a kind that is known to `ward.vitals` but not named here is left alone."""

LONGEST_MIN: Final = 366 * 24 * 60.0
"""A course longer than a year is a mistake of units or of the clock."""

FARTHEST_MIN: Final = 1e10
"""Minutes since 1970 are some 3e7; more than this is no time, and could not be told to the second."""

OLDEST_YEARS: Final = 130.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Courses:
    """The courses of n patients, patient after patient; made by `course`, `courses` or `ragged`.

    offsets : (n + 1,) int64, patient `i` owns `[offsets[i], offsets[i + 1])`
    t_s : (rows,) int64, seconds since the patient's own first row, never falling within a patient
    values : (len(KINDS), rows) float64, canonical units of `ward.vitals`, NaN where nothing was measured
    age_years : (n,) float64, NaN where not known
    """

    offsets: Ints
    t_s: Ints
    values: Floats
    age_years: Floats

    @property
    def patient(self) -> Ints:
        """(rows,) int64: whose row it is."""
        return np.repeat(np.arange(len(self.age_years)), np.diff(self.offsets))

    def of(self, kind: VitalKind) -> Floats:
        """Return (rows,) the values of a kind."""
        found: Floats = self.values[KINDS.index(kind)]
        return found


def course(times_min: npt.ArrayLike, vitals: Mapping[str, npt.ArrayLike], age_years: float) -> Courses:
    """Return the course of one patient: times (rows,) in minutes, each kind of `vitals` (rows,).

    Raises
    ------
    ValueError
        As `ragged`.
    """
    rows = len(_numbers(times_min, "times_min", 1))
    return ragged(np.array([0, rows]), times_min, vitals, [age_years])


def courses(times_min: npt.ArrayLike, vitals: Mapping[str, npt.ArrayLike], age_years: npt.ArrayLike) -> Courses:
    """Return the courses of n patients with as many rows each.

    Parameters
    ----------
    times_min : (rows,) for all, or (n, rows); minutes from any origin
    vitals : kind to (n, rows), canonical units, NaN where nothing was measured
    age_years : (n,), NaN where not known

    Raises
    ------
    ValueError
        As `ragged`.
    """
    patients = len(_numbers(age_years, "age_years", 1))
    times = np.asarray(times_min)
    wide = np.broadcast_to(times, (patients, times.shape[-1])) if times.ndim == 1 else _numbers(times, "times_min", 2)
    if len(wide) != patients:
        raise ValueError(f"times_min: has {len(wide)} patients, age_years has {patients}")
    flat = {}
    for kind, given in vitals.items():
        values = _numbers(given, kind, 2)
        if values.shape != wide.shape:
            raise ValueError(f"{kind}: has the shape {values.shape}, times_min has {wide.shape}")
        flat[kind] = values.ravel()
    return ragged(np.arange(patients + 1) * wide.shape[1], wide.ravel(), flat, age_years)


def ragged(
    offsets: npt.ArrayLike, times_min: npt.ArrayLike, vitals: Mapping[str, npt.ArrayLike], age_years: npt.ArrayLike
) -> Courses:
    """Return the courses of n patients, patient after patient.

    Parameters
    ----------
    offsets : (n + 1,) integers from 0 to rows, never falling: patient `i` owns `[offsets[i], offsets[i + 1])`
    times_min : (rows,) minutes from any origin, finite, never falling within a patient; read to the second
    vitals : `VitalKind` or its name to (rows,), canonical units, NaN where nothing was measured. Values outside the
        plausible range of the kind count as not measured. Kinds that the score does not use are left alone
    age_years : (n,), NaN where not known

    Raises
    ------
    ValueError
        If shapes differ, times fall or are no numbers, a kind is none, or an age is impossible.
    """
    age = _ages(age_years)
    times = _numbers(times_min, "times_min", 1)
    bounds = _offsets(offsets, len(age), len(times))
    return Courses(offsets=bounds, t_s=_seconds(times, bounds), values=_values(vitals, len(times)), age_years=age)


def _numbers(given: npt.ArrayLike, name: str, dimensions: int) -> Floats:
    array = np.asarray(given)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{name}: holds {array.dtype}, must hold real numbers")
    if array.ndim != dimensions:
        raise ValueError(f"{name}: has {array.ndim} dimensions, must have {dimensions}")
    return array.astype(np.float64)


def _ages(given: npt.ArrayLike) -> Floats:
    age = _numbers(given, "age_years", 1)
    wrong = age[~np.isnan(age) & ~((age >= 0) & (age <= OLDEST_YEARS))]
    if len(wrong):
        raise ValueError(f"age_years: is {wrong[0]:g}, must lie between 0 and {OLDEST_YEARS:g}, or be NaN")
    return age


def _offsets(given: npt.ArrayLike, patients: int, rows: int) -> Ints:
    bounds = np.asarray(given)
    if bounds.dtype.kind not in "iu" or bounds.shape != (patients + 1,):
        raise ValueError(f"offsets: {bounds.dtype} of shape {bounds.shape}, must be {patients + 1} integers")
    found = bounds.astype(np.int64)
    if found[0] != 0 or found[-1] != rows or (np.diff(found) < 0).any():
        raise ValueError(f"offsets: must rise from 0 to {rows}, the rows of times_min")
    return found


def _seconds(times: Floats, bounds: Ints) -> Ints:
    """Return whole seconds since each patient's first row, rounded before counting, so any cut rounds alike."""
    possible = np.abs(times) <= FARTHEST_MIN
    if not possible.all():
        raise ValueError(f"times_min: is {times[~possible][0]} at a row, must be within {FARTHEST_MIN:g} of 0")
    starts = bounds[:-1]
    seconds = np.rint(times * 60).astype(np.int64)
    owned = starts[starts < bounds[1:]]
    since = seconds - np.repeat(seconds[owned], np.diff(np.append(owned, len(times))))
    if since.max(initial=0) > LONGEST_MIN * 60:
        raise ValueError(f"times_min: a course lasts {since.max() / 60:g} min, must not last more than {LONGEST_MIN:g}")
    falls = np.diff(times) < 0
    falls[starts[(starts > 0) & (starts < len(times))] - 1] = False
    if falls.any():
        at = int(falls.argmax())
        raise ValueError(f"times_min: falls from {times[at]:g} to {times[at + 1]:g}, must not within a patient")
    return since


def _values(vitals: Mapping[str, npt.ArrayLike], rows: int) -> Floats:
    found = np.full((len(KINDS), rows), np.nan)
    for name, given in vitals.items():
        if name not in VITALS:
            raise ValueError(f"vitals: {name!r} is no kind of vital sign")
        kind = VitalKind(name)
        values = _numbers(given, name, 1)
        if len(values) != rows:
            raise ValueError(f"{name}: has {len(values)} rows, times_min has {rows}")
        if kind in KINDS:
            plausible = (values >= VITALS[kind].low) & (values <= VITALS[kind].high)
            found[KINDS.index(kind)] = np.where(plausible, values, np.nan)
    return found
