"""A back-test as the API shows it."""

from datetime import datetime

import orjson
from typing_extensions import TypedDict

from ward.store.backtests import JobRow


class BacktestState(TypedDict):
    """A back-test: `progress` is from 0 to 1, `report` is null until there is one; see `docs/backtest.md`."""

    backtest_id: int
    name: str
    state: str
    progress: float
    shadow: bool
    patients: int
    asked_at: datetime
    asked_by: int
    from_at: datetime
    to_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    suggest: bool
    plan: dict[str, object]
    report: dict[str, object] | None
    fault: str | None


def backtest_state(row: JobRow) -> BacktestState:
    """Return a job as it stands."""
    return BacktestState(
        backtest_id=row.backtest_id,
        name=row.name,
        state=row.state,
        progress=round(row.stays_done / len(row.stays), 3),
        shadow=row.until_at is None,
        patients=len(row.stays),
        asked_at=row.asked_at,
        asked_by=row.staff_id,
        from_at=row.from_at,
        to_at=row.until_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        suggest=row.suggest,
        plan=orjson.loads(row.plan),
        report=None if row.report is None else orjson.loads(row.report),
        fault=row.fault,
    )
