"""What stands on a fallback list, as words: the order in which to call, ages, limits by day and night."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from api.fallback_list import LABELS, Listed, Turn, printed
from ward import plans
from ward.people import OrganisationId, PatientId, StaffId, StayId, TeamId
from ward.plans import Goals, Order, Plan
from ward.store.fallback_lists import Reached
from ward.store.tiles import LatestRow, ScoreRow, Seat
from ward.vitals import VITALS, Acvpu, Validity, VitalKind

NOW = datetime(2026, 11, 18, 6, 0, tzinfo=UTC)  # seven in the morning in Sweden
PLAN = plans.template("hospital_at_home")
BARE = replace(PLAN, limits={}, night=None)
API = Path(__file__).resolve().parents[2] / "api"


def a_patient(number: int = 1, plan: Plan = BARE, **more: Any) -> Listed:
    """Return somebody of whom little is known; `more` are fields of the list or of the seat."""
    seat = Seat(
        stay_id=StayId(number),
        patient_id=PatientId(number),
        personal_number=f"19400101980{number}",
        given_name="Testa",
        family_name=f"Testsson {number}",
        birth_date=date(1940, 1, 1),
        sex="female",
        programme="hospital_at_home",
        reason="",
        next_step="",
        mode="real",
        team_id=TeamId(1),
        team_name="Prov",
        team_phone="000",
        organisation_id=OrganisationId(1),
        plan_layers="[]",
        controller_id=OrganisationId(1),
        seen_by=None,
        protected=False,
    )
    own = {name: more.pop(name) for name in list(more) if name in Seat.__dataclass_fields__}
    nothing: dict[str, Any] = dict.fromkeys(Reached.__dataclass_fields__)
    listed = Listed(
        seat=replace(seat, **own),
        reached=Reached(**{**nothing, "stay_id": StayId(number)}),
        plan=plan,
        latest=(),
        score=None,
        alerts=(),
        turns=(),
    )
    return replace(listed, **more)


def measured(kind: VitalKind, value: float, age: timedelta, validity: Validity = Validity.VLD) -> LatestRow:
    """Return a newest value."""
    at = NOW - age
    return StayId(1), VITALS[kind].code, value, at, at, int(validity), 97


def scored(most: int) -> ScoreRow:
    """Return a score of at most so many points."""
    return ScoreRow(stay_id=StayId(1), scored_at=NOW, total_min=1, total_max=most, risk="low", spo2_scale=1, detail={})


def test_those_who_may_be_worst_are_called_first_and_sheets_stand_by_name() -> None:
    """The overview goes by alert and score, the sheets by name, so that both questions are answered quickly."""
    listed = [a_patient(1, score=scored(2)), a_patient(2, score=scored(9)), a_patient(3)]

    words = printed("Prov", listed, NOW, "sv")

    assert [row[0] for row in words.overview] == ["Testsson 2, Testa", "Testsson 1, Testa", "Testsson 3, Testa"]
    assert [row[3] for row in words.overview] == ["1–9 (07:00)", "1–2 (07:00)", "—"]
    assert [sheet.name.split(",")[0] for sheet in words.sheets] == ["Testsson 1", "Testsson 2", "Testsson 3"]


def test_h36_each_value_says_its_age_and_an_old_or_doubtful_one_says_so() -> None:
    """An old figure cannot be taken for a new one, a doubtful one not for a sure one."""
    latest = (
        measured(VitalKind.SPO2, 93, timedelta(minutes=3)),
        measured(VitalKind.HEART_RATE, 71, timedelta(hours=5)),
        measured(VitalKind.TEMPERATURE, 37.25, timedelta(hours=1), Validity.QST),
        measured(VitalKind.CONSCIOUSNESS, Acvpu.V, timedelta(days=3)),
    )
    swedish = {row[0]: row[1:3] for row in printed("Prov", [a_patient(latest=latest)], NOW, "sv").sheets[0].rows}
    english = {row[0]: row[1:3] for row in printed("Prov", [a_patient(latest=latest)], NOW, "en").sheets[0].rows}

    assert swedish["syremättnad %"] == ("93", "06:57, 3 min sedan")
    assert swedish["hjärtfrekvens /min"] == ("71", "GAMMALT 02:00, 5 h sedan")
    assert swedish["temperatur °C"] == ("37,25 (kontrollera)", "06:00, 60 min sedan")
    assert swedish["medvetandegrad"] == ("V", "GAMMALT 15/11 07:00, 3 d sedan")
    assert english["temperature °C"] == ("37.25 (check)", "06:00, 60 min ago")


def test_limits_are_those_of_day_and_night_and_none_under_comfort_care() -> None:
    """A row below a value holds the night's limits where they differ; where nothing rings no limit is printed."""
    day, comfort = a_patient(plan=PLAN), a_patient(plan=replace(PLAN, goals=Goals.COMFORT))
    rows = printed("Prov", [day], NOW, "sv").sheets[0].rows
    sheet = printed("Prov", [comfort], NOW, "sv").sheets[0]
    limits, night = PLAN.limits[VitalKind.HEART_RATE], PLAN.night
    assert night is not None
    place = next(number for number, row in enumerate(rows) if row[0] == "hjärtfrekvens /min")

    assert rows[place][3:] == tuple(f"{each:g}" for each in _bands(limits))
    assert rows[place + 1] == (
        "   natt 22:00–06:00", "", "", *(f"{each:g}" for each in _bands(night.limits[VitalKind.HEART_RATE]))
    )  # fmt: skip
    assert sheet.rows == ()
    assert any("LINDRANDE VÅRD" in said for _, said in sheet.facts)


