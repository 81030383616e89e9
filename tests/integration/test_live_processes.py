"""Several api processes on one store give the same stream, also to whoever goes from one to another."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from websockets.asyncio.client import ClientConnection

from api.auth import digest
from api.live import feed
from api.live.journal import COUNT
from tests.fix_api import House, Served, alarm, hear, hear_closed, measure, serving
from tests.live_stage import kinds, unbroken
from ward.clock import SystemClock
from ward.people import Role, StaffId
from ward.store import embedded, people, sessions, viewers
from ward.store.pool import connect
from ward.store.viewers import Opened
from ward.vitals import VitalKind

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who has a session, by their token."""

    token: str

    def at(self, served: Served) -> httpx.AsyncClient:
        """Their browser at one process."""
        client = served.client()
        client.cookies.set("hemvakt_session", self.token)
        return client


async def log_in(house: House, username: str) -> Somebody:
    """Open a session in the store, as logging in does."""
    token, now = f"token-of-{username}-{uuid4()}", SystemClock().now()
    async with await connect(house.database_url, "test") as conn:
        account = await sessions.find_account(conn, username)
        assert account is not None
        await sessions.open_session(
            conn,
            token_sha256=digest(token),
            account_id=account.account_id,
            now=now,
            expires_at=now + timedelta(hours=1),
        )
    return Somebody(token)


@contextlib.asynccontextmanager
async def process(house: House) -> AsyncIterator[tuple[Served, subprocess.Popen[bytes]]]:
    """Run the api as its command does, in a process of its own."""
    port = embedded.free_port()
    environment = {
        **os.environ,  # noqa: TID251 - handed on to the service, not read
        "HEMVAKT_DATABASE_URL": house.database_url,
        "HEMVAKT_HTTP_PORT": str(port),
    }
    command = [sys.executable, "hemvakt.py", "api"]
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)  # noqa: ASYNC220
    try:
        served = Served(port=port)
        async with asyncio.timeout(90), served.client() as client:
            while not await _answers(client):
                assert child.poll() is None
                await asyncio.sleep(0.05)
        yield served, child
    finally:
        if child.poll() is None:
            child.terminate()
        await asyncio.to_thread(child.wait, 60)


async def _answers(client: httpx.AsyncClient) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return (await client.get("/healthz")).status_code == 200
    return False


async def _second_mark(socket: ClientConnection) -> int:
    """The number of a heartbeat once the process has promised anew since the first."""
    first = (await hear(socket, "heartbeat"))["seq"]
    while (seq := (await hear(socket, "heartbeat"))["seq"]) // COUNT == first // COUNT:
        pass
    return int(seq)


def test_h03_killed_process_costs_its_pages_nothing(house: House) -> None:
    """A page whose process is killed goes on at another: it misses no alert and no value of the time between."""

    async def whole() -> None:
        anna = await log_in(house, "anna")
        async with (
            process(house) as (other, _),
            process(house) as (first, child),
            anna.at(first) as at_first,
            anna.at(other) as at_other,
        ):
            async with first.live(at_first) as socket:
                stream = (await hear(socket))["stream"]
                before = await alarm(house, house.ward.beds[1], "limit.heart_rate.high")
                assert (await hear(socket))["alert"]["alert_id"] == before
                since = await _second_mark(socket)
                child.send_signal(signal.SIGKILL)
                await hear_closed(socket)
            alert_id = await alarm(house, house.ward.beds[0])
            await measure(house, house.ward.beds[0], VitalKind.SPO2, 84)
            async with other.live(at_other, since=since, stream=stream) as socket:
                first_heard = await hear(socket, "snapshot", "resumed")
                if first_heard["type"] == "snapshot":  # the other knows no comparison from before the number: all anew
                    spo2 = {each["stay_id"]: each["vitals"].get("spo2") for each in first_heard["patients"]}
                    assert alert_id in [each["alert_id"] for each in first_heard["alerts"]]
                    assert spo2[house.ward.beds[0].stay_id]["value"] == 84
                    return
                messages = [first_heard]
                while not {"alert", "vitals"} <= set(kinds(messages)):
                    messages.append(await hear(socket, "alert", "vitals", "presence"))

                assert messages[0]["stream"] != stream
                assert messages[0]["stays"] == [bed.stay_id for bed in house.ward.beds]
                assert alert_id in [each["alert"]["alert_id"] for each in messages if each["type"] == "alert"]
                assert unbroken(messages)

    asyncio.run(whole())


