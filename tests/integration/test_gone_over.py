"""A patient who goes over to another team takes what was offered of them, and their alerts, along: on a real store."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import httpx
import psycopg
import pytest

from alerting import apply, onramp
from alerting.durations import OFFERED_FOR
from tests.builders_duty import NOON
from tests.fix_api import Served, serving
from tests.fix_duty import Unit
from tests.integration.test_duty_http import offer, someone
from tests.integration.test_transfers import NIGHT, measure, said
from tests.turns import in_turn
from ward.alerts import Alert, AlertId, Evidence, Family, Finding, Priority, Responsibility, Signal
from ward.clock import FakeClock
from ward.duty.baton import Accept, Baton, Person
from ward.duty.onramp import GOOD_FOR
from ward.errors import Conflict, IllegalTransition
from ward.people import TeamId
from ward.store import alerts, duty, duty_batons, duty_transfers
from ward.store.pool import Connection, connect

pytestmark = pytest.mark.integration
SOON = timedelta(minutes=1)


def serve(unit: Unit, clock: FakeClock, visit: Callable[[Served], Awaitable[None]]) -> None:
    """Run a visit to the api by a clock."""

    async def run() -> None:
        async with serving(unit.url, clock) as served:
            await visit(served)

    asyncio.run(run())


def alarm(unit: Unit, at: datetime, rule: str = "help_button", *, bed: int = 0) -> AlertId:
    """Raise an alert about the first patient, or another."""
    finding = Finding(
        stay_id=unit.ward.beds[bed].stay_id,
        rule=rule,
        family=Family.REQUEST,
        priority=Priority.HIGH,
        began_at=at,
        due_at=at,
        evidence=Evidence(rule_version=1, text_key="help_button", params={}, inputs=()),
    )
    raised = unit.within(lambda conn: apply.raise_or_update(conn, finding, at))
    assert raised is not None
    return raised.alert_id


def alert(unit: Unit, alert_id: AlertId) -> Alert:
    """Read an alert."""
    found = unit.within(lambda conn: alerts.lock(conn, alert_id))
    assert found is not None
    return found


def kinds(unit: Unit, alert_id: AlertId) -> list[tuple[str, int | None]]:
    """Read the lines of an alert's life, each with the team that it names."""
    with psycopg.connect(unit.url) as conn:
        query = b"select kind, to_team_id from alert_event where alert_id = %s order by rev"
        return conn.execute(query, (alert_id,)).fetchall()


def on_the_way(unit: Unit) -> None:
    """Arrange the way home with the round-the-clock team, which has accepted; the data is good from 20 to 22."""
    said(unit, "anna", "arrange", None)
    said(unit, "natt", "accept", 1)
    measure(unit, NIGHT - GOOD_FOR, NIGHT)


async def complete(conn: Connection, clock: FakeClock) -> None:
    """Let the minute's look complete the transfers that are due."""
    for each in await duty_transfers.waiting(conn, clock.now()):
        await onramp.hear(conn, clock, each)
        await onramp.hear(conn, clock, each)


def act(client: httpx.AsyncClient, alert_id: int, what: str, rev: int, **body: object) -> Awaitable[httpx.Response]:
    """Do something about an alert."""
    return client.post(f"/api/alerts/{alert_id}/{what}", json=body, headers={"If-Match": f'"{rev}"'})


def a_baton(unit: Unit, at: datetime, stands: timedelta = timedelta(hours=12)) -> int:
    """Offer the first patient to the lung team."""
    baton = Baton(
        stay_id=unit.stay, rev=1, to_team=unit.lungs, to_staff=None, offered_by=unit.anna, offered_at=at,
        expires_at=at + stands, held_until=at + timedelta(days=1), note="",
    )  # fmt: skip
    number = unit.within(lambda conn: duty_batons.offer(conn, baton))
    assert number is not None
    return number


def holder(unit: Unit, at: datetime) -> TeamId:
    """Who answers for the first patient."""
    return unit.within(lambda conn: duty.holder(conn, unit.stay, at)).team_id


