"""The library of deteriorations: what it holds, that standard plans find it, and that a plan which does not is told."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from alerting import deteriorations
from alerting import plan_trial as trial
from alerting.backtest_report import is_technical, judge_limits
from api import plan_trial
from benchmarks import deteriorations as making
from ward import plan_documents
from ward.backtests import LibraryCase
from ward.plans import Goals, template

ROOT = Path(__file__).resolve().parents[2]
WATCHING = [name for name in plan_documents.names() if template(name).goals is Goals.FULL]
# What has neither limits nor scores nor trends.
BLIND = replace(
    template(), limits={}, news2_medium=20, news2_high=20, news2_rise=0, slopes=(), deviations=(), combinations=()
)


@pytest.mark.parametrize("programme", WATCHING)
def test_every_programme_finds_every_deterioration_in_time(programme: str) -> None:
    """No template that watches may lose one of the courses of the library."""
    assert trial.missed(template(programme)) == []


def test_plan_that_watches_nothing_finds_nothing_and_each_course_is_named() -> None:
    """A course that is not found is told with its name and by when it should have been, in both languages."""
    blind = replace(template(), limits={})

    cases = deteriorations.found([blind], judge_limits, is_technical)

    assert len(cases) == len(deteriorations.courses()) >= 7
    assert not any(case.found or case.found_at_min for case in cases)
    told = plan_trial.fault(cases[0])
    assert cases[0].title_sv in told.sv
    assert cases[0].title in told.en


def test_one_of_several_plans_that_is_late_is_what_counts() -> None:
    """A course counts as found when the last of the plans that are asked about finds it."""
    blind = replace(template(), limits={})

    both = deteriorations.found([template(), blind], judge_limits, is_technical)

    assert not any(case.found for case in both)
    assert deteriorations.found([replace(blind, goals=Goals.COMFORT)], judge_limits, is_technical) == []


def test_h29_courses_are_what_the_project_makes() -> None:
    """The files are those that `benchmarks.deteriorations` writes: nobody has touched them up."""
    for case in making.CASES:
        kept = (ROOT / "alerting" / "courses" / f"{case.name}.toml").read_text(encoding="utf-8")
        assert kept == making.text_of(case)


def test_process_answers_for_a_plan_and_the_api_asks_it() -> None:
    """The process reads plans and says what each misses; the API gets nothing against the template."""
    done = subprocess.run(
        [sys.executable, "-m", "alerting.plan_trial"],
        cwd=ROOT,
        input=msgspec.json.encode([template(), BLIND]),
        capture_output=True,
        check=True,
    )

    finds, misses = msgspec.json.decode(done.stdout, type=list[list[LibraryCase]])
    assert (finds, bool(misses)) == ([], True)
    assert asyncio.run(plan_trial.missed([("", template()), ("stays.5", template())])) == ()
    assert {each.path for each in asyncio.run(plan_trial.missed([("", template()), ("stays.5", BLIND)]))} == {"stays.5"}
