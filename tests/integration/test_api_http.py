"""What the api shows and what people do about alerts, on a real store and a real server."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import psycopg

from tests.fix_api import House, Served, alarm, measure, serving
from ward.clock import SystemClock
from ward.vitals import VitalKind


def as_anna(house: House, visit: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    """Let Anna log in and do something."""

    async def whole() -> None:
        async with serving(house.database_url) as served, served.logged_in("anna") as client:
            await visit(client)

    asyncio.run(whole())


def as_anybody(database_url: str, visit: Callable[[Served], Awaitable[None]]) -> None:
    """Do something with a server."""

    async def whole() -> None:
        async with serving(database_url) as served:
            await visit(served)

    asyncio.run(whole())


def assert_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The answer is a problem (RFC 9457) of this status; returns it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "instance"} <= body.keys()
    assert body["status"] == status
    return body


def test_board_shows_the_patients_of_the_own_organisation(house: House) -> None:
    """A nurse sees every patient of the own organisation, with the newest values, and nobody else's."""

    async def visit(client: httpx.AsyncClient) -> None:
        await measure(house, house.ward.beds[0], VitalKind.SPO2, 93)
        await measure(house, house.ward.beds[0], VitalKind.CONSCIOUSNESS, 2)
        answer = await client.get("/api/patients")

        tiles = answer.json()["items"]
        assert [tile["patient_id"] for tile in tiles] == [bed.patient_id for bed in house.ward.beds]
        assert tiles[0]["vitals"]["spo2"]["value"] == 93
        assert tiles[0]["vitals"]["spo2"]["quality"] == 0.97
        assert tiles[0]["vitals"]["consciousness"]["value"] == "V"
        assert tiles[0]["limits"]["spo2"]["alert_low"] == 88
        assert tiles[0]["device"] == {
            "device_id": "hv-1", "online": False, "battery_pct": None, "firmware": None, "reported_at": None,
        }  # fmt: skip
        assert "personal_number" not in answer.text

    as_anna(house, visit)


def test_patient_page_has_the_whole_personal_number(house: House) -> None:
    """The page of one patient shows the personal number, the stay, the devices and the open alerts."""

    async def visit(client: httpx.AsyncClient) -> None:
        bed = house.ward.beds[0]
        alert_id = await alarm(house, bed)
        body = (await client.get(f"/api/patients/{bed.patient_id}")).json()

        assert body["personal_number"] == "19400101-9801"
        assert body["number_hint"] == "9801"
        assert body["stay"]["stay_id"] == bed.stay_id
        assert [device["device_id"] for device in body["devices"]] == [bed.device_id]
        assert [alert["alert_id"] for alert in body["alerts"]] == [alert_id]
        assert body["plan_version"] == 1

    as_anna(house, visit)


def test_team_filter_leaves_only_that_team(house: House) -> None:
    """Asking for a team that has no patients here gives an empty list, not an error."""

    async def visit(client: httpx.AsyncClient) -> None:
        own = await client.get("/api/patients", params={"team": house.ward.team_id})
        other = await client.get("/api/patients", params={"team": house.other_team})

        assert len(own.json()["items"]) == 3
        assert other.json() == {"items": [], "next": None}

    as_anna(house, visit)


def test_stranger_is_as_unknown_as_nobody(house: House) -> None:
    """A patient or alert of another organisation answers exactly like one that does not exist."""

    async def visit(client: httpx.AsyncClient) -> None:
        alert_id = await alarm(house, house.stranger)
        for path, here, nowhere in (
            ("/api/patients/{}", house.stranger.patient_id, 999_999),
            ("/api/patients/{}/vitals", house.stranger.patient_id, 999_999),
            ("/api/patients/{}/scores", house.stranger.patient_id, 999_999),
            ("/api/alerts/{}", alert_id, 999_999),
        ):
            strange = assert_problem(await client.get(path.format(here)), 404)
            missing = assert_problem(await client.get(path.format(nowhere)), 404)
            assert {**strange, "instance": ""} == {**missing, "instance": ""}
        acted = await client.post(
            f"/api/alerts/{alert_id}/acknowledge", json={"note": None}, headers={"If-Match": '"1"'}
        )
        assert_problem(acted, 404)
        assert (await client.get("/api/alerts")).json()["items"] == []

    as_anna(house, visit)


def test_period_beyond_the_calendar_is_one_without_an_end(house: House) -> None:
    """A stay or a binding that was entered as lasting to `infinity` can be looked at like any other."""
    bed = house.ward.beds[0]
    with psycopg.connect(house.database_url, autocommit=True) as conn:
        conn.execute("update stay set period = tstzrange(lower(period), 'infinity')")
        conn.execute("update binding set period = tstzrange(lower(period), 'infinity')")

    async def visit(client: httpx.AsyncClient) -> None:
        answer = await client.get(f"/api/patients/{bed.patient_id}")

        assert answer.status_code == 200, answer.text

    as_anna(house, visit)


