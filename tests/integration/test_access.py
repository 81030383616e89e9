"""Who sees a patient and who no longer does: consents, blocks, emergencies, relatives, on a real store and server."""

from datetime import timedelta

import psycopg

from tests.fix_access import Scene, ask, audited, browser, on, page, tell
from tests.fix_api import Served, hear
from ward.clock import FakeClock


def test_h27_board_loses_a_patient_at_once_when_consent_is_withdrawn(scene: Scene) -> None:
    """An open board of another organisation is without the patient as soon as the patient has withdrawn consent."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        async with browser(served, "elsa") as elsa:
            elsa.cookies.set("hemvakt_session", "session-of-elsa")
            async with served.live(elsa) as socket:
                first = await hear(socket)
                before = {tile["patient_id"] for tile in first["patients"]}
                await tell(served, "tolvan", "DELETE", page(scene.bed, "consents", scene.ids["consent_id"]))
                while (after := await hear(socket))["type"] != "snapshot":
                    pass

        assert before == {scene.bed.patient_id, scene.house.stranger.patient_id}
        assert after["type"] == "snapshot"
        assert {tile["patient_id"] for tile in after["patients"]} == {scene.house.stranger.patient_id}
        assert after["alerts"] == []
        assert (await ask(served, "elsa", "GET", page(scene.bed))).status_code == 404

    on(scene, visit)


def test_h27_relative_loses_everything_at_once_when_the_patient_closes_it(scene: Scene) -> None:
    """A relative who is logged in sees nothing any more with the next request, and the history keeps what was open."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        before = await ask(served, "maja", "GET", page(scene.bed, "opened"))
        closed = await tell(served, "tolvan", "DELETE", page(scene.bed, "relatives", scene.ids["access_id"]))

        assert before.status_code == 200
        assert (await ask(served, "maja", "GET", page(scene.bed, "opened"))).status_code == 404
        assert (await ask(served, "maja", "GET", page(scene.bed, "opened", "vitals"))).status_code == 404
        assert [each["name"] for each in closed["items"] if each["ended_at"]] == ["Olle Provsson", "Maja Provsson"]

    on(scene, visit)


def test_relative_sees_what_is_opened_and_nothing_else(scene: Scene) -> None:
    """Parts that the patient has not opened are null, the trends refused, and no name of anybody is told."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        opened = {"username": "maja", "opens": ["contacts", "alerts"]}
        await tell(served, "tolvan", "POST", page(scene.bed, "relatives"), opened)
        answer = await ask(served, "maja", "GET", page(scene.bed, "opened"))
        told = answer.json()

        assert (told["opens"], told["values"], told["plan"]) == (["alerts", "contacts"], None, None)
        assert [each["name"] for each in told["contacts"]] == ["Testteamet"]
        assert set(told["alerts"][0]) == {"opened_at", "resolved_at", "plain_sv", "plain_en"}
        assert "Provsson" not in answer.text
        assert "Testsson" not in answer.text
        assert (await ask(served, "maja", "GET", page(scene.bed, "opened", "vitals"))).status_code == 403

    on(scene, visit)


def test_patient_sees_everything_of_their_own(scene: Scene) -> None:
    """The patient's own page has values, alerts in plain words, plan and contacts, and nobody else's page opens."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        told = await tell(served, "tolvan", "GET", page(scene.bed, "opened"))

        assert None not in told.values()
        assert told["alerts"][0]["plain_sv"]
        assert (await ask(served, "tolvan", "GET", page(scene.house.ward.beds[1], "opened"))).status_code == 404

    on(scene, visit)


def test_emergency_opens_what_is_blocked_for_four_hours_and_the_unit_is_told(scene: Scene) -> None:
    """A blocked nurse opens the patient with a reason; the team finds a notice; after four hours it is over."""

    async def visit(served: Served, clock: FakeClock) -> None:
        blocked = await ask(served, "gun", "GET", page(scene.bed))
        opened = await tell(served, "gun", "POST", page(scene.bed, "emergency"), {"reason": "Svarar inte"})
        again = await ask(served, "gun", "POST", page(scene.bed, "emergency"), {"reason": "Svarar inte"})
        seen = await ask(served, "gun", "GET", page(scene.bed))
        notices = await tell(served, "anna", "GET", "/api/emergencies")
        own = await ask(served, "gun", "POST", f"/api/emergencies/{opened['opening_id']}/seen")
        noted = await tell(served, "anna", "POST", f"/api/emergencies/{opened['opening_id']}/seen")
        clock.advance(timedelta(hours=4, seconds=1))
        after = await ask(served, "gun", "GET", page(scene.bed))

        assert (blocked.status_code, blocked.json()["reason"], seen.status_code) == (403, "blocked", 200)
        assert (again.status_code, again.json()["opening_id"]) == (200, opened["opening_id"])
        assert [each["name"] for each in notices["items"]] == ["Gun Provsson", "Hedda Provsson"]
        assert (notices["unseen"], own.status_code, noted["seen_by"]) == (2, 409, "Anna Provsson")
        assert after.status_code == 403

    on(scene, visit)
    assert audited(scene, "emergency.opened") == [
        ("gun", scene.bed.patient_id, "Svarar inte", audited(scene, "emergency.opened")[0][3])
    ]


