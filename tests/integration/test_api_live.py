"""The live socket on a real store: snapshot, numbers, resuming, and what happens when something breaks."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_socket
from websockets.exceptions import InvalidStatus

from api.live import doubts, feed
from tests.fix_api import House, Served, alarm, hear, hear_closed, measure, serving
from tests.live_stage import kinds, unbroken
from ward.clock import SystemClock
from ward.store import heartbeats, people, sessions, tiles
from ward.store.pool import Connection, connect
from ward.vitals import VitalKind


def as_anna(house: House, visit: Callable[[Served, httpx.AsyncClient], Awaitable[None]]) -> None:
    """Let Anna log in and do something."""

    async def whole() -> None:
        async with serving(house.database_url) as served, served.logged_in("anna") as client:
            await visit(served, client)

    asyncio.run(whole())


def test_board_that_is_slow_to_load_is_loaded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where reading everybody takes longer than a sweep apart, what was announced meanwhile is not missed by that."""
    read_seats = tiles.read_seats

    async def slowly(conn: Connection, now: datetime) -> list[tiles.Seat]:
        await asyncio.sleep(5 * feed.SWEEP_S)
        return await read_seats(conn, now)

    monkeypatch.setattr(feed, "SWEEP_S", 0.05)
    monkeypatch.setattr(tiles, "read_seats", slowly)

    async def visit(served: Served, client: httpx.AsyncClient) -> None:
        async with served.live(client) as socket:
            first = await hear(socket)

        assert first["type"] == "snapshot"
        assert [tile["stay_id"] for tile in first["patients"]] == [each.stay_id for each in house.ward.beds]

    as_anna(house, visit)


async def hear_alert(socket: ClientConnection) -> dict[str, Any]:
    """The next message about an alert."""
    while (message := await hear(socket))["type"] != "alert":
        pass
    return message


def test_snapshot_and_then_changes_without_a_hole(house: House) -> None:
    """The socket starts with everything and goes on with every change, numbered one by one."""
    bed = house.ward.beds[0]
    asyncio.run(measure(house, bed, VitalKind.SPO2, 95))

    async def visit(served: Served, client: httpx.AsyncClient) -> None:
        async with served.live(client) as socket:
            first = await hear(socket)
            assert first["type"] == "snapshot"
            assert [tile["stay_id"] for tile in first["patients"]] == [each.stay_id for each in house.ward.beds]
            assert first["patients"][0]["vitals"]["spo2"]["value"] == 95
            for value in (94, 93, 92):
                await measure(house, bed, VitalKind.SPO2, value)
                message = await hear(socket)
                assert message["type"] == "vitals"
                assert message["vitals"]["spo2"]["value"] == value
            alert_id = await alarm(house, bed)
            message = await hear(socket)
            assert message["type"] == "alert"
            assert message["alert"]["alert_id"] == alert_id
            assert message["alert"]["text_en"] == "Oxygen saturation 84 % below the limit 88 % for 60 s"

    as_anna(house, visit)


def test_h03_every_message_names_the_one_before(house: House) -> None:
    """Numbers rise and `prev` names the message before, heartbeats included: a page sees that one is missing."""

    async def visit(served: Served, client: httpx.AsyncClient) -> None:
        async with served.live(client) as socket:
            messages = [json.loads(await socket.recv())]
            await measure(house, house.ward.beds[0], VitalKind.SPO2, 94)
            await alarm(house, house.ward.beds[0])
            async with asyncio.timeout(20):
                while not {"alert", "heartbeat"} <= set(kinds(messages)):
                    messages.append(json.loads(await socket.recv()))

            assert messages[0]["type"] == "snapshot"
            assert unbroken(messages)

    as_anna(house, visit)


