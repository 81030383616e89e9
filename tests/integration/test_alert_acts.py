"""What people do about an alert over HTTP, on a real store and a real server: Anna and Olle of one team."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.fix_api import House, alarm, password_hash, serving
from ward.alerts import Priority
from ward.people import Role, StaffId
from ward.store import people
from ward.store.pool import connect


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Two colleagues, logged in, and an alert about one of their patients."""

    house: House
    anna: httpx.AsyncClient
    olle: httpx.AsyncClient
    olle_id: StaffId
    alert_id: int

    async def act(self, who: httpx.AsyncClient, what: str, rev: int, **body: object) -> httpx.Response:
        """Do something about the alert as it was at `rev`."""
        address = f"/api/alerts/{self.alert_id}/{what}"
        return await who.post(address, json=body, headers={"If-Match": f'"{rev}"'})

    async def done(self, who: httpx.AsyncClient, what: str, rev: int, **body: object) -> dict[str, Any]:
        """Do something that succeeds."""
        answer = await self.act(who, what, rev, **body)
        assert answer.status_code == 200, answer.text
        alert: dict[str, Any] = answer.json()
        assert answer.headers["etag"] == f'"{alert["rev"]}"' == f'"{rev + 1}"'
        return alert

    async def refused(self, who: httpx.AsyncClient, what: str, rev: int, **body: object) -> dict[str, Any]:
        """Do something that is refused, with the alert as it is and why."""
        answer = await self.act(who, what, rev, **body)
        assert answer.status_code == 409, answer.text
        problem: dict[str, Any] = answer.json()
        assert problem["alert"]["alert_id"] == self.alert_id
        return problem


@asynccontextmanager
async def _team(house: House, priority: Priority) -> AsyncIterator[Team]:
    async with await connect(house.database_url, "test") as conn:
        home = await people.find_organisation(conn, "Testkommunen")
        assert home is not None
        olle_id = await people.add_staff(
            conn,
            organisation_id=home,
            username="olle",
            name="Olle Exempelsson",
            title="Sjuksköterska",
            role=Role.NURSE,
            password_hash=password_hash(),
        )
        await people.add_member(conn, team_id=house.ward.team_id, staff_id=olle_id)
    alert_id = await alarm(house, house.ward.beds[0], priority=priority)
    async with (
        serving(house.database_url) as served,
        served.logged_in("anna") as anna,
        served.logged_in("olle") as olle,
    ):
        yield Team(house=house, anna=anna, olle=olle, olle_id=olle_id, alert_id=alert_id)


def with_team(house: House, visit: Callable[[Team], Awaitable[None]], priority: Priority = Priority.HIGH) -> None:
    """Let the two do something."""

    async def whole() -> None:
        async with _team(house, priority) as team:
            await visit(team)

    asyncio.run(whole())


def test_h24_two_claims_at_once_one_wins_and_the_other_is_told(house: House) -> None:
    """Of two who take an alert at the same moment one has it; the other learns who, by name, in both languages."""

    async def visit(team: Team) -> None:
        answers = await asyncio.gather(team.act(team.anna, "claim", 1), team.act(team.olle, "claim", 1))

        assert sorted(answer.status_code for answer in answers) == [200, 409]
        winner = next(answer.json() for answer in answers if answer.status_code == 200)["holder"]["name"]
        loser = next(answer.json() for answer in answers if answer.status_code == 409)
        assert loser["reason"] == "taken"
        assert loser["detail"] == f"{winner} has it already."
        assert loser["detail_sv"] == f"{winner} har redan tagit larmet."
        assert loser["alert"]["holder"]["name"] == winner

    with_team(house, visit)


def test_seeing_is_not_taking(house: House) -> None:
    """Anna has seen it and Olle takes it; both stand beside it, and the list of what is his has it."""

    async def visit(team: Team) -> None:
        seen = await team.done(team.anna, "acknowledge", 1)
        assert (seen["signal"], seen["responsibility"], seen["holder"]) == ("acknowledged", "unassigned", None)
        again = await team.refused(team.olle, "acknowledge", 2)
        assert again["detail"] == "Anna Provsson has seen it already; it is quiet."

        taken = await team.done(team.olle, "claim", 2, note="Åker dit")
        assert (taken["responsibility"], taken["holder"]["name"]) == ("accepted", "Olle Exempelsson")
        mine = (await team.olle.get("/api/alerts", params={"holder": "me"})).json()["items"]
        hers = (await team.anna.get("/api/alerts", params={"holder": "me"})).json()["items"]
        his = (await team.anna.get("/api/alerts", params={"holder": team.olle_id})).json()["items"]
        assert ([each["alert_id"] for each in mine], hers) == ([team.alert_id], [])
        assert his == mine

    with_team(house, visit)


def test_passing_on_takes_an_answer(house: House) -> None:
    """An alert that Anna passes to Olle is hers until he accepts; what he declines is hers again, and rings."""

    async def visit(team: Team) -> None:
        await team.done(team.anna, "claim", 1)
        asked = await team.done(team.anna, "offer", 2, staff=team.olle_id, note="Jag är på väg till en annan")
        assert (asked["responsibility"], asked["holder"]["staff_id"]) == ("offered", team.house.anna)
        assert asked["offer"]["staff"]["name"] == "Olle Exempelsson"
        assert (await team.refused(team.anna, "accept", 3))["reason"] == "not_offered"

        back = await team.done(team.olle, "decline", 3, note="Kör bil")
        assert (back["responsibility"], back["signal"]) == ("accepted", "ringing")
        assert back["holder"]["staff_id"] == team.house.anna
        await team.done(team.anna, "offer", 4, team=team.house.ward.team_id)
        taken = await team.done(team.olle, "accept", 5)
        assert (taken["holder"]["staff_id"], taken["offer"]) == (team.olle_id, None)
        assert (await team.refused(team.anna, "release", 6))["reason"] == "only_holder"

    with_team(house, visit)


