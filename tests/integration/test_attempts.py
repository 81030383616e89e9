"""Attempts that were refused are in the log of who looked, tell nothing to who made them, and stand out in review."""

import asyncio
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.fix_access import Scene, ask, browser, on, page, tell
from tests.fix_api import Served
from ward.clock import FakeClock, SystemClock
from ward.store import audit_seals
from ward.store.pool import connect

pytestmark = pytest.mark.integration


def kept(scene: Scene) -> list[tuple[Any, ...]]:
    """Who was refused, how often, at whom, by which way."""
    with psycopg.connect(scene.database_url) as conn:
        return conn.execute(
            "select c.username, e.attempts, e.patient_ids, e.path, e.team_ids <> '{}' from access_entry e"
            " join account c using (account_id) where e.why = 'refused' order by e.access_id"
        ).fetchall()


def test_h27_refused_attempts_are_in_the_log(scene: Scene) -> None:
    """A colleague without a relation, a blocked unit, a former relative, an operator: who, whom and what, each once."""
    mine, alert = scene.bed.patient_id, f"/api/alerts/{scene.ids['alert_id']}"

    async def visit(served: Served, _clock: FakeClock) -> None:
        for username, path in (
            ("bea", page(scene.bed)),
            ("gun", page(scene.bed, "vitals") + "?kind=spo2"),
            ("olle", page(scene.bed, "home")),
            ("oskar", page(scene.bed, "events")),
            ("frida", alert),
            ("elva", f"/api/patients/{mine}/home"),
        ):
            assert (await ask(served, username, "GET", path)).status_code in {403, 404}
        # Nobody is there, and nobody was refused: no attempts.
        assert (await ask(served, "hedda", "GET", "/api/patients/999999")).status_code == 404
        assert (await ask(served, "anna", "GET", page(scene.bed))).status_code == 200

    on(scene, visit)
    assert sorted(kept(scene)) == [
        ("bea", 1, [mine], "/api/patients/{patient_id}", True),
        ("elva", 1, [mine], "/api/patients/{patient_id}/home", False),
        ("frida", 1, [mine], "/api/alerts/{alert_id}", True),
        ("gun", 1, [mine], "/api/patients/{patient_id}/vitals", True),
        ("olle", 1, [mine], "/api/patients/{patient_id}/home", False),
        ("oskar", 1, [mine], "/api/patients/{patient_id}/events", False),
    ]


def test_flood_of_attempts_is_two_lines_and_stands_out_in_the_review(scene: Scene) -> None:
    """Whoever tries patient by patient is two lines a minute with their number, sealed, and odd in the review."""
    tries = 40

    async def visit(served: Served, clock: FakeClock) -> None:
        async with browser(served, "bea") as client:
            answers = [await client.get(f"/api/patients/{number}") for number in range(1, tries + 1)]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.text.replace(answer.request.url.path, "") for answer in answers}) == 1
        clock.advance(timedelta(minutes=1))
        async with asyncio.timeout(30):
            while len(kept(scene)) < 2:
                await asyncio.sleep(0.05)
        now = clock.now()
        span = f"from={_utc(now - timedelta(hours=1))}&to={_utc(now + timedelta(hours=1))}"
        found = await tell(served, "oskar", "GET", f"/api/audit/accesses?{span}")
        (odd,) = [each for each in found["anomalies"] if each["oddity"] == "many_refused"]
        assert (odd["looks"], odd["newest"][0]["name"]) == (tries, "Bea Provsson")
        assert found["entries"] == 0
        log = await tell(served, "tolvan", "GET", page(scene.bed, "access-log"))
        assert "men släpptes inte in" in log["items"][0]["text_sv"]

    on(scene, visit)
    lines = kept(scene)
    assert [attempts for _, attempts, *_ in lines] == [1, tries - 1]
    assert set(lines[0][2]) | set(lines[1][2]) == set(range(1, 5))
    assert asyncio.run(_holds(scene)) is None


def test_attempts_wait_while_the_store_does_not_take_them(scene: Scene) -> None:
    """A line that cannot be written now is written when it can, and who asks is answered all the same."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        with psycopg.connect(scene.database_url) as conn:
            conn.execute("lock table access_entry in access exclusive mode")
            assert (await ask(served, "bea", "GET", page(scene.bed))).status_code == 404
        async with asyncio.timeout(30):
            while not kept(scene):
                await asyncio.sleep(0.05)

    on(scene, visit)
    assert [username for username, *_ in kept(scene)] == ["bea"]


def _utc(at: Any) -> str:
    return str(at.isoformat(timespec="seconds").replace("+00:00", "Z"))


async def _holds(scene: Scene) -> object:
    """Seal what there is, and recompute every seal."""
    async with await connect(scene.database_url, "test") as conn:
        await audit_seals.seal(conn, SystemClock().now())
        return await audit_seals.verify(conn)
