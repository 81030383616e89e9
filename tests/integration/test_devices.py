"""Devices over the api: added with a secret told once, listed, told what to do, revoked. Real store and server."""

import asyncio
from typing import Any

import psycopg
import pytest

from tests.fix_api import House, serving
from tests.fix_kit import WHY, Desk, at_desk, seated
from tests.integration.test_api_http import assert_problem
from ward import credentials, device_secrets

pytestmark = pytest.mark.integration


def test_device_is_added_with_a_secret_that_the_store_does_not_hold(house: House) -> None:
    """The platform draws the secret, tells it in one answer, and keeps a digest; adding is audited."""

    async def visit(desk: Desk) -> None:
        answer = await desk.operator.post("/api/devices", json={"device_id": "kit-1", "model": "Provkit 2"})
        added = answer.json()

        assert answer.status_code == 201
        assert answer.headers["location"] == "/api/devices/kit-1"
        assert len(added["secret"]) >= 32
        [(kept, row)] = desk.ask("select secret_sha256, device::text from device where device_id = 'kit-1'")
        assert bytes(kept) == credentials.digest(added["secret"])
        assert added["secret"] not in row
        assert "secret" not in (await desk.operator.get("/api/devices/kit-1")).json()
        assert added["secret"] not in desk.ask("select coalesce(string_agg(audit::text, ''), '') from audit")[0][0]
        assert desk.audited() == ["device.added"]

    asyncio.run(at_desk(house, visit))


def test_secret_is_one_that_a_broker_can_be_told(house: House) -> None:
    """Where the platform has a key for device secrets, each is derived from it, the next with the next number."""
    key = "k" * 32

    async def whole() -> None:
        async with serving(house.database_url, device_key=key) as served, seated(house, served, "oskar") as operator:
            added = (await operator.post("/api/devices", json={"device_id": "kit-1"})).json()
            rotated = (await operator.post("/api/devices/kit-1/secret", json=WHY)).json()

        assert added["secret"] == device_secrets.derive(key, "kit-1", 1)
        assert rotated["secret"] == device_secrets.derive(key, "kit-1", 2)

    asyncio.run(whole())


def test_repeat_of_an_addition_adds_nothing(house: House) -> None:
    """The same request with the same key gives the same device without its secret; the key serves nothing else."""

    async def visit(desk: Desk) -> None:
        key = {"Idempotency-Key": "a1"}
        first, *others = await asyncio.gather(
            *(desk.operator.post("/api/devices", json={"device_id": "kit-1"}, headers=key) for _ in range(4))
        )
        answers = [first, *others]
        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
        assert [answer.json()["secret"] is None for answer in answers].count(False) == 1
        assert {answer.json()["device_id"] for answer in answers} == {"kit-1"}
        other = await desk.operator.post("/api/devices", json={"device_id": "kit-2"}, headers=key)
        assert_problem(other, 422)
        assert_problem(await desk.operator.post("/api/devices", json={"device_id": "kit-1"}), 409)
        assert desk.audited() == ["device.added"]

    asyncio.run(at_desk(house, visit))


def test_list_is_filtered_and_goes_on_page_by_page(house: House) -> None:
    """Unbound, revoked and mode narrow the list; following `next` shows every device once."""

    async def visit(desk: Desk) -> None:
        await desk.add("free-1")
        await desk.add("test-1", mode="test")
        await desk.operator.post("/api/devices/free-1/revoke", json=WHY)

        async def ids(**query: Any) -> list[str]:
            return [each["device_id"] for each in (await desk.nurse.get("/api/devices", params=query)).json()["items"]]

        assert await ids(unbound=True) == ["free-1", "test-1"]
        assert await ids(unbound=False) == ["hv-1", "hv-2", "hv-3", "hv-9"]
        assert await ids(revoked=True) == ["free-1"]
        assert await ids(mode="test", revoked=False) == ["test-1"]
        first = (await desk.nurse.get("/api/devices", params={"limit": 4})).json()
        rest = await ids(limit=4, cursor=first["next"])
        assert [each["device_id"] for each in first["items"]] + rest == await ids()
        assert_problem(await desk.nurse.get("/api/devices", params={"mode": "mine"}), 422)

    asyncio.run(at_desk(house, visit))


def test_wearer_is_told_to_those_who_may_see_the_patient(house: House) -> None:
    """Of a device that a stranger wears, staff and operators see that it is worn, not by whom."""

    async def visit(desk: Desk) -> None:
        bed = house.ward.beds[0]
        own = (await desk.nurse.get(f"/api/devices/{bed.device_id}")).json()
        foreign = (await desk.nurse.get(f"/api/devices/{house.stranger.device_id}")).json()
        operated = await desk.operator.get(f"/api/devices/{bed.device_id}")

        assert own["wearer"]["patient_id"] == bed.patient_id
        assert (foreign["worn"], foreign["wearer"]) == (True, None)
        assert (operated.json()["worn"], operated.json()["wearer"]) == (True, None)
        for path in ("/api/devices", f"/api/devices/{bed.device_id}/bindings"):
            assert "Testsson" not in (await desk.operator.get(path)).text
        assert "Testsson 9" not in (await desk.nurse.get("/api/devices")).text

    asyncio.run(at_desk(house, visit))