def test_socket_and_list_show_the_same(house: House) -> None:
    """A tile of the snapshot is what the list answers, and an alert likewise."""
    asyncio.run(measure(house, house.ward.beds[1], VitalKind.TEMPERATURE, 38.4))
    asyncio.run(alarm(house, house.ward.beds[1]))

    async def visit(served: Served, client: httpx.AsyncClient) -> None:
        async with served.live(client) as socket:
            snapshot = await hear(socket)

            assert snapshot["patients"] == (await client.get("/api/patients")).json()["items"]
            assert snapshot["alerts"] == (await client.get("/api/alerts")).json()["items"]

    as_anna(house, visit)


def test_acknowledgement_reaches_every_board(house: House) -> None:
    """What one nurse acknowledges, everybody's board shows."""
    alert_id = asyncio.run(alarm(house, house.ward.beds[0]))

    async def visit(served: Served, client: httpx.AsyncClient) -> None:
        async with served.live(client) as one, served.live(client) as two:
            for socket in (one, two):
                assert (await hear(socket))["alerts"][0]["state"] == "open"
            await client.post(f"/api/alerts/{alert_id}/acknowledge", json={}, headers={"If-Match": '"1"'})
            for socket in (one, two):
                message = await hear_alert(socket)
                assert message["alert"]["state"] == "acknowledged"
                assert message["alert"]["acknowledged_by"]["staff_id"] == house.anna

    as_anna(house, visit)


def test_strangers_are_not_heard(house: House) -> None:
    """Neither the snapshot nor later messages tell about another organisation's patient."""

    async def visit(served: Served, client: httpx.AsyncClient) -> None:
        async with served.live(client) as socket, served.logged_in("elsa") as elsa, served.live(elsa) as away:
            await hear(socket)
            assert [tile["stay_id"] for tile in (await hear(away))["patients"]] == [house.stranger.stay_id]
            await measure(house, house.stranger, VitalKind.SPO2, 70)
            await alarm(house, house.stranger)
            await hear_alert(away)
            await measure(house, house.ward.beds[0], VitalKind.SPO2, 94)
            assert (await hear(socket))["stay_id"] == house.ward.beds[0].stay_id

    as_anna(house, visit)


def test_resuming_misses_nothing(house: House) -> None:
    """Who comes back with the last number gets what happened meanwhile and nothing else, and no snapshot."""

    async def visit(served: Served, client: httpx.AsyncClient) -> None:
        bed = house.ward.beds[0]
        async with served.live(client) as socket, served.live(client) as witness:
            first = await hear(socket)
            since, stream = (await hear(socket, "heartbeat"))["seq"], first["stream"]
            await hear(witness)
            await socket.close()
            await measure(house, bed, VitalKind.SPO2, 94)
            assert (await hear(witness))["type"] == "vitals"  # else the alert, which waits for no round, may be first
            alert_id = await alarm(house, bed)
            await hear_alert(witness)
        async with served.live(client, since=since, stream=stream) as socket:
            messages = [await hear(socket) for _ in range(3)]

            assert kinds(messages) == ["resumed", "vitals", "alert"]
            assert messages[0]["seq"] == since
            assert unbroken(messages)
            assert messages[2]["alert"]["alert_id"] == alert_id
        async with served.live(client, since=7) as socket:
            assert (await hear(socket))["type"] == "snapshot"

    as_anna(house, visit)


def test_admission_brings_a_snapshot(house: House) -> None:
    """A patient who is admitted appears on open boards."""

    async def visit(served: Served, client: httpx.AsyncClient) -> None:
        async with served.live(client) as socket:
            before = await hear(socket)
            async with await connect(house.database_url, "test") as conn:
                home = await people.find_organisation(conn, "Testkommunen")
                assert home is not None
                now = SystemClock().now()
                patient = await people.add_patient(
                    conn,
                    organisation_id=home,
                    personal_number="191212121212",
                    given_name="Tolvan",
                    family_name="Testsson",
                    birth_date=now.date().replace(year=1912),
                    sex="male",
                )
                stay = await people.add_stay(
                    conn, patient_id=patient, programme="hospital_at_home", reason="", next_step="", started_at=now
                )
                await people.add_responsibility(conn, stay_id=stay, team_id=house.ward.team_id, from_at=now)
            after = await hear(socket)

            assert after["type"] == "snapshot"
            assert after["seq"] > before["seq"]
            assert stay in [tile["stay_id"] for tile in after["patients"]]

    as_anna(house, visit)


