"""Accounts for operators: added, reset, shut; sessions ended at once everywhere; tokens of systems."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest

from api import account_bodies
from api.auth import COOKIE
from tests.fix_api import PASSWORD, House, Served, hear, hear_closed, serving
from tests.integration.test_api_http import as_anybody, assert_problem
from tests.integration.test_log_in import NEW, as_time_passes, asked, log_in
from ward.access.permissions import GRANTED, Permission
from ward.access.principals import Capacity
from ward.clock import FakeClock

WHY = {"reason": "hon har slutat"}


async def account_of(operator: httpx.AsyncClient, username: str) -> dict[str, Any]:
    """An account by its user name."""
    items = (await operator.get("/api/accounts")).json()["items"]
    found: dict[str, Any] = next(each for each in items if each["username"] == username)
    return found


def test_operator_adds_staff_who_set_their_own_password(house: House) -> None:
    """The answer has a one-time secret; by it a good password is set once, and nobody else ever knew it."""
    body = {"kind": "staff", "username": "Britta", "name": "Britta Provsson", "title": "Läkare", "role": "doctor"}

    async def visit(served: Served) -> None:
        async with served.logged_in("oskar") as operator, served.client() as britta:
            teams = {"team_ids": [house.ward.team_id]}
            added = await operator.post("/api/accounts", json=body | teams, headers={"Idempotency-Key": "1"})
            again = await operator.post("/api/accounts", json=body | teams, headers={"Idempotency-Key": "1"})
            taken = await operator.post("/api/accounts", json=body)
            strange = await operator.post("/api/accounts", json=body | {"team_ids": [house.other_team]})
            assert added.status_code == 201, added.text
            assert added.json()["account"]["has_password"] is False
            assert (again.status_code, again.json()["reset"]) == (200, None)
            assert_problem(taken, 409)
            assert_problem(strange, 422)

            secret = added.json()["reset"]["secret"]
            assert_problem(await log_in(britta, "britta", secret), 401)
            weak = await britta.post("/api/session/reset", json={"secret": secret, "password": "brittaprovsson"})
            assert_problem(weak, 422)
            done = await britta.post("/api/session/reset", json={"secret": secret, "password": NEW})
            assert done.status_code == 204
            twice = await britta.post("/api/session/reset", json={"secret": secret, "password": NEW})
            assert_problem(twice, 403)
            assert (await log_in(britta, "britta", NEW)).status_code == 200
            assert len((await britta.get("/api/patients")).json()["items"]) == 3
        actions = [row[0] for row in asked(house, "select action from audit order by audit_id")]
        assert actions == ["account.added", "password.reset_given", "password.reset_used", "password.changed"]

    as_anybody(house.database_url, visit)


def test_every_kind_can_be_added_and_listed(house: House) -> None:
    """Patients and relatives of the organisation log in as what they are; elsewhere they are unknown."""

    async def visit(served: Served) -> None:
        async with served.logged_in("oskar") as operator, served.client() as client:
            patient_id = house.ward.beds[0].patient_id
            wanted: list[dict[str, object]] = [
                {"kind": "patient", "patient_id": patient_id, "username": "testa"},
                {"kind": "relative", "name": "Rut Testsson", "username": "rut"},
                {"kind": "system", "name": "Journalen", "permissions": ["session.own"]},
            ]
            made = [(await operator.post("/api/accounts", json=body)).json() for body in wanted]
            stranger = {"kind": "patient", "patient_id": house.stranger.patient_id}
            assert_problem(await operator.post("/api/accounts", json=stranger), 409)
            assert_problem(await operator.post("/api/accounts", json=wanted[0] | {"username": "annan"}), 409)
            too_much = wanted[2] | {"permissions": ["accounts.manage"]}
            assert_problem(await operator.post("/api/accounts", json=too_much), 422)
            assert [each["account"]["kind"] for each in made] == ["patient", "relative", "system"]
            assert made[2]["reset"] is None

            body = {"secret": made[0]["reset"]["secret"], "password": NEW}
            assert (await client.post("/api/session/reset", json=body)).status_code == 204
            me = (await log_in(client, "testa", NEW)).json()
            assert (me["account"]["kind"], me["patient_id"], me["staff"]) == ("patient", patient_id, None)
            assert_problem(await client.get("/api/patients"), 403)

            first = (await operator.get("/api/accounts", params={"limit": 3})).json()
            rest = (await operator.get("/api/accounts", params={"limit": 3, "cursor": first["next"]})).json()
            names = [each["username"] for each in first["items"] + rest["items"]]
            assert names == ["nora", "anna", "oskar", "testa", "rut", None]
            kinds = (await operator.get("/api/accounts", params={"kind": "relative"})).json()["items"]
            assert [each["name"] for each in kinds] == ["Rut Testsson"]
            patients = (await operator.get("/api/accounts", params={"kind": "patient"})).json()["items"]
            assert [(each["patient_id"], each["name"]) for each in patients] == [(patient_id, "")]

    as_anybody(house.database_url, visit)


def test_accounts_of_another_organisation_do_not_exist(house: House) -> None:
    """Every route answers 404 for them, and nurses may manage nobody."""
    [(elsa,)] = asked(house, "select account_id from account where username = 'elsa'")

    async def visit(served: Served) -> None:
        async with served.logged_in("oskar") as operator, served.logged_in("anna") as nurse:
            here = f"/api/accounts/{elsa}"
            tries = [
                operator.get(here),
                operator.post(f"{here}/disable", json=WHY),
                operator.post(f"{here}/enable", json=WHY),
                operator.post(f"{here}/password-reset", json={}),
                operator.get(f"{here}/sessions"),
                operator.delete(f"{here}/sessions"),
                operator.delete(f"{here}/sessions/1"),
                operator.get(f"{here}/tokens"),
                operator.post(f"{here}/tokens", json={"name": "x"}),
                operator.delete(f"{here}/tokens/1"),
            ]
            for answer in await asyncio.gather(*tries):
                assert_problem(answer, 404)
            assert_problem(await nurse.get("/api/accounts"), 403)
            assert_problem(await nurse.post("/api/accounts/end-all-sessions", json=WHY), 403)

    as_anybody(house.database_url, visit)


def test_h27_revoked_sessions_close_their_sockets_in_every_process(house: House) -> None:
    """One session, all of an account, all of an organisation: what was open in another process is closed at once."""

    async def whole() -> None:
        async with (
            serving(house.database_url) as here,
            serving(house.database_url) as there,
            there.logged_in("anna") as tablet,
            there.logged_in("anna") as desk,
            here.logged_in("oskar") as operator,
        ):
            anna = (await account_of(operator, "anna"))["account_id"]
            async with there.live(tablet) as first, there.live(desk) as second:
                await hear(first)
                await hear(second)
                own = (await tablet.get("/api/session/all")).json()["items"]
                [mine] = [each["session_id"] for each in own if each["mine"]]
                seen = (await operator.get(f"/api/accounts/{anna}/sessions")).json()["items"]
                assert {each["session_id"] for each in seen} == {each["session_id"] for each in own}
                assert (await operator.delete(f"/api/accounts/{anna}/sessions/{mine}")).status_code == 204
                assert await hear_closed(first) == 4401
                assert_problem(await tablet.get("/api/patients"), 401)
                assert (await desk.get("/api/patients")).status_code == 200
                assert (await operator.delete(f"/api/accounts/{anna}/sessions")).json() == {"ended": 1}
                assert await hear_closed(second) == 4401
            async with there.logged_in("anna") as again, there.logged_in("elsa") as elsewhere:
                async with there.live(again) as third, there.live(elsewhere) as other:
                    await hear(third)
                    await hear(other)
                    assert (await operator.post("/api/accounts/end-all-sessions", json=WHY)).json() == {"ended": 2}
                    assert await hear_closed(third) == 4401
                    await other.ping()
                    assert other.close_code is None
                assert_problem(await operator.get("/api/accounts"), 401)
                assert (await elsewhere.get("/api/patients")).status_code == 200

    asyncio.run(whole())


def test_h27_account_that_is_shut_is_out_at_once(house: House) -> None:
    """Sessions end, sockets close, the password opens nothing; opened again, the person logs in anew."""

    async def visit(served: Served) -> None:
        async with served.logged_in("oskar") as operator, served.logged_in("anna") as client:
            account = await account_of(operator, "anna")
            here = f"/api/accounts/{account['account_id']}"
            async with served.live(client) as socket:
                await hear(socket)
                shut = await operator.post(f"{here}/disable", json=WHY)
                assert await hear_closed(socket) == 4401
            assert shut.json()["disabled_at"] is not None
            assert_problem(await log_in(client, "anna", PASSWORD), 401)
            assert (await operator.post(f"{here}/enable", json=WHY)).json()["disabled_at"] is None
            assert (await log_in(client, "anna", PASSWORD)).status_code == 200
            self = await account_of(operator, "oskar")
            assert_problem(await operator.post(f"/api/accounts/{self['account_id']}/disable", json=WHY), 409)

    as_anybody(house.database_url, visit)


def test_person_ends_own_sessions_elsewhere(house: House) -> None:
    """Who has lost a tablet sees it in the list and ends it; another's session is as unknown as none."""

    async def visit(served: Served) -> None:
        async with served.logged_in("anna") as client, served.logged_in("anna") as lost, served.logged_in("elsa") as e:
            items = (await client.get("/api/session/all")).json()["items"]
            [there] = [each["session_id"] for each in items if not each["mine"]]
            assert_problem(await e.delete(f"/api/session/all/{there}"), 404)
            assert (await client.delete(f"/api/session/all/{there}")).status_code == 204
            assert_problem(await lost.get("/api/session"), 401)
            async with served.logged_in("anna"):
                assert (await client.delete("/api/session/all")).json() == {"ended": 1}
            assert (await client.get("/api/session")).status_code == 200

    as_anybody(house.database_url, visit)


