"""The server that forgets, so that the walk of all routes meets the same store each time: nothing of it stays."""

import asyncio

import psycopg
import pytest

from tests.fix_access import Scene, ask, page
from tests.fix_api import Served
from tests.fix_forgetting import forgetting

pytestmark = pytest.mark.integration


def contents(scene: Scene) -> dict[str, str | None]:
    """What each table holds, as a digest."""
    with psycopg.connect(scene.database_url) as conn:
        names = [
            name
            for (name,) in conn.execute(
                "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace"
                " where n.nspname = 'public' and c.relkind = 'r' order by 1"
            ).fetchall()
        ]
        query = "select md5(string_agg(t::text, ',' order by t::text)) from {} t"
        found = {name: conn.execute(query.format(name).encode()).fetchone() for name in names}
    return {name: None if row is None else row[0] for name, row in found.items()}


async def _busy(served: Served, scene: Scene) -> list[int]:
    """Read, write, be refused, log in and guess: whatever leaves a trace on a server that remembers."""
    asked = [
        ("anna", "GET", page(scene.bed), None),
        ("anna", "POST", page(scene.bed, "events"), {"kind": "note", "words": "Prov"}),
        ("bea", "GET", page(scene.bed), None),
        ("tolvan", "POST", page(scene.bed, "invitations"), {"name": "Prov", "opens": ["values"]}),
        ("oskar", "POST", "/api/devices", {"device_id": "kit-9", "mode": "test"}),
        ("anna", "POST", "/api/session", {"username": "anna", "password": "fel"}),
        ("anna", "DELETE", "/api/session", None),
        ("anna", "GET", "/api/session", None),
    ]
    return [(await ask(served, *each)).status_code for each in asked]


def test_nothing_that_a_forgetting_server_does_stays(scene: Scene) -> None:
    """Every table is after a visit what it was before, the logs of looks and of refused attempts too."""

    async def visit() -> list[int]:
        async with forgetting(scene) as served:
            return await _busy(served, scene)

    before = contents(scene)
    answers = asyncio.run(visit())

    assert answers == [200, 201, 404, 201, 201, 401, 204, 200]
    assert contents(scene) == before
