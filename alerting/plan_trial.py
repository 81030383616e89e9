"""Tries plans on the library of deteriorations: plans as JSON on standard input, what each misses on standard output.

A process of its own: the API asks it before a plan is put in force, and itself brings no numpy. `python -m
alerting.plan_trial`; the answer is a list of `LibraryCase` for each plan, empty where everything is found.
"""

import sys
from collections.abc import Sequence

import msgspec

from alerting import deteriorations
from alerting.backtest_report import is_technical, judge
from ward.backtests import LibraryCase
from ward.plans import Plan


def missed(plan: Plan) -> list[LibraryCase]:
    """Return the courses that a plan does not find in time; a plan of comfort care is not meant to find any."""
    return [case for case in deteriorations.found([plan], judge, is_technical) if not case.found]


def missed_by_each(plans: Sequence[Plan]) -> list[list[LibraryCase]]:
    """Return what each plan misses; all are tried together first, for as a rule none does."""
    if all(case.found for case in deteriorations.found(plans, judge, is_technical)):
        return [[] for _ in plans]
    return [missed(plan) for plan in plans]


def main() -> None:
    """Read, try, answer."""
    plans = msgspec.json.decode(sys.stdin.buffer.read(), type=list[Plan])
    sys.stdout.buffer.write(msgspec.json.encode(missed_by_each(plans)))


if __name__ == "__main__":
    main()
