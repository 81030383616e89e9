"""A route to another organisation's team counts once that organisation has said yes."""

import pytest

from tests.builders_duty import NOON
from tests.fix_api import Served
from tests.fix_duty import Unit
from tests.integration.test_duty_http import put, serve, someone
from ward.duty.routing import Policy, Route
from ward.people import TeamId
from ward.store import duty, duty_care, duty_layout, people
from ward.store.pool import Connection, connect

pytestmark = pytest.mark.integration


def holder(unit: Unit) -> TeamId:
    """Who answers for the first patient now."""
    return unit.within(lambda conn: duty.holder(conn, unit.stay, NOON)).team_id


def route_to_lungs(unit: Unit) -> None:
    """Let the unit's first route name the lung team, which is of the region."""

    async def save(conn: Connection) -> None:
        routes = (Route(team_id=unit.lungs), Route(team_id=unit.day))
        assert await duty_care.save_policy(conn, unit.unit_id, 1, Policy(base_team_id=unit.base, routes=routes))
        await duty_layout.lay(conn, [unit.stay], NOON)

    unit.within(save)


def test_h25_route_to_another_organisation_waits_for_its_consent(unit: Unit) -> None:
    """Without a yes the next route answers; with it the named team does; taken back, the next one again."""
    route_to_lungs(unit)
    assert holder(unit) == unit.day
    path = f"/api/routing/{unit.unit_id}/consents/{unit.lungs}"

    async def consent(served: Served) -> None:
        async with someone(served, "lunga") as lunga, someone(served, "oskar") as oskar:
            listed = (await oskar.get("/api/routing")).json()["items"][0]
            assert listed["awaiting"] == [unit.lungs]
            assert [each["team_id"] for each in listed["routes"]] == [unit.lungs, unit.day]
            assert (await put(oskar, path, None, {})).status_code == 404
            given = await put(lunga, path, None, {})
            assert (given.status_code, given.json()["awaiting"]) == (200, [])

    async def withdraw(served: Served) -> None:
        async with someone(served, "lunga") as lunga:
            assert (await lunga.delete(path)).json()["awaiting"] == [unit.lungs]

    serve(unit, consent)
    assert holder(unit) == unit.lungs
    serve(unit, withdraw)
    assert holder(unit) == unit.day


def test_h25_another_organisation_s_team_answers_round_the_clock_with_its_consent_alone(unit: Unit) -> None:
    """Nobody makes it the last to answer before it has said yes to a route of the unit; a unit that has it keeps it."""

    async def lay(conn: Connection) -> int:
        region = await people.organisation_of(conn, unit.lungs)
        assert region is not None
        made = await duty_care.add_policy(conn, organisation_id=region, name="Andning", base_team_id=unit.lungs)
        assert made is not None
        return made

    other = unit.within(lay)

    async def visit(served: Served) -> None:
        async with someone(served, "lunga") as lunga, someone(served, "oskar") as oskar:
            wanted = {"base_team_id": unit.base, "routes": [{"team_id": unit.base}]}
            path = f"/api/routing/{other}"
            assert (await lunga.post("/api/routing", json={"name": "Ny", **wanted})).status_code == 403
            assert (await put(lunga, path, 1, wanted)).status_code == 403
            await name_in_a_route(other)
            assert (await put(oskar, f"{path}/consents/{unit.base}", None, {})).status_code == 200
            assert (await put(lunga, path, 2, wanted)).json()["base_team_id"] == unit.base
            assert (await put(oskar, f"{path}/consents/{unit.base}", None, {})).status_code == 200
            assert (await put(lunga, path, 3, {"base_team_id": unit.base, "routes": []})).status_code == 200

    async def name_in_a_route(number: int) -> None:
        async with await connect(unit.url, "test") as conn:
            policy = Policy(base_team_id=unit.lungs, routes=(Route(team_id=unit.base),))
            assert await duty_care.save_policy(conn, number, 1, policy)

    serve(unit, visit)


def test_consent_is_asked_for_no_other_team(unit: Unit) -> None:
    """Nobody consents for a team that no route names; a route by competence asks nobody."""

    async def visit(served: Served) -> None:
        async with someone(served, "lunga") as lunga:
            path = f"/api/routing/{unit.unit_id}/consents/{unit.lungs}"
            assert (await put(lunga, path, None, {})).status_code == 404
            assert (await lunga.get("/api/routing")).json()["items"][0]["awaiting"] == []

    serve(unit, visit)