def test_status_is_shown_beside_the_registration(house: House) -> None:
    """What a device last said of itself is in the list and by itself; one that never reported is not online."""

    async def visit(desk: Desk) -> None:
        shown = (await desk.nurse.get("/api/devices/hv-1")).json()
        silent = (await desk.nurse.get("/api/devices/hv-2")).json()

        assert (shown["online"], shown["battery_pct"], shown["firmware"]) == (True, 81.0, "1.2.0")
        assert (shown["clock_ahead_s"], silent["clock_ahead_s"]) == (45.0, None)
        assert (shown["throttled_since"], silent["throttled_since"]) == ("2026-11-21T10:00:00Z", None)
        assert (silent["online"], silent["battery_pct"], silent["reported_at"]) == (False, None, None)

    async def whole() -> None:
        with psycopg.connect(house.database_url, autocommit=True) as conn:
            conn.execute("insert into device_status values (1, true, 81, '1.2.0', now(), now())")
            conn.execute("insert into device_clock values (1, now(), 45000000, 3)")
            conn.execute("insert into device_throttled values (1, 'one', '2026-11-21 10:00+00')")
        await at_desk(house, visit)

    asyncio.run(whole())


CHANGES = [
    ("post", "/api/devices", {"device_id": "kit-1"}),
    ("post", "/api/devices/hv-1/revoke", WHY),
    ("post", "/api/devices/hv-1/secret", WHY),
    ("put", "/api/devices/hv-1/config", {}),
]


def test_only_operators_change_devices_and_only_clinical_staff_bind_them(house: House) -> None:
    """Each role does its own part; the other gets 403, and who is not logged in 401."""

    async def visit(desk: Desk) -> None:
        binds = [
            ("post", "/api/devices/hv-1/bindings", {"patient_id": 1}),
            ("post", "/api/devices/hv-1/bindings/1/confirm", {"last_four": "9801"}),
            ("post", "/api/devices/hv-1/bindings/1/end", WHY),
        ]
        async with desk.served.client() as nobody:
            for method, path, body in CHANGES + binds:
                assert_problem(await nobody.request(method, path, json=body), 401)
        for method, path, body in CHANGES:
            assert_problem(await desk.nurse.request(method, path, json=body), 403)
        for method, path, body in binds:
            assert_problem(await desk.operator.request(method, path, json=body), 403)
        assert desk.audited() == []

    asyncio.run(at_desk(house, visit))


def test_configuration_is_changed_by_the_revision_that_was_seen(house: House) -> None:
    """Of two who change what a device is told, one succeeds and the other gets the device as it is."""

    async def visit(desk: Desk) -> None:
        seen = (await desk.operator.get("/api/devices/hv-1")).headers["etag"]
        path = "/api/devices/hv-1/config"
        answers = await asyncio.gather(
            *(desk.operator.put(path, json={"interval_s": n}, headers={"If-Match": seen}) for n in (30, 60))
        )

        assert sorted(answer.status_code for answer in answers) == [200, 409]
        done = next(answer for answer in answers if answer.status_code == 200)
        late = next(answer for answer in answers if answer.status_code == 409)
        assert assert_problem(late, 409)["device"]["config"] == done.json()["config"]
        assert late.headers["etag"] == done.headers["etag"] != seen
        assert_problem(await desk.operator.put(path, json={}), 428)
        assert desk.audited() == ["device.configured"]

    asyncio.run(at_desk(house, visit))


@pytest.mark.parametrize(
    "text",
    ['{"a": "\\u0000"}', '{"a": "\\ud800"}', "[1]", '{"a": 1' + "0" * 400 + "}", '{"a": "' + "x" * 9000 + '"}', "null"],
)
def test_configuration_that_cannot_be_kept_is_refused(house: House, text: str) -> None:
    """Whatever cannot be sent to a device as JSON is refused, and the device keeps what it had."""

    async def visit(desk: Desk) -> None:
        answer = await desk.operator.put(
            "/api/devices/hv-1/config", content=text, headers={"If-Match": '"1"', "Content-Type": "application/json"}
        )

        assert_problem(answer, 422)
        assert (await desk.operator.get("/api/devices/hv-1")).json()["config"] == {}

    asyncio.run(at_desk(house, visit))


def test_revoking_twice_is_revoking_once(house: House) -> None:
    """A revoked device stays so with its first reason, and neither gets a secret nor a configuration any more."""

    async def visit(desk: Desk) -> None:
        first = (await desk.operator.post("/api/devices/hv-1/revoke", json={"reason": "Borttappad"})).json()
        again = (await desk.operator.post("/api/devices/hv-1/revoke", json=WHY)).json()

        assert first["revoked_reason"] == "Borttappad"
        assert again == first
        assert_problem(await desk.operator.post("/api/devices/hv-1/secret", json=WHY), 409)
        config = await desk.operator.put("/api/devices/hv-1/config", json={}, headers={"If-Match": '"2"'})
        assert_problem(config, 409)
        bound = await desk.nurse.post("/api/devices/hv-1/bindings", json={"patient_id": house.ward.beds[0].patient_id})
        assert assert_problem(bound, 409)["reason"] == "revoked"
        assert desk.audited() == ["device.revoked"]

    asyncio.run(at_desk(house, visit))


def test_unknown_device_is_not_there(house: House) -> None:
    """A device that does not exist answers 404, an id that no device can have 422."""

    async def visit(desk: Desk) -> None:
        for path in ("/api/devices/kit-0", "/api/devices/kit-0/bindings"):
            assert_problem(await desk.nurse.get(path), 404)
        assert_problem(await desk.nurse.get("/api/devices/a%00b"), 422)
        assert_problem(await desk.operator.post("/api/devices", json={"device_id": "a/b"}), 422)
        for reason in ("", "  ", "a\0b", "x" * 501):
            assert_problem(await desk.operator.post("/api/devices/hv-1/revoke", json={"reason": reason}), 422)

    asyncio.run(at_desk(house, visit))
