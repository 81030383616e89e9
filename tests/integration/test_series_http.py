"""Series over HTTP: columns of one length, gaps left out, the change of clocks unnoticed, scores with their parts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.builders_duty import NOON
from tests.fix_duty import Unit
from tests.resource_visits import as_one, evaluate, get, post, store
from ward.vitals import VitalKind

pytestmark = pytest.mark.integration
MINUTE = timedelta(minutes=1)
# The night in which the clocks on Swedish walls go back, an hour either side.
NIGHT = datetime(2026, 10, 24, 22, tzinfo=UTC)


def path_of(unit: Unit) -> str:
    """Where the first patient is."""
    return f"/api/patients/{unit.ward.beds[0].patient_id}"


def test_h08_hours_of_the_night_of_the_change_are_equally_long(unit: Unit) -> None:
    """Over the night in which an hour comes twice on the wall, hours follow each other at 3,600 s."""
    store(unit, VitalKind.HEART_RATE, [(NIGHT + each * MINUTE, 60.0 + each // 60) for each in range(6 * 60)])

    async def guest(anna: httpx.AsyncClient) -> None:
        span: dict[str, Any] = {"from": "2026-10-25T00:00:00+02:00", "to": "2026-10-25T05:00:00+01:00"}
        series = (await get(anna, f"{path_of(unit)}/vitals", resolution="1h", kind="heart_rate", **span))["series"][0]

        assert [later - one for one, later in zip(series["t"], series["t"][1:], strict=False)] == [3_600_000] * 5
        assert series["mean"] == [60, 61, 62, 63, 64, 65]
        assert series["count"] == [60] * 6

    as_one(unit, "anna", guest)


def test_gap_is_left_out_and_how_far_a_line_may_reach_is_told(unit: Unit) -> None:
    """Half an hour without values has no bucket and no made-up value, and is longer than a line may reach."""
    points = [(NOON - each * MINUTE, 90.0) for each in range(1, 120) if not 40 <= each < 70]
    store(unit, VitalKind.SPO2, sorted(points))

    async def guest(anna: httpx.AsyncClient) -> None:
        path = f"{path_of(unit)}/vitals"
        span: dict[str, Any] = {"from": (NOON - timedelta(hours=2)).isoformat(), "to": NOON.isoformat()}
        fine = await get(anna, path, kind="spo2", **span)
        raw = await get(anna, path, kind="spo2", resolution="raw", **span)
        series = fine["series"][0]
        widest = max(later - one for one, later in zip(series["t"], series["t"][1:], strict=False)) / 1000

        assert (fine["resolution"], fine["truncated"]) == ("1m", False)
        assert {len(series[column]) for column in ("t", "mean", "min", "max", "count")} == {89}
        assert widest == 31 * 60 > series["gap_s"]
        assert len(raw["series"][0]["t"]) == 89
        assert raw["series"][0]["by_hand"] == []

    as_one(unit, "anna", guest)


def test_scores_come_with_their_parts(unit: Unit) -> None:
    """Each score stands with the least and most points of every parameter, in columns of one length."""

    async def enter(anna: httpx.AsyncClient) -> None:
        await post(anna, f"{path_of(unit)}/readings", {"values": [{"kind": "resp_rate", "value": 26}]})

    async def look(anna: httpx.AsyncClient) -> None:
        scores = await get(anna, f"{path_of(unit)}/scores", to=(NOON + MINUTE).isoformat())

        assert len(scores["t"]) == 1
        assert scores["parts"]["resp_rate"] == {"min": [3], "max": [3]}
        assert scores["parts"]["consciousness"] == {"min": [0], "max": [3]}
        assert sum(part["max"][0] for part in scores["parts"].values()) == scores["max"][0]
        assert scores["truncated"] is False

    as_one(unit, "anna", enter)
    evaluate(unit)
    as_one(unit, "anna", look)