def test_h25_offer_of_before_the_way_home_is_complete_lapses_with_it(unit: Unit) -> None:
    """Who takes a patient that the hospital offered hours ago is told where they went; who answers goes on doing so."""
    number = a_baton(unit, NIGHT - timedelta(hours=3))
    on_the_way(unit)
    clock = FakeClock(NIGHT)
    unit.within(lambda conn: complete(conn, clock))
    assert holder(unit, NIGHT) == unit.base
    path = f"/api/patients/{unit.ward.beds[0].patient_id}/responsibility"

    async def visit(served: Served) -> None:
        async with someone(served, "lunga") as lunga, someone(served, "anna") as anna:
            late = await lunga.post(f"{path}/accept", json={"baton_id": number}, headers={"If-Match": '"1"'})
            assert (late.status_code, late.json()["reason"]) == (409, "went_over")
            assert "gone over to another team" in late.json()["detail"]
            assert (await lunga.get("/api/offers")).json()["items"] == []
            (baton,) = (await anna.get(path)).json()["batons"]
            assert (baton["state"], baton["answered_by"], baton["rev"]) == ("lapsed", None, 2)

    serve(unit, clock, visit)
    assert holder(unit, NIGHT + SOON) == unit.base


def test_h25_late_answer_to_an_offer_that_ran_out_says_so(unit: Unit) -> None:
    """What ran out between the list and the touch is no riddle of a patient who cannot be found."""
    number = a_baton(unit, NOON, SOON)
    path = f"/api/patients/{unit.ward.beds[0].patient_id}/responsibility/accept"

    async def visit(served: Served) -> None:
        async with someone(served, "lunga") as lunga, someone(served, "natt") as natt:
            late = await lunga.post(path, json={"baton_id": number}, headers={"If-Match": '"1"'})
            stranger = await natt.post(path, json={"baton_id": number + 1}, headers={"If-Match": '"1"'})
            assert (late.status_code, late.json()["reason"]) == (409, "ran_out")
            assert stranger.status_code == 404

    serve(unit, FakeClock(NOON + SOON), visit)


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_h25_alert_that_was_offered_is_not_taken_after_its_time(unit: Unit, answer: str) -> None:
    """Nothing has looked since the offer ran out: the late answer is refused in plain words, and the alert is back."""
    number, clock = alarm(unit, NOON), FakeClock(NOON)
    with psycopg.connect(unit.url, autocommit=True) as conn:
        conn.execute("insert into team_member values (%s, %s)", (unit.day, unit.lunga))

    async def visit(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "lunga") as lunga:
            assert (await act(anna, number, "claim", 1)).status_code == 200
            assert (await act(anna, number, "offer", 2, team=unit.day, staff=unit.lunga)).status_code == 200
            clock.advance(OFFERED_FOR[Priority.HIGH])
            late = await act(lunga, number, answer, 3)
            assert (late.status_code, late.json()["reason"]) == (409, "ran_out")
            assert "ingen svarade i tid" in late.json()["detail_sv"]
            left = late.json()["alert"]
            assert (left["holder"]["staff_id"], left["offer"], left["signal"]) == (unit.anna, None, "ringing")
            again = await act(lunga, number, answer, 3)
            assert (again.status_code, again.json()["reason"]) == (409, "ran_out")
            assert (await act(anna, number, "offer", 4, team=unit.day, staff=unit.lunga)).status_code == 200

    serve(unit, clock, visit)
    assert [kind for kind, _ in kinds(unit, number)][-2:] == ["returned", "offered"]


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_h25_alert_that_was_offered_before_the_way_home_is_the_new_team_s(unit: Unit, answer: str) -> None:
    """The offer lapses visibly, the alert rings with who answers now, and a late answer is refused in plain words."""
    with psycopg.connect(unit.url, autocommit=True) as conn:
        conn.execute("insert into team_member values (%s, %s)", (unit.day, unit.lunga))
    on_the_way(unit)
    clock = FakeClock(NIGHT - SOON)
    number = alarm(unit, NIGHT - SOON)

    async def visit(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "lunga") as lunga, someone(served, "natt") as natt:
            assert (await act(anna, number, "claim", 1)).status_code == 200
            assert (await act(anna, number, "offer", 2, team=unit.day, staff=unit.lunga)).status_code == 200
            clock.advance(SOON)
            async with await connect(unit.url, "test") as conn:
                await complete(conn, clock)
            late = await act(lunga, number, answer, 3)
            assert (late.status_code, late.json()["reason"]) == (409, "went_over")
            assert "gått över till ett annat team" in late.json()["detail_sv"]
            assert (await act(anna, number, "note", 3, note="x")).json()["reason"] == "went_over"
            shown = (await natt.get(f"/api/alerts/{number}")).json()
            assert (shown["team"]["team_id"], shown["responsibility"], shown["signal"]) == (
                unit.base,
                "unassigned",
                "ringing",
            )
            line = shown["events"][-1]
            assert line["text_sv"] == "Dygnet runt svarar för patienten nu: larmet är deras"
            assert line["text_en"] == "Dygnet runt answers for the patient now, and has it"
            assert (await act(natt, number, "claim", 4)).status_code == 200

    serve(unit, clock, visit)
    assert kinds(unit, number)[-2:] == [("went_over", unit.base), ("claimed", None)]
    with psycopg.connect(unit.url) as conn:
        told = conn.execute(
            b"select distinct team_id from outbox where alert_id = %s and queued_at >= %s", (number, NIGHT)
        )
        assert unit.base in {row[0] for row in told.fetchall()}


