"""A route to another organisation's team counts once that organisation has said yes."""

import pytest

from tests.builders_duty import NOON
from tests.fix_api import Served
from tests.fix_duty import Unit
from tests.integration.test_duty_http import put, serve, someone
from ward.duty.routing import Policy, Route
from ward.people import TeamId
from ward.store import duty, duty_care, duty_layout
from ward.store.pool import Connection

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


def test_consent_is_asked_for_no_other_team(unit: Unit) -> None:
    """Nobody consents for a team that no route names; a route by competence asks nobody."""

    async def visit(served: Served) -> None:
        async with someone(served, "lunga") as lunga:
            path = f"/api/routing/{unit.unit_id}/consents/{unit.lungs}"
            assert (await put(lunga, path, None, {})).status_code == 404
            assert (await lunga.get("/api/routing")).json()["items"][0]["awaiting"] == []

    serve(unit, visit)
