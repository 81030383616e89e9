"""Live messages that something new is written of a patient: to whoever sees the patient, and to nobody else."""

import asyncio
from typing import Any

import psycopg
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_socket

from tests.fix_access import Scene, bearer, on, page, tell
from tests.fix_api import Served, hear, measure
from ward.clock import FakeClock
from ward.vitals import VitalKind

pytestmark = pytest.mark.integration
COUNTS = ("events", "effects", "rounds", "home")


def live(served: Served, username: str) -> connect_socket:
    """Somebody's board."""
    return connect_socket(f"ws://127.0.0.1:{served.port}/api/live", additional_headers=bearer(username))


async def news(socket: ClientConnection, **above: int) -> dict[str, Any]:
    """The next news in which these numbers lie above the ones given."""
    async with asyncio.timeout(30):
        while True:
            message = await hear(socket, "news")
            if all(message[name] > count for name, count in above.items()):
                return message


def test_whatever_is_written_rises_its_number(scene: Scene) -> None:
    """A note, a next step, a look and an answered report each tell the board at once what to read anew."""
    report = int(scene.ids["report_id"])

    async def visit(served: Served, _clock: FakeClock) -> None:
        async with live(served, "anna") as socket:
            await hear(socket, "snapshot")
            await tell(served, "anna", "POST", page(scene.bed, "events"), {"kind": "note", "words": "Sov gott"})
            first = await news(socket)
            assert (first["patient_id"], first["stay_id"]) == (scene.bed.patient_id, scene.bed.stay_id)
            await tell(served, "anna", "POST", page(scene.bed, "seen"))
            second = await news(socket, home=first["home"])
            await tell(served, "anna", "POST", f"/api/effect-reports/{report}/seen")
            third = await news(socket, effects=second["effects"])
            assert all(third[name] >= first[name] for name in COUNTS)
            assert third["seq"] > second["seq"] > first["seq"]

    on(scene, visit)


def test_h27_news_of_a_patient_reach_nobody_who_may_not_see_them(scene: Scene) -> None:
    """Colleagues without a care relation and a blocked unit hear nothing; who answers hears all of it, in order."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        async with live(served, "bea") as stranger, live(served, "gun") as blocked, live(served, "anna") as socket:
            for each in (stranger, blocked, socket):
                await hear(each, "snapshot")
            await tell(served, "anna", "POST", page(scene.bed, "events"), {"kind": "note", "words": "Sov gott"})
            told = (await news(socket))["seq"]
            for each in (stranger, blocked):
                # A heartbeat of a later number comes after the news, to whoever hears of them.
                while (message := await hear(each, "heartbeat", "news", "alert", "vitals"))["seq"] < told:
                    assert message["type"] == "heartbeat"
                assert message["type"] == "heartbeat"

    on(scene, visit)


def test_news_that_nobody_announced_are_found(scene: Scene) -> None:
    """What another program wrote without a word is told by the next sweep."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        async with live(served, "anna") as socket:
            await hear(socket, "snapshot")
            with psycopg.connect(scene.database_url, autocommit=True) as conn:
                conn.execute("update stay_news set rounds = rounds + 1 where stay_id = %s", (scene.bed.stay_id,))
            assert (await news(socket, rounds=0))["stay_id"] == scene.bed.stay_id
            await measure(scene.house, scene.bed, VitalKind.SPO2, 95)
            assert (await hear(socket, "vitals", "news"))["type"] == "vitals"

    on(scene, visit)
