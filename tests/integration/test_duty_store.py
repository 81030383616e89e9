"""Who answers, on a real store: what the schema refuses, what is laid out, and what time alone changes."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from tests.builders_duty import NOON, office_hours
from tests.fix_duty import Unit
from ward.clock import FakeClock
from ward.duty.contact import Holder, Why
from ward.duty.routing import Ground
from ward.duty.schedule import Override
from ward.people import StayId
from ward.store import duty, duty_care, duty_layout, duty_schedules, duty_watch, migrate
from ward.store.pool import Connection, connect

pytestmark = pytest.mark.integration
NIGHT = datetime(2026, 11, 18, 22, 0, tzinfo=UTC)
MIGRATION = 14


def holder(unit: Unit, at: datetime, stay: StayId | None = None) -> Holder:
    """Ask who answers."""
    return unit.within(lambda conn: duty.holder(conn, stay or unit.stay, at))


HOLES = [
    "delete from responsibility where stay_id = 1",
    """
    update responsibility set period = tstzrange(lower(period), upper(period) - interval '1 second')
    where stay_id = 1 and upper(period) < 'infinity'
    """,
    "update stay set period = tstzrange(lower(period) - interval '1 day', null) where stay_id = 1",
    """
    insert into stay (patient_id, programme, period) select patient_id, 'copd', tstzrange('2020-01-01', '2020-02-01')
    from patient where patient_id = 1
    """,
]


@pytest.mark.parametrize("hole", HOLES, ids=["none", "second", "before", "admitted"])
def test_h25_schema_refuses_a_stay_that_nobody_answers_for(unit: Unit, hole: str) -> None:
    """Taking periods away, leaving a hole, or admitting without anybody fails at the commit, and names the hole."""
    with psycopg.connect(unit.url) as conn:
        conn.execute(hole.encode())

        with pytest.raises(psycopg.errors.CheckViolation, match="nobody answers for stay"):
            conn.commit()


def test_h25_schema_refuses_two_who_answer_at_once(unit: Unit) -> None:
    """A second team in the time of another is refused at once."""
    with psycopg.connect(unit.url) as conn, pytest.raises(psycopg.errors.ExclusionViolation):
        conn.execute(
            "insert into responsibility (stay_id, team_id, period) values (1, 2, tstzrange(%s, %s))", (NOON, NIGHT)
        )


def test_h25_periods_may_be_replaced_within_one_transaction(unit: Unit) -> None:
    """What counts is the commit: in between, a transaction may take periods away and lay others."""
    with psycopg.connect(unit.url) as conn:
        conn.execute("delete from responsibility where stay_id = 1")
        conn.execute(
            "insert into responsibility (stay_id, team_id, period) select 1, 2, period from stay where stay_id = 1"
        )

    assert holder(unit, NOON).team_id == 2


def test_h25_two_halves_of_a_gap_are_not_both_committed(unit: Unit) -> None:
    """Two transactions, each of which alone would leave the stay whole, wait for each other, and one fails."""
    shorter = "update stay set period = tstzrange(lower(period), %s) where stay_id = 1"
    with psycopg.connect(unit.url, autocommit=True) as conn:
        conn.execute(shorter, (NOON + timedelta(days=1),))

    async def race() -> list[bool]:
        async with (
            await connect(unit.url, "a") as first,
            await connect(unit.url, "b") as second,
        ):
            await first.execute(shorter.encode(), (NOON + timedelta(days=40),))
            await second.execute("delete from responsibility where stay_id = 1 and lower(period) > %s", (NIGHT,))
            done = await asyncio.gather(first.commit(), second.commit(), return_exceptions=True)
        return [isinstance(each, psycopg.errors.CheckViolation) for each in done]

    assert sorted(asyncio.run(race())) == [False, True]


def test_routed_stay_has_one_holder_at_every_hour(unit: Unit) -> None:
    """In office hours the day team answers, in all others and beyond what is laid out the round-the-clock team."""
    at, found = NOON, set()
    while at < NOON + timedelta(days=20):
        found.add((holder(unit, at).team_id, at.weekday() < 5 and 6 <= at.hour < 15 and at < NOON + timedelta(days=15)))
        at += timedelta(hours=7)

    assert found == {(unit.day, True), (unit.base, False)}


def test_holder_says_since_when_and_until_when(unit: Unit) -> None:
    """The day team's time ends with the shift; the last period has no end."""
    now, last = holder(unit, NOON), holder(unit, NOON + timedelta(days=400))

    assert now.until == datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
    assert (last.team_id, last.until) == (unit.base, None)


