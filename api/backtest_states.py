"""A back-test as the API shows it."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
import orjson
from pydantic import JsonValue, WithJsonSchema
from typing_extensions import TypedDict

from api.plan_states import OverlayDocument
from ward.backtests import Failure, Report
from ward.store.backtests import JobRow

_AT = "#/components/schemas/backtest."
ReportDocument = Annotated[dict[str, JsonValue], WithJsonSchema({"allOf": [{"$ref": f"{_AT}Report"}]})]


def shapes() -> dict[str, object]:
    """Return the schemas of a report and its parts, by name."""
    _, found = msgspec.json.schema_components([Report], ref_template=f"{_AT}{{name}}")
    return {f"backtest.{name}": schema for name, schema in found.items()}


class BacktestState(TypedDict):
    """A back-test: `progress` is from 0 to 1, `report` is null until there is one; see `docs/backtest.md`.

    `stay_id` is the stay it is about, null where it is about several. `origin`: a person on purpose, the editor after
    a change, somebody who wants suggestions, a draft in silence (`draft`, of `stay_id`'s plan or of `team_id`'s for
    `programme`). `layer`: whose standing overlay the plan is tried in place of. `*_per_day`: alerts per patient-day.
    `failure`: what `fault` says, for programs: it broke, or whoever counted it was cut off each time.
    """

    backtest_id: int
    name: str
    state: str
    progress: float
    shadow: bool
    patients: int
    stay_id: int | None
    asked_at: datetime
    asked_by: int
    asker: str
    origin: str
    layer: str
    team_id: int | None
    programme: str | None
    draft: int | None
    from_at: datetime
    to_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    suggest: bool
    plan: OverlayDocument
    candidate_per_day: float | None
    in_force_per_day: float | None
    report: ReportDocument | None
    fault: str | None
    failure: Literal["broke", "cut_off"] | None


def backtest_state(row: JobRow) -> BacktestState:
    """Return a job as it stands."""
    return BacktestState(
        backtest_id=row.backtest_id,
        name=row.name,
        state=row.state,
        progress=round(row.stays_done / len(row.stays), 3),
        shadow=row.until_at is None,
        patients=len(row.stays),
        stay_id=row.stays[0] if len(row.stays) == 1 else None,
        asked_at=row.asked_at,
        asked_by=row.staff_id,
        asker=row.asker,
        origin=row.origin,
        layer=row.layer,
        team_id=row.team_id,
        programme=row.programme,
        draft=row.draft,
        from_at=row.from_at,
        to_at=row.until_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        suggest=row.suggest,
        plan=orjson.loads(row.plan),
        candidate_per_day=row.candidate_per_day,
        in_force_per_day=row.in_force_per_day,
        report=None if row.report is None else orjson.loads(row.report),
        fault=row.fault,
        failure=None if row.failure is None else Failure(row.failure).value,
    )
