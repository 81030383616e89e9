"""The printed list for when nothing else works: what a team has to know of its patients, as words and figures. Pure.

How it is drawn is `api.fallback_pdf`, what it is made of is read by `api.fallback_read`. The invariant: every value
stands with its age at the time of making, and every page says when it was made and until when it may be used.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from alerting.words import KINDS, UNITS
from api.live.messages import shown_name
from ward.alerts import Priority
from ward.chores import LISTS_GOOD_FOR
from ward.duty import wallclock
from ward.plans import Goals, Limits, Plan, title
from ward.store.alert_reads import AlertRow
from ward.store.fallback_lists import Reached
from ward.store.tiles import LatestRow, ScoreRow, Seat
from ward.vitals import BY_CODE, VITALS, Acvpu, Validity, VitalKind

Language = Literal["sv", "en"]
Pair = tuple[str, str]
GOOD_FOR = LISTS_GOOD_FOR
"""How long a list may be used: the next one is made each morning."""

LABELS: dict[str, Pair] = {
    "title": ("Reservlista", "Fallback list"),
    "made": ("Gjord", "Made"),
    "until": ("GÄLLER INTE EFTER", "NOT AFTER"),
    "demo": ("PÅHITTADE PATIENTER", "INVENTED PATIENTS"),
    "why": (
        "När Hemvakt inte går att nå: ring patienterna i ordning. Anteckna på papper.",
        "When Hemvakt cannot be reached: telephone the patients in turn. Take notes on paper.",
    ),
    "help": (
        "Når du ingen: sjukvårdsrådgivningen 1177. Fara för livet: 112.",
        "Nobody answers: medical advice 1177. Danger to life: 112.",
    ),
    "none": ("Teamet har inga patienter under den tiden.", "The team has no patients in that time."),
    "first": ("Ring i den här ordningen", "Call in this order"),
    "patient": ("Patient", "Patient"),
    "phone": ("Telefon", "Telephone"),
    "address": ("Adress", "Address"),
    "hidden": ("skyddad; enligt enhetens rutin", "protected; as the unit has decided"),
    "unknown": ("okänt", "not known"),
    "care": ("Vård", "Care"),
    "comfort": ("LINDRANDE VÅRD: gränserna ringer inte", "COMFORT CARE: the limits do not ring"),
    "step": ("Nästa steg", "Next step"),
    "answers": ("Svarar nu", "Answers now"),
    "then": ("Därefter", "Then"),
    "nobody": ("INGEN GÅR ATT NÅ", "NOBODY CAN BE REACHED"),
    "to": ("till", "until"),
    "nurse": ("Sjuksköterska", "Nurse"),
    "doctor": ("Läkare", "Doctor"),
    "base": ("Dygnet runt", "At all hours"),
    "alerts": ("Öppna larm", "Open alerts"),
    "taken": ("tagit av", "taken by"),
    "scale": ("SpO₂-skala 2, ordinerad av {doctor} till {until}", "SpO₂ scale 2, ordered by {doctor} until {until}"),
    "scale_unnamed": (
        "SpO₂-skala 2 till {until}, ordination i namnet {doctor} som ingen läkare har bekräftat",
        "SpO₂ scale 2 until {until}, an order in the name {doctor} that no doctor has confirmed",
    ),
    "value": ("Värde", "Value"),
    "latest": ("Senast", "Latest"),
    "measured": ("Mätt", "Measured"),
    "alert_low": ("Larm under", "Alert below"),
    "warn_low": ("Varning under", "Warn below"),
    "warn_high": ("Varning över", "Warn above"),
    "alert_high": ("Larm över", "Alert above"),
    "old": ("GAMMALT", "OLD"),
    "check": ("kontrollera", "check"),
    "ago": ("sedan", "ago"),
    "night": ("natt", "night"),
    "page": ("sida", "page"),
}
_PRIORITIES: dict[int, Pair] = {
    Priority.HIGH: ("HÖG", "HIGH"),
    Priority.MEDIUM: ("medel", "medium"),
    Priority.LOW: ("låg", "low"),
}
_BANDS = ("alert_low", "warn_low", "warn_high", "alert_high")
COLUMNS = ("value", "latest", "measured", *_BANDS)
_GOOD = frozenset({Validity.VLD, Validity.VLDATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Who answers until when; `reached` is false where nobody can be."""

    until: datetime
    team: str
    team_phone: str
    on_call: str | None
    on_call_phone: str | None
    reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """An open alert, and its sentence in the language of the list."""

    row: AlertRow
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What is known of one patient; `plan` is the one in force, `turns` begin now."""

    seat: Seat
    reached: Reached
    plan: Plan
    latest: tuple[LatestRow, ...]
    score: ScoreRow | None
    alerts: tuple[Spoken, ...]
    turns: tuple[Turn, ...]

    @property
    def urgency(self) -> tuple[int, int]:
        """The worst open alert, then the highest score that is possible."""
        return max((each.row.priority for each in self.alerts), default=0), self.score.total_max if self.score else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One patient as printed: facts by label, the alerts, and a row for each value (`COLUMNS`)."""

    name: str
    facts: tuple[Pair, ...]
    alerts: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """The whole list in one language; `overview` is in the order in which to call, `sheets` by name."""

    language: Language
    heading: str
    made: str
    until: str
    intro: tuple[str, ...]
    overview: tuple[tuple[str, ...], ...]
    sheets: tuple[Sheet, ...]

    def says(self, key: str) -> str:
        """Return a label in the list's language."""
        return label(key, self.language)


