"""The shapes of a replay: a stretch of the past in columns, as it was known then. Pure.

Minutes count from the start of the stretch; a value holds from its minute until the next of its column. The invariant:
no column goes back: a reading that came late, and is older than the one that was shown, is left out.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Literal

from typing_extensions import TypedDict

from api.live.alert_messages import PRIORITIES, PriorityWord, evidence_of, sentence
from api.live.messages import BY_KIND, Risk, age_at, shown_name
from ward.alerts import Family, Priority
from ward.people import StayId
from ward.replay import Line, moments
from ward.store.replays import LineRow, ReadingRow, ScoreRow, StayRow
from ward.vitals import BY_CODE, USABLE


class ReplayColumn(TypedDict):
    """One kind: the minute from which each value was known, and how many seconds after the start it was measured.

    `usable` is false for a value that is shown as missing. After `ageing_s` and `stale_s` a value is old.
    """

    minute: list[int]
    measured_s: list[float]
    value: list[float]
    usable: list[bool]
    ageing_s: float
    stale_s: float


class ReplayScores(TypedDict):
    """NEWS2: the minute from which each interval was shown."""

    minute: list[int]
    min: list[int]
    max: list[int]
    risk: list[Risk]


class ReplayMoment(TypedDict):
    """What was shown of an alert from `at` on; `seen_by` has seen it, `held_by` has taken it."""

    at: datetime
    state: Literal["open", "acknowledged", "resolved"]
    priority: PriorityWord
    condition: Literal["present", "clearing", "cleared"]
    seen_by: str | None
    held_by: str | None
    text_sv: str
    text_en: str


class ReplayAlert(TypedDict):
    """An alert that was open at any time of the stretch, moment by moment."""

    alert_id: int
    rule: str
    family: Literal["clinical", "technical", "request"]
    moments: list[ReplayMoment]


# `from` is a keyword of the language, hence the call form.
ReplayTeam = TypedDict("ReplayTeam", {"from": datetime, "name": str})


class ReplayStay(TypedDict):
    """One patient's stretch."""

    patient_id: int
    stay_id: int
    given_name: str
    family_name: str
    age: int
    number_hint: str
    reason: str
    teams: list[ReplayTeam]
    vitals: Annotated[dict[str, ReplayColumn], BY_KIND]
    scores: ReplayScores
    alerts: list[ReplayAlert]


ReplayPage = TypedDict("ReplayPage", {"from": datetime, "to": datetime, "items": list[ReplayStay], "next": str | None})


def replay_stays(
    rows: Iterable[StayRow],
    readings: Iterable[ReadingRow],
    scores: Iterable[ScoreRow],
    lines: Iterable[LineRow],
    today: date,
) -> list[ReplayStay]:
    """Put together what was read of some stays; every list is in the order of the store."""
    columns = _columns(readings)
    scored = _scores(scores)
    alerts = _alerts(lines)
    return [
        ReplayStay(
            patient_id=row.patient_id,
            stay_id=row.stay_id,
            given_name=shown_name(row.given_name, row),
            family_name=shown_name(row.family_name, row),
            age=age_at(row.birth_date, today),
            number_hint=row.personal_number[-4:],
            reason=row.reason,
            teams=[{"from": at, "name": name} for at, name in zip(row.team_from, row.teams, strict=True)],
            vitals=columns.get(row.stay_id, {}),
            scores=scored.get(row.stay_id, {"minute": [], "min": [], "max": [], "risk": []}),
            alerts=alerts.get(row.stay_id, []),
        )
        for row in rows
    ]


def _columns(rows: Iterable[ReadingRow]) -> dict[StayId, dict[str, ReplayColumn]]:
    found: dict[StayId, dict[str, ReplayColumn]] = {}
    for stay_id, code, minute, measured_s, value, validity in rows:
        vital = BY_CODE[code]
        column = found.setdefault(stay_id, {}).setdefault(
            vital.kind.value,
            ReplayColumn(
                minute=[],
                measured_s=[],
                value=[],
                usable=[],
                ageing_s=vital.freshness.ageing_s,
                stale_s=vital.freshness.stale_s,
            ),
        )
        if column["measured_s"] and measured_s <= column["measured_s"][-1]:
            continue
        column["minute"].append(minute)
        column["measured_s"].append(round(measured_s, 1))
        column["value"].append(round(value, vital.decimals))
        column["usable"].append(validity in USABLE)
    return found


def _scores(rows: Iterable[ScoreRow]) -> dict[StayId, ReplayScores]:
    found: dict[StayId, ReplayScores] = {}
    for stay_id, minute, low, high, risk in rows:
        column = found.setdefault(stay_id, {"minute": [], "min": [], "max": [], "risk": []})
        column["minute"].append(minute)
        column["min"].append(low)
        column["max"].append(high)
        column["risk"].append(risk)  # type: ignore[arg-type]  # the schema checks the word
    return found


def _alerts(rows: Iterable[LineRow]) -> dict[StayId, list[ReplayAlert]]:
    lives: dict[tuple[StayId, int], list[LineRow]] = {}
    for row in rows:
        lives.setdefault((row.stay_id, row.alert_id), []).append(row)
    found: dict[StayId, list[ReplayAlert]] = {}
    for (stay_id, _), life in lives.items():
        found.setdefault(stay_id, []).append(_alert(life))
    return found


def _alert(life: Sequence[LineRow]) -> ReplayAlert:
    first = life[0]
    said = ("", "")
    shown: list[ReplayMoment] = []
    folded = moments(Family(first.family), [_line(row) for row in life], first.resolved_at)
    for row, moment in zip(life, folded, strict=True):
        if row.evidence is not None:
            evidence = evidence_of(row.evidence)
            said = (sentence(row.rule, evidence, "sv"), sentence(row.rule, evidence, "en"))
        shown.append(
            ReplayMoment(
                at=moment.at,
                state=moment.state.value,
                priority=PRIORITIES[moment.priority],
                condition=moment.condition.value,  # type: ignore[typeddict-item]  # never pending: there is an alert
                seen_by=moment.seen_by,
                held_by=moment.held_by,
                text_sv=said[0],
                text_en=said[1],
            )
        )
    return ReplayAlert(
        alert_id=first.alert_id,
        rule=first.rule,
        family=first.family,  # type: ignore[typeddict-item]  # the schema checks the word
        moments=shown,
    )


def _line(row: LineRow) -> Line:
    return Line(
        at=row.at,
        kind=row.kind,
        who=row.name,
        priority=None if row.priority is None else Priority(row.priority),
        until=row.until,
    )
