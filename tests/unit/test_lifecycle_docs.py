"""`docs/alert-lifecycle.md` against the code: what may happen in which state, and how long an acknowledgement holds."""

from collections.abc import Callable
from pathlib import Path

from alerting.events import KINDS
from alerting.lifecycle import ACKNOWLEDGED_FOR, TRANSITIONS
from alerting.rules import (
    baseline_rules,
    catalogue,
    checkins,
    combinations,
    doubt,
    identity,
    news2_alerts,
    oxygen,
    requests,
    signals,
    slopes,
    technical,
    weight,
)
from ward.alerts import AlertState, Condition, Outcome, Priority

PAGE = Path(__file__).resolve().parents[2] / "docs" / "alert-lifecycle.md"
Table = Callable[[Path, str, list[str]], None]


def test_transition_table_is_current(golden_table: Table) -> None:
    """The page says which events are allowed in which state, and the machine allows these alone."""
    rows = ["| state | condition | may be |", "|---|---|---|"]
    for state in AlertState:
        for condition in Condition:
            allowed = [
                word for event, word in KINDS.items() if (state, condition, event) in TRANSITIONS
            ]  # in the order of KINDS
            rows.append(f"| {state} | {condition} | {', '.join(allowed) or '– (cannot be, or never changes)'} |")

    golden_table(PAGE, "transitions", rows)


def test_acknowledgement_table_is_current(golden_table: Table) -> None:
    """The page says how long an acknowledgement holds at each priority."""
    rows = ["| priority | an acknowledgement holds for |", "|---|---|"]
    rows += [f"| {each.name.lower()} | {ACKNOWLEDGED_FOR[each].seconds // 60} minutes |" for each in reversed(Priority)]

    golden_table(PAGE, "acknowledged", rows)


TRENDS = (slopes.SLOPE, baseline_rules.DEVIATION, weight.GAIN, oxygen.SUPPORT, identity.IDENTITY)
RULES = ("limit", "news2", "combination", "nodata", "quality", "check", *TRENDS)
WATCHES = ("device", "clock", "watching", "requests", checkins.CHECK_IN, identity.DEVICES)


def test_page_names_every_rule_and_outcome() -> None:
    """No rule is in force, and no outcome can be given, that the page does not name."""
    page = PAGE.read_text(encoding="utf-8")
    names = ["limit.{kind}.low", news2_alerts.TOTAL, news2_alerts.ONE, news2_alerts.RISE, "nodata.{kind}"]
    names += [f"{signals.QUALITY}.{{kind}}", f"{combinations.COMBINATION}.{{name}}"]
    names += [
        f"{signals.CHECK}.{{kind}}",
        doubt.CLOCK,
        technical.OFFLINE,
        technical.BATTERY,
        technical.PLAN,
        technical.UNWATCHED,
        *requests.PRIORITIES,
        f"{slopes.SLOPE}.{{kind}}.{{rise or fall}}.{{hours}}h",
        f"{baseline_rules.DEVIATION}.{{kind}}.{{low or high}}",
        weight.GAIN,
        oxygen.SUPPORT,
        identity.WEIGHT,
        identity.WEARER,
        identity.DEVICES,
        checkins.CHECK_IN,
        checkins.MISSED,
    ]

    assert {rule.name for rule in catalogue.RULES} == set(RULES)
    assert {watch.name for watch in catalogue.WATCHES} == set(WATCHES)
    assert [name for name in (*names, *Outcome) if f"`{name}`" not in page] == []


def test_page_states_the_rules_own_numbers() -> None:
    """The times and percentages in the table of rules are those of the rules."""
    page = PAGE.read_text(encoding="utf-8")
    hold, after = f"for {news2_alerts.HOLD_S:g} s", f"{technical.OFFLINE_AFTER_S:g} s after the device's status"
    battery = f"low at {technical.BATTERY_LOW_PCT:g} %, medium at {technical.BATTERY_EMPTY_PCT:g} %"

    assert page.count(hold) == 5
    assert after in page
    assert f"{battery} | at once | at {technical.BATTERY_CLEAR_PCT:g} %" in page
