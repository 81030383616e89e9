"""`docs/alert-lifecycle.md` against the code: what may happen when, what can never be, and every word of it."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from alerting.events import KINDS, Raise
from alerting.lifecycle import CONDITIONS, RESPONSIBILITIES, SIGNALS, TRANSITIONS
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
    wave_silence,
    weight,
)
from tests.builders_alerts import IMPOSSIBLE
from ward.alerts import Action, Cause, Condition, Outcome, Responsibility, Signal

PAGE = Path(__file__).resolve().parents[2] / "docs" / "alert-lifecycle.md"
Table = Callable[[Path, str, list[str]], None]


def _where(allowed: frozenset[StrEnum], every: frozenset[StrEnum]) -> str:
    return "any" if allowed == every else ", ".join(sorted(allowed))


def test_transition_table_is_current(golden_table: Table) -> None:
    """The page says which events are allowed in which condition, signal and responsibility, and these alone are."""
    rows = ["| may be | condition | signal | responsibility |", "|---|---|---|---|"]
    for event, word in KINDS.items():
        if event in TRANSITIONS:
            may = TRANSITIONS[event]
            rows.append(
                f"| {word} | {_where(may.conditions, CONDITIONS)} | {_where(may.signals, SIGNALS)} |"
                f" {_where(may.responsibilities, RESPONSIBILITIES)} |"
            )

    golden_table(PAGE, "transitions", rows)
    assert set(KINDS) - set(TRANSITIONS) == {Raise}


def test_table_of_what_cannot_be_is_current(golden_table: Table) -> None:
    """The page lists every combination that no alert may be in; the store refuses the same (test_alert_table)."""
    golden_table(PAGE, "illegal", [f"- {name}" for name in IMPOSSIBLE])


TRENDS = (slopes.SLOPE, baseline_rules.DEVIATION, weight.GAIN, oxygen.SUPPORT, identity.IDENTITY)
RULES = ("held", "second", "rhythm", "sensor", "limit", "news2", "combination", "nodata", "quality", "check", *TRENDS)
WATCHES = ("device", "clock", "watching", "requests", checkins.CHECK_IN, identity.DEVICES, wave_silence.NAME)
WORDS = (*Condition, *Signal, *Responsibility, *Outcome, *Cause, *Action)


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
        *wave_silence.CHANNELS,
    ]

    assert {rule.name for rule in catalogue.RULES} == set(RULES)
    assert {watch.name for watch in catalogue.WATCHES} == set(WATCHES)
    assert [name for name in (*names, *WORDS) if f"`{name}`" not in page] == []


def test_page_states_the_rules_own_numbers() -> None:
    """The times and percentages in the table of rules are those of the rules."""
    page = PAGE.read_text(encoding="utf-8")
    holds = (news2_alerts.MEDIUM_HOLD_S, news2_alerts.HOLD_S, news2_alerts.ONE_HOLD_S, news2_alerts.RISE_HOLD_S)
    medium, high, one, rise = (f"{each:g} s" for each in holds)
    after = f"{technical.OFFLINE_AFTER_S:g} s after the device's status"
    battery = f"low at {technical.BATTERY_LOW_PCT:g} %, medium at {technical.BATTERY_EMPTY_PCT:g} %"

    assert f"has been there for {medium}, or {high} from high on" in page
    assert f"has certainly been 3 for {one} (consciousness: {high})" in page
    assert f"total has for {rise} been" in page
    assert after in page
    assert f"{battery} | at once | at {technical.BATTERY_CLEAR_PCT:g} %" in page