def label(key: str, language: Language) -> str:
    """Return a label in a language."""
    return _in(LABELS[key], language)


def printed(team: str, patients: Iterable[Listed], now: datetime, language: Language) -> Printed:
    """Put a team's list into words."""
    listed = list(patients)
    by_name = sorted(listed, key=lambda each: (each.seat.family_name, each.seat.given_name, each.seat.patient_id))
    intro = [label("why", language), label("help", language)]
    if any(each.seat.mode != "real" for each in listed):
        intro.insert(0, label("demo", language))
    if not listed:
        intro.append(label("none", language))
    return Printed(
        language=language,
        heading=f"{label('title', language)}: {team}",
        made=f"{label('made', language)} {_moment(now)}",
        until=f"{label('until', language)} {_moment(now + GOOD_FOR)}",
        intro=tuple(intro),
        overview=tuple(
            _overview(each, now, language) for each in sorted(by_name, key=lambda each: each.urgency, reverse=True)
        ),
        sheets=tuple(_sheet(each, now, language) for each in by_name),
    )


def _overview(each: Listed, now: datetime, language: Language) -> tuple[str, ...]:
    worst, _ = each.urgency
    alerts = f"{len(each.alerts)}, {_in(_PRIORITIES[worst], language)}" if worst else "0"
    return _name(each.seat), _phone(each, language), alerts, _score(each.score, now)


def _sheet(each: Listed, now: datetime, language: Language) -> Sheet:
    return Sheet(
        name=f"{_name(each.seat)}   {_number(each.seat)}",
        facts=tuple((label(key, language), said) for key, said in _facts(each, language) if said),
        alerts=tuple(_alert(spoken, now, language) for spoken in each.alerts),
        rows=tuple(_rows(each, now, language)),
    )


def _facts(each: Listed, language: Language) -> list[Pair]:
    seat, reached = each.seat, each.reached
    address = label("hidden", language) if seat.protected else reached.address or label("unknown", language)
    care = f"{_programme(seat.programme, language)}. {seat.reason}"
    if each.plan.goals is Goals.COMFORT:
        care += f". {label('comfort', language)}"
    if each.plan.spo2_scale == 2 and (order := each.plan.scale_2_order) is not None:
        said = label("scale" if order.is_named else "scale_unnamed", language)
        care += f". {said.format(doctor=order.doctor, until=_moment(order.expires_at))}"
    return [
        ("phone", _phone(each, language)),
        ("address", address),
        ("care", care),
        ("step", seat.next_step),
        *(("then" if place else "answers", _turn(turn, language)) for place, turn in enumerate(each.turns)),
        ("nurse", _person(reached.nurse, reached.nurse_phone)),
        ("doctor", _person(reached.doctor, reached.doctor_phone)),
        ("base", _person(reached.base, reached.base_phone)),
    ]


def _turn(turn: Turn, language: Language) -> str:
    who = _person(turn.team, turn.team_phone)
    if turn.on_call:
        who += f"; {_person(turn.on_call, turn.on_call_phone)}"
    if not turn.reached:
        who += f": {label('nobody', language)}"
    return f"{label('to', language)} {_moment(turn.until)}: {who}"


