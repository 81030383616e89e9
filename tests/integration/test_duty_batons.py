"""The baton on a real store: who answers before and after, two who accept at once, and offers that run out."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import psycopg
import pytest

from tests.builders_duty import NOON
from tests.fix_duty import Unit
from ward.duty.baton import Accept, Answer, Baton, Decline, Event, Person, Return
from ward.duty.durations import HELD_FOR, OFFER_STANDS
from ward.errors import Conflict, IllegalTransition
from ward.people import OrganisationId, StaffId, TeamId
from ward.store import duty, duty_batons, duty_care, duty_layout, duty_watch
from ward.store.pool import connect

pytestmark = pytest.mark.integration
SOON = NOON + timedelta(minutes=1)
WAITS = "select exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())"


def offer(unit: Unit, at: datetime = NOON) -> int:
    """Offer the first patient to the lung team."""
    baton = Baton(
        stay_id=unit.stay,
        rev=1,
        to_team=unit.lungs,
        to_staff=None,
        offered_by=unit.anna,
        offered_at=at,
        expires_at=at + OFFER_STANDS,
        held_until=at + HELD_FOR,
        note="",
    )
    number = unit.within(lambda conn: duty_batons.offer(conn, baton))
    assert number is not None
    assert unit.within(lambda conn: duty_batons.offer(conn, baton)) is None
    return number


def taker(unit: Unit, staff_id: StaffId | None = None) -> Person:
    """Somebody of the lung team."""
    return Person(staff_id=staff_id or unit.lunga, team_ids=frozenset({unit.lungs}))


def answer(unit: Unit, number: int, event: Event, at: datetime = SOON) -> Baton:
    """Apply what somebody did."""
    return unit.within(lambda conn: duty_batons.apply_event(conn, unit.stay, number, event, at))


def holder(unit: Unit, at: datetime) -> tuple[TeamId, StaffId | None]:
    """Ask who answers."""
    held = unit.within(lambda conn: duty.holder(conn, unit.stay, at))
    return held.team_id, held.staff_id


def test_h25_offered_patient_stays_until_somebody_accepts(unit: Unit) -> None:
    """From the acceptance on, not from the offer, the new team answers by name, and in the end the schedule again."""
    number = offer(unit)

    assert holder(unit, SOON) == (unit.day, None)
    answer(unit, number, Accept(by=taker(unit), rev=1))
    assert holder(unit, SOON - timedelta(seconds=1)) == (unit.day, None)
    assert holder(unit, SOON) == (unit.lungs, unit.lunga)
    assert holder(unit, NOON + HELD_FOR) == (unit.base, None)


def test_h25_declined_patient_stays(unit: Unit) -> None:
    """Declining changes nothing but that a new offer may be made."""
    answer(unit, offer(unit), Decline(by=taker(unit), rev=1))

    assert holder(unit, SOON) == (unit.day, None)
    assert offer(unit, SOON)


def test_h25_offer_that_nobody_answers_leaves_the_patient_with_the_schedule(unit: Unit) -> None:
    """An offer at the end of the shift runs out in a sweep of another process; the round-the-clock team answers."""
    late = datetime.fromisoformat("2026-11-18T14:50:00+00:00")
    number = offer(unit, late)

    def answered() -> list[tuple[str | None]]:
        with psycopg.connect(unit.url) as conn:
            return conn.execute("select answer from baton").fetchall()

    unit.sweep(late + OFFER_STANDS - timedelta(seconds=1))
    assert answered() == [(None,)]
    unit.sweep(late + OFFER_STANDS)
    assert answered() == [("timed_out",)]
    assert holder(unit, late + OFFER_STANDS) == (unit.base, None)
    with pytest.raises(IllegalTransition):
        answer(unit, number, Accept(by=taker(unit), rev=2), late + OFFER_STANDS)


def test_h24_of_two_who_accept_at_once_one_does(unit: Unit) -> None:
    """Two people of the team accept in the same moment: one holds the patient, the other is told of the change."""
    number, second = offer(unit), StaffId(unit.natt)

    async def accept(staff_id: StaffId) -> Baton:
        event = Accept(by=taker(unit, staff_id), rev=1)
        async with await connect(unit.url, "test") as conn:
            return await duty_batons.apply_event(conn, unit.stay, number, event, SOON)

    async def race() -> tuple[Baton | BaseException, Baton | BaseException]:
        return await asyncio.gather(accept(unit.lunga), accept(second), return_exceptions=True)

    done = asyncio.run(race())
    winners = [each.answered_by for each in done if isinstance(each, Baton)]
    assert len(winners) == 1
    assert [type(each) for each in done if isinstance(each, BaseException)] == [Conflict]
    assert holder(unit, SOON) == (unit.lungs, winners[0])


def test_taken_patient_is_given_back(unit: Unit) -> None:
    """Who holds a patient gives them back to the schedule before the agreed time."""
    number = offer(unit)
    answer(unit, number, Accept(by=taker(unit), rev=1))
    returned = answer(unit, number, Return(by=taker(unit), rev=2), SOON + timedelta(hours=1))

    assert returned.answer is Answer.ACCEPTED
    assert holder(unit, SOON + timedelta(minutes=59)) == (unit.lungs, unit.lunga)
    assert holder(unit, SOON + timedelta(hours=1)) == (unit.day, None)


def test_h25_patient_without_a_unit_is_passed_and_returns(unit: Unit) -> None:
    """Where one team was assigned by hand, a taken patient returns to it by itself, and at once when given back."""
    bed = unit.ward.beds[0]
    with psycopg.connect(unit.url) as conn:
        conn.execute("delete from duty_care where stay_id = %s", (bed.stay_id,))
        conn.execute("delete from responsibility where stay_id = %s", (bed.stay_id,))
        conn.execute(
            "insert into responsibility (stay_id, team_id, period) values (%s, %s, tstzrange(%s, null))",
            (bed.stay_id, unit.day, unit.ward.admitted_at),
        )
    number = offer(unit)
    answer(unit, number, Accept(by=taker(unit), rev=1))

    assert holder(unit, SOON) == (unit.lungs, unit.lunga)
    assert holder(unit, NOON + HELD_FOR) == (unit.day, None)
    answer(unit, number, Return(by=taker(unit), rev=2), SOON + timedelta(hours=1))
    assert holder(unit, SOON + timedelta(hours=1)) == (unit.day, None)


def test_h21_crash_before_the_commit_leaves_the_offer_open(unit: Unit) -> None:
    """An acceptance whose process dies before the commit never was: the offer can still be taken."""
    number = offer(unit)

    async def die() -> None:
        conn = await connect(unit.url, "test")
        await duty_batons.apply_event(conn, unit.stay, number, Accept(by=taker(unit), rev=1), SOON)
        await conn.close()

    asyncio.run(die())
    assert holder(unit, SOON) == (unit.day, None)
    assert answer(unit, number, Accept(by=taker(unit), rev=1)).rev == 2


def test_h25_person_who_cannot_be_reached_leaves_hours_of_nobody(unit: Unit) -> None:
    """Who holds a patient beyond the team's hours without telephone or channel, or has left, is no one to rely on."""
    answer(unit, offer(unit), Accept(by=taker(unit), rev=1))

    def alone() -> bool:
        return unit.stay in {each.stay_id for each in unit.within(lambda conn: duty_watch.uncovered(conn, SOON))}

    assert alone()
    unit.within(lambda conn: conn.execute("update staff set phone = '0700000000' where staff_id = %s", (unit.lunga,)))
    assert not alone()
    unit.within(lambda conn: conn.execute("update staff set disabled_at = now() where staff_id = %s", (unit.lunga,)))
    assert alone()


def test_h25_who_waits_to_lay_out_a_stay_lays_it_by_what_was_said_meanwhile(unit: Unit) -> None:
    """Routed to another unit while somebody else lays them out: the layout is the new unit's, not that of before."""

    async def race() -> None:
        async with await connect(unit.url, "test") as first, await connect(unit.url, "test") as second:
            home = OrganisationId(1)
            away = await duty_care.add_policy(first, organisation_id=home, name="Ny", base_team_id=unit.lungs)
            await first.commit()
            await duty_layout.hold(first, [unit.stay])
            said = await duty_care.care(first, unit.stay)
            assert await duty_care.save_care(first, replace(said, policy_id=away))
            await duty_layout.lay(first, [unit.stay], SOON)
            waiting = asyncio.create_task(duty_layout.lay(second, [unit.stay], SOON))
            async with await psycopg.AsyncConnection.connect(unit.url, autocommit=True) as watch, asyncio.timeout(30):
                while (await (await watch.execute(WAITS.encode())).fetchone()) != (True,):
                    await asyncio.sleep(0.01)
            await first.commit()
            await waiting

    asyncio.run(race())
    assert holder(unit, SOON) == (unit.lungs, None)
