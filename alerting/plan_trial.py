"""Tries one plan on the library of deteriorations: a plan as JSON on standard input, what it misses on standard output.

A process of its own: the API asks it before a plan is put in force, and itself brings no numpy. `python -m
alerting.plan_trial`; the answer is a list of `LibraryCase`, empty where everything is found.
"""

import sys

import msgspec

from alerting import deteriorations
from alerting.backtest_report import is_technical, judge
from ward.backtests import LibraryCase
from ward.plans import Plan


def missed(plan: Plan) -> list[LibraryCase]:
    """Return the courses that a plan does not find in time; a plan of comfort care is not meant to find any."""
    return [case for case in deteriorations.found([plan], judge, is_technical) if not case.found]


def main() -> None:
    """Read, try, answer."""
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(missed(plan)))


if __name__ == "__main__":
    main()
