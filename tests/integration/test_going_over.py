"""Many patients who go over at once, by a week, an exception or routes, take their alerts along: on a real store."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest

from alerting.deliver import URGENT, send_due
from tests.builders_duty import NOON
from tests.delivery_scene import scene
from tests.fix_api import Served
from tests.fix_duty import Unit
from tests.integration.test_duty_http import DAY, put, someone
from tests.integration.test_gone_over import a_baton, act, alarm, alert, kinds, serve
from ward.alerts import AlertId, Responsibility, Signal
from ward.clock import FakeClock
from ward.people import TeamId
from ward.store import duty, duty_layout

pytestmark = pytest.mark.integration
SOON = timedelta(minutes=1)
AWAY = {"from_at": NOON.isoformat(), "until": (NOON + timedelta(hours=1)).isoformat(), "reason": "utbildning"}


def answers(unit: Unit, bed: int, seconds: float = 0) -> TeamId:
    """Who answers for a patient so long after noon."""
    at = NOON + timedelta(seconds=seconds)
    return unit.within(lambda conn: duty.holder(conn, unit.ward.beds[bed].stay_id, at)).team_id


async def in_many_hands(unit: Unit, anna: httpx.AsyncClient) -> list[AlertId]:
    """Three patients' alerts: one that Anna has, one that she offers to a colleague, one that nobody has."""
    numbers = [await asyncio.to_thread(alarm, unit, NOON, bed=bed) for bed in range(3)]
    for number in numbers[:2]:
        assert (await act(anna, number, "claim", 1)).status_code == 200
    assert (await act(anna, numbers[1], "offer", 2, team=unit.day)).status_code == 200
    return numbers


async def away(unit: Unit, served: Served) -> httpx.Response:
    """The day team is away for an hour."""
    async with someone(served, "anna") as anna:
        return await anna.post(f"/api/teams/{unit.day}/overrides", json=AWAY)


async def other_hours(unit: Unit, served: Served) -> httpx.Response:
    """The day team works at weekends alone."""
    async with someone(served, "anna") as anna:
        week = {"shifts": [{**DAY, "days": ["sat", "sun"], "crews": [[unit.anna]]}]}
        return await put(anna, f"/api/teams/{unit.day}/schedule", 1, week)


async def no_route(unit: Unit, served: Served) -> httpx.Response:
    """No route leads to the day team any more."""
    async with someone(served, "oskar") as oskar:
        return await put(oskar, f"/api/routing/{unit.unit_id}", 1, {"base_team_id": unit.base, "routes": []})


@pytest.mark.parametrize("change", [away, other_hours, no_route])
def test_h25_alerts_go_over_with_all_whom_a_change_of_hours_or_routes_moves(
    unit: Unit, change: Callable[[Unit, Served], Awaitable[httpx.Response]]
) -> None:
    """At the instant at which others answer: nobody else has them, each life says it, and offers are over."""

    async def visit(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "natt") as natt:
            numbers = await in_many_hands(unit, anna)
            baton = await asyncio.to_thread(a_baton, unit, NOON)
            changed = await change(unit, served)
            assert changed.status_code in {200, 201}, changed.text
            assert [await asyncio.to_thread(answers, unit, bed) for bed in range(3)] == [unit.base] * 3
            for number in numbers:
                found = await asyncio.to_thread(alert, unit, number)
                assert (found.team_id, found.holder_id, found.offered) == (unit.base, None, None)
                assert (found.responsibility, found.signal) == (Responsibility.UNASSIGNED, Signal.RINGING)
                assert (await asyncio.to_thread(kinds, unit, number))[-1] == ("went_over", unit.base)
            late = await act(anna, numbers[1], "accept", 3)
            assert (late.status_code, late.json()["reason"]) == (409, "went_over")
            assert (await act(natt, numbers[0], "claim", 3)).status_code == 200
            assert one(unit, "select answer from baton where baton_id = %s", baton) == "lapsed"

    serve(unit, FakeClock(NOON), visit)


def one(unit: Unit, query: str, *given: object) -> Any:
    """Ask the store for one value."""
    with psycopg.connect(unit.url) as conn:
        row = conn.execute(query.encode(), given).fetchone()
    assert row is not None
    return row[0]


def test_h25_alerts_of_more_than_are_moved_at_once_go_over_with_each(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who answers for a patient has the alert, at every instant, also while the others wait for the next sweeps."""
    monkeypatch.setattr(duty_layout, "AT_ONCE_OPEN", 1)

    async def visit(served: Served) -> None:
        async with someone(served, "anna") as anna:
            numbers = await in_many_hands(unit, anna)
            assert (await away(unit, served)).status_code == 201
            for moved in (1, 2, 3):
                teams = [await asyncio.to_thread(answers, unit, bed, 5) for bed in range(3)]
                assert teams == [unit.base] * moved + [unit.day] * (3 - moved)
                have = [(await asyncio.to_thread(alert, unit, number)).team_id for number in numbers]
                assert have == teams
                await asyncio.to_thread(unit.sweep, NOON + timedelta(seconds=5))

    serve(unit, FakeClock(NOON), visit)


def test_h23_whoever_gets_many_alerts_by_one_change_is_told_once(unit: Unit) -> None:
    """Three urgent alerts come with a change of hours: the telephone rings once for all, and so at the next step."""

    async def visit(served: Served) -> None:
        async with someone(served, "anna") as anna:
            await in_many_hands(unit, anna)
            async with scene(unit.ward) as here:
                here.clock.set(NOON)
                await here.telephone(unit.natt, "+46701740605")
                await here.telephone(unit.lunga, "+46701740606")
                assert (await away(unit, served)).status_code == 201
                while (await send_due(here.courier, URGENT)).more:
                    pass
                told = [(letter.to, letter.title) for letter in here.sms.letters]
                assert told == [("+46701740605", "3 patienter: larm hög – logga in")]
                await here.until(NOON + timedelta(minutes=12))
                assert {letter.patients for letter in here.sms.letters} == {3}
                assert {letter.to for letter in here.sms.letters} == {"+46701740605", "+46701740606"}
                rows = await here.outbox("sms")
                assert len(rows) == 3 * len(here.sms.letters)
                assert {row["state"] for row in rows} == {"sent"}

    serve(unit, FakeClock(NOON), visit)
