"""Who sees a patient and who no longer does: consents, blocks, emergencies, relatives, on a real store and server."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import psycopg

from api.live.board import place_of, sees
from tests.fix_access import Scene, browser
from tests.fix_api import Served, hear, serving
from tests.fix_ward import Bed
from ward.access.principals import Scope
from ward.clock import FakeClock, SystemClock
from ward.people import OrganisationId, PatientId, TeamId
from ward.store import access, people, tiles
from ward.store.pool import connect
from ward.store.tiles import Wanted

Visit = Callable[[Served, FakeClock], Awaitable[None]]


def on(scene: Scene, visit: Visit) -> None:
    """Do something with a server whose clock stands still."""
    clock = FakeClock(SystemClock().now())

    async def whole() -> None:
        async with serving(scene.database_url, clock) as served:
            await visit(served, clock)

    asyncio.run(whole())


async def ask(served: Served, username: str, method: str, path: str, body: object = None) -> httpx.Response:
    """Ask something as somebody."""
    async with browser(served, username) as client:
        return await client.request(method, path, json={} if body is None and method != "GET" else body)


async def tell(served: Served, username: str, method: str, path: str, body: object = None) -> Any:
    """Ask something as somebody who is let in; return what was answered."""
    answer = await ask(served, username, method, path, body)
    assert answer.status_code < 300, answer.text
    return answer.json()


def page(bed: Bed, *parts: str) -> str:
    """Return the path of something of a patient."""
    return "/".join((f"/api/patients/{bed.patient_id}", *parts))


def audited(scene: Scene, action: str) -> list[tuple[Any, ...]]:
    """Return (account's name, patient, reason, detail as text) of what the audit holds of an action."""
    with psycopg.connect(scene.database_url) as conn:
        return conn.execute(
            "select c.username, a.patient_id, a.reason, a.detail::text from audit a join account c using (account_id)"
            " where a.action = %s order by a.audit_id",
            (action,),
        ).fetchall()


def test_h27_board_loses_a_patient_at_once_when_consent_is_withdrawn(scene: Scene) -> None:
    """An open board of another organisation is without the patient as soon as the patient has withdrawn consent."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        async with browser(served, "elsa") as elsa:
            elsa.cookies.set("hemvakt_session", "session-of-elsa")
            async with served.live(elsa) as socket:
                before = {tile["patient_id"] for tile in (await hear(socket))["patients"]}
                await tell(served, "tolvan", "DELETE", page(scene.bed, "consents", scene.ids["consent_id"]))
                after = await hear(socket)

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
    """A block against the team that answers is refused, and one that is set rests while its team answers."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        refused = await ask(served, "tolvan", "POST", page(scene.bed, "blocks"), {"team_id": scene.teams["own"]})
        offered = await ask(served, "tolvan", "POST", page(scene.bed, "blocks"), {"team_id": scene.teams["fifth"]})
        before = await ask(served, "gun", "GET", page(scene.bed))
        with psycopg.connect(scene.database_url) as conn:
            conn.execute(
                "update responsibility set team_id = %s where stay_id = %s and upper_inf(period)",
                (scene.teams["evening"], scene.bed.stay_id),
            )
        alert = f"/api/alerts/{scene.ids['alert_id']}"

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


def test_protected_identity_is_found_by_its_whole_number_alone(scene: Scene) -> None:
    """A protected identity hides telephone and, on boards, name; it is found by its number, by who cares for it."""
    number = "19400101-9801"

    async def visit(served: Served, _clock: FakeClock) -> None:
        named = await tell(served, "anna", "POST", "/api/patients/search", {"name": "testsson 1"})
        await tell(served, "anna", "PUT", page(scene.bed, "protection"), {"protected": True})
        hidden = await tell(served, "anna", "POST", "/api/patients/search", {"name": "Testa"})
        whole = await tell(served, "anna", "POST", "/api/patients/search", {"personal_number": number})
        stranger = await tell(served, "bea", "POST", "/api/patients/search", {"personal_number": number})
        detail = await tell(served, "anna", "GET", page(scene.bed))
        tile = (await tell(served, "anna", "GET", "/api/patients"))["items"][0]
        alert = (await tell(served, "anna", "GET", "/api/alerts"))["items"][0]

        assert [each["patient_id"] for each in named["items"]] == [scene.bed.patient_id]
        assert scene.bed.patient_id not in {each["patient_id"] for each in hidden["items"]}
        assert [each["protected"] for each in whole["items"]] == [True]
        assert stranger["items"] == []
        assert (detail["protected"], detail["phone"], detail["family_name"]) == (True, None, "Testsson 1")
        assert (tile["given_name"], tile["family_name"], alert["patient"]["family_name"]) == ("T.", "T.", "T.")

    with psycopg.connect(scene.database_url) as conn:
        conn.execute("update patient set phone = '0700000000' where patient_id = %s", (scene.bed.patient_id,))
    on(scene, visit)


def test_searches_are_in_the_audit_without_what_was_sought(scene: Scene) -> None:
    """Who searched, how and whom it found is kept; neither a name nor a number is."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        await tell(served, "anna", "POST", "/api/patients/search", {"name": "Testa"})
        await tell(served, "bea", "POST", "/api/patients/search", {"personal_number": "194001019801"})
        looked = await tell(
            served, "bea", "POST", "/api/patients/lookup", {"personal_number": "194001019801", "reason": "Ambulans"}
        )
        unknown = await ask(
            served, "bea", "POST", "/api/patients/lookup", {"personal_number": "191212121212", "reason": "Ambulans"}
        )

        assert looked == {"patient_id": scene.bed.patient_id, "standing": "closed"}
        assert unknown.status_code == 404

    on(scene, visit)
    whole = repr(audited(scene, "patients.searched") + audited(scene, "person.looked_up"))
    assert [who for who, *_ in audited(scene, "patients.searched")] == ["anna", "bea"]
    assert [patient for _, patient, *_ in audited(scene, "person.looked_up")] == [scene.bed.patient_id, None]
    assert "9801" not in whole
    assert "Testa" not in whole


def test_lists_and_filters_hold_nothing_of_a_patient_who_is_not_seen(scene: Scene) -> None:
    """Whatever a stranger filters by, no list has the patient, their alerts, their back-tests or who wears a device."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        own, patient = scene.teams["own"], scene.bed.patient_id
        lists = (
            "/api/patients",
            f"/api/patients?team={own}",
            "/api/patients?cursor=AAAAAAAAAAA",
            f"/api/alerts?team={own}",
            f"/api/alerts?patient={patient}&state=open,acknowledged,resolved",
            "/api/backtests",
            f"/api/quarantine?device={scene.bed.device_id}",
            "/api/offers",
        )
        for who in ("bea", "frida", "gun"):
            for path in lists:
                assert (await tell(served, who, "GET", path))["items"] == [], (who, path)
            bindings = await tell(served, who, "GET", f"/api/devices/{scene.bed.device_id}/bindings")
            assert [each["wearer"] for each in bindings["items"]] == [None]

    on(scene, visit)


def test_resuming_with_the_number_of_another_scope_gives_only_the_own_snapshot(scene: Scene) -> None:
    """The sequence number of somebody else's board opens nothing of theirs."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        async with browser(served, "anna") as anna, browser(served, "bea") as bea:
            anna.cookies.set("hemvakt_session", "session-of-anna")
            bea.cookies.set("hemvakt_session", "session-of-bea")
            async with served.live(anna) as socket:
                seq = (await hear(socket))["seq"]
            async with served.live(bea, since=seq) as socket:
                first = await hear(socket)

        assert (first["type"], first["patients"], first["alerts"]) == ("snapshot", [], [])

    on(scene, visit)


def test_board_and_store_let_see_the_same(scene: Scene) -> None:
    """What the board in memory lets somebody see is what the store lets them see, for every scope of the scene."""

    async def whole() -> None:
        now = SystemClock().now()
        scopes = [Scope(team_ids=(TeamId(team),)) for team in scene.teams.values()]
        scopes += [Scope(organisation_id=OrganisationId(each)) for each in scene.organisations.values()]
        scopes += [Scope(), Scope(patient_ids=(PatientId(scene.bed.patient_id),)), Scope(team_ids=(TeamId(10**9),))]
        async with await connect(scene.database_url, "test") as conn:
            seats = await tiles.read_seats(conn, now)
            for scope in scopes:
                in_store = {seat.stay_id for seat in await tiles.find_seats(conn, Wanted(scope=scope), now)}
                assert in_store == {seat.stay_id for seat in seats if sees(scope, place_of(seat))}, scope

    asyncio.run(whole())


def test_named_nurse_sees_the_patient_without_the_team(scene: Scene) -> None:
    """Who is named for a patient sees them, whatever team answers, and no longer when another is named."""

    async def named(username: str) -> None:
        async with await connect(scene.database_url, "test") as conn:
            staff_id = await people.find_staff(conn, username)
            await conn.execute(
                "insert into duty_care (stay_id, nurse_id) values (%s, %s)"
                " on conflict (stay_id) do update set nurse_id = excluded.nurse_id",
                (scene.bed.stay_id, staff_id),
            )

    async def visit(served: Served, _clock: FakeClock) -> None:
        before = await ask(served, "bea", "GET", page(scene.bed))
        await named("bea")
        during = await ask(served, "bea", "GET", page(scene.bed))
        await named("anna")

        assert (before.status_code, during.status_code) == (404, 200)
        assert (await ask(served, "bea", "GET", page(scene.bed))).status_code == 404

    on(scene, visit)


def test_care_is_over_ninety_days_after_the_stay(scene: Scene) -> None:
    """Who cared for a patient sees the stay for ninety days after its end, and then no longer."""

    async def whole() -> None:
        now = SystemClock().now()
        async with await connect(scene.database_url, "test") as conn:
            await conn.execute(
                "update stay set period = tstzrange(lower(period), %s) where stay_id = %s", (now, scene.bed.stay_id)
            )
            scope = Scope(team_ids=(scene.teams["away"],))
            for days, seen in ((1, {scene.bed.stay_id}), (89, {scene.bed.stay_id}), (91, set())):
                assert await access.seen(conn, [scene.bed.stay_id], scope, now + timedelta(days=days)) == seen

    asyncio.run(whole())


def test_log_says_that_the_patient_was_seen_by_an_emergency_opening(scene: Scene) -> None:
    """What is seen of an opened patient is in the patient's log as by an emergency opening."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        await tell(served, "hedda", "GET", page(scene.bed, "vitals"))
        looks = (await tell(served, "tolvan", "GET", page(scene.bed, "access-log")))["items"]

        assert [(each["name"], each["why"]) for each in looks] == [("Hedda Provsson", "emergency")]

    on(scene, visit)
