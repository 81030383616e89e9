"""The patient's access log in words, and what deserves a second look."""

import pytest
from fastapi.routing import APIRoute

from api.app import create_app
from tests.integration.test_api_sessions import _leaves
from ward.access.areas import Looker, Seen, area_of, known, sentence
from ward.access.review import MANY_PATIENTS, MANY_REFUSED, Look, Oddity, Refusals, anomalies
from ward.settings import Settings

ANNA = Looker(name="Anna Provsson", title="Distriktssköterska", units=("Testteamet", "Testkommunen"))
CASES = [
    (
        ("/api/patients/{patient_id}/plan", "PUT", "care"),
        (
            "Anna Provsson, distriktssköterska vid Testteamet, Testkommunen, ändrade eller skrev i din"
            " övervakningsplan, för din vård."
        ),
        (
            "Anna Provsson, distriktssköterska at Testteamet, Testkommunen, changed or wrote in your monitoring plan,"
            " for your care."
        ),
    ),
    (
        ("/api/patients/{patient_id}", "GET", "emergency"),
        "Anna Provsson, distriktssköterska vid Testteamet, Testkommunen, såg översikten om dig, genom en nödöppning.",
        (
            "Anna Provsson, distriktssköterska at Testteamet, Testkommunen, saw the overview of you,"
            " by an emergency opening."
        ),
    ),
    (
        ("/api/patients/{patient_id}/plan/review", "POST", "care"),
        "Anna Provsson, distriktssköterska vid Testteamet, Testkommunen, såg din övervakningsplan, för din vård.",
        "Anna Provsson, distriktssköterska at Testteamet, Testkommunen, saw your monitoring plan, for your care.",
    ),
    (
        ("/api/patients/{patient_id}/seen", "POST", "care"),
        "Anna Provsson, distriktssköterska vid Testteamet, Testkommunen, tittade på dina värden, för din vård.",
        "Anna Provsson, distriktssköterska at Testteamet, Testkommunen, looked at your values, for your care.",
    ),
    (
        ("/api/patients/{patient_id}/vitals", "GET", "own"),
        "Du själv såg dina mätvärden.",
        "You yourself saw your readings.",
    ),
    (
        ("/api/ambulance-card", "POST", "link"),
        (
            "Någon såg kortet om dig för ambulansen genom en länk som gjorts för dem av Anna Provsson,"
            " distriktssköterska vid Testteamet, Testkommunen."
        ),
        (
            "Somebody saw the card about you for the ambulance by a link that was made for them by Anna Provsson,"
            " distriktssköterska at Testteamet, Testkommunen."
        ),
    ),
]


@pytest.mark.parametrize(
    ("attempts", "swedish"),
    [(1, "försökte nå dina mätvärden men släpptes inte in."), (7, "försökte nå dina mätvärden 7 gånger men släpptes")],
)
def test_refused_attempt_is_no_look(attempts: int, swedish: str) -> None:
    """An attempt says that nothing was shown, and how often it was made."""
    seen = Seen(path="/api/patients/{patient_id}/vitals", method="GET", why="refused", attempts=attempts)

    assert swedish in sentence(ANNA, seen, "sv")
    assert "was not let in" in sentence(ANNA, seen, "en")


@pytest.mark.parametrize(("look", "swedish", "english"), CASES)
def test_look_is_one_whole_sentence(look: tuple[str, str, str], swedish: str, english: str) -> None:
    """Who, from where, what and why, in both languages."""
    path, method, why = look
    seen = Seen(path=path, method=method, why=why)

    assert sentence(ANNA, seen, "sv") == swedish
    assert sentence(ANNA, seen, "en") == english


def test_every_route_about_a_patient_has_words() -> None:
    """A new route under /api/patients/{patient_id} says in plain words what it shows."""
    app = create_app(Settings(database_url="postgresql://nowhere"))
    paths = {route.path for route in _leaves(app.routes) if isinstance(route, APIRoute)}
    about = {path for path in paths if "{patient_id}" in path or path.startswith("/api/alerts")}

    assert len(about) > 10
    assert {path for path in about if not known(area_of(path))} == set()


def a_look(number: int, **changes: object) -> Look:
    """One look that is not odd."""
    usual: dict[str, object] = {
        "access_id": number,
        "account_id": 1,
        "role": "nurse",
        "name": "Anna Provsson",
        "patient_id": number,
        "family_name": "Testsson",
        "in_care": True,
        "own_team": True,
        "why": "care",
    }
    return Look(**{**usual, **changes})  # type: ignore[arg-type]  # a table of cases


@pytest.mark.parametrize(
    ("changes", "oddities"),
    [
        ({}, []),
        ({"family_name": "provsson"}, [Oddity.SAME_NAME]),
        ({"in_care": False, "own_team": False}, [Oddity.NOT_IN_CARE]),
        ({"own_team": False}, [Oddity.OTHER_TEAM]),
        ({"own_team": False, "why": "emergency"}, [Oddity.EMERGENCY]),
    ],
)
def test_odd_is_told(changes: dict[str, object], oddities: list[Oddity]) -> None:
    """Each reason for a second look is found, and nothing else."""
    assert [each.oddity for each in anomalies([a_look(1, **changes)])] == oddities


def test_far_more_patients_than_colleagues_is_odd() -> None:
    """Somebody who opens many more people than those in the same role stands out; a busy ward as a whole does not."""
    one = [a_look(number) for number in range(1, MANY_PATIENTS + 2)]
    busy = [a_look(number, account_id=2, access_id=100 + number) for number in range(1, MANY_PATIENTS + 2)]

    assert [(each.oddity, each.patients) for each in anomalies(one)] == [(Oddity.MANY, MANY_PATIENTS + 1)]
    assert anomalies(one + busy) == []


def test_often_refused_is_odd() -> None:
    """Who was refused often stands out, with how often; a mistyped number does not."""
    often = Refusals(account_id=1, access_ids=[3, 4], attempts=MANY_REFUSED, patients=2)
    once = Refusals(account_id=2, access_ids=[5], attempts=MANY_REFUSED - 1, patients=1)

    (found,) = anomalies([], [often, once])
    assert (found.oddity, found.account_id, found.access_ids) == (Oddity.REFUSED, 1, (3, 4))
    assert (found.looks, found.patients) == (MANY_REFUSED, 2)
