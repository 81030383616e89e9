"""A patient's own page over its socket: whole at once, anew when something is written, and closed with the consent."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_socket

from api.home_states import HomeState
from tests.fix_access import Scene, ask, bearer, on, page, tell
from tests.fix_api import Served, alarm, hear_closed, measure
from ward.clock import FakeClock
from ward.vitals import VitalKind

pytestmark = pytest.mark.integration


def live(served: Served, scene: Scene, username: str) -> connect_socket:
    """The socket of somebody at the patient's own page."""
    address = f"ws://127.0.0.1:{served.port}{page(scene.bed, 'home', 'live')}"
    return connect_socket(address, additional_headers=bearer(username))


async def heard(socket: ClientConnection, **wanted: Any) -> dict[str, Any]:
    """The next page whose members are these; whatever else comes is passed over."""
    async with asyncio.timeout(30):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            if message["type"] == "home":
                home: dict[str, Any] = message["home"]
                if all(home[key] == value for key, value in wanted.items()):
                    return home


def test_patient_sees_at_once_that_the_team_has_looked(scene: Scene) -> None:
    """The page comes as HTTP gives it, and again when staff look, write the next step, plan a visit, without asking."""

    async def visit(served: Served, clock: FakeClock) -> None:
        async with live(served, scene, "tolvan") as socket:
            first = await heard(socket)
            assert first == await tell(served, "tolvan", "GET", page(scene.bed, "home"))
            await tell(served, "anna", "POST", page(scene.bed, "seen"))
            async with asyncio.timeout(30):
                while (seen := (await heard(socket))["seen"]) is None or seen["name"] != "Anna Provsson":
                    pass
            at = (clock.now() + timedelta(hours=20)).isoformat()
            body = {"kind": "visit", "words": "Provtagning", "occurred_at": at}
            await tell(served, "anna", "POST", page(scene.bed, "events"), body)
            async with asyncio.timeout(30):
                while [each["words"] for each in (await heard(socket))["visits"]] != ["Provtagning"]:
                    pass

    on(scene, visit)


def test_relative_gets_what_is_open_and_no_name_beyond_it(scene: Scene) -> None:
    """Values alone: no next step, no named staff, not who has looked, and never an alert."""
    body = {"username": "maja", "opens": ["values"]}

    async def visit(served: Served, _clock: FakeClock) -> None:
        await tell(served, "tolvan", "POST", page(scene.bed, "relatives"), body)
        await tell(served, "anna", "POST", page(scene.bed, "seen"))
        await measure(scene.house, scene.bed, VitalKind.SPO2, 96)
        async with live(served, scene, "maja") as socket:
            home = await heard(socket)
            assert home["vitals"]["spo2"]["value"] == 96
            assert (home["next_step"], home["visits"], home["questions"]) == (None, [], [])
            assert (home["seen"]["name"], home["seen"]["title"]) == ("", "")
            assert "Anna" not in json.dumps(home)
            await alarm(scene.house, scene.bed, "limit.pulse.low")
            await tell(served, "tolvan", "POST", page(scene.bed, "relatives"), {**body, "opens": ["contacts"]})
            later = await heard(socket, vitals=None)
            assert set(later) == set(HomeState.__annotations__)
            assert "limit." not in json.dumps(later)

    on(scene, visit)


def test_h27_page_closes_with_what_was_opened(scene: Scene) -> None:
    """A relative's socket closes when the patient closes it, a patient's with the session; strangers' never open."""
    relative_access = int(scene.ids["access_id"])

    async def visit(served: Served, _clock: FakeClock) -> None:
        async with live(served, scene, "maja") as socket, live(served, scene, "tolvan") as own:
            await heard(socket)
            await heard(own)
            await tell(served, "tolvan", "DELETE", page(scene.bed, "relatives", str(relative_access)))
            assert await hear_closed(socket) == 4404
            assert (await ask(served, "tolvan", "DELETE", "/api/session")).status_code == 204
            assert await hear_closed(own) == 4401
        for username, code in (("maja", 4404), ("elva", 4404), ("anna", 4403), ("nobody", 4401)):
            async with live(served, scene, username) as refused:
                assert await hear_closed(refused) == code, username

    on(scene, visit)
    with psycopg.connect(scene.database_url) as conn:
        shown = conn.execute(
            "select c.username, e.why from access_entry e join account c using (account_id)"
            " where e.method = 'WS' order by e.access_id"
        ).fetchall()
    assert sorted(shown) == [("maja", "opened"), ("tolvan", "own")]
