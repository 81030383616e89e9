"""Plans as answers show them: what is in force and whose each field is, versions, and what is said of a change. Pure.

A plan and an overlay go out as the JSON that the store keeps; their schemas are made from the types they are read into.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from pydantic import AfterValidator, JsonValue, WithJsonSchema
from typing_extensions import TypedDict

from api.order_states import OrderState, order_state
from ward import overlays, plan_documents, plans
from ward.overlays import Effective, Field, Origin, Overlay
from ward.plan_checks import Fault
from ward.plan_ranges import RANGES, Range, per_hour, plausible
from ward.plan_versions import Review
from ward.plans import Plan
from ward.store.plan_versions import Version
from ward.vitals import VitalKind

_AT = "#/components/schemas/plan."


def _shape(name: str) -> WithJsonSchema:
    # Behind allOf, or pydantic would look for the shape among its own.
    return WithJsonSchema({"allOf": [{"$ref": f"{_AT}{name}"}]})


def _texts(value: JsonValue) -> Iterator[str]:
    """Yield every text of a document, the names of its fields included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _storable(document: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if any("\0" in text for text in _texts(document)):
        raise ValueError("may not hold the character NUL")
    return document


PlanDocument = Annotated[dict[str, JsonValue], _shape("Plan")]
OverlayDocument = Annotated[dict[str, JsonValue], AfterValidator(_storable), _shape("Overlay")]


def shapes() -> dict[str, object]:
    """Return the schemas of a plan, an overlay and their parts, by name."""
    _, found = msgspec.json.schema_components([Overlay, Plan], ref_template=f"{_AT}{{name}}")
    return {f"plan.{name}": schema for name, schema in found.items()}


class CardState(TypedDict):
    """What applies here, in both languages."""

    sv: str
    en: str


class FaultState(TypedDict):
    """What is wrong, or odd, with which field; `path` is empty for the whole."""

    path: str
    sv: str
    en: str


# `from` is a keyword of the language, hence the call form.
FieldState = TypedDict(
    "FieldState",
    {
        "path": str,
        "value": JsonValue,
        "template": JsonValue,
        "origin": str,
        "version": int,
        "author": str | None,
        "approver": str | None,
        "reason": str,
        "from": datetime | None,
        "until": datetime | None,
    },
)
FieldState.__doc__ = "A field that differs from the template: its value, the template's, whose it is, why, how long."

VersionState = TypedDict(
    "VersionState",
    {
        "version": int,
        "state": str,
        "in_force": bool,
        "overlay": OverlayDocument,
        "author_id": int | None,
        "author": str | None,
        "reason": str,
        "from": datetime,
        "until": datetime | None,
        "asks": list[str],
        "approver_id": int | None,
        "approver": str | None,
        "approved_at": datetime | None,
        "ended_at": datetime | None,
    },
)
VersionState.__doc__ = "A version of an overlay. `asks` names what needs, or needed, a second person's signature."


class VersionPage(TypedDict):
    """Every version, the newest first; `rev` is the ETag as well."""

    rev: int
    items: list[VersionState]


class ProgrammeState(TypedDict):
    """A programme and its template, which has a version of its own."""

    programme: str
    version: int
    name: CardState
    summary: CardState
    plan: PlanDocument


class RangeState(TypedDict):
    """The lowest and the highest that a field may be, in a unit (UCUM; empty for a plain number)."""

    low: float
    high: float
    unit: str


class KindRanges(TypedDict):
    """What a limit of a kind may be, and how fast a change of it may be asked for, per hour."""

    value: RangeState
    per_hour: RangeState


class ProgrammePage(TypedDict):
    """Every programme; and how far each field of a plan may lie: `ranges` by path, `*` being any name, and by kind."""

    items: list[ProgrammeState]
    ranges: dict[str, RangeState]
    kinds: dict[str, KindRanges]


class PlanState(TypedDict):
    """The plan in force. `fields` are those that differ from the template; `faults` tell why a layer was left out.

    `order` is the one that scale 2 is, or was, used by. `overlay` is the standing one, which a new version replaces;
    `temporary` lie over it. `next_change_at`: when by time alone it will be another. `rev` is the ETag as well.
    """

    programme: str
    template_version: int
    rev: int
    version: int
    goals: str
    spo2_scale: int
    scale_2_lapsed: bool
    order: OrderState | None
    plan: PlanDocument
    fields: list[FieldState]
    faults: list[FaultState]
    next_change_at: datetime | None
    overlay: OverlayDocument
    temporary: list[VersionState]
    awaiting: list[VersionState]
    drafts: list[VersionState]


class PatientPlan(PlanState):
    """The plan of a patient; `team_id` is the team whose overlay lies below, null where there is none."""

    patient_id: int
    stay_id: int
    team_id: int | None


class TeamPlan(PlanState):
    """The plan of a team for one programme, before any patient differs from it."""

    team_id: int


class PlanOfTeam(TypedDict):
    """A team's plan for a programme, and the patients under whose plan it lies."""

    team_id: int
    programme: str
    patients: list[int]


class TeamPlanPage(TypedDict):
    """The teams' plans that apply to somebody."""

    items: list[PlanOfTeam]


class ReviewState(TypedDict):
    """What is said of a change before it is saved, and what the plan would be with it.

    `faults` refuse it; `oddities` are saved when `meant` names them; `asks` needs a second person's signature.
    """

    faults: list[FaultState]
    oddities: list[FaultState]
    asks: list[str]
    plan: PlanDocument
    fields: list[FieldState]


def plan_document(plan: Plan) -> PlanDocument:
    """Return a plan as JSON."""
    built: PlanDocument = msgspec.to_builtins(plan)
    return built


def card_state(plan: Plan, rule: str) -> CardState | None:
    """Return the action card of a rule, None where the plan has none."""
    card = plan.card_for(rule)
    return None if card is None else CardState(sv=card.sv, en=card.en)


def fault_states(found: Iterable[Fault]) -> list[FaultState]:
    """Put faults into words for an answer."""
    return [FaultState(path=each.path, sv=each.sv, en=each.en) for each in found]


def version_state(row: Version, now: datetime) -> VersionState:
    """Build one version."""
    return {
        "version": row.version,
        "state": row.state.value,
        "in_force": row.in_force(now),
        "overlay": msgspec.json.decode(row.rules),
        "author_id": row.author_id,
        "author": row.author,
        "reason": row.reason,
        "from": row.valid_from,
        "until": row.valid_until,
        "asks": list(row.asks),
        "approver_id": row.approved_by,
        "approver": row.approver,
        "approved_at": row.approved_at,
        "ended_at": row.ended_at,
    }


def field_states(fields: Iterable[Field], rows: Mapping[tuple[Origin, int], Version]) -> list[FieldState]:
    """Build the difference from the template; a version that is not stored yet has no author."""
    return [_field(each, rows.get((each.source.origin, each.source.version))) for each in fields]


def _field(each: Field, row: Version | None) -> FieldState:
    return {
        "path": ".".join(each.path),
        "value": each.value,  # type: ignore[typeddict-item]  # as the store keeps it
        "template": each.template,  # type: ignore[typeddict-item]  # as its file says it
        "origin": each.source.origin.value,
        "version": each.source.version,
        "author": row.author if row else None,
        "approver": row.approver if row else None,
        "reason": row.reason if row else "",
        "from": row.begins_at if row else None,
        "until": row.valid_until if row else None,
    }


def plan_state(
    found: Effective,
    own: Sequence[Version],
    rows: Mapping[tuple[Origin, int], Version],
    rev: int,
    next_change_at: datetime | None,
    now: datetime,
) -> PlanState:
    """Build the plan in force; `own` are the versions of its owner, `rows` those and the team's."""
    in_force = [row for row in own if row.in_force(now)]
    standing = next((row for row in in_force if row.valid_until is None), None)
    changes = [at for at in (next_change_at, overlays.order_change(found.plan, now)) if at is not None]
    return PlanState(
        programme=found.plan.programme,
        template_version=plans.title(found.plan.programme).version,
        rev=rev,
        version=found.plan.version,
        goals=found.plan.goals.value,
        spo2_scale=found.plan.spo2_scale,
        scale_2_lapsed=found.scale_2_lapsed,
        order=order_state(found, own, now),
        plan=plan_document(found.plan),
        fields=field_states(found.fields, rows),
        faults=fault_states(found.faults),
        next_change_at=min(changes, default=None),
        overlay=msgspec.json.decode(standing.rules) if standing else {},
        temporary=[version_state(row, now) for row in in_force if row.valid_until is not None],
        awaiting=[version_state(row, now) for row in own if row.state == "awaiting"],
        drafts=[version_state(row, now) for row in own if row.state == "draft"],
    )


def review_state(said: Review, rows: Mapping[tuple[Origin, int], Version]) -> ReviewState:
    """Build what is said of a change."""
    return ReviewState(
        faults=fault_states(said.faults),
        oddities=fault_states(said.oddities),
        asks=list(said.asks),
        plan=plan_document(said.after.plan),
        fields=field_states(said.after.fields, rows),
    )


def range_states() -> dict[str, RangeState]:
    """Build how far each field may lie."""
    return {path: _range(span) for path, span in RANGES.items()}


def kind_ranges() -> dict[str, KindRanges]:
    """Build how far the limits and changes of each kind may lie."""
    return {
        kind.value: KindRanges(value=_range(plausible(kind)), per_hour=_range(per_hour(kind))) for kind in VitalKind
    }


def _range(span: Range) -> RangeState:
    return RangeState(low=span.low, high=span.high, unit=span.unit)


def programme_states() -> list[ProgrammeState]:
    """Build every programme with its template."""
    found = []
    for name in plan_documents.names():
        called = plans.title(name)
        found.append(
            ProgrammeState(
                programme=name,
                version=called.version,
                name=CardState(sv=called.name.sv, en=called.name.en),
                summary=CardState(sv=called.summary.sv, en=called.summary.en),
                plan=plan_document(plans.template(name)),
            )
        )
    return found
