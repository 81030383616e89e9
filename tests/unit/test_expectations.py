"""The verdict on a scenario: what must ring, what may, and that nothing rings because nobody thought of it."""

from datetime import datetime
from pathlib import Path

import pytest

from simulator import scenario
from simulator.expectations import Check, Expected, Rang, verdict
from ward.alerts import Priority
from ward.errors import ConfigError
from ward.wire import Reason

SPO2 = "limit.spo2.low"


def a_check(*expects: Expected, **more: object) -> Check:
    """A night with these demands."""
    return Check(begins=datetime(2026, 11, 17, 20), hours=10, expects=expects, **more)  # type: ignore[arg-type]  # noqa: DTZ001 - the wall's


def rang(minute: float, rule: str = SPO2, priority: Priority = Priority.HIGH, *told: str) -> Rang:
    """Once that people were told."""
    return Rang(rule=rule, priority=priority, minute=minute, told=frozenset(told))


def expected(**more: object) -> Expected:
    """A saturation alert of high priority in the second hour."""
    return Expected(**{"rule": SPO2, "priority": "high", "since": 60, "until": 120, **more})  # type: ignore[arg-type]


def met(check: Check, *heard: Rang, until: float = 600) -> list[bool]:
    """Which demands are met."""
    return [line.ok for line in verdict(check, heard, until)]


def test_what_is_expected_and_comes_is_met() -> None:
    """An alert in its time, as urgent as it should be, is what was asked for."""
    assert met(a_check(expected()), rang(70)) == [True, True]


@pytest.mark.parametrize(
    "heard",
    [
        (),
        (rang(50), rang(70)),
        (rang(130),),
        (rang(70, SPO2, Priority.MEDIUM),),
        (rang(70), rang(80)),
    ],
    ids=["never", "also too early", "too late", "not urgent enough", "too often"],
)
def test_what_is_expected_and_differs_is_a_fault(heard: tuple[Rang, ...]) -> None:
    """Missing, early, late, milder or more often than it may: each is a fault."""
    assert met(a_check(expected()), *heard)[0] is False


def test_whom_it_is_told_to_is_asked_of_the_first_ring() -> None:
    """An alert that is told to another kind of team first is a fault, whoever hears of it later."""
    check = a_check(expected(told="respiratory", at_most=2))

    assert met(check, rang(70, SPO2, Priority.HIGH, "respiratory"))[0] is True
    assert met(check, rang(70), rang(75, SPO2, Priority.HIGH, "respiratory"))[0] is False


def test_h10_what_nobody_asked_for_is_a_fault() -> None:
    """A medium alert that is neither expected nor allowed is a fault; a low one is for the board alone."""
    assert met(a_check(), rang(5, "battery", Priority.LOW)) == [True]
    assert met(a_check(), rang(5, "battery", Priority.MEDIUM)) == [False]
    assert met(a_check(allows=("bat*",)), rang(5, "battery", Priority.MEDIUM)) == [True]


def test_never_means_at_no_priority() -> None:
    """What must never ring is a fault even where it only shows on the board."""
    assert met(a_check(never=("limit.*",)), rang(5, SPO2, Priority.LOW))[0] is False


def test_h16_never_high_lets_milder_ones_be() -> None:
    """What may be looked at later may ring at medium priority, and not higher."""
    check = a_check(allows=("limit.*",), never_high=("*",))

    assert met(check, rang(5, SPO2, Priority.MEDIUM)) == [True, True]
    assert met(check, rang(5)) == [False, True]


def test_calm_counts_what_is_allowed_too() -> None:
    """Before the illness begins nothing may ring, also what is allowed later."""
    assert met(a_check(calm_until=60, allows=("*",)), rang(59)) == [False, True]


def test_a_run_that_ends_early_is_asked_for_what_it_has_seen() -> None:
    """What is expected after the end of a short run is not missed by it, and what rang after it is not counted."""
    assert met(a_check(expected()), rang(200, "other"), until=100) == [True]


def test_h07_a_refusal_is_expected_or_a_fault() -> None:
    """What must be refused and is not is a fault, and so is whatever else is refused of the device."""
    check = a_check(refuses=(Reason.FUTURE,))

    def seen(**counts: int) -> list[bool]:
        return [line.ok for line in verdict(check, (), 600, {Reason(name): count for name, count in counts.items()})]

    assert seen(future=3) == [True, True]
    assert seen() == [True, False]
    assert seen(future=3, conflict=1) == [True, True, False]
    assert [line.ok for line in verdict(a_check(), (), 600, {Reason.CONFLICT: 1})] == [True, False]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("begins = 2026-11-17T20:00:00Z\nhours = 8", "clock on the wall"),
        (
            "begins = 2026-11-17T20:00:00\nhours = 1\nexpects = [{rule='x',priority='low',since=1,until=90}]",
            "1-90 min of 60",
        ),
        ("begins = 2026-11-17T20:00:00\nhours = 1\nmood = 3", "mood"),
    ],
)
def test_mistake_in_a_check_is_named(tmp_path: Path, text: str, fault: str) -> None:
    """A check that could not be met, or not be played, is refused with its file."""
    (tmp_path / "mine.toml").write_text(f"title = 'x'\n[check]\n{text}")

    with pytest.raises(ConfigError, match=fault):
        scenario.load("mine", tmp_path)


def test_every_scenario_of_the_library_is_checked() -> None:
    """Each file says what must come of it, and some are short enough for every build."""
    found = [scenario.load(name) for name in scenario.names()]

    assert [each.name for each in found if each.check is None] == []
    assert len([each for each in found if each.check and each.check.short_hours]) >= 5
    assert all(each.check and 8 <= each.check.hours <= 12 for each in found)
