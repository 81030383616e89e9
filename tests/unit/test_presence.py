"""Presence: who is named to whom."""

import json
from typing import Any

from api.live import presence_messages
from api.live.board import Place
from api.live.presence_messages import Watch
from tests.live_stage import HERE, Stage, kinds
from ward.access.principals import Scope
from ward.people import OrganisationId, PatientId, StaffId, TeamId
from ward.store.viewers import Viewer

PLACES = {
    PatientId(1): Place(OrganisationId(1), frozenset({TeamId(11)}), PatientId(1)),
    PatientId(4): Place(OrganisationId(2), frozenset({TeamId(22)}), PatientId(4)),
}
MEMBER = Scope(organisation_id=OrganisationId(1), team_ids=(TeamId(11),))


def a_viewer(staff: int, name: str, team: int = 11, patient: int | None = None) -> Viewer:
    """Somebody who looks."""
    looked = None if patient is None else PatientId(patient)
    return Viewer(staff_id=StaffId(staff), name=name, title="", team_ids=[TeamId(team)], patient_id=looked)


def told(viewers: list[Viewer], scope: Scope = MEMBER) -> dict[str, Any]:
    """What those with this scope are told."""
    watch = Watch.of(viewers, lambda looked: {each: PLACES[each] for each in looked})
    message: dict[str, Any] = json.loads(
        "{" + watch.told(scope, lambda place: place.organisation_id == scope.organisation_id)
    )
    return message


def test_only_the_team_is_named() -> None:
    """Members of a team see each other, each once; others, also of the same organisation, are not named."""
    found = told([a_viewer(2, "Bo"), a_viewer(1, "Anna"), a_viewer(2, "Bo", patient=1), a_viewer(3, "Cia", team=12)])

    assert [each["name"] for each in found["viewers"]] == ["Anna", "Bo"]
    assert found["viewers"][1]["patient_ids"] == [1]


def test_nobody_is_named_without_a_team() -> None:
    """Who is in no team is told of nobody."""
    assert told([a_viewer(1, "Anna")], Scope(organisation_id=OrganisationId(1)))["viewers"] == []


def test_patient_who_may_not_be_seen_is_not_told() -> None:
    """Whom a colleague looks at is shown only to those who may see that patient."""
    assert told([a_viewer(1, "Anna", patient=4)])["viewers"][0]["patient_ids"] == []


def test_large_teams_are_counted(monkeypatch: Any) -> None:
    """Beyond some names the rest is a number."""
    monkeypatch.setattr(presence_messages, "MOST_NAMED", 2)
    found = told([a_viewer(number, f"N{number}") for number in range(5)])

    assert [each["name"] for each in found["viewers"]] == ["N0", "N1"]
    assert found["more"] == 3


def test_presence_is_told_when_it_changes_and_only_then() -> None:
    """A change of who looks reaches the room once, the newest alone where a client is slow."""
    stage = Stage()
    scope = Scope(organisation_id=HERE.organisation_id, team_ids=(TeamId(11),))
    client = stage.join(scope)
    stage.take_all(client)
    stage.hub.publish_presence([a_viewer(1, "Anna")])
    stage.hub.publish_presence([a_viewer(1, "Anna"), a_viewer(2, "Bo")])
    stage.hub.publish_presence([a_viewer(2, "Bo"), a_viewer(1, "Anna")])
    messages = stage.take_all(client)

    assert kinds(messages) == ["presence"]
    assert [each["name"] for each in messages[0]["viewers"]] == ["Anna", "Bo"]