def test_heartbeats_come_by_themselves(house: House) -> None:
    """Without any change a heartbeat comes every two seconds."""

    async def visit(served: Served, client: httpx.AsyncClient) -> None:
        async with served.live(client) as socket:
            first = [await hear(socket), await hear(socket, "presence")]
            beats = [await hear(socket, "heartbeat", "vitals", "alert") for _ in range(2)]
            assert kinds(beats) == ["heartbeat", "heartbeat"]
            assert beats[0]["prev"] >= first[0]["seq"]

    as_anna(house, visit)


def test_h36_heartbeat_says_since_when_alarms_may_fail_to_come(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """While alerting is silent every heartbeat says since when; when it is heard again they say nothing."""
    monkeypatch.setattr(doubts, "LOOK_S", 0.05)
    silent_since = SystemClock().now().replace(microsecond=0) - timedelta(minutes=5)

    async def beat(service: str, at: datetime) -> None:
        async with await connect(house.database_url, "test") as conn:
            await heartbeats.beat(conn, service, "test", at, {})

    async def visit(served: Served, client: httpx.AsyncClient) -> None:
        async with served.live(client) as socket, asyncio.timeout(60):
            await beat("ingest", SystemClock().now() + timedelta(seconds=20))
            await beat("alerting", silent_since)
            while f"{silent_since:%FT%T}" not in (await hear(socket, "heartbeat")).get("in_doubt_since", ""):
                pass
            await beat("alerting", SystemClock().now())
            while "in_doubt_since" in await hear(socket, "heartbeat"):
                pass

    as_anna(house, visit)


def test_socket_without_session_is_told_to_log_in(house: House) -> None:
    """The socket closes with 4401 before anything is said; a page of another site gets no socket at all."""

    async def visit(served: Served, client: httpx.AsyncClient) -> None:
        async with served.client() as nobody, served.live(nobody) as socket:
            assert await hear_closed(socket) == 4401
        async with served.logged_in("oskar") as operator, served.live(operator) as socket:
            assert await hear_closed(socket) == 4403
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}
        address = f"ws://127.0.0.1:{served.port}/api/live"
        with pytest.raises(InvalidStatus, match="403"):
            await connect_socket(address, additional_headers={**cookies, "Origin": "https://evil.test"})

    as_anna(house, visit)


def test_logging_out_closes_the_socket(house: House) -> None:
    """The socket of a session that ends is closed at once."""

    async def visit(served: Served, client: httpx.AsyncClient) -> None:
        async with served.live(client) as socket:
            await hear(socket)
            await client.delete("/api/session")
            assert await hear_closed(socket) == 4401

    as_anna(house, visit)


def test_revoking_elsewhere_closes_the_socket(house: House) -> None:
    """When another process ends somebody's sessions, their sockets here close too."""

    async def visit(served: Served, client: httpx.AsyncClient) -> None:
        async with served.live(client) as socket:
            await hear(socket)
            async with await connect(house.database_url, "test") as conn:
                await sessions.revoke_staff(conn, house.anna)
            assert await hear_closed(socket) == 4401

    as_anna(house, visit)


def _terminate(house: House, service: str) -> int:
    with psycopg.connect(house.database_url, autocommit=True) as conn:
        rows = conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and application_name = %s",
            (service,),
        ).fetchall()
    return len(rows)


