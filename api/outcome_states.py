"""The shapes of outcomes: what was said of one alert or stay, and a team's months. Pure; times are aware UTC."""

from collections.abc import Sequence
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict

from ward.outcomes import Consequence, Disposition, Month, run_chart
from ward.store.outcomes import Counts, Said


class ConsequenceBody(BaseModel):
    """What a closed alert led to."""

    model_config = ConfigDict(extra="forbid")

    consequence: Consequence


class OutcomeBody(BaseModel):
    """Where the patient went when the stay ended."""

    model_config = ConfigDict(extra="forbid")

    disposition: Disposition


class SaidState(TypedDict):
    """What was said last, by whom and when; null and revision 0 where nobody has said anything."""

    value: str | None
    rev: int
    by: str | None
    at: datetime | None


class MonthState(TypedDict):
    """One month. `complete`: thirty days have passed for the whole of it, so that `readmitted` is final."""

    month: date
    complete: bool
    closed: int
    true_alarms: int
    false_alarms: int
    avoided_emergency: int
    home_visits: int
    emergency_visits: int
    admissions: int
    unmarked: int
    stays_begun: int
    stays_ended: int
    ended_in_hospital: int
    ended_at_home: int
    readmitted: int


class ChartState(TypedDict):
    """The median of the complete months, and whether the last six have all been above (1) or below (-1) it."""

    median: float | None
    shift: int


class LedgerState(TypedDict):
    """A team's months, the oldest first, with run charts; what it owes an answer is at `debt`."""

    team_id: int
    months: list[MonthState]
    charts: dict[str, ChartState]
    debt: str


def said_state(said: Said | None) -> SaidState:
    """Return what was said last."""
    if said is None:
        return {"value": None, "rev": 0, "by": None, "at": None}
    return {"value": said.word, "rev": said.rev, "by": said.staff_name, "at": said.at}


def ledger_state(team_id: int, months: Sequence[Month], counts: Sequence[Counts], now: datetime) -> LedgerState:
    """Return a team's ledger."""
    states = [_month(month, count, now) for month, count in zip(months, counts, strict=True)]
    complete = [state for state in states if state["complete"]]
    rows = {
        "avoided_emergency": [state["avoided_emergency"] for state in complete],
        "home_visits": [state["home_visits"] for state in complete],
        "admissions": [state["admissions"] for state in complete],
        "readmitted": [state["readmitted"] for state in complete],
    }
    charts = {}
    for name, values in rows.items():
        chart = run_chart(values)
        charts[name] = ChartState(median=chart.median, shift=chart.shift)
    return {"team_id": team_id, "months": states, "charts": charts, "debt": f"/api/teams/{team_id}"}


def _month(month: Month, count: Counts, now: datetime) -> MonthState:
    return {
        "month": month.first,
        "complete": month.is_complete(now),
        "closed": count.closed,
        "true_alarms": count.true_alarms,
        "false_alarms": count.false_alarms,
        "avoided_emergency": count.avoided_emergency,
        "home_visits": count.home_visits,
        "emergency_visits": count.emergency_visits,
        "admissions": count.admissions,
        "unmarked": count.unmarked,
        "stays_begun": count.stays_begun,
        "stays_ended": count.stays_ended,
        "ended_in_hospital": count.ended_in_hospital,
        "ended_at_home": count.ended_at_home,
        "readmitted": count.readmitted,
    }
