"""Escalation on a real store and a clock moved by hand: who is told at which minute, until somebody answers."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from alerting import apply
from alerting.events import Acknowledge, Escalate, FromPeople
from tests.builders_duty import round_the_clock
from tests.delivery_scene import NOON, Scene, a_finding, add_doctor, scene
from tests.fix_ward import Ward, admit
from ward.alerts import Alert, Family, Priority
from ward.people import Role, StaffId, TeamId
from ward.store import alerts, duty_schedules, people
from ward.store.pool import connect

pytestmark = pytest.mark.integration
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ward(database_url: str) -> Ward:
    """A ward whose patients were admitted before the scene's own time, whatever the calendar says."""
    return asyncio.run(admit(database_url, 3, NOON))


async def _act(here: Scene, alert: Alert, event: FromPeople) -> Alert:
    """Let a person do something to an alert."""
    async with await connect(here.ward.database_url, "test") as conn:
        return await apply.apply_event(conn, alert.alert_id, event, here.clock.now())


async def _let_time_work(here: Scene, alert: Alert) -> None:
    """Do what an evaluation does for an alert of which nothing is known at present: time alone changes it."""
    async with await connect(here.ward.database_url, "test") as conn:
        known = await alerts.in_force(conn, [alert.stay_id])
        await apply.settle(conn, known, [], here.clock.now())


def test_h05_unanswered_alert_reaches_the_doctor(ward: Ward) -> None:
    """A high alert that nobody answers goes to the team after two minutes, to a doctor after five, and again."""

    async def run() -> None:
        doctor = await add_doctor(ward)
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, "+46701740605")
            await here.telephone(doctor, "+46701740606")
            await here.listen()
            await here.alarm(ward.beds[0])
            await here.pass_()
            at_once = [letter.to for letter in here.sms.letters]
            async with await connect(ward.database_url, "test") as conn:
                await conn.execute("update outbox set state = 'delivered', due_at = null where channel = 'board'")
            await here.until(NOON + 1.9 * MINUTE)
            before_the_second = len(here.sms.letters)
            await here.until(NOON + 4.9 * MINUTE)
            team = [letter.to for letter in here.sms.letters[1:]]
            await here.until(NOON + 5.1 * MINUTE)
            last = [letter.to for letter in here.sms.letters[2:]]
            await here.until(NOON + 10.1 * MINUTE)

            assert at_once == ["+46701740605"]
            assert before_the_second == 1
            assert team == ["+46701740605"]
            assert last == ["+46701740606"]
            assert [letter.to for letter in here.sms.letters[3:]] == ["+46701740606"]

    asyncio.run(run())


def test_h05_acknowledged_alert_goes_on_when_nobody_acts(ward: Ward) -> None:
    """An acknowledgement takes back every step to come; when it lapses, the telling goes on from the level it had."""

    async def run() -> None:
        await add_doctor(ward)
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, "+46701740605")
            await here.listen()
            alert = await here.alarm(ward.beds[0])
            await here.until(NOON + 2.5 * MINUTE, MINUTE / 2)
            await _act(here, alert, Acknowledge(by=ward.nurse_id, rev=alert.rev))
            quiet = await here.steps()
            await here.until(NOON + 18 * MINUTE, MINUTE)
            untouched = await here.steps()
            await here.listen()
            await _let_time_work(here, alert)
            rung = [step for step in await here.steps() if step[0] == 2]

            assert [state for _, _, state, _ in quiet] == ["fired", "fired", "cancelled"]
            assert untouched == quiet
            levels = await here.rows("select level, state from escalation_step where ring = 2 order by step")
            assert [row["level"] for row in levels] == [2, 3]
            assert [minutes for *_, minutes in rung] == [18.0, 20.0]

    asyncio.run(run())


def test_h05_call_that_is_made_again_and_again_reaches_the_doctor(ward: Ward) -> None:
    """Whoever presses the button every minute and a half, unanswered, does not begin with the first level each time."""

    async def run() -> None:
        doctor = await add_doctor(ward)
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, "+46701740605")
            await here.telephone(doctor, "+46701740606")
            for press in range(5):
                await here.listen()
                async with await connect(ward.database_url, "test") as conn:
                    called = a_finding(ward.beds[0], Priority.HIGH, "help_button", Family.REQUEST, here.clock.now())
                    pressed = replace(called.evidence, params={"occurred_at": str(press)})
                    await apply.raise_or_update(conn, replace(called, evidence=pressed), here.clock.now())
                await here.until(here.clock.now() + 1.5 * MINUTE, MINUTE / 4)

            second = "select min(done_at) as at from escalation_step where level = 2 and state = 'fired'"
            assert (await here.rows(second))[0]["at"] <= NOON + 2.25 * MINUTE
            assert "+46701740606" in [letter.to for letter in here.sms.letters]

    asyncio.run(run())