@pytest.mark.parametrize("service", ["hemvakt-api-hints", "hemvakt-api-feed"])
def test_lost_connection_loses_nothing(house: House, service: str) -> None:
    """When the store drops the feed's connection, what is stored meanwhile still reaches the socket."""

    async def visit(served: Served, client: httpx.AsyncClient) -> None:
        bed = house.ward.beds[0]
        async with served.live(client) as socket:
            await hear(socket)
            assert _terminate(house, service) == 1
            await measure(house, bed, VitalKind.SPO2, 84)
            alert_id = await alarm(house, bed)
            heard = {message["type"]: message for message in (await hear(socket), await hear(socket))}

            assert sorted(heard) == ["alert", "vitals"]  # an alert waits for no round: it may come first
            assert heard["vitals"]["vitals"]["spo2"]["value"] == 84
            assert heard["alert"]["alert"]["alert_id"] == alert_id

    as_anna(house, visit)


def _listener(house: House) -> list[int]:
    """The feed's listening connections by process."""
    with psycopg.connect(house.database_url, autocommit=True) as conn:
        rows = conn.execute(
            "select pid from pg_stat_activity where datname = current_database()"
            " and application_name = 'hemvakt-api-hints'"
        ).fetchall()
    return [row[0] for row in rows]


def test_device_that_connects_does_not_disturb_the_feed(house: House) -> None:
    """What endpoints tell each other about sessions is not the board's: the feed stays on its connection."""

    async def visit(served: Served, client: httpx.AsyncClient) -> None:
        async with served.live(client) as socket:
            await hear(socket)
            before = _listener(house)
            async with await connect(house.database_url, "test", autocommit=True) as conn:
                await conn.execute("select pg_notify('hv_mqtt', '6c67c5b15a06899a 1789450299441:7')")
            await measure(house, house.ward.beds[0], VitalKind.SPO2, 84)
            message = await hear(socket)

            assert message["vitals"]["spo2"]["value"] == 84
            assert _listener(house) == before
            assert len(before) == 1

    as_anna(house, visit)


def test_lost_hint_costs_seconds(house: House) -> None:
    """A reading that was stored without a hint shows after the next sweep."""

    async def visit(served: Served, client: httpx.AsyncClient) -> None:
        async with served.live(client) as socket:
            await hear(socket)
            async with await connect(house.database_url, "test") as conn:
                await conn.execute(
                    "insert into latest_reading values (%s, 3, now(), %s, 81, now(), 0, null)",
                    (house.ward.beds[2].stay_id, house.ward.beds[2].device_no),
                )
            message = await hear(socket)

            assert message["stay_id"] == house.ward.beds[2].stay_id
            assert message["vitals"]["spo2"]["value"] == 81

    as_anna(house, visit)


def test_stopping_tells_the_sockets(house: House) -> None:
    """When the process ends, sockets close with 1012: come back soon."""

    async def whole() -> None:
        async with contextlib.AsyncExitStack() as outer:
            async with serving(house.database_url) as served, served.logged_in("anna") as client:
                socket = await outer.enter_async_context(served.live(client))
                await hear(socket)
            assert await hear_closed(socket) == 1012

    asyncio.run(whole())


def test_reading_of_an_ended_stay_shows_nowhere(house: House) -> None:
    """Late readings of somebody who has left care do not bring them back, and hold up nobody else's."""
    asyncio.run(measure(house, house.ward.beds[1], VitalKind.SPO2, 90))
    with psycopg.connect(house.database_url, autocommit=True) as conn:
        conn.execute(
            "update stay set period = tstzrange(lower(period), now()) where stay_id = %s",
            (house.ward.beds[1].stay_id,),
        )

    async def visit(served: Served, client: httpx.AsyncClient) -> None:
        async with served.live(client) as socket:
            before = [tile["stay_id"] for tile in (await hear(socket))["patients"]]
            await measure(house, house.ward.beds[1], VitalKind.SPO2, 91)
            await measure(house, house.ward.beds[0], VitalKind.SPO2, 95)
            message = await hear(socket)

            assert before == [house.ward.beds[0].stay_id, house.ward.beds[2].stay_id]
            assert (message["type"], message["stay_id"]) == ("vitals", house.ward.beds[0].stay_id)

    as_anna(house, visit)