def test_h25_alert_that_who_answers_now_has_taken_stays_theirs(unit: Unit) -> None:
    """Somebody of the team at home had taken it before they answered: nothing is taken from them."""
    on_the_way(unit)
    number = alarm(unit, NIGHT - SOON)
    unit.within(lambda conn: apply.apply_event(conn, number, apply.Claim(by=unit.natt, rev=1), NIGHT - SOON))
    unit.within(lambda conn: complete(conn, FakeClock(NIGHT)))

    assert (alert(unit, number).holder_id, alert(unit, number).rev) == (unit.natt, 2)


def test_h25_alert_goes_with_a_patient_who_is_taken_and_given_back(unit: Unit) -> None:
    """Who took the patient has what rings, and who gets them back too; who sees them no more is told that."""
    number = alarm(unit, NOON)
    path = f"/api/patients/{unit.ward.beds[0].patient_id}/responsibility"

    async def visit(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "lunga") as lunga, someone(served, "natt") as natt:
            baton = {"baton_id": (await offer(anna, path, unit.lungs))["baton_id"]}
            assert (await act(anna, number, "offer", 1, team=unit.base, staff=unit.natt)).status_code == 200
            taken = await lunga.post(f"{path}/accept", json=baton, headers={"If-Match": '"1"'})
            assert taken.status_code == 200
            late = await act(natt, number, "accept", 2)
            assert (late.status_code, late.json()["reason"]) == (409, "went_over")
            assert "alert" not in late.json()
            assert (await act(lunga, number, "claim", 3)).status_code == 200
            back = await lunga.post(f"{path}/return", json=baton, headers={"If-Match": '"2"'})
            assert back.status_code == 200
            assert (await act(anna, number, "claim", 5)).status_code == 200

    serve(unit, FakeClock(NOON), visit)
    assert [each for each in kinds(unit, number) if each[0] == "went_over"] == [
        ("went_over", unit.lungs),
        ("went_over", unit.day),
    ]