def test_need_routes_to_competence_and_back(unit: Unit) -> None:
    """A patient who comes to need breathing support goes to the lung team at once; what is past stays as it was."""
    later = NOON + timedelta(hours=1)

    async def need(conn: Connection) -> None:
        care = await duty_care.care(conn, unit.stay)
        assert await duty_care.save_care(conn, replace(care, needs=["respiratory"]))
        assert not await duty_care.save_care(conn, care)  # somebody else's revision
        await duty_layout.lay(conn, [unit.stay], later)

    unit.within(need)
    assert holder(unit, later).team_id == unit.lungs
    assert holder(unit, later - timedelta(seconds=1)).team_id == unit.day


def test_chain_names_people_by_what_they_are(unit: Unit) -> None:
    """By day the named nurse is first and the named doctor last; at night whoever is on call is first."""
    day = unit.within(lambda conn: duty.chain(conn, unit.stay, NOON, ()))
    night = unit.within(lambda conn: duty.chain(conn, unit.stay, NIGHT, ()))

    assert [(level[0].staff_id, level[0].why) for level in day] == [
        (unit.anna, Why.NAMED_NURSE),
        (None, Why.TEAM),
        (None, Why.BASE),
        (unit.lunga, Why.NAMED_DOCTOR),
    ]
    assert (night[0][0].staff_id, night[0][0].why) == (unit.natt, Why.ON_CALL)
    assert night[-1][0].staff_id == unit.lunga


def test_chain_of_a_breathing_alert_asks_the_lung_team_next(unit: Unit) -> None:
    """What is wrong chooses the next team: for breathing that of another organisation which is competent."""
    levels = unit.within(lambda conn: duty.chain(conn, unit.stay, NOON, ("respiratory",)))

    assert (levels[2][0].team_id, levels[2][0].why) == (unit.lungs, Why.NEXT_TEAM)


def test_sweep_lays_out_a_day_more_each_day(unit: Unit) -> None:
    """A day later the sweep extends what is laid out; a minute later, and a second time, there is nothing to do."""
    tomorrow = NOON + timedelta(days=1, hours=1)

    assert unit.within(lambda conn: duty_watch.sweep(conn, NOON + timedelta(minutes=1))).laid == 0
    assert unit.within(lambda conn: duty_watch.sweep(conn, tomorrow)).laid == 3
    assert unit.within(lambda conn: duty_watch.sweep(conn, tomorrow)).laid == 0
    assert holder(unit, datetime(2026, 12, 3, 12, 0, tzinfo=UTC)).team_id == unit.day


def test_sweeps_share_the_work(unit: Unit) -> None:
    """Two workers at once lay out every stay once between them, and neither waits for the other."""

    async def both() -> tuple[int, int]:
        late = NOON + timedelta(days=2)
        async with await connect(unit.url, "a") as first, await connect(unit.url, "b") as second:
            one = await duty_watch.sweep(first, late)
            two = await duty_watch.sweep(second, late)
        return one.laid, two.laid

    assert asyncio.run(both()) == (3, 0)


def _close(unit: Unit, from_at: datetime, until: datetime) -> None:
    async def close(conn: Connection) -> None:
        away = Override(from_at=from_at, until=until, crew=None)
        assert await duty_schedules.add_override(conn, unit.base, away, "sjukdom", unit.natt, NOON) is not None
        assert await duty_schedules.add_override(conn, unit.base, away, "igen", unit.natt, NOON) is None

    unit.within(close)


def test_h25_hours_of_nobody_are_found_before_they_come(unit: Unit) -> None:
    """Every patient whom the closed team would answer for is told of half a day ahead, with the time, not earlier."""
    midnight = NOON + timedelta(hours=13)
    _close(unit, midnight, midnight + timedelta(hours=2))
    early = unit.within(lambda conn: duty_watch.uncovered(conn, NOON))
    soon = unit.within(lambda conn: duty_watch.uncovered(conn, NOON + timedelta(hours=2)))

    assert early == []
    assert [(each.stay_id, each.team_id, each.from_at) for each in soon] == [
        (bed.stay_id, unit.base, midnight) for bed in unit.ward.beds
    ]