async def _system(operator: httpx.AsyncClient, days: int) -> tuple[str, dict[str, Any]]:
    """A system's address and a token of it."""
    body = {"kind": "system", "name": "Journalen", "permissions": ["session.own"]}
    added = (await operator.post("/api/accounts", json=body)).json()
    here = f"/api/accounts/{added['account']['account_id']}"
    given = await operator.post(f"{here}/tokens", json={"name": "prov", "days": days})
    assert given.status_code == 201, given.text
    return here, given.json()


def test_token_lets_a_system_in_as_a_bearer_alone(house: House) -> None:
    """It may do what its account names, never by cookie or address; it is kept as a hash and known by its prefix."""

    async def visit(served: Served, clock: FakeClock) -> None:
        async with served.logged_in("oskar") as operator, served.client() as client:
            here, given = await _system(operator, 30)
            secret = given["secret"]
            bearer = {"Authorization": f"Bearer {secret}"}
            me = (await client.get("/api/session", headers=bearer)).json()
            assert (me["account"]["kind"], me["way"]) == ("system", "token")
            assert secret.startswith(given["token"]["prefix"])
            assert_problem(await client.get("/api/session", headers={"Cookie": f"{COOKIE}={secret}"}), 401)
            assert_problem(await client.get("/api/session", params={"token": secret, "access_token": secret}), 401)
            assert_problem(await client.get("/api/patients", headers=bearer), 403)
            assert_problem(await client.get("/api/session/all", headers=bearer), 403)
            assert secret not in str(asked(house, "select access_token::text from access_token"))
            clock.advance(timedelta(minutes=2))
            await client.get("/api/session", headers=bearer)
            [token] = (await operator.get(f"{here}/tokens")).json()["items"]
            assert token["last_used_at"] is not None
            path = f"{here}/tokens/{token['token_id']}"
            assert (await operator.delete(path)).status_code == 204
            assert (await operator.delete(path)).status_code == 204
            assert_problem(await client.get("/api/session", headers=bearer), 401)

    as_time_passes(house, visit)


