"""What must hold of docs/authorisation.md whatever is written into it; that it is true, the integration test shows."""

import re
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "docs" / "authorisation.md").read_text(encoding="utf-8")
# The ways of logging in, what a link's own secret opens, and what says nothing of anybody.
OPEN = {
    *("POST /api/session", "POST /api/session/reset", "GET /api/session/ways", "GET /api/session/oidc"),
    *("POST /api/invitations/look", "POST /api/invitations/accept"),
    *("GET /api/session/oidc/callback", "POST /api/session/oidc/back-channel"),
    *("GET /healthz", "GET /readyz", "GET /metrics", "POST /api/ambulance-card", "GET /fhir/metadata"),
}
# Routes of a patient that ask for no care relation, each with its reason.
WITHOUT_RELATION = {"POST /api/patients/{patient_id}/emergency"}  # is how one comes to see the patient
WHO_LOOKED = "GET /api/patients/{patient_id}/access-log"  # operators go through the log, of which no value is part
OWN_PAGE = ("/api/patients/{patient_id}/", "/api/session")


def _table() -> tuple[list[str], dict[str, dict[str, str]]]:
    """Return the columns, and the words of each row by column."""
    part = TEXT.split("<!-- table: routes -->\n")[1].split("<!-- end -->")[0]
    head, _, *lines = (re.split(r"\s*\|\s*", line.strip("| ")) for line in part.strip().splitlines())
    return head[1:], {line[0].strip("`"): dict(zip(head[1:], line[1:], strict=True)) for line in lines}


COLUMNS, ROWS = _table()
OF_A_PATIENT = {row: words for row, words in ROWS.items() if "{patient_id}" in row or "{alert_id}" in row}


def test_table_is_whole() -> None:
    """Every row has a word in every column, and nothing else than the four that there are."""
    assert len(ROWS) > 90
    assert {word for words in ROWS.values() for word in words.values()} == {"in", "401", "403", "404"}


def test_nobody_comes_in_without_a_session() -> None:
    """Who has not logged in gets to log in, and to see whether the service lives."""
    assert {row for row, words in ROWS.items() if words["nobody"] != "401"} == OPEN


def test_strangers_come_to_no_patient() -> None:
    """No route of a patient or an alert lets in who has no care relation, whatever their role."""
    strangers = ("nobody", "other team", "no consent", "blocked", "operator", "other patient", "closed", "no grant")
    let_in = {row for row, words in OF_A_PATIENT.items() if any(words[who] == "in" for who in strangers)}

    assert let_in == WITHOUT_RELATION | {WHO_LOOKED}


def test_a_stranger_is_not_told_that_a_patient_exists() -> None:
    """Who may see patients, but not this one, is answered as if there were none."""
    for who in ("other team", "no consent"):
        others = ROWS["GET /api/patients/{patient_id}"]["nurse"]
        told = {row for row, words in OF_A_PATIENT.items() if words["nurse"] == "in" and words[who] != "404"}

        assert others == "in"
        assert told == WITHOUT_RELATION


def test_a_block_is_shown_and_nothing_of_what_it_hides() -> None:
    """Who is blocked is told so where they ask for the patient, and finds nothing of theirs by another number."""
    words = {row: each["blocked"] for row, each in OF_A_PATIENT.items() if each["nurse"] == "in"}

    assert words.pop("POST /api/patients/{patient_id}/emergency") == "in"
    assert {word for row, word in words.items() if "/api/patients/{patient_id}" in row} == {"403"}
    assert {word for row, word in words.items() if "{alert_id}" in row} == {"404"}


def test_patients_and_relatives_have_their_own_pages_alone() -> None:
    """Who is no staff comes to no route of the ward; a relative to what is opened and their own session."""
    for who in ("patient", "relative"):
        let_in = {row for row, words in ROWS.items() if words[who] == "in"} - OPEN
        assert all(row.split()[1].startswith(OWN_PAGE) for row in let_in), let_in
    relative = {row.split()[1] for row, words in ROWS.items() if words["relative"] == "in"}
    assert not any(path.endswith(("/relatives", "/consents", "/blocks")) for path in relative)


def test_an_operator_sees_no_patient() -> None:
    """The role that runs the installation comes to no route of a patient."""
    assert {row for row, words in OF_A_PATIENT.items() if words["operator"] == "in"} == {WHO_LOOKED}


def test_a_relative_who_was_closed_out_is_a_stranger() -> None:
    """After the patient has closed it, nothing of the patient is left open to a relative."""
    assert {row for row, words in OF_A_PATIENT.items() if words["closed"] == "in"} == set()


def test_who_sees_by_consent_or_emergency_does_not_change_who_sees() -> None:
    """Consents, blocks and protection are changed by the patient and the team that answers, and by nobody else."""
    changes = [row for row in ROWS if row.split()[1].startswith("/api/patients/{patient_id}/") and "GET" not in row]
    who_sees = [row for row in changes if row.split()[1].split("/")[4] in {"consents", "blocks", "protection"}]

    assert len(who_sees) == 5
    assert {ROWS[row][who] for row in who_sees for who in ("consent", "emergency")} == {"403"}
    assert {ROWS[row]["nurse"] for row in who_sees} == {"in"}
