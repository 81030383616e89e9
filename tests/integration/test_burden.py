"""The burden of alerts over HTTP: counted by patient-day, hour, rule and patient, of those whom one may see."""

from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest

from tests.fix_api import Served
from tests.fix_duty import Unit
from tests.integration.test_outcomes import closed_alert, past_stay
from tests.resource_visits import someone, visit

pytestmark = pytest.mark.integration
MIDNIGHT = datetime(2026, 9, 11, tzinfo=UTC)
EVENING = MIDNIGHT + timedelta(hours=18, minutes=30)  # 20:30 in Stockholm, summer time
SPAN = {"from": "2026-09-10T00:00:00Z", "to": "2026-09-12T00:00:00Z"}


async def burden(client: httpx.AsyncClient, **more: str | int) -> httpx.Response:
    """Ask for the two days."""
    return await client.get("/api/burden", params={**SPAN, **more})


def test_h10_burden_is_counted_by_patient_day_hour_rule_and_share_closed_as_false(unit: Unit) -> None:
    """Two false alarms and a true one of one patient in the evening: counted there, and two thirds of them false."""
    with psycopg.connect(unit.url, autocommit=True) as conn:
        stay = past_stay(conn, unit, 0, MIDNIGHT, MIDNIGHT + timedelta(days=2))
        for outcome in ("false_alarm", "false_alarm", "true_alarm"):
            closed_alert(conn, unit, stay, EVENING, outcome)

    async def guest(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "lunga") as lunga:
            found = (await burden(anna)).json()
            other = (await burden(lunga)).json()

            assert (found["clinical"]["alerts"], found["clinical"]["medium"]) == (3, 3)
            assert found["clinical"]["false_share"] == pytest.approx(2 / 3, abs=0.001)
            assert (found["patients"], found["patient_days"]) == (1, 1.0)
            assert [hour for hour, count in enumerate(found["hours"]["clinical"]) if count] == [20]
            (rule,) = found["top_rules"]
            assert (rule["rule"], rule["alerts"], rule["patients"], rule["share"]) == ("limit.spo2.low", 3, 1, 1.0)
            (patient,) = found["top_patients"]
            assert patient["per_patient_day"] == 3.0  # in care for the second of the two days alone
            assert (found["technical"]["alerts"], found["technical"]["false_share"]) == (0, None)
            assert other["clinical"]["alerts"] == 0
            assert (await burden(anna, team=999_999)).json()["patients"] == 0
            assert (await burden(anna, to="2026-09-09T00:00:00Z")).status_code == 422
            assert (await burden(anna, **{"from": "2026-01-01T00:00:00Z"})).status_code == 422

    visit(unit, guest)