def _bands(limits: plans.Limits) -> list[float]:
    found = [limits.alert_low, limits.warn_low, limits.warn_high, limits.alert_high]
    return [each for each in found if each is not None]


def test_h15_scale_2_says_whose_order_it_is_and_until_when() -> None:
    """A list that is read a day later says until when scale 2 holds, and which order no doctor has confirmed."""
    known = Order(doctor="Dora Provläkare", doctor_id=StaffId(7), ordered_at=NOW, expires_at=NOW + timedelta(hours=9))
    free = msgspec.structs.replace(known, doctor_id=None)

    for order, said in (
        (known, "SpO₂-skala 2, ordinerad av Dora Provläkare till 2026-11-18 16:00"),
        (free, "i namnet Dora Provläkare som ingen läkare har bekräftat"),
    ):
        listed = a_patient(plan=replace(PLAN, spo2_scale=2, scale_2_order=order))
        facts = printed("Prov", [listed], NOW, "sv").sheets[0].facts
        assert any(said in text for _, text in facts)


def test_page_says_when_nobody_can_be_reached_when_it_is_empty_and_when_it_is_invented() -> None:
    """What must not be overlooked is in plain words: nobody on duty, no patients, no real people."""
    turn = Turn(until=NOW, team="Prov", team_phone="", on_call=None, on_call_phone=None, reached=False)
    words = printed("Prov", [a_patient(turns=(turn,), mode="demo")], NOW, "sv")

    assert ("Svarar nu", "till 2026-11-18 07:00: Prov: INGEN GÅR ATT NÅ") in words.sheets[0].facts
    assert words.intro[0] == "PÅHITTADE PATIENTER"
    assert words.until == "GÄLLER INTE EFTER 2026-11-19 07:00"
    assert printed("Prov", [], NOW, "sv").intro[-1] == "Teamet har inga patienter under den tiden."
    assert all(sv and en for sv, en in LABELS.values())


def test_nothing_of_the_api_loads_the_library_of_pdf_before_somebody_prints() -> None:
    """Only what draws imports it, and what draws is imported within the function that prints."""
    early = re.compile(r"^(?:from|import) .*(?:reportlab|fallback_pdf)", re.MULTILINE)
    loading = {path.name for path in API.rglob("*.py") if early.search(path.read_text(encoding="utf-8"))}

    assert loading == {"fallback_pdf.py"}