def test_h25_patient_who_is_moved_to_another_unit_takes_alerts_and_offers_along(unit: Unit) -> None:
    """Another unit's team answers at once: what rings is theirs, and what was offered before is offered no more."""
    number = alarm(unit, NOON)
    a_baton(unit, NOON)
    path = f"/api/patients/{unit.ward.beds[0].patient_id}/responsibility"

    async def visit(served: Served) -> None:
        async with someone(served, "anna") as anna:
            assert (await act(anna, number, "claim", 1)).status_code == 200
            moved = await anna.put(path, json={"unit_id": None}, headers={"If-Match": '"1"'})
            assert moved.json()["now"]["team_id"] == unit.day
            assert (await asyncio.to_thread(alert, unit, number)).holder_id == unit.anna
            with psycopg.connect(unit.url, autocommit=True) as conn:
                conn.execute(
                    "insert into duty_policy (organisation_id, name, base_team_id, routes) values (1, 'Ny', %s, '[]')",
                    (unit.base,),
                )
                (made,) = conn.execute("select max(policy_id) from duty_policy").fetchone() or (0,)
            moved = await anna.put(path, json={"unit_id": made}, headers={"If-Match": '"2"'})
            assert moved.json()["now"]["team_id"] == unit.base
            assert [each["state"] for each in moved.json()["batons"]] == ["lapsed"]

    serve(unit, FakeClock(NOON), visit)
    assert (alert(unit, number).team_id, alert(unit, number).holder_id) == (unit.base, None)


def test_h25_acceptance_that_waits_for_the_end_of_the_transfer_is_refused(unit: Unit) -> None:
    """Complete in the same moment and first: neither the patient nor the alert goes where nobody answers any more."""
    on_the_way(unit)
    baton, number, clock = a_baton(unit, NIGHT - SOON), alarm(unit, NIGHT - SOON), FakeClock(NIGHT)
    asked = apply.Offer(by=unit.anna, rev=1, team_id=unit.day)
    unit.within(lambda conn: apply.apply_event(conn, number, asked, NIGHT - SOON))

    async def take_patient() -> None:
        person = Person(staff_id=unit.lunga, team_ids=frozenset({unit.lungs}))
        async with await connect(unit.url, "test") as conn:
            await duty_batons.apply_event(conn, unit.stay, baton, Accept(by=person, rev=1), NIGHT)

    async def take_alert() -> None:
        async with await connect(unit.url, "test") as conn:
            taken = apply.Accept(by=unit.anna, rev=2, teams=(unit.day,))
            await apply.apply_event(conn, number, taken, NIGHT)

    async def both() -> None:
        refused = await asyncio.gather(take_patient(), take_alert(), return_exceptions=True)
        assert [type(each) for each in refused] == [Conflict, Conflict]

    assert asyncio.run(in_turn(unit.url, lambda conn: complete(conn, clock), both())) is None
    assert holder(unit, NIGHT) == unit.base
    assert (alert(unit, number).team_id, alert(unit, number).holder_id) == (unit.base, None)


def test_h25_transfer_that_waits_for_an_acceptance_takes_the_patient_and_the_alert_along(unit: Unit) -> None:
    """Accepted in the same moment and first: who accepted had them until the transfer was complete, and no longer."""
    on_the_way(unit)
    baton, number, clock = a_baton(unit, NIGHT - SOON), alarm(unit, NIGHT - SOON), FakeClock(NIGHT)
    asked = apply.Offer(by=unit.anna, rev=1, team_id=unit.day)
    unit.within(lambda conn: apply.apply_event(conn, number, asked, NIGHT - SOON))

    async def take(conn: Connection) -> None:
        taken = apply.Accept(by=unit.anna, rev=2, teams=(unit.day,))
        await apply.apply_event(conn, number, taken, NIGHT)

    async def take_patient(conn: Connection) -> None:
        person = Person(staff_id=unit.lunga, team_ids=frozenset({unit.lungs}))
        await duty_batons.apply_event(conn, unit.stay, baton, Accept(by=person, rev=1), NIGHT)

    async def finish() -> None:
        async with await connect(unit.url, "test") as conn:
            await complete(conn, clock)

    async def patient_first(conn: Connection) -> None:
        await take_patient(conn)
        await take(conn)
        clock.advance(SOON)

    assert asyncio.run(in_turn(unit.url, patient_first, finish())) is None
    assert holder(unit, NIGHT + SOON) == unit.base
    after = alert(unit, number)
    assert (after.team_id, after.holder_id, after.responsibility, after.signal) == (
        unit.base,
        None,
        Responsibility.UNASSIGNED,
        Signal.RINGING,
    )


