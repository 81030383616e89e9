"""The second factor of a local account over HTTP: set up, asked for, used once, lost, and counted with the password."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pyotp
from typer.testing import CliRunner

from onebox.account_commands import app as account_command
from tests.fix_api import PASSWORD, House, Served
from tests.integration.test_api_http import assert_problem
from tests.integration.test_log_in import as_time_passes, asked, log_in
from ward.clock import FakeClock
from ward.settings import Settings

KEY = "k" * 32
STEP = timedelta(seconds=30)


def settings(house: House, asked_of: str = "none") -> Settings:
    """Settings of a place that can have second factors, and asks them of these."""
    return Settings(database_url=house.database_url, http_port=0, factor_key=KEY, second_factor=asked_of)


def code(secret: str, clock: FakeClock, *, later: int = 0) -> str:
    """What an authenticator shows at the clock's time, or so many periods later."""
    return pyotp.TOTP(secret).at(clock.now() + later * STEP)


async def set_up(client: httpx.AsyncClient, clock: FakeClock, **more: object) -> tuple[str, list[str]]:
    """Set a second factor up; return its secret, and the codes for an emergency."""
    drawn = (await client.post("/api/session/factor", json={"password": PASSWORD, **more})).json()
    done = await client.post("/api/session/factor/confirm", json={"code": code(drawn["secret"], clock)})
    assert done.status_code == 200, done.text
    return drawn["secret"], done.json()["recovery_codes"]


def test_password_alone_opens_nothing_where_there_is_a_second_factor(house: House) -> None:
    """The code is asked for and counts once, of two at a time too, a recovery code likewise; others stay without."""

    async def visit(served: Served, clock: FakeClock) -> None:
        async with served.logged_in("anna") as anna, served.logged_in("anna") as elsewhere, served.client() as client:
            secret, recovery = await set_up(anna, clock)
            assert (await anna.get("/api/session")).json()["second_factor"] is True
            assert_problem(await elsewhere.get("/api/session"), 401)

            bare = assert_problem(await log_in(client, "anna", PASSWORD), 401)
            replayed = await log_in(client, "anna", PASSWORD, code=code(secret, clock))
            clock.advance(STEP)
            wrong = await log_in(client, "anna", "fel", code=code(secret, clock))
            now = code(secret, clock)
            raced = await asyncio.gather(*(log_in(client, "anna", PASSWORD, code=now) for _ in range(2)))
            late = await log_in(client, "anna", PASSWORD, code=code(secret, clock, later=-3))
            saved = [await log_in(client, "anna", PASSWORD, code=recovery[0].upper()) for _ in range(2)]

            assert bare["must"] == "code"
            assert "must" not in assert_problem(wrong, 401)
            assert [each.status_code for each in (replayed, late)] == [401, 401]
            assert sorted(each.status_code for each in raced) == [200, 401]
            assert [each.status_code for each in saved] == [200, 401]
            assert (await log_in(client, "oskar", PASSWORD)).status_code == 200
        kept = asked(house, "select action from audit where action like 'factor%' order by audit_id")
        assert kept == [("factor.added",), ("factor.recovery_used",)]
        stored = str(asked(house, "select s::text from second_factor s"))
        assert secret not in stored
        assert secret.encode().hex() not in stored

    as_time_passes(house, visit, settings(house))


def test_codes_are_guessed_no_faster_than_passwords(house: House) -> None:
    """A wrong code counts as a wrong password does, also when the password is right: after five of both one waits."""

    async def visit(served: Served, clock: FakeClock) -> None:
        async with served.logged_in("anna") as anna, served.client() as thief:
            secret, _ = await set_up(anna, clock)
            clock.advance(STEP)
            tried: list[dict[str, Any]] = [{"code": f"{guess:06}"} for guess in range(3)] + [{}, {}]
            for each in tried:
                assert (await log_in(thief, "anna", PASSWORD, **each)).status_code == 401
            assert_problem(await log_in(thief, "anna", PASSWORD, code=code(secret, clock)), 429)
            clock.advance(timedelta(minutes=2))
            assert (await log_in(thief, "anna", PASSWORD, code=code(secret, clock))).status_code == 200

    as_time_passes(house, visit, settings(house))


def test_who_is_asked_for_a_second_factor_sets_one_up_before_anything_else(house: House) -> None:
    """An operator is let in to setting it up alone; changing or removing it needs a code; who lost all is helped."""

    async def visit(served: Served, clock: FakeClock) -> None:
        async with served.logged_in("oskar") as oskar, served.logged_in("anna") as anna:
            assert (await oskar.get("/api/session")).json()["must_enrol"] is True
            assert assert_problem(await oskar.get("/api/accounts"), 403)["must"] == "enrol"
            assert (await anna.get("/api/patients")).status_code == 200
            assert_problem(await oskar.post("/api/session/factor", json={"password": "fel"}), 403)
            assert_problem(await oskar.post("/api/session/factor/confirm", json={"code": "000000"}), 422)
            _, recovery = await set_up(oskar, clock)
            accounts = (await oskar.get("/api/accounts")).json()["items"]

            again = await oskar.post("/api/session/factor", json={"password": PASSWORD})
            assert assert_problem(again, 403)["must"] == "code"
            await set_up(oskar, clock, code=recovery[0])
            assert_problem(await log_in(oskar, "oskar", PASSWORD, code=recovery[1]), 401)

            await set_up(anna, clock)
            path = f"/api/accounts/{next(each['account_id'] for each in accounts if each['username'] == 'anna')}/factor"
            assert [(await oskar.delete(path)).status_code for _ in range(2)] == [204, 204]
        async with served.logged_in("anna") as anna:
            _, spare = await set_up(anna, clock)
            removed = await anna.post("/api/session/factor/remove", json={"password": PASSWORD, "code": spare[0]})
            assert removed.status_code == 204

    as_time_passes(house, visit, settings(house, "operators"))
    told = CliRunner().invoke(
        account_command, ["forget-factor", "oskar"], env={"HEMVAKT_DATABASE_URL": house.database_url}
    )
    assert (told.exit_code, told.output) == (0, "oskar has no second factor\n")
    assert asked(house, "select count(*) from second_factor") == [(0,)]


def test_place_without_second_factors_says_so_and_not_that_somebody_was_first(house: House) -> None:
    """Whoever wants one where none can be kept is told why, by a reason that the page has words for."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        async with served.logged_in("anna") as anna:
            refused = assert_problem(await anna.post("/api/session/factor", json={"password": PASSWORD}), 409)
            assert refused["reason"] == "factors_off"

    as_time_passes(house, visit, Settings(database_url=house.database_url, http_port=0))