def test_h25_patient_of_an_organisation_without_a_team_is_somebody_s(house: House) -> None:
    """Where neither a schedule nor the own organisation names a team, patient and alert are with the first there is."""
    bed = house.ward.beds[0]
    with psycopg.connect(house.database_url, autocommit=True) as conn:
        conn.execute("insert into organisation (name, kind) values ('Utan lag', 'municipality')")
        conn.execute(
            "update patient set organisation_id = (select max(organisation_id) from organisation)"
            " where patient_id = %s",
            (bed.patient_id,),
        )
        conn.execute("set session_replication_role = replica")  # the schema would refuse it
        conn.execute("delete from responsibility where stay_id = %s", (bed.stay_id,))

    async def visit(client: httpx.AsyncClient) -> None:
        alert_id = await alarm(house, bed)

        assert bed.patient_id in {each["patient_id"] for each in (await client.get("/api/patients")).json()["items"]}
        assert (await client.get(f"/api/alerts/{alert_id}")).status_code == 200

    as_anna(house, visit)


MALFORMED = [
    "/api/patients/abc",
    "/api/patients/1.0",
    "/api/patients/-1",
    "/api/patients/0",
    "/api/patients/1_0",
    "/api/patients/%20%31",
    "/api/patients/99999999999999999999",
    "/api/patients/9223372036854775808",
    "/api/patients/1/vitals?kind=sp02",
    "/api/patients/1/vitals?from=yesterday",
    "/api/patients/1/vitals?from=2026-01-01T00:00:00",
    "/api/patients/1/vitals?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
    "/api/patients/1/vitals?from=2020-01-01T00:00:00Z&resolution=1m",
    "/api/patients/1/vitals?resolution=2m",
    "/api/patients/1/scores?to=0001-01-01T00:00:00Z",
    "/api/patients?tema=1",
    "/api/patients?cursor=x",
    "/api/alerts?state=opened",
    "/api/alerts?limit=0",
    "/api/alerts/x",
]


def test_malformed_requests_are_problems(house: House) -> None:
    """What cannot be understood is refused with 422, never guessed at."""

    async def visit(client: httpx.AsyncClient) -> None:
        for path in MALFORMED:
            assert_problem(await client.get(path), 422)

    as_anna(house, visit)


def test_text_that_cannot_be_kept_is_a_problem(house: House) -> None:
    """A note or a name with the character NUL is refused with 422, and a mad Origin with 403; nothing fails inside."""

    async def visit(client: httpx.AsyncClient) -> None:
        address = f"/api/alerts/{await alarm(house, house.ward.beds[0])}/acknowledge"
        seen = {"If-Match": '"1"'}
        assert_problem(await client.post(address, json={"note": "a\0b"}, headers=seen), 422)
        assert_problem(await client.post(address, json={}, headers={**seen, "Origin": "http://["}), 403)
        assert_problem(await client.post("/api/session", json={"username": "a\0", "password": "x"}), 422)
        assert (await client.post(address, json={}, headers=seen)).status_code == 200

    as_anna(house, visit)


def test_unknown_address_under_api_is_a_problem(house: House) -> None:
    """An address that the api does not know is a problem, not the web page; a method it has not is told so."""

    async def visit(client: httpx.AsyncClient) -> None:
        for path in ("/api", "/api/patient/1", "/api/patients/1/x"):
            assert_problem(await client.get(path), 404)
        assert_problem(await client.put("/api/patients", json={}), 405)

    as_anna(house, visit)


def test_acknowledging_takes_the_revision_that_was_seen(house: House) -> None:
    """An acknowledgement names its revision; a second look shows who did it and when."""

    async def visit(client: httpx.AsyncClient) -> None:
        alert_id = await alarm(house, house.ward.beds[0])
        seen = await client.get(f"/api/alerts/{alert_id}")
        done = await client.post(
            f"/api/alerts/{alert_id}/acknowledge",
            json={"note": "Ringer patienten"},
            headers={"If-Match": seen.headers["etag"]},
        )

        assert done.status_code == 200, done.text
        assert done.json()["state"] == "acknowledged"
        assert done.json()["acknowledged_by"]["name"] == "Anna Provsson"
        life = (await client.get(f"/api/alerts/{alert_id}")).json()["events"]
        assert [event["kind"] for event in life] == ["raised", "acknowledged"]
        assert life[1]["note"] == "Ringer patienten"
        assert life[1]["staff"]["staff_id"] == house.anna

    as_anna(house, visit)


