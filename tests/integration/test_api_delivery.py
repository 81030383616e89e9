"""Who was told, by which way, and whether it came through: over HTTP and the live socket, on a real store."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from api.live.listening import said
from tests.builders_duty import round_the_clock
from tests.fix_api import House, Served, alarm, hear, serving
from tests.integration.test_api_http import assert_problem
from tests.integration.test_channels import KEY, _text
from ward.clock import SystemClock
from ward.settings import Settings
from ward.store import duty_schedules
from ward.store.pool import connect

pytestmark = pytest.mark.integration
VAPID = _text(ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32))
WAYS: dict[str, Any] = {
    "sms_gateway": "json://127.0.0.1/{to}",
    "webhook_key": KEY,
    "vapid_key": VAPID,
    "vapid_contact": "mailto:drift@example.se",
}
SUBSCRIPTION = {
    "endpoint": "https://fcm.googleapis.com/fcm/send/abc",
    "expirationTime": None,
    "keys": {"p256dh": "B" * 87, "auth": "C" * 22},
}


def visit(house: House, act: Callable[[Served], Awaitable[None]], **given: Any) -> None:
    """Serve the api for a test."""

    async def run() -> None:
        async with serving(
            house.database_url, settings=Settings(database_url=house.database_url, http_port=0, **given)
        ) as served:
            await act(served)

    asyncio.run(run())


async def _state(house: House, query: str) -> list[tuple[Any, ...]]:
    async with await psycopg.AsyncConnection.connect(house.database_url) as conn:
        return await (await conn.execute(query.encode())).fetchall()


async def _until(house: House, query: str, wanted: list[tuple[Any, ...]]) -> None:
    """Wait until the store says so."""
    async with asyncio.timeout(20):
        while await _state(house, query) != wanted:
            await asyncio.sleep(0.02)


def test_alert_shows_every_step_and_notification_with_its_fate(house: House) -> None:
    """An alert says who is told at which minute, who has been told by which way, and why somebody was not."""

    async def act(served: Served) -> None:
        async with await connect(house.database_url, "test") as conn:
            week = round_the_clock((house.anna,))
            await duty_schedules.save_week(conn, house.ward.team_id, 1, week, None, house.ward.admitted_at)
        alert_id = await alarm(house, house.ward.beds[0])
        async with served.logged_in("anna") as client:
            alert = (await client.get(f"/api/alerts/{alert_id}")).json()

        first = alert["steps"][0]
        assert (first["step"], first["state"], first["reason"]) == (
            1,
            "skipped",
            "no_screen",
        )
        board = next(each for each in alert["notifications"] if each["channel"] == "board")
        nobody = next(each for each in alert["notifications"] if each["channel"] == "none")
        assert (board["state"], board["reason"], board["to"]["team"]) == ("failed", "no_screen", "Testteamet")
        assert (nobody["state"], nobody["reason"]) == ("failed", "no_channel")
        assert nobody["to"]["name"]

    visit(house, act)


def test_h30_page_that_listens_is_counted_and_what_it_shows_was_delivered(house: House) -> None:
    """A page's heartbeat makes its person's team listen, and what it shows is delivered to the board."""

    async def act(served: Served) -> None:
        async with served.logged_in("anna") as client, served.live(client) as socket:
            assert (await hear(socket))["type"] == "snapshot"
            await socket.send(json.dumps({"type": "heartbeat", "listening": True, "shown": []}))
            await _until(house, "select staff_id from listener", [(house.anna,)])
            alert_id = await alarm(house, house.ward.beds[0])
            sent = await _state(house, "select state from outbox where channel = 'board'")
            await socket.send(json.dumps({"type": "heartbeat", "listening": True, "shown": [alert_id]}))
            await _until(house, "select state from outbox where channel = 'board'", [("delivered",)])
            assert (await client.get(f"/api/alerts/{alert_id}")).json()["notifications"][0]["state"] in {
                "delivered",
                "seen",
            }

        assert sent == [("sent",)]
        await _until(house, "select count(*) from listener", [(0,)])

    visit(house, act)


def test_h30_page_that_is_hidden_or_silent_does_not_listen(house: House) -> None:
    """A heartbeat that does not say that somebody can see and hear the page counts for nothing, nor does nonsense."""

    async def act(served: Served) -> None:
        async with served.logged_in("anna") as client, served.live(client) as socket:
            for text in ('{"type":"heartbeat"}', '{"type":"heartbeat","listening":false}', "nonsense", "[]"):
                await socket.send(text)
            await socket.send('{"type":"heartbeat","listening":true,"walk":3}')
            await _until(house, "select echoed from listener", [(3,)])
            await socket.send('{"type":"heartbeat","listening":false}')
            await _until(house, "select count(*) from listener", [(0,)])

    visit(house, act)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"type":"other"}', '{"type":"heartbeat","shown":["a"]}', '{"type":"heartbeat","walk":1.5}']
)
def test_what_a_page_says_is_not_believed_blindly(text: str) -> None:
    """What is not a heartbeat of the agreed shape is nothing."""
    assert said(text) is None


def test_h30_page_cannot_speak_for_another_team(house: House) -> None:
    """A screen of another team shows nothing on behalf of this one."""

    async def act(served: Served) -> None:
        async with served.logged_in("anna") as mine, served.live(mine) as socket:
            await socket.send('{"type":"heartbeat","listening":true}')
            await _until(house, "select count(*) from listener", [(1,)])
            alert_id = await alarm(house, house.ward.beds[0])
            async with served.logged_in("elsa") as other, served.live(other) as foreign:
                await foreign.send(json.dumps({"type": "heartbeat", "listening": True, "shown": [alert_id]}))
                await _until(house, "select count(*) from listener", [(2,)])

        assert await _state(house, "select state from outbox where channel = 'board'") == [("sent",)]

    visit(house, act)


def test_own_ways_are_added_listed_and_taken_out(house: House) -> None:
    """A person's telephone is entered once, shown as a hint, in the audit without its number, and can be taken out."""

    async def act(served: Served) -> None:
        async with served.logged_in("anna") as client:
            added = await client.post("/api/me/channels", json={"kind": "sms", "address": "+46701740605"})
            again = await client.post("/api/me/channels", json={"kind": "sms", "address": "+46701740605"})
            listed = (await client.get("/api/me/channels")).json()
            channel_id = listed["items"][0]["channel_id"]
            taken = await client.delete(f"/api/me/channels/{channel_id}")
            left = (await client.get("/api/me/channels")).json()["items"]
        audited = await _state(house, "select action, detail::text from audit order by audit_id")

        assert (added.status_code, again.status_code, taken.status_code) == (201, 201, 204)
        assert [(each["kind"], each["hint"]) for each in listed["items"]] == [("sms", "…605")]
        assert listed["available"] == ["push", "sms"]
        assert len(listed["push_key"]) == 87
        assert left == []
        assert [row[0] for row in audited] == ["channel.added", "channel.added", "channel.removed"]
        assert "4670174" not in str(audited)

    visit(house, act, **WAYS)


