"""What nobody means to send to the resources: refused in words, never an error of ours, and nothing of it is kept."""

import json
from typing import Any

import httpx
import psycopg
import pytest

from tests.fix_duty import Unit
from tests.resource_visits import as_one, post

pytestmark = pytest.mark.integration
NOTE = {"kind": "note", "words": "x"}
FAR = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1970-01-01T00:00:00Z", 1e300, "nu", -1, True]
BIG = 10**400
CURSORS = ["__________8", "f_________8", "AAAAAAAAAAA", "x", ""]


def bodies(event: int) -> list[tuple[str, str, Any]]:
    """Method, path behind the patient's, and a body, all of them wrong."""
    return [
        *(("POST", "/events", {**NOTE, "occurred_at": at}) for at in FAR),
        *(("POST", "/events", {**NOTE, "remind_at": at}) for at in FAR),
        *(("POST", "/readings", {"values": [{"kind": "pain", "value": 1}], "occurred_at": at}) for at in FAR),
        *(("PUT", "/next-step", {"what": "x", "check_at": at}) for at in FAR),
        *(("POST", "/readings", {"values": [{"kind": "weight", "value": number}]}) for number in (BIG, -BIG, 1e308)),
        *(("POST", "/check-ins", {"answers": [{"question": "pain", "answer": number}]}) for number in (BIG, 1e308)),
        ("POST", "/events", {**NOTE, "words": "\ud800"}),
        ("POST", "/events", {**NOTE, "words": "x" * 4001}),
        ("POST", "/events", [NOTE]),
        ("POST", "/events", None),
        ("POST", "/events", {"kind": ["note"], "words": "x"}),
        ("POST", "/events/read", {"event_ids": [BIG]}),
        ("POST", "/events/read", {"event_ids": [0]}),
        ("POST", f"/events/{event}/error", {"reason": "fel", "instead": {"kind": "note"}}),
        ("POST", f"/events/{BIG}/error", {"reason": "fel"}),
        ("POST", "/check-ins", {"answers": [{"question": "a", "answer": 1}] * 2}),
        ("POST", "/check-ins", {"answers": [{"question": "a", "answer": None}]}),
        ("POST", "/check-ins", {"answers": []}),
        ("POST", "/ambulance-cards", {"hours": 0, "reason": "för kort"}),
        ("POST", "/ambulance-cards", {"hours": True, "reason": "för kort"}),
    ]


def test_nothing_that_is_sent_makes_an_error_of_ours(unit: Unit) -> None:
    """Times off every calendar, numbers off every scale, halves of characters: a 4xx problem each, and nothing kept."""

    async def guest(anna: httpx.AsyncClient) -> None:
        patient = f"/api/patients/{unit.ward.beds[0].patient_id}"
        event = (await post(anna, f"{patient}/events", NOTE))["event_id"]
        headers = {"Content-Type": "application/json", "If-Match": '"0"'}
        for method, path, body in bodies(event):
            sent = json.dumps(body).encode()
            answer = await anna.request(method, patient + path, content=sent, headers=headers)

            assert 400 <= answer.status_code < 500, (method, path, body, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
        for query in (*(f"{patient}/events?cursor={cursor}" for cursor in CURSORS), f"{patient}/effect?event={BIG}"):
            assert (await anna.get(query)).status_code < 500, query
        for until in ("0001-01-01", "9999-12-31", "1999-12-31", "x"):
            assert (await anna.get(f"/api/teams/{unit.day}/round?until={until}")).status_code == 422

    as_one(unit, "anna", guest)
    with psycopg.connect(unit.url) as conn:
        kept = conn.execute(
            "select (select count(*) from care_event), (select count(*) from next_step),"
            " (select count(*) from reading), (select count(*) from device_event)"
        ).fetchone()
    assert kept == (1, 0, 0, 0)
