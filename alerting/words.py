"""Evidence in words, Swedish and English: one template for each text key and language, filled from its parameters.

Pure; brings no numpy. The invariant: every key has both languages, reviewed side by side (a snapshot test holds them).
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Literal

from alerting.words_waves import WAVES
from ward.checkins import SAID, TOPICS
from ward.vitals import VITALS, Acvpu, VitalKind

__all__ = ["KINDS", "PARTS", "TEMPLATES", "UNITS", "Language", "text"]

Language = Literal["sv", "en"]
Parameters = Mapping[str, str | float | int | None]
Pair = tuple[str, str]

KINDS: MappingProxyType[str, Pair] = MappingProxyType(
    {
        "heart_rate": ("hjärtfrekvens", "heart rate"),
        "resp_rate": ("andningsfrekvens", "respiratory rate"),
        "spo2": ("syremättnad", "oxygen saturation"),
        "temperature": ("temperatur", "temperature"),
        "skin_temperature": ("hudtemperatur", "skin temperature"),
        "systolic": ("systoliskt blodtryck", "systolic blood pressure"),
        "diastolic": ("diastoliskt blodtryck", "diastolic blood pressure"),
        "mean_pressure": ("medelblodtryck", "mean blood pressure"),
        "weight": ("vikt", "weight"),
        "glucose": ("blodsocker", "glucose"),
        "consciousness": ("medvetandegrad", "level of consciousness"),
        "oxygen_flow": ("syrgasflöde", "oxygen flow"),
        "fio2": ("inandad syrgasandel", "inspired oxygen"),
        "pain": ("smärta", "pain"),
        "perfusion_index": ("perfusionsindex", "perfusion index"),
        "steps": ("steg", "steps"),
        "peak_flow": ("maximalt utandningsflöde", "peak flow"),
    }
)
# The parts of NEWS2 that are not the name of a kind.
PARTS: MappingProxyType[str, Pair] = MappingProxyType({**KINDS, "oxygen": ("tillförd syrgas", "supplemental oxygen")})
UNITS: MappingProxyType[str, Pair] = MappingProxyType(
    {
        "%": ("%", "%"),
        "/min": ("/min", "/min"),
        "Cel": ("°C", "°C"),
        "mm[Hg]": ("mmHg", "mmHg"),
        "kg": ("kg", "kg"),
        "mmol/L": ("mmol/l", "mmol/L"),
        "L/min": ("l/min", "L/min"),
        "{score}": ("", ""),
        "{steps}": ("steg/min", "steps/min"),
    }
)
# What the programmes' own combinations are called; a team's has the name that it was given.
COMBINATIONS: MappingProxyType[str, Pair] = MappingProxyType(
    {
        "breathing": ("andningen", "breathing"),
        "circulation": ("cirkulationen", "circulation"),
        "infection": ("tecken på infektion", "signs of infection"),
    }
)
TEMPLATES: MappingProxyType[str, Pair] = MappingProxyType(
    {
        "limit.low": (
            "{kind} {value} under gränsen {limit}{lasting}",
            "{kind} {value} below the limit {limit}{lasting}",
        ),
        "limit.high": (
            "{kind} {value} över gränsen {limit}{lasting}",
            "{kind} {value} above the limit {limit}{lasting}",
        ),
        "limit.low.doubtful": (
            "{kind} {value} under gränsen {limit}, men mätningen är dålig: kontrollera patient och givare",
            "{kind} {value} below the limit {limit}, but the measurement is poor: check patient and sensor",
        ),
        "limit.high.doubtful": (
            "{kind} {value} över gränsen {limit}, men mätningen är dålig: kontrollera patient och givare",
            "{kind} {value} above the limit {limit}, but the measurement is poor: check patient and sensor",
        ),
        "limit.consciousness": (
            "{kind} {value}, sämre än gränsen {limit}{lasting}",
            "{kind} {value}, worse than the limit {limit}{lasting}",
        ),
        "news2.total": (
            "NEWS2 minst {total}, larmgräns {limit}{settling}",
            "NEWS2 at least {total}, alert threshold {limit}{settling}",
        ),
        "news2.single": (
            "NEWS2: {points} poäng för {part}{settling_all}",
            "NEWS2: {points} points for {part}{settling_all}",
        ),
        "news2.rise": (
            "NEWS2 har stigit med minst {points} inom {duration}, nu minst {total}{settling}",
            "NEWS2 has risen by at least {points} within {duration}, now at least {total}{settling}",
        ),
        "combination": (
            "{name}: {terms}{lasting} (minst {least} av {all})",
            "{name}: {terms}{lasting} (at least {least} of {all})",
        ),
        "quality": (
            "dålig mätkvalitet för {kind} i {duration} ({quality_pct} %): värdena bedöms inte",
            "poor signal quality for {kind} for {duration} ({quality_pct} %): its values are not assessed",
        ),
        "nodata": (
            "inget värde för {kind} på {duration}, senast {value}",
            "no value for {kind} in {duration}, last {value}",
        ),
        "nodata.never": (
            "inget värde för {kind} har kommit på {duration}",
            "no value for {kind} has arrived in {duration}",
        ),
        "offline": (
            "enheten {device_id} har saknat kontakt i {duration}",
            "device {device_id} has been out of contact for {duration}",
        ),
        "offline.several": (
            "enheterna {devices} har saknat kontakt i {duration}",
            "devices {devices} have been out of contact for {duration}",
        ),
        "plan": (
            "övervakningsplanen kan inte användas: programmets gränser gäller",
            "the monitoring plan cannot be used: the programme's limits apply",
        ),
        "plan.order": (
            "ordinationen av SpO₂-skala 2 gäller inte längre: skala 1 används",
            "the order of SpO₂ scale 2 does not hold any more: scale 1 is used",
        ),
        "plan.order.unnamed": (
            "ordinationen av SpO₂-skala 2 är inte bekräftad av någon läkare i personalen: den gäller till sitt slut",
            "no doctor of the staff has confirmed the order of SpO₂ scale 2: it holds until it runs out",
        ),
        "unwatched": (
            "patientens värden kan inte bedömas: inga andra larm kan ges",
            "the patient's values cannot be evaluated: no other alarm can be given",
        ),
        "coverage": (
            "ingen går att nå {starts}\N{EN DASH}{ends}: ändra schemat eller lämna över patienten",
            "nobody can be reached {starts}\N{EN DASH}{ends}: change the schedule or pass the patient on",
        ),
        "check": (
            "{kind} {value} är utanför det rimliga: kontrollera patient och givare",
            "{kind} {value} is outside what is plausible: check patient and sensor",
        ),
        "clock.ahead": (
            "klockan i enheten {device_id} går {duration} före",
            "the clock of device {device_id} is {duration} ahead",
        ),
        "clock.refused": (
            "klockan i enheten {device_id} går {duration} före: dess mätvärden tas inte emot",
            "the clock of device {device_id} is {duration} ahead: its values are not accepted",
        ),
        "clock.behind": (
            "klockan i enheten {device_id} går {duration} efter, eller så kommer värdena så sent",
            "the clock of device {device_id} is {duration} behind, or its values arrive that late",
        ),
        "help_button": (
            "patienten har tryckt på hjälpknappen (enhet {device_id})",
            "the patient has pressed the help button (device {device_id})",
        ),
        "fall": ("ett fall har upptäckts (enhet {device_id})", "a fall has been detected (device {device_id})"),
        "slope.rise": (
            "{kind} stiger säkert, {value} i timmen{surely} under {duration} (gräns {limit} i timmen){reaching}",
            "{kind} is certainly rising, {value} an hour{surely} over {duration} (limit {limit} an hour){reaching}",
        ),
        "slope.fall": (
            "{kind} sjunker säkert, {value} i timmen{surely} under {duration} (gräns {limit} i timmen){reaching}",
            "{kind} is certainly falling, {value} an hour{surely} over {duration} (limit {limit} an hour){reaching}",
        ),
        "deviation.low": (
            "{kind} {value} är långt under patientens eget vanliga, {usual}{lasting}",
            "{kind} {value} is far below the patient's own usual, {usual}{lasting}",
        ),
        "deviation.high": (
            "{kind} {value} är långt över patientens eget vanliga, {usual}{lasting}",
            "{kind} {value} is far above the patient's own usual, {usual}{lasting}",
        ),
        "weight.gain": (
            "vikten har ökat {value} på {duration} (gräns {limit})",
            "weight has risen by {value} in {duration} (limit {limit})",
        ),
        "support.spo2": (
            "{kind} har sjunkit {value} på {duration} fast syrgasflödet höjts från {flow_before} till {flow_now}",
            "{kind} has fallen by {value} in {duration} although the oxygen flow rose from {flow_before} to {flow_now}",
        ),
        "identity.weight": (
            "vikten {value} stämmer inte med de senaste, {usual}: kontrollera vem som stått på vågen",
            "weight {value} does not agree with the last ones, {usual}: check who stood on the scale",
        ),
        "identity.wearer": (
            "sedan enheten {device_id} sattes på är {kinds} olik patientens egen: kontrollera vem som bär den",
            "since device {device_id} was put on {kinds} is unlike the patient's own: check who wears it",
        ),
        "identity.devices": (
            "enheterna {device_id} och {other_id} mäter olika {kind}, {value} och {limit}: kontrollera bärarna",
            "devices {device_id} and {other_id} measure different {kind}, {value} and {limit}: check the wearers",
        ),
        "check_in": (
            "oroande svar på dagens frågor: {questions}",
            "worrying answers to the day's questions: {questions}",
        ),
        "check_in.missed": (
            "inga svar på dagens frågor på {duration}",
            "no answers to the day's questions in {duration}",
        ),
        "battery": ("enheten {device_id} har {value} batteri kvar", "device {device_id} has {value} battery left"),
        **WAVES,
    }
)
# Further numbers of a sentence, each with its unit; None for that of the value.
_OWN_UNIT: MappingProxyType[str, str | None] = MappingProxyType(
    {"usual": None, "reach_limit": None, "flow_before": "L/min", "flow_now": "L/min"}
)
# Parameters that list names, and the words for them.
_LISTS: MappingProxyType[str, Mapping[str, Pair]] = MappingProxyType({"questions": TOPICS, "kinds": KINDS})
_REACHING: Pair = ("; når {reach_limit} om {reach}", "; reaches {reach_limit} in {reach}")
_SURELY: Pair = (" (minst {certain})", " (at least {certain})")
_BOUNDED: Pair = (" (gräns {limit})", " (limit {limit})")
_LASTING: Pair = (" i {duration}", " for {duration}")
_MEDIAN: Pair = (" (median av {})", " (median of {})")
_COUNTED: Pair = (" i {k} av {n} mätningar", " in {k} of {n} readings")
_SETTLING: Pair = (" (högst {total_max}; mät {settled_by})", " (at most {total_max}; measure {settled_by})")
_SETTLING_ALL: Pair = (
    " (alla tillsammans högst {total_max}; mät {settled_by})",
    " (all together at most {total_max}; measure {settled_by})",
)
_MOST_DECIMALS = 2


def text(key: str, params: Parameters, lang: Language) -> str:
    """Return the sentence for a text key.

    Raises
    ------
    KeyError
        If there is no such key, or a parameter that it needs is missing.
    """
    side = 0 if lang == "sv" else 1
    words: dict[str, str] = {name: str(value) for name, value in params.items()}
    kind = params.get("kind")
    unit = str(params.get("unit") or "")
    # What changes by the hour changes by fractions of what a screen shows; so do pauses of a few seconds.
    decimals = _decimals(kind) + key.startswith(("slope.", "rhythm.pause"))
    value, limit = _numbers(kind, params.get("value"), params.get("limit"), decimals)
    if kind is not None:
        words["kind"] = KINDS[str(kind)][side]
    if value is not None:
        words["value"] = _with_unit(value, unit, side)
    if limit is not None and unit:
        words["limit"] = _with_unit(limit, unit, side)
    words["bounded"] = "" if limit is None else _BOUNDED[side].format_map(words)
    words |= _further(params, kind, unit, side)
    certain = _number(params.get("certain"), decimals)
    words["surely"] = "" if certain is None else _SURELY[side].format(certain=_with_unit(certain, unit, side))
    if "part" in params:
        words["part"] = PARTS[str(params["part"])][side]
    seconds = params.get("duration_s")
    if isinstance(seconds, int | float):
        words["duration"] = _duration(seconds, side)
        words["lasting"] = _LASTING[side].format_map(words) if seconds > 0 else ""
    if "name" in params:
        words["name"] = COMBINATIONS.get(words["name"], (words["name"].replace("_", " "),) * 2)[side]
    if "terms" in params:
        words["terms"] = ", ".join(_term(each, side) for each in str(params["terms"]).split(", "))
    words["settling"] = words["settling_all"] = ""
    if "settles" in params:
        words["settled_by"] = PARTS[str(params["settles"])][side]
        words["settling"] = _SETTLING[side].format_map(words)
        words["settling_all"] = _SETTLING_ALL[side].format_map(words)
    if "median_s" in params:
        words["value"] += _MEDIAN[side].format(_duration(float(params["median_s"] or 0), side))
    if "k" in params:
        words["lasting"] = _COUNTED[side].format_map(words) + words["lasting"]
    sentence = TEMPLATES[key][side].format_map(words)
    return sentence[0].upper() + sentence[1:]


def _further(params: Parameters, kind: object, unit: str, side: int) -> dict[str, str]:
    """Write the numbers that have a unit of their own, the lists of names, and what comes if it goes on so."""
    words = {}
    for name, number_unit in _OWN_UNIT.items():
        number = _number(params.get(name), _decimals(kind if number_unit is None else VitalKind.OXYGEN_FLOW))
        if number is not None:
            words[name] = _with_unit(number, number_unit or unit, side)
    for name, listed in _LISTS.items():
        if name in params:
            words[name] = ", ".join(listed[each][side] for each in str(params[name]).split(","))
    if "answers" in params:
        words["questions"] = ", ".join(_answered(params, side))
    reach_s = params.get("reach_s")
    words["reaching"] = ""
    if isinstance(reach_s, int | float):
        words["reach"] = _duration(reach_s, side)
        words["reaching"] = _REACHING[side].format_map(words)
    return words


def _answered(params: Parameters, side: int) -> Iterator[str]:
    """Write each question that was answered worryingly, and how where its name does not say it: a number, or a word."""
    asked, answers = (str(params[name]).split(",") for name in ("questions", "answers"))
    for question, answer in zip(asked, answers, strict=False):
        number = answer.replace(".", ",") if side == 0 else answer
        said = SAID[answer][side] if answer in SAID else number if answer.replace(".", "").isdigit() else ""
        yield f"{TOPICS[question][side]} ({said})" if said else TOPICS[question][side]


def _term(written: str, side: int) -> str:
    """Write a term of a combination, `kind side bound`, as a person reads it."""
    kind, which, bound = written.split(" ")
    number = _letter(float(bound)) if kind == VitalKind.CONSCIOUSNESS else bound
    sign = "≤" if which == "low" else "≥"
    return f"{KINDS[kind][side]} {sign} {_with_unit(str(number), VITALS[VitalKind(kind)].unit, side)}"


def _numbers(kind: object, value: object, limit: object, least: int) -> tuple[str | None, str | None]:
    """Write value and limit with `least` decimals, with more where they would look the same and are not."""
    if kind == VitalKind.CONSCIOUSNESS:
        return _letter(value), _letter(limit)
    for decimals in range(least, _MOST_DECIMALS + 1):
        written = _number(value, decimals), _number(limit, decimals)
        if written[0] != written[1] or value == limit:
            break
    return written


def _decimals(kind: object) -> int:
    return 0 if kind is None else VITALS[VitalKind(str(kind))].decimals


def _number(value: object, decimals: int) -> str | None:
    return f"{value:.{decimals}f}" if isinstance(value, int | float) else None


def _letter(value: object) -> str | None:
    return Acvpu(round(value)).name if isinstance(value, int | float) else None


def _with_unit(number: str, unit: str, side: int) -> str:
    shown = UNITS.get(unit, (unit, unit))[side]
    written = number.replace(".", ",") if side == 0 else number
    return f"{written} {shown}" if shown else written


def _duration(seconds: float, side: int) -> str:
    """Write a duration in the largest unit that it fills: 60 s, 10 min, 12 h."""
    if seconds >= 2 * 3600:
        return f"{_tidy(seconds / 3600, side)} h"
    return f"{_tidy(seconds / 60, side)} min" if seconds >= 120 else f"{_tidy(seconds, side)} s"


def _tidy(number: float, side: int) -> str:
    written = f"{number:.1f}".removesuffix(".0")
    return written.replace(".", ",") if side == 0 else written