def test_nobody_takes_out_another_s_way(house: House) -> None:
    """A way of somebody else is as unknown as one that is not there."""

    async def act(served: Served) -> None:
        async with served.logged_in("anna") as client:
            made = await client.post("/api/me/channels", json={"kind": "sms", "address": "+46701740605"})
            channel_id = made.json()["items"][0]["channel_id"]
        async with served.logged_in("elsa") as other:
            assert_problem(await other.delete(f"/api/me/channels/{channel_id}"), 404)
            assert (await other.get("/api/me/channels")).json()["items"] == []

    visit(house, act, **WAYS)


def test_h04_way_that_would_tell_nobody_is_refused(house: House) -> None:
    """An address that cannot be used, or a way that is not set up here, is refused when it is entered."""
    table = [
        ({"kind": "sms", "address": "0701740605"}, 422),
        ({"kind": "email", "address": "anna@example.se"}, 409),  # no gateway for mail is set up
        ({"kind": "webhook", "address": "https://other.example"}, 422),
        ({"kind": "pigeon", "address": "roof"}, 422),
        ({"kind": "sms", "address": "+46701740605", "mode": "test"}, 422),
    ]

    async def act(served: Served) -> None:
        async with served.logged_in("anna") as client:
            for body, status in table:
                assert_problem(await client.post("/api/me/channels", json=body), status)

    visit(house, act, **WAYS)


