"""A block hides what a unit had of a patient as well: reports and hand-overs forget them as the page does.

That no route tells a stranger a word of the patient, the walk of `test_authorisation` shows; here is what a unit got
while it still saw the patient.
"""

import asyncio

import psycopg
import pytest

from tests.fix_access import SECRET, Scene, add_person, ask, on, page, tell
from tests.fix_api import Served
from ward.clock import FakeClock
from ward.people import Role, StaffId
from ward.store.pool import connect

pytestmark = pytest.mark.integration


def doctor_of(scene: Scene, team: str, organisation: str = "home") -> StaffId:
    """Let `dag` be a doctor of a team."""

    async def add() -> StaffId:
        async with await connect(scene.database_url, "test") as conn:
            staff_id, _ = await add_person(
                conn, scene.organisations[organisation], "dag", Role.DOCTOR, scene.teams[team]
            )
            return staff_id

    return asyncio.run(add())


def reported_to(scene: Scene, staff_id: StaffId) -> None:
    """Have the scene's report be one to somebody else."""
    with psycopg.connect(scene.database_url, autocommit=True) as conn:
        conn.execute("update effect_report set prescriber_id = %s", (staff_id,))


async def reports(served: Served) -> str:
    """What `dag` reads of the reports that were sent to them."""
    return (await ask(served, "dag", "GET", "/api/effect-reports")).text


def test_h27_prescriber_who_is_blocked_reads_no_report(scene: Scene) -> None:
    """A prescriber needs no care relation; once the patient blocks their unit the report is gone, and comes back."""
    number = scene.ids["report_id"]
    reported_to(scene, doctor_of(scene, "other"))
    answer = {"answer": "ok", "note": ""}

    async def visit(served: Served, _clock: FakeClock) -> None:
        assert SECRET in await reports(served)
        made = await tell(served, "tolvan", "POST", page(scene.bed, "blocks"), {"team_id": scene.teams["other"]})
        assert SECRET not in await reports(served)
        for path, body in (("seen", None), ("answer", answer)):
            refused = await ask(served, "dag", "POST", f"/api/effect-reports/{number}/{path}", body)
            assert refused.status_code in {404, 428}
            assert SECRET not in refused.text
        await tell(served, "tolvan", "DELETE", page(scene.bed, "blocks", str(made["items"][0]["block_id"])))
        assert SECRET in await reports(served)

    on(scene, visit)


def test_prescriber_of_another_organisation_reads_with_consent_alone(scene: Scene) -> None:
    """Without the patient's consent nothing is told to another organisation, and nothing can be sent there."""
    staff_id = doctor_of(scene, "third", "third")
    reported_to(scene, staff_id)
    change = {
        "kind": "medication",
        "drug": "Prov",
        "drug_class": "other",
        "change": "started",
        "to_dose": "1",
        "words": "",
    }

    async def visit(served: Served, _clock: FakeClock) -> None:
        assert SECRET not in await reports(served)
        made = await tell(served, "anna", "POST", page(scene.bed, "events"), change)
        path = page(scene.bed, f"effect?event={made['event_id']}")
        refused = await ask(served, "anna", "POST", path, {"prescriber_id": staff_id})
        assert (refused.status_code, refused.json()["reason"]) == (409, "blocked")
        consent = {"organisation_id": scene.organisations["third"]}
        await tell(served, "tolvan", "POST", page(scene.bed, "consents"), consent)
        assert SECRET in await reports(served)
        await tell(served, "anna", "POST", path, {"prescriber_id": staff_id})

    on(scene, visit)


def test_h27_hand_over_of_a_blocked_team_names_the_patient_no_more(scene: Scene) -> None:
    """The newest hand-over of a team that answered earlier keeps its patients, but shows none who has blocked it."""
    with psycopg.connect(scene.database_url, autocommit=True) as conn:
        conn.execute(
            "with h as (insert into duty_handover (team_id, note, given_by, given_at, lapses_at)"
            " select %(team)s, '', %(anna)s, now(), now() + interval '1 hour' returning handover_id)"
            " insert into duty_handover_patient (handover_id, stay_id, alerts, note)"
            " select handover_id, %(stay)s, '{1}', %(secret)s from h",
            {
                "team": scene.teams["evening"],
                "anna": scene.house.anna,
                "stay": scene.bed.stay_id,
                "secret": SECRET,
            },
        )
    path = f"/api/teams/{scene.teams['evening']}/handover"

    async def visit(served: Served, _clock: FakeClock) -> None:
        hidden = await tell(served, "gun", "GET", path)
        await tell(served, "tolvan", "DELETE", page(scene.bed, "blocks", scene.ids["block_id"]))
        shown = await tell(served, "gun", "GET", path)
        assert hidden["handover"]["patients"] == []
        assert [each["note"] for each in shown["handover"]["patients"]] == [SECRET]

    on(scene, visit)
