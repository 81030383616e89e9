"""What a change of the plan does to who rings, on a fake clock: nobody restarts anything."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from tests.acceptance.timeline import CALM, START, Timeline
from ward.overlays import Overlay, Patch
from ward.people import StaffId
from ward.plan_versions import State
from ward.plans import Goals, Order
from ward.store import plan_versions
from ward.store.plan_versions import Change, Owner
from ward.vitals import VitalKind

SPO2 = "limit.spo2.low"
LOOSE = Overlay(limits={VitalKind.SPO2: Patch(alert_low=82, warn_low=84)})


@pytest.fixture
def timeline(database_url: str) -> Iterator[Timeline]:
    """A patient in care since 00:00, nothing measured yet."""
    made = Timeline(database_url)
    yield made
    made.close()


def change(timeline: Timeline, overlay: Overlay, *, minutes: float | None = None) -> int:
    """Put an overlay in force now, for so long."""
    now = timeline.clock.now()
    until = None if minutes is None else now + timedelta(minutes=minutes)
    made = Change(overlay=overlay, state=State.IN_FORCE, author_id=StaffId(1), reason="Prövning", at=now, until=until)

    async def add() -> int:
        async with timeline.conn.transaction():
            return await plan_versions.add(timeline.conn, Owner(stay_id=timeline.stay_id), made)  # type: ignore[arg-type]

    return timeline.run(add())


def test_h12_temporary_loosening_ends_by_itself(timeline: Timeline) -> None:
    """While a looser limit holds nobody is called; in the moment it ends the programme's limit watches again."""
    timeline.vitals("02:00", **CALM)
    change(timeline, LOOSE, minutes=8)
    timeline.vitals("09:30", spo2=86)

    assert timeline.alerts(SPO2) == []
    timeline.quiet("09:59", SPO2)
    timeline.expect("10:00", SPO2, priority="high", state="open")


def test_change_holds_from_the_moment_it_is_saved(timeline: Timeline) -> None:
    """A stricter limit rings for a value that has been there, without waiting for the next one."""
    timeline.vitals("05:00", spo2=92, heart_rate=72, resp_rate=15)
    change(timeline, Overlay(limits={VitalKind.SPO2: Patch(warn_low=93)}))

    timeline.expect("05:00", SPO2, priority="medium", state="open")


@pytest.mark.parametrize(
    "patch", [Patch(warn_low=85, alert_low=82), Patch(warn_low=None, alert_low=None, floor=None)], ids=["wider", "none"]
)
def test_what_the_plan_asks_for_no_more_is_not_told_as_gone(timeline: Timeline, patch: Patch) -> None:
    """An alert that a wider limit ends, or none, says that it was the plan; nobody has got better."""
    timeline.vitals("04:00", spo2=88, heart_rate=72, resp_rate=15).expect("04:00", SPO2, condition="present")
    change(timeline, Overlay(limits={VitalKind.SPO2: patch}))

    timeline.expect("04:00", SPO2, condition="clearing", signal="ringing", unasked=True)
    timeline.vitals("09:30", spo2=88).expect("09:30", SPO2, condition="cleared", signal="ringing", unasked=True)
    assert timeline.life(SPO2)[-2:] == ["unasked", "settled"]


def test_what_is_over_after_another_plan_is_told_as_gone(timeline: Timeline) -> None:
    """Beyond a limit that was widened all the same, a saturation that then rises is gone, and not by the plan."""
    timeline.vitals("04:00", spo2=84)
    change(timeline, Overlay(limits={VitalKind.SPO2: Patch(warn_low=88)}))
    timeline.vitals("06:00", spo2=84).expect("06:00", SPO2, condition="present")
    timeline.vitals("08:00", spo2=97)

    timeline.expect("08:00", SPO2, condition="clearing", unasked=False)
    assert "unasked" not in timeline.life(SPO2)


def test_h21_plan_s_end_is_not_lost_with_a_worker(timeline: Timeline) -> None:
    """A worker that dies takes no date along: another one knows when the temporary plan ends."""
    timeline.vitals("02:00", **CALM)
    change(timeline, LOOSE, minutes=8)
    timeline.vitals("09:30", spo2=86).restart()

    timeline.expect("10:00", SPO2, priority="high", state="open")