def test_push_goes_to_known_push_services_alone(house: House) -> None:
    """A page cannot have the server write to anywhere but the push services that are set."""
    table = {
        "https://fcm.googleapis.com/fcm/send/abc": 201,
        "https://web.push.apple.com/abc": 201,
        "https://push.apple.com.evil.example/abc": 422,
        "https://evil.example/fcm.googleapis.com": 422,
        "http://fcm.googleapis.com/fcm/send/abc": 422,
        "https://fcm.googleapis.com@evil.example/abc": 422,
        "https://127.0.0.1/abc": 422,
    }

    async def act(served: Served) -> None:
        async with served.logged_in("anna") as client:
            answers = {}
            for endpoint in table:
                answer = await client.post("/api/me/push-subscriptions", json={**SUBSCRIPTION, "endpoint": endpoint})
                answers[endpoint] = answer.status_code

        assert answers == table

    visit(house, act, **WAYS)


def test_operators_look_after_the_ways_of_teams(house: House) -> None:
    """An operator enters a team's webhook; a nurse may not, and a team that is not there has none."""
    body = {"kind": "webhook", "address": "https://other.example/hook"}
    path = f"/api/teams/{house.ward.team_id}/channels"

    async def act(served: Served) -> None:
        async with served.logged_in("anna") as nurse:
            assert_problem(await nurse.post(path, json=body), 403)
        async with served.logged_in("oskar") as operator:
            made: httpx.Response = await operator.post(path, json=body)
            assert_problem(await operator.post("/api/teams/999999/channels", json=body), 404)
            listed = (await operator.get(path)).json()["items"]
            taken = await operator.delete(f"{path}/{listed[0]['channel_id']}")

        assert made.status_code == 201
        assert [(each["kind"], each["hint"]) for each in listed] == [("webhook", "other.example")]
        assert taken.status_code == 204

    visit(house, act, **WAYS)


def test_h11_metrics_say_that_nothing_urgent_was_ever_held(house: House) -> None:
    """The figures for Prometheus hold the counter of what must never be held, 0, and name no patient."""

    async def act(served: Served) -> None:
        await alarm(house, house.ward.beds[0])
        async with served.client() as client:
            text = (await client.get("/metrics")).text

        assert "\nhemvakt_alerts_suppressed_top_priority 0.0\n" in text
        assert 'hemvakt_notifications_day{channel="board",state="failed"} 1.0' in text
        assert "hemvakt_screens_listening 0.0" in text
        assert "Testa" not in text

    visit(house, act)


def test_h36_readiness_says_that_a_walk_has_failed(house: House) -> None:
    """When the newest synthetic alert did not come through, the platform says that it is not to be relied on."""

    async def act(served: Served) -> None:
        async with await connect(house.database_url, "test") as conn:
            now = SystemClock().now()
            await conn.execute(
                "insert into selfcheck (stay_id, started_at, ended_at, fault) values (%s, %s, %s, 'delivery')",
                (house.ward.beds[0].stay_id, now, now),
            )
        async with served.client() as client:
            answer = await client.get("/readyz")

        assert answer.status_code == 503
        assert answer.json()["checks"]["selfcheck"] == "the synthetic alert did not get through delivery"
        assert answer.json()["checks"]["delivery"] == "ok"

    visit(house, act)
