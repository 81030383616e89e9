"""What somebody tries who should not see a patient, and what is seen at the edges of care; real store and server."""

import asyncio
from datetime import timedelta

import psycopg

from api.live.board import place_of, sees
from tests.fix_access import Scene, ask, audited, browser, on, page, tell
from tests.fix_api import Served, hear, hear_closed
from ward.access.principals import Scope
from ward.clock import FakeClock, SystemClock
from ward.people import OrganisationId, PatientId, TeamId
from ward.store import access, people, tiles
from ward.store.pool import connect
from ward.store.tiles import Wanted


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
            "/api/orders",
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

        assert first["type"] in {"snapshot", "resumed"}
        assert (first.get("patients", []), first.get("alerts", [])) == ([], [])

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


def test_h27_board_of_who_leaves_the_team_closes(scene: Scene) -> None:
    """Who is taken out of a team loses the open board at once, and finds nothing when it comes back."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        async with browser(served, "ivar") as ivar:
            ivar.cookies.set("hemvakt_session", "session-of-ivar")
            async with served.live(ivar) as socket:
                before = (await hear(socket))["patients"]
                async with await connect(scene.database_url, "test") as conn:
                    staff_id = await people.find_staff(conn, "ivar")
                    await conn.execute("delete from team_member where staff_id = %s", (staff_id,))
                closed = await hear_closed(socket)
            async with served.live(ivar) as socket:
                after = (await hear(socket))["patients"]

        assert (len(before), closed, after) == (3, 4408, [])

    on(scene, visit)


def test_h04_team_that_an_escalation_came_to_sees_the_patient(scene: Scene) -> None:
    """A team of a third organisation that was told of an alert sees its patient until the alert is resolved."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        before = await ask(served, "frida", "GET", page(scene.bed))
        with psycopg.connect(scene.database_url) as conn:
            conn.execute(
                "insert into escalation_step (stay_id, alert_id, ring, step, level, priority, contacts, due_at, state,"
                " done_at) values (%s, %s, 9, 1, 3, 3, %s::jsonb, now(), 'fired', now())",
                (
                    scene.bed.stay_id,
                    int(scene.ids["alert_id"]),
                    f'[{{"team_id": {scene.teams["third"]}, "staff_id": null, "why": "next_team"}}]',
                ),
            )

        assert before.status_code == 404
        assert (await ask(served, "frida", "GET", page(scene.bed))).status_code == 200
        assert (await ask(served, "frida", "GET", f"/api/alerts/{scene.ids['alert_id']}")).status_code == 200

    on(scene, visit)


def test_who_sees_by_consent_or_emergency_changes_nothing_of_who_sees(scene: Scene) -> None:
    """Neither another organisation with consent nor an emergency opening lifts a block or gives a consent."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        block, consent = page(scene.bed, "blocks", scene.ids["block_id"]), page(scene.bed, "consents")
        for who in ("elsa", "hedda"):
            told = [
                await ask(served, who, "DELETE", block),
                await ask(served, who, "POST", consent, {"organisation_id": scene.organisations["third"]}),
                await ask(served, who, "PUT", page(scene.bed, "protection"), {"protected": True}),
            ]
            assert [each.status_code for each in told] == [403, 403, 403], who
        assert (await ask(served, "anna", "DELETE", block)).status_code == 200

    on(scene, visit)


def test_number_of_another_patient_in_the_path_changes_nothing(scene: Scene) -> None:
    """A consent, block or opening to a relative of one patient is not ended under another's number."""
    other = scene.house.ward.beds[1]

    async def visit(served: Served, _clock: FakeClock) -> None:
        for part, name in (("consents", "consent_id"), ("blocks", "block_id")):
            assert (await ask(served, "anna", "DELETE", page(other, part, scene.ids[name]))).status_code == 404
            assert (await ask(served, "elva", "DELETE", page(other, part, scene.ids[name]))).status_code == 404
        relative = page(other, "relatives", scene.ids["access_id"])
        assert (await ask(served, "elva", "DELETE", relative)).status_code == 404
        assert (await ask(served, "maja", "GET", page(scene.bed, "opened"))).status_code == 200

    on(scene, visit)