def _rows(each: Listed, now: datetime, language: Language) -> Iterable[tuple[str, ...]]:
    """Yield a row for every kind that has a value or a limit, and one below for the night where it has others."""
    newest = {BY_CODE[row[1]].kind: row for row in each.latest if row[1] in BY_CODE}
    limits = {} if each.plan.goals is Goals.COMFORT else each.plan.limits
    night = None if each.plan.goals is Goals.COMFORT else each.plan.night
    for kind in VitalKind:
        bounds = limits.get(kind, Limits())
        by_night = bounds if night is None else night.limits.get(kind, bounds)
        if kind in newest or any(_bounds(kind, bounds, language)) or any(_bounds(kind, by_night, language)):
            name = f"{_in(KINDS[kind.value], language)} {_unit(kind, language)}".strip()
            yield (name, *_value(kind, newest.get(kind), now, language), *_bounds(kind, bounds, language))
        if night is not None and _bounds(kind, by_night, language) != _bounds(kind, bounds, language):
            hours = f"{_hour(night.begins)}\N{EN DASH}{_hour(night.ends)}"
            yield (f"   {label('night', language)} {hours}", "", "", *_bounds(kind, by_night, language))


def _value(kind: VitalKind, row: LatestRow | None, now: datetime, language: Language) -> Pair:
    if row is None:
        return "\N{EM DASH}", ""
    _, _, value, measured_at, _, validity, _ = row
    said = Acvpu(int(value)).name if kind is VitalKind.CONSCIOUSNESS else _figure(kind, value, language)
    if validity not in _GOOD:
        said += f" ({label('check', language)})"
    old = (now - measured_at).total_seconds() > VITALS[kind].freshness.stale_s
    when = f"{_clock(measured_at, now)}, {_ago(now - measured_at, language)}"
    return said, f"{label('old', language)} {when}" if old else when


def _bounds(kind: VitalKind, limits: Limits, language: Language) -> tuple[str, ...]:
    found = (getattr(limits, band) for band in _BANDS)
    return tuple("" if each is None else _figure(kind, each, language) for each in found)


def _alert(spoken: Spoken, now: datetime, language: Language) -> str:
    row = spoken.row
    since = f"{_moment(row.opened_at)}, {_ago(now - row.opened_at, language)}"
    who = f" ({label('taken', language)} {row.holder_name})" if row.holder_name else ""
    return f"{_in(_PRIORITIES[row.priority], language)}: {spoken.words} ({since}){who}"


def _name(seat: Seat) -> str:
    return f"{shown_name(seat.family_name, seat)}, {shown_name(seat.given_name, seat)}"


def _number(seat: Seat) -> str:
    """Return the personal number; of a protected identity its last four signs alone, as boards show it."""
    number = seat.personal_number
    return f"\N{HORIZONTAL ELLIPSIS}{number[-4:]}" if seat.protected else f"{number[:8]}-{number[8:]}"


def _phone(each: Listed, language: Language) -> str:
    return label("hidden", language) if each.seat.protected else each.reached.phone or label("unknown", language)


def _person(name: str | None, phone: str | None) -> str:
    whole = (phone or "").replace(" ", "\N{NO-BREAK SPACE}")
    return ", ".join(part for part in (name, whole) if part)


def _programme(programme: str, language: Language) -> str:
    try:
        called = title(programme).name
    except KeyError:  # a newer program's
        return programme
    return called.sv if language == "sv" else called.en


def _score(score: ScoreRow | None, now: datetime) -> str:
    if score is None:
        return "\N{EM DASH}"
    low, high = score.total_min, score.total_max
    total = str(low) if low == high else f"{low}\N{EN DASH}{high}"
    return f"{total} ({_clock(score.scored_at, now)})"


def _figure(kind: VitalKind, value: float, language: Language) -> str:
    """Return a value with the decimals that a screen shows, and those that a limit needs."""
    decimals = VITALS[kind].decimals if round(value, VITALS[kind].decimals) == value else VITALS[kind].decimals + 1
    said = f"{value:.{decimals}f}"
    return said.replace(".", ",") if language == "sv" else said


def _unit(kind: VitalKind, language: Language) -> str:
    unit = VITALS[kind].unit
    return _in(UNITS.get(unit, (unit, unit)), language)


def _ago(age: timedelta, language: Language) -> str:
    minutes = max(int(age.total_seconds() // 60), 0)
    amount = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} d"
    return f"{amount} {label('ago', language)}"


def _clock(at: datetime, now: datetime) -> str:
    """Return the time of day, with the day before it where that is another than the list's."""
    wall = wallclock.wall(at)
    same = wall.date() == wallclock.wall(now).date()
    return f"{wall:%H:%M}" if same else f"{wall.day}/{wall.month} {wall:%H:%M}"


def _moment(at: datetime) -> str:
    return f"{wallclock.wall(at):%Y-%m-%d %H:%M}"


def _hour(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _in(pair: Pair, language: Language) -> str:
    return pair[0 if language == "sv" else 1]