def test_stale_revision_is_refused_with_the_alert_as_it_is(house: House) -> None:
    """Who acts on an alert that has changed since gets 409 and the alert of now."""

    async def visit(client: httpx.AsyncClient) -> None:
        alert_id = await alarm(house, house.ward.beds[0])
        for act, body in (("acknowledge", {}), ("resolve", {"outcome": "true_alarm"})):
            answer = await client.post(f"/api/alerts/{alert_id}/{act}", json=body, headers={"If-Match": '"7"'})
            alert = assert_problem(answer, 409)["alert"]
            assert (alert["rev"], alert["state"]) == (1, "open")

    as_anna(house, visit)


def test_acting_without_a_revision_is_refused(house: House) -> None:
    """Without If-Match the answer is 428, with nonsense 422, and nothing happens."""

    async def visit(client: httpx.AsyncClient) -> None:
        address = f"/api/alerts/{await alarm(house, house.ward.beds[0])}"
        assert_problem(await client.post(f"{address}/acknowledge", json={}), 428)
        assert_problem(await client.post(f"{address}/acknowledge", json={}, headers={"If-Match": "*"}), 422)
        assert (await client.get(address)).json()["rev"] == 1

    as_anna(house, visit)


def test_one_of_two_acknowledgements_wins(house: House) -> None:
    """When two act on the same revision at once, one succeeds and the other is told."""

    async def visit(client: httpx.AsyncClient) -> None:
        address = f"/api/alerts/{await alarm(house, house.ward.beds[0])}/acknowledge"
        answers = await asyncio.gather(*(client.post(address, json={}, headers={"If-Match": '"1"'}) for _ in range(6)))

        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]

    as_anna(house, visit)


def test_resolving_closes_with_an_outcome(house: House) -> None:
    """A resolved alert leaves the list of open ones and cannot be acted on again."""

    async def visit(client: httpx.AsyncClient) -> None:
        address = f"/api/alerts/{await alarm(house, house.ward.beds[0])}"
        seen = {"If-Match": '"1"'}
        assert_problem(await client.post(f"{address}/resolve", json={"outcome": "fine"}, headers=seen), 422)
        acknowledged = await client.post(f"{address}/acknowledge", json={}, headers=seen)
        seen = {"If-Match": acknowledged.headers["etag"]}
        done = await client.post(f"{address}/resolve", json={"outcome": "false_alarm"}, headers=seen)

        assert (done.json()["state"], done.json()["outcome"]) == ("resolved", "false_alarm")
        assert (await client.get("/api/alerts")).json()["items"] == []
        again = await client.post(f"{address}/resolve", json={"outcome": "technical"}, headers=seen)
        assert assert_problem(again, 409)["alert"]["outcome"] == "false_alarm"

    as_anna(house, visit)


def test_alert_list_goes_on_page_by_page(house: House) -> None:
    """Following `next` shows every alert once, the newest first."""

    async def visit(client: httpx.AsyncClient) -> None:
        made = [await alarm(house, bed) for bed in house.ward.beds]
        first = (await client.get("/api/alerts", params={"limit": 2})).json()
        second = (await client.get("/api/alerts", params={"limit": 2, "cursor": first["next"]})).json()

        assert [alert["alert_id"] for alert in first["items"] + second["items"]] == made[::-1]
        assert second["next"] is None

    as_anna(house, visit)


def test_series_has_no_bucket_where_nothing_was_measured(house: House) -> None:
    """Buckets hold lowest, highest, mean and count; a silent minute is left out, raw values come as they are."""

    async def visit(client: httpx.AsyncClient) -> None:
        bed = house.ward.beds[0]
        start = (SystemClock().now() - timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
        for seconds, value in ((1, 90), (31, 94), (190, 96)):
            await measure(house, bed, VitalKind.SPO2, value, start + timedelta(seconds=seconds))
        span = {"from": start.isoformat(), "to": (start + timedelta(minutes=10)).isoformat(), "kind": "spo2"}
        minutes = (
            await client.get(f"/api/patients/{bed.patient_id}/vitals", params={**span, "resolution": "1m"})
        ).json()
        raw = (await client.get(f"/api/patients/{bed.patient_id}/vitals", params=span)).json()

        begin_ms = int(start.timestamp() * 1000)
        assert minutes["series"] == [
            {
                "kind": "spo2", "unit": "%", "gap_s": 180.0, "t": [begin_ms, begin_ms + 180_000],
                "mean": [92.0, 96.0], "min": [90.0, 96.0], "max": [94.0, 96.0], "count": [2, 1],
            }
        ]  # fmt: skip
        assert raw["resolution"] == "raw"
        assert raw["series"][0]["value"] == [90.0, 94.0, 96.0]
        assert raw["series"][0]["t"] == [begin_ms + 1000, begin_ms + 31_000, begin_ms + 190_000]
        assert raw["series"][0]["validity"] == ["vld", "vld", "vld"]

    as_anna(house, visit)