def test_processes_tell_the_same_alerts_in_the_same_order(house: House) -> None:
    """Two pages at two processes hear every revision of every alert alike."""

    async def told(socket: ClientConnection, last: int) -> list[tuple[int, int, str]]:
        alerts: list[tuple[int, int, str]] = []
        while not alerts or alerts[-1][0] != last:
            each = (await hear(socket, "alert"))["alert"]
            alerts.append((each["alert_id"], each["rev"], each["state"]))
        return alerts

    async def whole() -> None:
        anna = await log_in(house, "anna")
        async with (
            serving(house.database_url) as one,
            serving(house.database_url) as two,
            anna.at(one) as at_one,
            anna.at(two) as at_two,
            one.live(at_one) as here,
            two.live(at_two) as there,
        ):
            for socket in (here, there):
                await hear(socket)
            first = await alarm(house, house.ward.beds[0])
            await at_two.post(f"/api/alerts/{first}/acknowledge", json={}, headers={"If-Match": '"1"'})
            last = await alarm(house, house.ward.beds[1])

            heard = await told(here, last)
            assert heard == await told(there, last)
            assert heard[0][:2] == (first, 1)

    asyncio.run(whole())


@contextlib.asynccontextmanager
async def _elsa_at_two(house: House) -> AsyncIterator[tuple[Somebody, list[Served], list[ClientConnection]]]:
    """Elsa of another organisation is a member of the ward's team, and looks at two processes."""
    async with await connect(house.database_url, "test") as conn:
        elsa_id = await people.find_staff(conn, "elsa")
        assert elsa_id is not None
        await people.add_member(conn, team_id=house.ward.team_id, staff_id=elsa_id)
    elsa = await log_in(house, "elsa")
    async with contextlib.AsyncExitStack() as stack:
        places = [await stack.enter_async_context(serving(house.database_url)) for _ in range(2)]
        browsers = [await stack.enter_async_context(elsa.at(each)) for each in places]
        sockets = [
            await stack.enter_async_context(place.live(browser))
            for place, browser in zip(places, browsers, strict=True)
        ]
        for socket in sockets:
            assert len((await hear(socket))["patients"]) == 4
        yield elsa, places, sockets


def _write(house: House, statement: str, *parameters: object) -> None:
    with psycopg.connect(house.database_url, autocommit=True) as conn:
        conn.execute(statement.encode(), parameters)


@pytest.fixture
def _no_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no feed find by looking around what it was not told."""
    monkeypatch.setattr(feed, "SWEEP_S", 3600.0)


@pytest.mark.usefixtures("_no_sweeps")
def test_h27_member_who_is_taken_out_sees_no_more(house: House) -> None:
    """When somebody leaves a team their sockets close everywhere at once; who resumes all the same is told less."""

    async def whole() -> None:
        async with _elsa_at_two(house) as (elsa, places, sockets):
            since = (await hear(sockets[0], "heartbeat"))["seq"]
            _write(house, "delete from team_member where team_id = %s and staff_id <> %s",
                   house.ward.team_id, house.anna)  # fmt: skip
            assert [await hear_closed(socket) for socket in sockets] == [4408, 4408]
            async with elsa.at(places[0]) as browser, places[0].live(browser, since=since) as socket:
                first = await hear(socket)
                seen = first["stays"] if first["type"] == "resumed" else [t["stay_id"] for t in first["patients"]]
                assert seen == [house.stranger.stay_id]

    asyncio.run(whole())


@pytest.mark.usefixtures("_no_sweeps")
def test_h27_disabled_account_is_out_at_every_process(house: House) -> None:
    """When somebody's account is disabled, their sockets close at once at every process."""

    async def whole() -> None:
        async with _elsa_at_two(house) as (_, _, sockets):
            _write(house, "update staff set disabled_at = now() where staff_id = any(select staff_id from account"
                          " where username = 'elsa')")  # fmt: skip
            assert [await hear_closed(socket) for socket in sockets] == [4401, 4401]

    asyncio.run(whole())


