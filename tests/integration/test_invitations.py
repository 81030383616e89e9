"""How somebody becomes a relative with a log-in: by a one-time code, and sees what the patient has opened, no more."""

from datetime import timedelta

import pytest

from tests.fix_access import Scene, ask, audited, browser, on, page, tell
from tests.fix_api import Served
from ward.clock import FakeClock

pytestmark = pytest.mark.integration
WORDS = "gungstol utan medar"


async def choose(served: Served, code: str, username: str = "svea", password: str = WORDS) -> int:
    """Choose a log-in by a code, as somebody who has none; return what was answered."""
    async with browser(served, None) as nobody:
        body = {"code": code, "username": username, "password": password}
        return (await nobody.post("/api/invitations/accept", json=body)).status_code


async def enter(served: Served, path: str, username: str = "svea") -> int:
    """Log in as the new relative and ask for a page; return what was answered."""
    async with browser(served, None) as client:
        body = {"username": username, "password": WORDS}
        assert (await client.post("/api/session", json=body)).status_code == 200
        return (await client.get(path)).status_code


def test_invited_relative_chooses_a_log_in_and_sees_what_was_opened(scene: Scene) -> None:
    """The code works once: its holder logs in by a name of their own and sees what the patient opened, and no more."""
    path = page(scene.bed, "invitations")

    async def visit(served: Served, _clock: FakeClock) -> None:
        made = await tell(served, "tolvan", "POST", path, {"name": "Svea Provsson", "opens": ["values"]})
        async with browser(served, None) as nobody:
            shown = (await nobody.post("/api/invitations/look", json={"code": made["code"]})).json()
        assert shown == {
            "name": "Svea Provsson",
            "language": "sv",
            "opens": ["values"],
            "expires_at": made["expires_at"],
        }
        assert await choose(served, made["code"]) == 201
        assert await choose(served, made["code"], "annan") == 404
        assert await enter(served, page(scene.bed, "opened")) == 200
        assert await enter(served, page(scene.bed, "opened", "vitals") + "?kind=spo2") == 403
        listed = (await tell(served, "tolvan", "GET", path))["items"][0]
        assert (listed["username"], listed["made_by_kind"], "code" in listed) == ("svea", "patient", False)

    on(scene, visit)
    assert [name for name, *_ in audited(scene, "relative.invited")] == ["tolvan"]
    assert [(name, patient) for name, patient, *_ in audited(scene, "relative.joined")] == [
        ("svea", scene.bed.patient_id)
    ]


def test_invitation_of_staff_opens_nothing_until_the_patient_does(scene: Scene) -> None:
    """The team that answers can invite, but what is opened stays the patient's own word."""
    path = page(scene.bed, "invitations")

    async def visit(served: Served, _clock: FakeClock) -> None:
        opening = await ask(served, "anna", "POST", path, {"name": "Svea", "opens": ["values"]})
        made = await tell(served, "anna", "POST", path, {"name": "Svea Provsson"})
        assert opening.status_code == 422
        assert await choose(served, made["code"]) == 201
        assert await enter(served, page(scene.bed, "opened")) == 404
        await tell(served, "tolvan", "POST", page(scene.bed, "relatives"), {"username": "svea", "opens": ["values"]})
        assert await enter(served, page(scene.bed, "opened")) == 200

    on(scene, visit)


def test_h27_invitation_is_void_when_it_is_old_or_taken_back(scene: Scene) -> None:
    """A code that is old or was taken back answers as one that never was; what was opened by one closes at once."""
    path = page(scene.bed, "invitations")
    body = {"name": "Svea Provsson", "opens": ["values"], "hours": 1}

    async def visit(served: Served, clock: FakeClock) -> None:
        first, second, third = [await tell(served, "tolvan", "POST", path, body) for _ in range(3)]
        revoked = await tell(served, "tolvan", "DELETE", f"{path}/{first['invitation_id']}")
        again = await tell(served, "tolvan", "DELETE", f"{path}/{first['invitation_id']}")
        assert revoked["revoked_at"] == again["revoked_at"] is not None
        assert await choose(served, second["code"]) == 201
        used = await ask(served, "tolvan", "DELETE", f"{path}/{second['invitation_id']}")
        clock.advance(timedelta(hours=1))
        codes = [first["code"], third["code"], "never"]
        assert [await choose(served, code, "annan") for code in codes] == [404, 404, 404]
        assert used.status_code == 409
        opened = (await tell(served, "tolvan", "GET", page(scene.bed, "relatives")))["items"][0]["access_id"]
        assert await enter(served, page(scene.bed, "opened")) == 200
        await tell(served, "tolvan", "DELETE", page(scene.bed, "relatives", str(opened)))
        assert await enter(served, page(scene.bed, "opened")) == 404

    on(scene, visit)
    assert len(audited(scene, "invitation.revoked")) == 1


def test_relative_of_another_patient_joins_with_the_log_in_they_have(scene: Scene) -> None:
    """Who has a log-in already uses a code with it, once; nobody but a relative does."""
    path = page(scene.bed, "invitations")

    async def visit(served: Served, _clock: FakeClock) -> None:
        made = await tell(served, "tolvan", "POST", path, {"name": "Olle", "opens": ["contacts"]})
        body = {"code": made["code"]}
        assert (await ask(served, "olle", "GET", page(scene.bed, "opened"))).status_code == 404
        assert (await ask(served, "anna", "POST", "/api/invitations/join", body)).status_code == 403
        assert (await ask(served, "olle", "POST", "/api/invitations/join", body)).status_code == 204
        assert (await ask(served, "olle", "POST", "/api/invitations/join", body)).status_code == 404
        opened = await tell(served, "olle", "GET", page(scene.bed, "opened"))
        assert (opened["opens"], opened["values"]) == (["contacts"], None)

    on(scene, visit)


def test_log_in_of_a_relative_is_as_strong_as_any(scene: Scene) -> None:
    """A weak password, a name that is taken and an unknown field are refused, and the code stays good."""
    path = page(scene.bed, "invitations")

    async def visit(served: Served, _clock: FakeClock) -> None:
        made = await tell(served, "tolvan", "POST", path, {"name": "Svea Provsson", "opens": ["values"]})
        assert await choose(served, made["code"], password="sveaprovsson1") == 422
        assert await choose(served, made["code"], "anna") == 409
        async with browser(served, None) as nobody:
            body = {"code": made["code"], "username": "svea", "password": WORDS, "opens": ["plan"]}
            assert (await nobody.post("/api/invitations/accept", json=body)).status_code == 422
        assert await choose(served, made["code"]) == 201

    on(scene, visit)


def test_repeat_with_the_same_key_invites_once(scene: Scene) -> None:
    """The same request with its key again is answered by the same invitation, without the code."""
    path = page(scene.bed, "invitations")

    async def visit(served: Served, _clock: FakeClock) -> None:
        async with browser(served, "tolvan") as client:
            body = {"name": "Svea", "opens": ["values"]}
            first, again = [await client.post(path, json=body, headers={"Idempotency-Key": "one"}) for _ in range(2)]
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["invitation_id"] == again.json()["invitation_id"]
        assert again.json()["code"] is None

    on(scene, visit)