async def _crew(here: Scene, rev: int, *crew: StaffId) -> None:
    """Let a team's week be kept by others from now on."""
    async with await connect(here.ward.database_url, "test") as conn:
        week = round_the_clock(crew)
        await duty_schedules.save_week(conn, here.ward.team_id, rev, week, None, here.clock.now())


def test_h25_after_a_change_of_shift_those_who_came_are_told_too(ward: Ward) -> None:
    """Nobody answers and all go home: the next step tells those who came, and what comes again is for them alone."""

    async def run() -> None:
        here_now, at_night, asleep = [await add_doctor(ward, name) for name in ("doris", "dagny", "disa")]
        del asleep
        async with scene(ward) as here:
            await _crew(here, 2, ward.nurse_id, here_now)
            for staff_id, number in ((ward.nurse_id, "05"), (here_now, "06"), (at_night, "07")):
                await here.telephone(staff_id, f"+467017406{number}")
            await here.listen()
            await here.alarm(ward.beds[0])
            await here.until(NOON + 5.5 * MINUTE, MINUTE / 4)
            before = {letter.to[-2:] for letter in here.sms.letters}
            await _crew(here, 3, at_night)
            here.sms.letters.clear()
            await here.until(NOON + 10.5 * MINUTE, MINUTE / 4)
            first = {letter.to[-2:] for letter in here.sms.letters}
            here.sms.letters.clear()
            await here.until(NOON + 15.5 * MINUTE, MINUTE / 4)
            second = {letter.to[-2:] for letter in here.sms.letters}

            assert before == {"05", "06"}
            assert first == {"06", "07"}
            assert second == {"07"}

    asyncio.run(run())


def test_h25_patient_who_went_to_another_team_is_told_to_that_team(ward: Ward) -> None:
    """An alert rings, the patient goes over to another team: the next step tells whoever answers there."""

    async def run() -> None:
        async with scene(ward) as here:
            other, nurse = await _other_team(here)
            await here.telephone(nurse, "+46701740608")
            await here.listen()
            await here.alarm(ward.beds[0])
            await here.pass_()
            await _goes_over(here, other)
            await here.until(NOON + 5.5 * MINUTE, MINUTE / 4)

            assert "+46701740608" in [letter.to for letter in here.sms.letters]
            assert other in {row["team_id"] for row in await here.outbox("board")}

    asyncio.run(run())


def test_h30_screen_of_the_team_that_had_the_patient_does_not_count(ward: Ward) -> None:
    """What rings anew after the patient went over has reached nobody if only the old team's screen listens."""

    async def run() -> None:
        await add_doctor(ward)
        async with scene(ward) as here:
            other, _ = await _other_team(here)
            await here.listen()
            alert = await here.alarm(ward.beds[0])
            alert = await _act(here, alert, Acknowledge(by=ward.nurse_id, rev=alert.rev))
            await _goes_over(here, other)
            here.clock.advance(16 * MINUTE)
            await here.listen()
            await _let_time_work(here, alert)

            found = await here.rows("select state, reason from escalation_step where ring = 2 order by step")
            assert [(row["state"], row["reason"]) for row in found[:2]] == [
                ("skipped", "no_screen"),
                ("pending", "no_screen"),
            ]

    asyncio.run(run())


async def _other_team(here: Scene) -> tuple[TeamId, StaffId]:
    """Add a team with a nurse who is on duty round the clock."""
    async with await connect(here.ward.database_url, "test") as conn:
        row = await (
            await conn.execute("select organisation_id from team where team_id = %s", (here.ward.team_id,))
        ).fetchone()
        assert row is not None
        team_id = await people.add_team(conn, organisation_id=row[0], name="Andra teamet", phone="000")
        nurse = await people.add_staff(
            conn,
            organisation_id=row[0],
            username="nils",
            name="Nils Testsköterska",
            title="Sjuksköterska",
            role=Role.NURSE,
            password_hash="!",
        )
        await people.add_member(conn, team_id=team_id, staff_id=nurse)
        await duty_schedules.save_week(conn, team_id, 1, round_the_clock((nurse,)), None, NOON)
        return team_id, nurse


async def _goes_over(here: Scene, team_id: TeamId) -> None:
    """Let another team answer for the first patient from now on."""
    async with await connect(here.ward.database_url, "test") as conn:
        stay, now = here.ward.beds[0].stay_id, here.clock.now()
        await conn.execute(
            "update responsibility set period = tstzrange(lower(period), %s) where stay_id = %s", (now, stay)
        )
        await conn.execute(
            "insert into responsibility (stay_id, team_id, period) values (%s, %s, tstzrange(%s, null))",
            (stay, team_id, now),
        )


