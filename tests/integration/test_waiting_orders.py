"""Orders of SpO2 scale 2 that wait: who is told without looking for them, over the api on a real store."""

from datetime import timedelta

import httpx
import pytest

from tests.fix_api import House
from tests.fix_plans import Round, on_round
from tests.integration.test_scale_orders import LUNGS, doctors, order

pytestmark = pytest.mark.integration


async def waits(who: httpx.AsyncClient) -> list[tuple[int, int | None]]:
    """Return the versions that somebody is told to wait for them, and whose order each is."""
    answer = await who.get("/api/orders")
    assert answer.status_code == 200, answer.text
    return [(each["version"], each["doctor_id"]) for each in answer.json()["items"]]


def test_h15_order_that_waits_is_told_to_its_doctor_alone(house: House) -> None:
    """The doctor whose order it is sees it without looking for it, until it is signed; nobody else is told."""

    async def visit(rounds: Round) -> None:
        who = await doctors(rounds)
        saved = await rounds.put(order(rounds, doctor_id=who["Dora"]), status=202)
        told = [await waits(each) for each in (rounds.doctor, rounds.second, rounds.nurse)]
        (item,) = (await rounds.doctor.get("/api/orders")).json()["items"]
        await rounds.step(saved["version"], "approve", rounds.doctor)

        assert told == [[(saved["version"], who["Dora"])], [], []]
        assert (item["written_by"], item["clinic"]) == ("Anna Provsson", None)
        assert rounds.path == f"/api/patients/{item['patient_id']}/plan"
        assert await waits(rounds.doctor) == []

    on_round(house, visit)


def test_h15_order_from_outside_is_told_to_every_doctor_who_may_sign(house: House) -> None:
    """An order of a doctor from outside waits for any who cares for the patient; withdrawn or run out, for nobody."""

    async def visit(rounds: Round) -> None:
        overlay = order(rounds, hours=2, outside=LUNGS, doctor="Lotta Lungexempel")
        saved = await rounds.put(overlay, status=202)
        told = [await waits(each) for each in (rounds.doctor, rounds.second, rounds.nurse)]
        rounds.clock.advance(timedelta(hours=3))

        assert told == [[(saved["version"], None)]] * 2 + [[]]
        assert await waits(rounds.doctor) == []

    on_round(house, visit)