def test_h25_colleague_who_left_the_team_does_not_take_a_patient_in_its_name(unit: Unit) -> None:
    """An offer to a person of a team is answered as one of that team, or not at all."""
    number = a_baton(unit, NOON)
    unit.within(lambda conn: conn.execute("update baton set to_staff = %s", (unit.lunga,)))
    gone = Person(staff_id=unit.lunga, team_ids=frozenset())

    with pytest.raises(IllegalTransition):
        unit.within(lambda conn: duty_batons.apply_event(conn, unit.stay, number, Accept(by=gone, rev=1), NOON + SOON))


def test_h24_who_gives_back_what_another_has_by_now_ends_no_offer_of_theirs(unit: Unit) -> None:
    """Passed on twice: the first taker gives their part back, and who has the patient goes on offering them."""
    path = f"/api/patients/{unit.ward.beds[0].patient_id}/responsibility"

    async def visit(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "lunga") as lunga, someone(served, "natt") as natt:
            first = {"baton_id": (await offer(anna, path, unit.lungs))["baton_id"]}
            await lunga.post(f"{path}/accept", json=first, headers={"If-Match": '"1"'})
            second = {"baton_id": (await offer(lunga, path, unit.base))["baton_id"]}
            await natt.post(f"{path}/accept", json=second, headers={"If-Match": '"1"'})
            await offer(natt, path, unit.day)
            back = await lunga.post(f"{path}/return", json=first, headers={"If-Match": '"2"'})
            assert back.status_code == 200, back.text
            assert [each["state"] for each in (await natt.get(path)).json()["batons"]] == [
                "waiting",
                "held",
                "returned",
            ]

    serve(unit, FakeClock(NOON), visit)
    assert holder(unit, NOON) == unit.base


def test_offer_of_a_patient_who_has_gone_home_is_found_no_more(unit: Unit) -> None:
    """The stay is over: nobody is told that somebody else was first."""
    number = a_baton(unit, NOON)
    unit.within(
        lambda conn: conn.execute(
            "update stay set period = tstzrange(lower(period), %s) where stay_id = %s", (NOON + SOON, unit.stay)
        )
    )
    path = f"/api/patients/{unit.ward.beds[0].patient_id}/responsibility/accept"

    async def visit(served: Served) -> None:
        async with someone(served, "lunga") as lunga:
            late = await lunga.post(path, json={"baton_id": number}, headers={"If-Match": '"1"'})
            assert late.status_code == 404

    serve(unit, FakeClock(NOON + 2 * SOON), visit)


def test_h25_alert_that_was_closed_by_mistake_as_its_patient_went_over_opens_with_who_answers(unit: Unit) -> None:
    """Closed, gone over, and taken back within seconds: it is not in the hands of before again."""
    on_the_way(unit)
    number, clock = alarm(unit, NIGHT - SOON), FakeClock(NIGHT - timedelta(seconds=2))

    async def visit(served: Served) -> None:
        async with someone(served, "anna") as anna:
            assert (await act(anna, number, "claim", 1)).status_code == 200
            assert (await act(anna, number, "resolve", 2, outcome="false_alarm")).status_code == 200
            clock.set(NIGHT)
            async with await connect(unit.url, "test") as conn:
                await complete(conn, clock)
            assert (await act(anna, number, "undo", 3)).status_code == 200

    serve(unit, clock, visit)
    after = alert(unit, number)
    assert (after.team_id, after.holder_id, after.signal) == (unit.base, None, Signal.RINGING)
    assert [kind for kind, _ in kinds(unit, number)][-2:] == ["undone", "went_over"]