def test_h30_no_listening_screen_skips_the_first_step(ward: Ward) -> None:
    """With no screen of the team listening the first step is skipped, with its reason, and the next comes at once."""

    async def run() -> None:
        await add_doctor(ward)
        async with scene(ward) as here:
            await here.alarm(ward.beds[0])
            taken, *_ = await here.pass_()
            found = await here.rows("select state, reason, done_at from escalation_step order by step")

            assert taken == 1
            assert [(row["state"], row["reason"]) for row in found[:2]] == [
                ("skipped", "no_screen"),
                ("fired", "no_screen"),
            ]
            assert found[1]["done_at"] == NOON
            assert (await here.outbox("board"))[0]["reason"] == "no_screen"

    asyncio.run(run())


def test_h30_screen_that_went_silent_does_not_count(ward: Ward) -> None:
    """A screen that was last heard more than fifteen seconds ago listens no more."""

    async def run() -> None:
        async with scene(ward) as here:
            await here.listen()
            here.clock.advance(timedelta(seconds=16))
            await here.alarm(ward.beds[0])

            assert [row["state"] for row in await here.outbox("board")] == ["failed"]

    asyncio.run(run())


def test_h30_screen_that_does_not_show_the_alert_has_not_told(ward: Ward) -> None:
    """A listening screen that has not said within fifteen seconds that it shows the alert counts as not told."""

    async def run() -> None:
        await add_doctor(ward)
        async with scene(ward) as here:
            await here.listen()
            await here.alarm(ward.beds[0])
            await here.until(NOON + timedelta(seconds=14), timedelta(seconds=7))
            early = await here.steps()
            await here.until(NOON + timedelta(seconds=16), timedelta(seconds=1))

            assert [state for _, _, state, _ in early] == ["fired", "pending", "pending"]
            assert [state for _, _, state, _ in await here.steps()][:2] == ["fired", "fired"]
            assert (await here.outbox("board"))[0]["reason"] == "not_shown"

    asyncio.run(run())


def test_person_can_ask_for_the_next_step(ward: Ward) -> None:
    """Whoever asks for the next step has it taken now."""

    async def run() -> None:
        await add_doctor(ward)
        async with scene(ward) as here:
            await here.listen()
            alert = await here.alarm(ward.beds[0])
            await _act(here, alert, Escalate(by=ward.nurse_id, rev=alert.rev))
            await here.pass_()
            found = await here.rows("select state, reason from escalation_step order by step")

            assert [(row["state"], row["reason"]) for row in found[:2]] == [("fired", None), ("fired", "asked")]

    asyncio.run(run())


def test_low_priority_stays_on_the_board(ward: Ward) -> None:
    """A low alert is told to the board alone, and nobody else is told however long it stands."""

    async def run() -> None:
        await add_doctor(ward)
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, "+46701740605")
            await here.alarm(ward.beds[0], Priority.LOW)
            await here.until(NOON + 120 * MINUTE, 10 * MINUTE)

            assert [row["channel"] for row in await here.outbox()] == ["board"]
            assert here.sms.letters == []

    asyncio.run(run())


def test_h21_steps_are_as_they_were_for_a_worker_that_begins_anew(ward: Ward) -> None:
    """A worker that knows nothing but the store takes the steps that a dead one left, each once."""

    async def run() -> None:
        await add_doctor(ward)
        async with scene(ward) as here:
            await here.listen()
            await here.alarm(ward.beds[0])
        async with scene(ward) as other:
            other.clock.set(NOON + 6 * MINUTE)
            await asyncio.gather(*(other.pass_() for _ in range(4)))
            await other.pass_()

            assert [(step, state) for _, step, state, _ in await other.steps()] == [
                (1, "fired"),
                (2, "fired"),
                (3, "fired"),
                (4, "pending"),
            ]
            assert [row["step"] for row in await other.outbox("board")] == [1, 2, 3]

    asyncio.run(run())


def test_h21_chain_that_cannot_be_found_falls_to_the_team(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a fault keeps the chain from being found, the alert is raised all the same and its team is told."""

    async def broken(*_: object) -> None:
        raise ValueError("no schedule")

    async def run() -> None:
        monkeypatch.setattr("alerting.telling.duty.chain", broken)
        async with scene(ward) as here:
            await here.listen()
            await here.alarm(ward.beds[0])

            assert [(row["channel"], row["team_id"]) for row in await here.outbox("board")] == [("board", ward.team_id)]

    asyncio.run(run())