def test_token_ends_at_its_time_and_with_its_account(house: House) -> None:
    """Using a token does not make it last longer; people are given none."""

    async def visit(served: Served, clock: FakeClock) -> None:
        async with served.logged_in("oskar") as operator, served.client() as client:
            here, given = await _system(operator, 1)
            bearer = {"Authorization": f"Bearer {given['secret']}"}
            clock.advance(timedelta(hours=11))
            assert (await client.get("/api/session", headers=bearer)).status_code == 200
            assert (await operator.post(f"{here}/disable", json=WHY)).status_code == 200
            assert_problem(await client.get("/api/session", headers=bearer), 401)
            await operator.post(f"{here}/enable", json=WHY)
            anna = await account_of(operator, "anna")
            assert_problem(await operator.post(f"/api/accounts/{anna['account_id']}/tokens", json={"name": "x"}), 409)
            clock.advance(timedelta(hours=13, seconds=1))
            assert_problem(await client.get("/api/session", headers=bearer), 401)

    as_time_passes(house, visit)


def test_store_gives_tokens_to_systems_alone(house: House) -> None:
    """The schema itself refuses a token of a person."""
    query = (
        "insert into access_token (account_id, token_sha256, prefix, name, made_at, made_by, expires_at)"
        " select account_id, '\\x00', 'x', 'x', now(), account_id, now() + interval '1 day' from account limit 1"
    )
    with psycopg.connect(house.database_url) as conn, pytest.raises(psycopg.errors.ForeignKeyViolation):
        conn.execute(query)


def test_what_a_system_can_be_given_is_what_the_table_says() -> None:
    """The list of permissions for systems follows the one table."""
    given = {each.value for each in Permission if Capacity.SYSTEM in GRANTED[each]}

    assert set(account_bodies.SYSTEM_PERMISSIONS) == given
