"""Every look at a patient's data is in the log before it is shown, nothing can be taken out, and the chain tells."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest

from api.auth import digest
from tests.fix_api import TRUSTED, House, Served, alarm, serving
from tests.fix_kit import Desk, at_desk, seated
from ward.clock import SystemClock
from ward.store import audit_seals, sessions
from ward.store.audit_seals import Broken, Seal
from ward.store.pool import connect

TIMES = {"audit": "at", "access_entry": "at", "audit_seal": "sealed_at", "access_review": "reviewed_at"}


def looks(house: House, column: str = "path") -> list[Any]:
    """What the log says so far of looks; attempts that were refused are `test_attempts`."""
    with psycopg.connect(house.database_url) as conn:
        query = f"select {column} from access_entry where attempts is null order by access_id"  # noqa: S608 - columns of these tests
        return [row[0] for row in conn.execute(query.encode())]


async def sealed(house: House) -> Seal | None:
    """Seal what there is."""
    async with await connect(house.database_url, "test") as conn:
        return await audit_seals.seal(conn, SystemClock().now())


async def verified(house: House) -> Broken | None:
    """Recompute every seal."""
    async with await connect(house.database_url, "test") as conn:
        return await audit_seals.verify(conn)


def as_patient(house: House, username: str, patient_id: int) -> str:
    """Open an account and a session of a patient; return its token."""

    async def open_one() -> None:
        now = SystemClock().now()
        async with await connect(house.database_url, "test") as conn:
            made = await conn.execute(
                "insert into account (kind, username, patient_id, name) values ('patient', %s, %s, 'Tolvan Testsson')"
                " returning account_id",
                (username, patient_id),
            )
            row = await made.fetchone()
            assert row is not None
            await sessions.open_session(
                conn,
                token_sha256=digest(f"{username}-token"),
                account_id=row[0],
                now=now,
                expires_at=now + timedelta(hours=1),
            )

    asyncio.run(open_one())
    return f"{username}-token"


def desk(house: House, visit: Callable[[Desk], Awaitable[None]]) -> None:
    """Let a nurse and an operator do something on a running server."""
    asyncio.run(at_desk(house, visit))


def test_every_look_at_a_patient_is_written(house: House) -> None:
    """Pages of one patient, lists and alerts name whom they showed; what showed nobody leaves no entry."""
    alert_id = asyncio.run(alarm(house, house.ward.beds[0]))

    async def visit(desk: Desk) -> None:
        for path in ("/api/patients/1", "/api/patients", f"/api/alerts/{alert_id}", "/api/patients/4", "/api/teams"):
            await desk.nurse.get(path)

    desk(house, visit)

    assert looks(house) == ["/api/patients/{patient_id}", "/api/patients", "/api/alerts/{alert_id}"]
    assert looks(house, "patient_ids") == [[1], [1, 2, 3], [1]]
    assert set(looks(house, "role")) == {"nurse"}
    assert looks(house, "team_ids") == [[house.ward.team_id]] * 3


def test_what_is_done_to_a_patient_is_a_look_too(house: House) -> None:
    """An act on a patient is in the patient's log, with its method."""

    async def visit(desk: Desk) -> None:
        answer = await desk.nurse.post("/api/patients/1/plan/review", json={"overlay": {}})
        assert answer.status_code < 500

    alert_id = asyncio.run(alarm(house, house.ward.beds[1]))

    async def acknowledge(desk: Desk) -> None:
        answer = await desk.nurse.post(f"/api/alerts/{alert_id}/claim", json={}, headers={"If-Match": '"1"'})
        assert answer.status_code == 200, answer.text

    desk(house, acknowledge)

    assert looks(house, "method || ' ' || path") == ["POST /api/alerts/{alert_id}/claim"]
    assert looks(house, "patient_ids") == [[2]]


def test_without_the_log_nothing_is_shown(house: House) -> None:
    """A look that cannot be written is answered with 503 and shows nothing."""

    async def visit(desk: Desk) -> None:
        with psycopg.connect(house.database_url, autocommit=True) as conn:
            conn.execute("alter table access_entry add constraint refused check (method <> 'GET') not valid")
        answer = await desk.nurse.get("/api/patients/1")

        assert answer.status_code == 503
        assert "family_name" not in answer.text
        assert answer.headers["content-type"] == "application/problem+json"

    desk(house, visit)

    assert looks(house) == []


def test_looks_at_once_are_all_written(house: House) -> None:
    """A hundred answers at once are a hundred entries."""

    async def visit(desk: Desk) -> None:
        answers = await asyncio.gather(*(desk.nurse.get("/api/patients/1") for _ in range(100)))
        assert {answer.status_code for answer in answers} == {200}

    desk(house, visit)

    assert len(looks(house)) == 100