@pytest.mark.parametrize(
    "rules", ["[]", '{"limits": 7}', '{"limits": {"spo2": {"alert_low": 20, "warn_low": 10, "floor": 5}}}']
)
def test_h13_broken_overlay_leaves_the_programme_watching(timeline: Timeline, rules: str) -> None:
    """An overlay that cannot be used is told as a technical alert, and the layer below rings as ever."""
    timeline.sql.execute(
        "insert into plan (stay_id, version, rules, valid_from) values (1, 1, %s::jsonb, %s)", (rules, START)
    )
    timeline.vitals("02:00", **CALM).vital("spo2", 79)

    timeline.expect("02:00", SPO2, priority="high", state="open")
    timeline.expect("02:00", "plan", priority="medium", state="open")


def test_h13_plan_that_is_taken_away_leaves_the_programme_watching(timeline: Timeline) -> None:
    """With no row about a plan left at all, the programme's limits watch."""
    change(timeline, LOOSE)
    timeline.sql.execute("delete from plan")
    timeline.vitals("02:00", **CALM).vital("spo2", 79)

    timeline.expect("02:00", SPO2, priority="high", state="open")


def test_h15_order_that_runs_out_is_told_and_the_scale_turns_back(timeline: Timeline) -> None:
    """When the order of scale 2 runs out, scale 1 is used from that moment, and somebody is told."""
    until = START + timedelta(minutes=4)
    order = Order(doctor="Omar Exempeldoktor", doctor_id=StaffId(1), ordered_at=START, expires_at=until)
    change(timeline, Overlay(spo2_scale=2, scale_2_order=order))
    timeline.vitals("03:59", **CALM)
    scales = "select spo2_scale from score order by scored_at desc limit 1"
    before = timeline.sql.execute(scales).fetchone()
    timeline.quiet("03:59", "plan.order").expect("04:00", "plan.order", priority="low", state="open")

    assert (before, timeline.sql.execute(scales).fetchone()) == ((2,), (1,))
    change(timeline, Overlay())
    timeline.expect("06:05", "plan.order", state="resolved")


def test_h15_order_that_is_nobody_s_goes_on_and_somebody_is_told(timeline: Timeline) -> None:
    """Of an order under a free name the team is told while it holds; it is gone when a doctor has ordered anew."""
    free = Order(doctor="Omar Exempeldoktor", ordered_at=START, expires_at=START + timedelta(hours=4))
    change(timeline, Overlay(spo2_scale=2, scale_2_order=free))
    timeline.vitals("02:00", **CALM).expect("02:00", "plan.order", priority="low", state="open")
    told = timeline.sql.execute("select evidence ->> 'text_key' from alert where rule = 'plan.order'").fetchone()
    scale = timeline.sql.execute("select spo2_scale from score order by scored_at desc limit 1").fetchone()
    order = msgspec.structs.replace(free, doctor_id=StaffId(1))
    change(timeline, Overlay(spo2_scale=2, scale_2_order=order))

    assert (told, scale) == (("plan.order.unnamed",), (2,))
    timeline.expect("02:05", "plan.order", condition="clearing").expect("04:05", "plan.order", state="resolved")


def test_h33_comfort_care_rings_for_requests_alone(timeline: Timeline) -> None:
    """Under comfort care no limit, floor or score rings, what rang clears, and the help button rings as ever."""
    timeline.vitals("02:00", **CALM).vital("spo2", 79).expect("02:00", SPO2, condition="present")
    change(timeline, Overlay(goals=Goals.COMFORT))
    for kind, value in (("spo2", 78), ("heart_rate", 140), ("resp_rate", 36), ("temperature", 39.8)):
        timeline.vital(kind, value)
    timeline.at("08:00")

    assert timeline.alert(SPO2).condition == "cleared"
    assert [each for each in timeline.rules() if each.startswith(("limit", "news2", "combination"))] == [SPO2]
    timeline.sql.execute(
        "insert into device_event (stay_id, device_no, kind, occurred_at, received_at, detail)"
        " values (%s, 1, 'help_button', %s, %s, '{}')",
        (timeline.stay_id, timeline.clock.now(), timeline.clock.now()),
    )
    timeline.sql.execute("insert into evaluation_request values (%s, %s)", (timeline.stay_id, timeline.clock.now()))
    timeline.expect("08:00", "help_button", priority="high", state="open")