def test_nobody_is_uncovered_where_everybody_is_on_duty(unit: Unit) -> None:
    """Without an exception no hour is open; without any telephone every hour is."""
    assert unit.within(lambda conn: duty_watch.uncovered(conn, NOON)) == []
    with psycopg.connect(unit.url, autocommit=True) as conn:
        conn.execute("update team set phone = ' '")

    assert len(unit.within(lambda conn: duty_watch.uncovered(conn, NOON))) == 3


def test_new_week_moves_patients_at_once(unit: Unit) -> None:
    """When the day team stops working on Wednesdays its patients are the round-the-clock team's from that moment."""

    async def save(conn: Connection) -> list[StayId]:
        week = office_hours((unit.anna,))
        shift = week.shifts[0]
        window = replace(shift.window, days=frozenset(day for day in shift.window.days if day != "wed"))
        await duty_schedules.save_week(
            conn, unit.day, 2, replace(week, shifts=(replace(shift, window=window),)), unit.anna, NOON
        )
        moved = await duty_care.stays_routed(conn, unit.day, NOON)
        await duty_layout.lay_or_leave(conn, moved, FakeClock(NOON))
        return moved

    assert len(unit.within(save)) == 3
    assert holder(unit, NOON).team_id == unit.base
    assert holder(unit, NOON + timedelta(days=1)).team_id == unit.day


def test_h08_night_of_the_clocks_has_one_holder_throughout(unit: Unit) -> None:
    """Laid out over the end of summer time, the night's period is an hour longer, and every minute has one holder."""
    before = datetime(2026, 10, 20, 11, 0, tzinfo=UTC)
    with psycopg.connect(unit.url, autocommit=True) as conn, conn.transaction():
        conn.execute("delete from responsibility where stay_id = 1")
        conn.execute("update stay set period = tstzrange(%s, null) where stay_id = 1", (before,))
        conn.execute(
            "insert into responsibility (stay_id, team_id, period) values (1, 1, tstzrange(%s, null))", (before,)
        )
    unit.within(lambda conn: duty_layout.lay(conn, [StayId(1)], before))

    ahead = unit.within(lambda conn: duty_layout.ahead(conn, StayId(1), before))
    weekend = next(each for each in ahead if each.from_at == datetime(2026, 10, 23, 14, 0, tzinfo=UTC))
    assert weekend.ground is Ground.BASE
    assert weekend.until == datetime(2026, 10, 26, 6, 0, tzinfo=UTC)


@pytest.fixture
def older_url(server_url: str) -> str:
    """The address of a database as it was before this migration; it ends with the server."""
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(sql.SQL("drop database if exists {}").format(sql.Identifier("older")))
        admin.execute(sql.SQL("create database {} template template0").format(sql.Identifier("older")))
    address = server_url.rsplit("/", 1)[0] + "/older"
    with psycopg.connect(address, autocommit=True) as conn:
        for number, name, _ in migrate.migrations():
            if number < MIGRATION:
                conn.execute((migrate.MIGRATIONS / f"{name}.sql").read_bytes())
    return address


def test_h25_stays_that_were_left_to_nobody_are_given_to_a_team(older_url: str) -> None:
    """A store with holes from before gets them filled: with who answered otherwise, else the own organisation's."""
    name = next(name for number, name, _ in migrate.migrations() if number == MIGRATION)
    with psycopg.connect(older_url, autocommit=True) as conn:
        conn.execute("insert into organisation (name, kind) values ('Testkommunen', 'municipality'), ('B', 'region')")
        conn.execute("insert into team (organisation_id, name, phone) values (2, 'Borta', '1'), (1, 'Hemma', '2')")
        conn.execute(
            "insert into patient (organisation_id, personal_number, given_name, family_name, birth_date, sex)"
            " select 1, '1912121212' || n, 'Tolvan', 'Testsson', '1912-12-12', 'male' from generate_series(11, 12) n"
        )
        conn.execute(
            "insert into stay (patient_id, programme, period)"
            " select patient_id, 'copd', tstzrange('2026-11-01', null) from patient order by 1"
        )
        conn.execute(
            "insert into responsibility (stay_id, team_id, period) values (1, 1, tstzrange('2026-11-05', '2026-11-06'))"
        )
        conn.execute((migrate.MIGRATIONS / f"{name}.sql").read_bytes())
        rows = conn.execute(
            "select stay_id, team_id, lower(period)::date::text from responsibility order by stay_id, lower(period)"
        ).fetchall()

    assert rows == [(1, 1, "2026-11-01"), (1, 1, "2026-11-05"), (1, 1, "2026-11-06"), (2, 2, "2026-11-01")]