def test_nothing_of_the_logs_can_be_altered_or_taken_away(house: House) -> None:
    """The schema refuses, even to whoever owns it."""
    with psycopg.connect(house.database_url, autocommit=True) as conn:
        for table, time in TIMES.items():
            for deed in ("delete from {0}", "truncate {0} cascade", "update {0} set {1} = {1}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    conn.execute(deed.format(table, time).encode())


def test_patient_reads_their_own_log_in_plain_words(house: House) -> None:
    """The patient sees who looked, from which unit, at what and why; nobody else's log is there for them."""
    token = as_patient(house, "tolvan", 1)

    async def visit(served: Served) -> None:
        async with seated(house, served, "anna") as nurse:
            await nurse.get("/api/patients/1/vitals?kind=spo2&from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z")
        async with httpx.AsyncClient(
            base_url=served.url, headers={"Authorization": f"Bearer {token}"}, verify=TRUSTED, timeout=60
        ) as patient:
            own = await patient.get("/api/patients/1/access-log")
            again = await patient.get("/api/patients/1/access-log?limit=1")
            others = await patient.get("/api/patients/2/access-log")
            ward = await patient.get("/api/patients/1")

        assert own.status_code == 200, own.text
        (item,) = own.json()["items"]
        assert item["text_sv"] == (
            "Anna Provsson, sjuksköterska vid Testteamet, Testkommunen, såg dina mätvärden, för din vård."
        )
        assert item["text_en"].endswith("saw your readings, for your care.")
        assert again.json()["items"][0]["text_sv"].startswith("Du själv såg loggen")
        assert again.json()["next"] is not None
        assert others.status_code == 404
        assert ward.status_code == 403

    async def run() -> None:
        async with serving(house.database_url) as served:
            await visit(served)

    asyncio.run(run())


def test_seals_chain_and_hold(house: House) -> None:
    """Each seal names the one before; recomputing them finds nothing wrong."""

    async def visit(desk: Desk) -> None:
        await desk.nurse.get("/api/patients/1")
        first = await sealed(house)
        await desk.nurse.get("/api/patients/2")
        second = await sealed(house)

        assert first is not None
        assert second is not None
        assert second.previous_sha256 == first.sha256
        assert await sealed(house) is None
        assert await verified(house) is None

    desk(house, visit)


TAMPERING = {
    "altered": "update access_entry set why = 'emergency' where access_id = 1",
    "taken out": "delete from access_entry where access_id = 2",
    "moved": "update access_entry set patient_ids = '{1}' where access_id = 3",
    "resealed": "update audit_seal set sha256 = sha256('x') where seal_id = 1",
    "cut": "delete from audit_seal where seal_id = 1",
}


@pytest.mark.parametrize("how", TAMPERING)
def test_chain_tells_what_was_tampered_with(house: House, how: str) -> None:
    """Whoever can switch the triggers off still breaks the chain, and the check says so."""

    async def visit(desk: Desk) -> None:
        for number in (1, 2, 3):
            await desk.nurse.get(f"/api/patients/{number}")
            await sealed(house)

    desk(house, visit)
    with psycopg.connect(house.database_url) as conn:
        conn.execute("set session_replication_role = replica")
        conn.execute(TAMPERING[how].encode())
    broken = asyncio.run(verified(house))

    assert broken is not None


def test_what_commits_late_is_sealed_later(house: House) -> None:
    """An entry whose transaction ends after its neighbours were sealed is under the next seal."""

    async def visit(desk: Desk) -> None:
        with psycopg.connect(house.database_url) as slow:
            slow.execute(
                "insert into access_entry (at, account_id, role, team_ids, permission, method, path, why, patient_ids)"
                " values (now(), 1, 'nurse', '{}', 'x', 'GET', '/x', 'care', '{1}')"
            )
            await desk.nurse.get("/api/patients/1")
            await sealed(house)
        late = await sealed(house)

        assert late is not None
        assert late.entries == 1
        assert await verified(house) is None

    desk(house, visit)


def test_unit_reviews_its_own_log(house: House) -> None:
    """The operator sees a sample and what is odd, and signs what was concluded; other units' looks are not there."""

    async def visit(desk: Desk) -> None:
        with psycopg.connect(house.database_url) as conn:
            conn.execute("update patient set family_name = 'Provsson' where patient_id = 2")
        for number in (1, 2):
            await desk.nurse.get(f"/api/patients/{number}")
        now = SystemClock().now()
        period = {
            "from": (now - timedelta(hours=1)).isoformat(),
            "to": (now + timedelta(hours=1)).isoformat(),
        }
        found = (await desk.operator.get("/api/audit/accesses", params=period)).json()
        signed = await desk.operator.post("/api/audit/reviews", json={**period, "conclusion": "Ingenting att anmärka"})
        refused = await desk.nurse.get("/api/audit/accesses", params=period)
        endless = await desk.operator.get("/api/audit/accesses", params={**period, "from": "2020-01-01T00:00:00Z"})

        assert found["entries"] == 2
        assert [(each["oddity"], each["patients"]) for each in found["anomalies"]] == [("same_family_name", 1)]
        assert len(found["sample"]) == 2
        assert signed.status_code == 201, signed.text
        assert signed.json()["items"][0]["anomalies"] == 1
        assert refused.status_code == 403
        assert endless.status_code == 422

    desk(house, visit)