@pytest.mark.usefixtures("_no_sweeps")
def test_h27_handed_over_patient_vanishes_at_once(house: House) -> None:
    """When another team answers for a patient, boards of the former take a snapshot without them, everywhere."""
    bed = house.ward.beds[0]

    async def whole() -> None:
        anna = await log_in(house, "anna")
        async with serving(house.database_url) as served, anna.at(served) as browser, served.live(browser) as socket:
            assert len((await hear(socket))["patients"]) == 3
            _write(house, "update responsibility set team_id = %s where stay_id = %s",
                   house.other_team, bed.stay_id)  # fmt: skip
            after = await hear(socket)
            assert after["type"] == "snapshot"
            assert bed.stay_id not in [tile["stay_id"] for tile in after["patients"]]

    asyncio.run(whole())


async def _present(socket: ClientConnection, names: list[str]) -> dict[str, Any]:
    """The first message in which just these people are present."""
    while True:
        message = await hear(socket, "presence")
        if [each["name"] for each in message["viewers"]] == names:
            return message


def test_team_sees_who_else_looks(house: House) -> None:
    """Members of a team see each other across processes, and at whom each looks; others see none of them."""
    bed = house.ward.beds[1]

    async def whole() -> None:
        async with await connect(house.database_url, "test") as conn:
            home = await people.find_organisation(conn, "Testkommunen")
            assert home is not None
            bo = await people.add_staff(
                conn, organisation_id=home, username="bo", name="Bo Provsson", title="Läkare", role=Role.DOCTOR,
                password_hash="!x",
            )  # fmt: skip
            await people.add_member(conn, team_id=house.ward.team_id, staff_id=bo)
        anna, bosse, elsa = [await log_in(house, each) for each in ("anna", "bo", "elsa")]
        async with (
            serving(house.database_url) as one,
            serving(house.database_url) as two,
            anna.at(one) as at_one,
            bosse.at(two) as at_two,
            elsa.at(two) as elsewhere,
            one.live(at_one) as here,
            two.live(elsewhere) as away,
        ):
            await _present(here, ["Anna Provsson"])
            async with two.live(at_two) as there:
                await _present(here, ["Anna Provsson", "Bo Provsson"])
                await there.send(f'{{"type":"heartbeat","looking":{bed.patient_id}}}')
                while not (both := await _present(here, ["Anna Provsson", "Bo Provsson"]))["viewers"][1]["patient_ids"]:
                    pass
                assert both["viewers"][1]["patient_ids"] == [bed.patient_id]
                assert both["viewers"][1]["title"] == "Läkare"
            await _present(here, ["Anna Provsson"])
            # Whether the first that Elsa hears is from before or after she was counted herself, nobody says.
            while (seen := [each["name"] for each in (await hear(away, "presence"))["viewers"]]) != ["Elsa Provsson"]:
                assert seen == []

    asyncio.run(whole())


def test_viewers_of_a_killed_process_are_forgotten(house: House) -> None:
    """What a process said counts for fifteen seconds, and a process that was forgotten learns that it was."""

    async def whole() -> None:
        now, later = SystemClock().now(), SystemClock().now() + viewers.SILENT_AFTER + timedelta(seconds=1)
        killed, lives = uuid4(), uuid4()
        async with await connect(house.database_url, "test") as conn:
            for each in (killed, lives):
                assert await viewers.beat(conn, each, now)
                opened = [Opened(viewer_id=uuid4(), staff_id=StaffId(house.anna), patient_id=None)]
                await viewers.save(conn, each, opened, [])
            assert len(await viewers.read(conn, now)) == 1
            assert await viewers.read(conn, later) == []
            assert not await viewers.beat(conn, lives, now)
            await viewers.beat(conn, uuid4(), later)
            assert await viewers.beat(conn, lives, later)
            assert await viewers.read(conn, later) == []

    asyncio.run(whole())
