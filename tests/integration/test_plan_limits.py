"""The limits behind a patient's curves, as they were in force, over the api on a real store."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.fix_api import House
from tests.fix_plans import Round, on_round
from tests.integration.test_api_http import assert_problem

pytestmark = pytest.mark.integration


async def _steps(rounds: Round, start: datetime, end: datetime) -> list[dict[str, Any]]:
    answer = await rounds.nurse.get(f"{rounds.path}/limits", params={"from": start.isoformat(), "to": end.isoformat()})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["steps"]
    return found


def _low(step: dict[str, Any]) -> tuple[datetime, float]:
    return datetime.fromisoformat(step["from"]), step["limits"]["spo2"]["alert_low"]


def test_limits_are_those_that_were_in_force(house: House) -> None:
    """A change for a time shows from when it was made until it ends; before it the old limits stay as they were."""

    async def visit(rounds: Round) -> None:
        before = rounds.clock.now()
        rounds.clock.advance(timedelta(hours=1))
        changed, until = rounds.clock.now(), rounds.clock.now() + timedelta(hours=2)
        await rounds.put({"limits": {"spo2": {"alert_low": 86}}}, until=until.isoformat())
        steps = await _steps(rounds, before, until + timedelta(hours=1))

        assert [_low(each) for each in steps] == [(before, 88), (changed, 86), (until, 88)]
        assert [each["to"] for each in steps[:-1]] == [each["from"] for each in steps[1:]]

    on_round(house, visit)


def test_limits_of_another_s_patient_are_not_told(house: House) -> None:
    """A stranger is answered as if the patient did not exist; an interval that runs backwards is refused."""

    async def visit(rounds: Round) -> None:
        now = rounds.clock.now()
        backwards = {"from": now.isoformat(), "to": (now - timedelta(hours=1)).isoformat()}

        assert_problem(await rounds.stranger.get(f"{rounds.path}/limits"), 404)
        assert_problem(await rounds.nurse.get(f"{rounds.path}/limits", params=backwards), 422)

    on_round(house, visit)