def test_nobody_is_asked_who_does_not_know_the_patient(house: House) -> None:
    """A team of another organisation, an operator and somebody who does not exist cannot be asked."""

    async def visit(team: Team) -> None:
        for body in ({"team": team.house.other_team}, {"staff": 999_999}, {"team": 999_999}):
            answer = await team.act(team.anna, "offer", 1, **body)
            assert answer.status_code == 422, answer.text

    with_team(house, visit)


def test_h09_pause_is_short_and_says_why(house: House) -> None:
    """A high alert is paused for fifteen minutes at most, with a reason that everybody sees, and an end."""

    async def visit(team: Team) -> None:
        long = await team.act(team.anna, "snooze", 1, minutes=16, reason="Duschar")
        assert long.status_code == 422
        assert long.json()["detail"] == "It may be paused for 15 minutes at most."
        assert (await team.act(team.anna, "snooze", 1, minutes=10)).status_code == 422

        paused = await team.done(team.anna, "snooze", 1, minutes=15, reason="Duschar")
        assert (paused["signal"], paused["pause_reason"], paused["state"]) == ("paused", "Duschar", "acknowledged")
        assert paused["signal_until"] is not None
        assert paused["acknowledged_until"] is None
        assert (await team.refused(team.olle, "snooze", 2, minutes=5, reason="Duschar"))["reason"] == "paused"

    with_team(house, visit)


def test_life_is_told_in_words(house: House) -> None:
    """The life of an alert says who did what, to whom and how it ended, in Swedish and English."""

    async def visit(team: Team) -> None:
        await team.done(team.anna, "claim", 1)
        await team.done(team.anna, "note", 2, note="Ringer dottern")
        await team.done(team.anna, "escalate", 3)
        await team.done(team.anna, "offer", 4, staff=team.olle_id)
        await team.done(team.olle, "accept", 5)
        closed = await team.done(
            team.olle, "resolve", 6, outcome="false_alarm", cause="artefact", action="visited", note="Kall hand"
        )
        assert (closed["closure"], closed["cause"], closed["action"]) == ("closed", "artefact", "visited")

        life = (await team.anna.get(f"/api/alerts/{team.alert_id}")).json()["events"]
        assert [line["text_en"] for line in life] == [
            "The alert was raised",
            "Anna Provsson has taken it",
            "Anna Provsson has written",
            "Anna Provsson has called for whoever is next",
            "Anna Provsson offers it to Olle Exempelsson",
            "Olle Exempelsson has accepted it",
            "Olle Exempelsson has closed it: false alarm, artefact, visited",
        ]
        assert life[-1]["text_sv"] == "Olle Exempelsson har avslutat det: falskt larm, störning i mätningen, besökte"
        assert life[0]["found_sv"] == "Syremättnad 84 % under gränsen 88 % i 60 s"
        assert (life[0]["priority"], life[2]["note"]) == ("high", "Ringer dottern")

    with_team(house, visit)


def test_wrong_tap_can_be_undone(house: House) -> None:
    """Who closed an alert by mistake has it back as it was; nobody else can do that for them."""

    async def visit(team: Team) -> None:
        closed = await team.done(team.anna, "resolve", 1, outcome="true_alarm")
        assert closed["undo"]["staff_id"] == team.house.anna
        assert (await team.refused(team.olle, "undo", 2))["reason"] == "too_late"

        back = await team.done(team.anna, "undo", 2)
        assert (back["state"], back["outcome"], back["undo"]) == ("open", None, None)
        assert [each["alert_id"] for each in (await team.anna.get("/api/alerts")).json()["items"]] == [team.alert_id]

    with_team(house, visit)


def test_closing_is_not_undone_where_another_alert_has_taken_its_place(house: House) -> None:
    """Closed by mistake, and raised anew meanwhile because it got worse: the new one counts, the old stays closed."""

    async def visit(team: Team) -> None:
        await team.done(team.anna, "resolve", 1, outcome="false_alarm")
        other = await alarm(team.house, team.house.ward.beds[0], priority=Priority.HIGH)
        problem = await team.refused(team.anna, "undo", 2)

        assert problem["alert"]["state"] == "resolved"
        assert [each["alert_id"] for each in (await team.anna.get("/api/alerts")).json()["items"]] == [other]

    with_team(house, visit, Priority.MEDIUM)


def test_closed_alert_while_its_cause_is_there_is_not_raised_anew(house: House) -> None:
    """What Anna closed does not ring again at the next evaluation, and undoing that makes it hers to see again."""

    async def visit(team: Team) -> None:
        await team.done(team.anna, "resolve", 1, outcome="false_alarm")
        async with await connect(team.house.database_url, "test") as conn:
            before = await (await conn.execute("select count(*) from alert")).fetchone()
        with pytest.raises(AssertionError):  # no alert comes of it
            await alarm(team.house, team.house.ward.beds[0])
        async with await connect(team.house.database_url, "test") as conn:
            assert await (await conn.execute("select count(*) from alert")).fetchone() == before
            assert await (await conn.execute("select priority from alert_hold")).fetchall() == [(3,)]

        await team.done(team.anna, "undo", 2)
        async with await connect(team.house.database_url, "test") as conn:
            assert await (await conn.execute("select priority from alert_hold")).fetchall() == []

    with_team(house, visit)