def test_emergency_ends_by_hand_by_the_unit(scene: Scene) -> None:
    """The team that was told may end an opening, and then the patient is not there any more."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        before = await ask(served, "hedda", "GET", page(scene.bed))
        await tell(served, "anna", "POST", f"/api/emergencies/{scene.ids['opening_id']}/end")
        twice = await ask(served, "anna", "POST", f"/api/emergencies/{scene.ids['opening_id']}/end")

        assert (before.status_code, twice.status_code) == (200, 409)
        assert (await ask(served, "hedda", "GET", page(scene.bed))).status_code == 404

    on(scene, visit)


def test_emergency_needs_a_reason_and_a_patient_whom_one_does_not_see(scene: Scene) -> None:
    """Without a reason nothing is opened, nor for who sees the patient anyway, nor for a clinician who tunes limits."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        told = [
            (await ask(served, who, "POST", page(scene.bed, "emergency"), body)).status_code
            for who, body in (("bea", {}), ("bea", {"reason": " "}), ("anna", {"reason": "Akut"}))
        ]
        clinician = await ask(served, "kim", "POST", page(scene.bed, "emergency"), {"reason": "Akut"})

        assert told == [422, 422, 409]
        assert clinician.status_code == 403

    on(scene, visit)


def test_h04_block_never_stands_against_who_answers(scene: Scene) -> None:
    """A block against who answers is refused, and listed so; one that is set rests while its team answers."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        listed = (await tell(served, "tolvan", "GET", page(scene.bed, "blocks", "units")))["items"]
        refused = await ask(served, "tolvan", "POST", page(scene.bed, "blocks"), {"team_id": scene.teams["own"]})
        offered = await ask(served, "tolvan", "POST", page(scene.bed, "blocks"), {"team_id": scene.teams["fifth"]})
        before = await ask(served, "gun", "GET", page(scene.bed))
        with psycopg.connect(scene.database_url) as conn:
            conn.execute(
                "update responsibility set team_id = %s where stay_id = %s and upper_inf(period)",
                (scene.teams["evening"], scene.bed.stay_id),
            )
        alert = f"/api/alerts/{scene.ids['alert_id']}"

        standing = {(each["organisation"], each["name"]): (each["answers"], each["blocked"]) for each in listed}
        assert standing == {
            ("Testkommunen", "Team evening"): (False, True),
            ("Testkommunen", "Team fifth"): (True, False),
            ("Testkommunen", "Team other"): (False, False),
            ("Testkommunen", "Testteamet"): (True, False),
            ("Annanregionen", "Annanregionen"): (False, False),
            ("Annanregionen", "Annat team"): (False, False),
            ("Tredjekommunen", "Tredjekommunen"): (False, False),
            ("Tredjekommunen", "Team third"): (False, False),
        }
        assert (refused.status_code, refused.json()["reason"]) == (409, "answers")
        assert (offered.status_code, before.status_code) == (409, 403)
        assert (await ask(served, "gun", "GET", page(scene.bed))).status_code == 200
        assert (await ask(served, "gun", "GET", alert)).status_code == 200

    on(scene, visit)


def test_h04_alert_is_never_offered_to_who_is_blocked(scene: Scene) -> None:
    """Neither the alert nor the patient is offered to a blocked team; who is offered an alert sees its patient."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        async with browser(served, "anna") as anna:
            alert, first = f"/api/alerts/{scene.ids['alert_id']}", {"If-Match": '"1"'}
            claimed = await anna.post(f"{alert}/claim", json={}, headers=first)
            second = {"If-Match": claimed.headers["etag"]}
            blocked = await anna.post(f"{alert}/offer", json={"team": scene.teams["evening"]}, headers=second)
            patient = await anna.post(
                page(scene.bed, "responsibility", "offer"), json={"team_id": scene.teams["evening"]}
            )
            offered = await anna.post(f"{alert}/offer", json={"team": scene.teams["other"]}, headers=second)

        assert (blocked.status_code, patient.status_code, offered.status_code) == (422, 422, 200)
        assert (await ask(served, "bea", "GET", alert)).status_code == 200
        assert (await ask(served, "bea", "GET", page(scene.bed))).status_code == 200

    on(scene, visit)


def test_block_is_set_and_lifted_with_its_history(scene: Scene) -> None:
    """A patient blocks another organisation, which then sees nothing although there is consent, and lifts it again."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        body = {"organisation_id": scene.organisations["away"]}
        made = await tell(served, "tolvan", "POST", page(scene.bed, "blocks"), body)
        twice = await ask(served, "tolvan", "POST", page(scene.bed, "blocks"), body)
        during = await ask(served, "elsa", "GET", page(scene.bed))
        number = str(made["items"][0]["block_id"])
        lifted = await tell(served, "tolvan", "DELETE", page(scene.bed, "blocks", number))

        assert (twice.status_code, during.status_code) == (409, 403)
        assert (await ask(served, "elsa", "GET", page(scene.bed))).status_code == 200
        assert lifted["items"][0]["lifted_at"] is not None
        own = {"organisation_id": scene.organisations["home"]}
        assert (await ask(served, "tolvan", "POST", page(scene.bed, "blocks"), own)).status_code == 422

    on(scene, visit)
    assert [who for who, *_ in audited(scene, "block.set")] == ["tolvan"]
