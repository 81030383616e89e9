"""What is to be measured next, over the api, and what a device with sampling intervals is told of it."""

import asyncio
import json
from datetime import timedelta

import psycopg
import pytest

from alerting import measuring
from tests.fix_api import House
from tests.fix_plans import Round, on_round
from ward.clock import SystemClock
from ward.store.pool import connect

pytestmark = pytest.mark.integration


def scored(house: House, total: int) -> None:
    """Let the first patient have a score of which consciousness is stale, and a pressure of an hour ago."""
    now = SystemClock().now()
    detail: dict[str, object] = {
        "parts": {},
        "missing": [],
        "stale": ["consciousness"],
        "settles": None,
        "single_three": False,
    }
    with psycopg.connect(house.database_url) as conn:
        conn.execute(
            "insert into score (stay_id, scored_at, total_min, total_max, risk, spo2_scale, detail)"
            " values (%s, %s, %s, %s, 'low', 1, %s)",
            (house.ward.beds[0].stay_id, now, total, total, json.dumps(detail)),
        )
        conn.execute(
            "insert into latest_reading (stay_id, kind, value, measured_at, received_at, device_no, validity)"
            " values (%s, 6, 120, %s, %s, %s, 0)",
            (house.ward.beds[0].stay_id, now - timedelta(hours=1), now, house.ward.beds[0].device_no),
        )


def told(house: House, config: object) -> tuple[int, object]:
    """Give the first patient's device a configuration; return how many devices are told, and its own by then."""
    device_no = house.ward.beds[0].device_no

    async def tell() -> int:
        async with await connect(house.database_url, "test") as conn:
            return await measuring.tell(conn, SystemClock().now())

    with psycopg.connect(house.database_url, autocommit=True) as conn:
        conn.execute("update device set config = %s where device_no = %s", (json.dumps(config), device_no))
        count = asyncio.run(tell())
        row = conn.execute("select config from device where device_no = %s", (device_no,)).fetchone()
    assert row is not None
    return count, row[0]


def test_schedule_is_shown(house: House) -> None:
    """Whoever may see the patient sees who should measure what, and when it is due."""
    scored(house, 2)

    async def visit(on: Round) -> None:
        path = f"/api/patients/{house.ward.beds[0].patient_id}/measuring"
        answer = await on.nurse.get(path)
        assert answer.status_code == 200, answer.text
        state = answer.json()
        due = {each["kind"]: each for each in state["due"]}
        assert (state["band"], state["every_s"]) == ("low", 21_600)
        assert due["consciousness"]["overdue"] is True
        assert due["consciousness"]["by"] == "staff"
        assert due["systolic"]["overdue"] is False
        assert "spo2" not in due
        assert (await on.stranger.get(path)).status_code == 404

    on_round(house, visit)


def test_device_follows_the_score(house: House) -> None:
    """A device that takes intervals is told the schedule's, once; what else it is told stays as it was."""
    scored(house, 5)
    config = {"every_s": {"systolic": 900, "spo2": 5}, "questions": ["breath"]}

    assert told(house, config) == (1, {"every_s": {"systolic": 3600, "spo2": 5}, "questions": ["breath"]})
    assert told(house, {"every_s": {"systolic": 3600, "spo2": 5}})[0] == 0


def test_device_without_intervals_is_told_none(house: House) -> None:
    """What nobody has given a device is not given to it by a score."""
    scored(house, 5)

    assert told(house, {"questions": ["breath"]}) == (0, {"questions": ["breath"]})
