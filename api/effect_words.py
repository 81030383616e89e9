"""What a change of medication did, in one line of Swedish and one of English, for who prescribed it. Pure.

The invariant: a kind of which too little is known is named with what is missing, never left out; the line says what was
measured and not that the medicine made it so.
"""

from collections.abc import Iterable
from datetime import datetime

from alerting.words import KINDS, UNITS
from ward.duty import wallclock
from ward.effect import Effect, Side, Verdict
from ward.timeline import Medication
from ward.vitals import VITALS

Pair = tuple[str, str]
_SV, _EN = 0, 1
_MOVED: dict[Verdict, Pair] = {
    Verdict.AS_WANTED: ("som avsett", "as intended"),
    Verdict.AGAINST: ("åt fel håll", "the wrong way"),
    Verdict.UNCHANGED: ("oförändrat", "unchanged"),
    Verdict.ROSE: ("har stigit", "has risen"),
    Verdict.FELL: ("har sjunkit", "has fallen"),
}
_CONFOUNDED: Pair = ("annan läkemedelsändring i samma tid", "another change of medication in the same time")


def line(medication: Medication, at: datetime, effects: Iterable[Effect], others: int) -> Pair:
    """Return the whole report."""
    found = list(effects)
    return _line(medication, at, found, others, _SV), _line(medication, at, found, others, _EN)


def phrase(effect: Effect) -> Pair:
    """Return what is said of one kind."""
    return _phrase(effect, _SV), _phrase(effect, _EN)


def _line(medication: Medication, at: datetime, effects: list[Effect], others: int, side: int) -> str:
    doses = " → ".join(each for each in (medication.from_dose, medication.to_dose) if each)
    what = f"{medication.drug} {doses}".strip()
    said = [_phrase(each, side) for each in effects]
    if others:
        said.append(_CONFOUNDED[side])
    return f"{what} {wallclock.wall(at):%Y-%m-%d %H:%M}: {'; '.join(said)}."


def _phrase(effect: Effect, side: int) -> str:
    name = KINDS[effect.kind.value][side]
    if effect.before is None or effect.after is None or effect.change is None:
        return f"{name}: {_missing(effect, side)}"
    unit = UNITS.get(VITALS[effect.kind].unit, ("", ""))[side]
    before, after, change = (
        _number(effect, value, side) for value in (effect.before.median, effect.after.median, abs(effect.change))
    )
    sign = "+" if effect.change > 0 else "\N{MINUS SIGN}" if effect.change < 0 else "±"
    took = "" if effect.after_s is None else _took(effect.after_s, side)
    moved = _MOVED[effect.verdict][side]
    return f"{name} {before} → {after} {unit}".rstrip() + f" ({sign}{change}), {moved}{took}"


def _missing(effect: Effect, side: int) -> str:
    if effect.verdict is Verdict.TOO_EARLY:
        return ("för tidigt att säga", "too early to say")[side]
    before, after = _count(effect.before), _count(effect.after)
    return (f"för få värden ({before} före, {after} efter)", f"too few values ({before} before, {after} after)")[side]


def _count(side: Side | None) -> int:
    return 0 if side is None else side.count


def _number(effect: Effect, value: float, side: int) -> str:
    written = f"{value:.{max(VITALS[effect.kind].decimals, 0)}f}"
    return written.replace(".", ",") if side == _SV else written


def _took(seconds: float, side: int) -> str:
    hours = seconds / 3600
    if hours < 1:
        return (f" efter {seconds / 60:.0f} min", f" after {seconds / 60:.0f} min")[side]
    return (f" efter {hours:.0f} h", f" after {hours:.0f} h")[side]
