"""The shapes of tiles, alerts and live messages, and how they are built from what the store gives. Pure.

The TypedDicts are the contract with the page (OpenAPI is made from them); the builders return them.
Every message carries whole state.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, NotRequired, Protocol, get_args

from pydantic import Field
from typing_extensions import TypedDict

from ward import easing, overlays, plans
from ward.people import StayId
from ward.plans import Limits
from ward.store.tiles import DeviceRow, LatestRow, ScoreRow, Seat
from ward.vitals import BY_CODE, Acvpu, Validity, VitalKind

ValidityWord = Literal["vld", "qst", "inv", "calib", "ong", "na", "oflw", "uflw", "vldated"]
_VALIDITY: dict[int, ValidityWord] = {
    Validity.VLD: "vld",
    Validity.QST: "qst",
    Validity.INV: "inv",
    Validity.CALIB: "calib",
    Validity.ONG: "ong",
    Validity.NA: "na",
    Validity.OFLW: "oflw",
    Validity.UFLW: "uflw",
    Validity.VLDATED: "vldated",
}
QUALITY_SCALE = 100
"""The store keeps quality as whole percent."""


def _keyed(keys: Iterable[str]) -> Callable[[dict[str, Any]], None]:
    """Return what turns the schema of a dictionary into one that names its keys, so that clients know them."""
    named = tuple(keys)

    def alter(schema: dict[str, Any]) -> None:
        each = schema.pop("additionalProperties")
        schema |= {"properties": dict.fromkeys(named, each), "additionalProperties": False}

    return alter


BY_KIND = Field(json_schema_extra=_keyed(kind.value for kind in VitalKind))
"""Says of a dictionary that its keys are names of kinds."""

Part = Literal["resp_rate", "spo2", "oxygen", "systolic", "heart_rate", "consciousness", "temperature"]
"""A parameter of NEWS2."""

Risk = Literal["low", "low_medium", "medium", "high"]
BY_PART = Field(json_schema_extra=_keyed(get_args(Part)))
"""Says of a dictionary that its keys are parameters of NEWS2."""


class TeamState(TypedDict):
    """A team that can be called."""

    team_id: int
    name: str
    phone: str


class VitalState(TypedDict):
    """The newest value of a kind; consciousness as a letter. Seconds say from when it is ageing and stale."""

    value: float | str
    unit: str
    measured_at: datetime
    received_at: datetime
    validity: ValidityWord
    quality: float | None
    ageing_s: float
    stale_s: float


Vitals = Annotated[dict[str, VitalState], BY_KIND]
"""The newest value of each kind, by its name."""


class Interval(TypedDict):
    """Lowest and highest points that are possible."""

    min: int
    max: int


class ScoreState(TypedDict):
    """NEWS2 as an interval; `risk` follows its upper bound."""

    system: Literal["NEWS2"]
    scored_at: datetime
    min: int
    max: int
    risk: Risk
    spo2_scale: int
    parts: Annotated[dict[str, Interval], BY_PART]
    missing: list[Part]
    stale: list[Part]
    settles: Part | None
    single_three: bool


class DeviceState(TypedDict):
    """The device that a patient wears; `reported_at` is None when it never reported."""

    device_id: str
    online: bool
    battery_pct: float | None
    firmware: str | None
    reported_at: datetime | None


class LimitState(TypedDict):
    """The bands of one kind; None where there is no limit on that side."""

    alert_low: float | None
    warn_low: float | None
    warn_high: float | None
    alert_high: float | None


class EasedState(TypedDict):
    """Kinds whose limits are wider than the team's, and until when; None is until somebody changes it."""

    kinds: list[VitalKind]
    until: datetime | None


class Scale2State(TypedDict):
    """That the plan asks for SpO2 scale 2: until when its order holds, and whether it is a known doctor's.

    From `until` on scale 1 is used; that is None where there is no order.
    """

    until: datetime | None
    named: bool


class Head(TypedDict):
    """What of a tile changes seldom; `eased` is None where the limits are as for the team's other patients.

    `scale_2` is None where the plan asks for scale 1.
    """

    patient_id: int
    stay_id: int
    given_name: str
    family_name: str
    age: int
    sex: Literal["female", "male", "other", "unknown"]
    number_hint: str
    programme: str
    reason: str
    next_step: str
    team: TeamState
    mode: Literal["real", "test", "demo"]
    limits: Annotated[dict[str, LimitState], BY_KIND]
    eased: EasedState | None
    scale_2: Scale2State | None
    goals: Literal["full", "comfort"]
    protected: bool


class Tile(Head):
    """A patient as the board shows them."""

    vitals: Vitals
    score: ScoreState | None
    device: DeviceState | None


class VitalsMessage(TypedDict):
    """The three parts of a tile that change often, whole."""

    type: Literal["vitals"]
    seq: int
    prev: int
    server_time: datetime
    patient_id: int
    stay_id: int
    vitals: Vitals
    score: ScoreState | None
    device: DeviceState | None


class HeartbeatMessage(TypedDict):
    """Every 2 s while the store is followed. A page says `walk` back with its heartbeat.

    With `in_doubt_since` alarms may fail to come, since then; without it all is well.
    """

    type: Literal["heartbeat"]
    seq: int
    prev: int
    server_time: datetime
    walk: NotRequired[int]
    in_doubt_since: NotRequired[datetime]


class ResumedMessage(TypedDict):
    """Comes first after `?since=` where nothing is missing: what was missed follows, counted from `seq`.

    It holds for whoever has the tiles of these `stays` and of no others.
    """

    type: Literal["resumed"]
    seq: int
    stream: str
    server_time: datetime
    stays: list[int]


def age_at(birth_date: date, today: date) -> int:
    """Return the age in whole years."""
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


class _Protectable(Protocol):
    @property
    def protected(self) -> bool:
        """Whether the identity is protected."""


def shown_name(name: str, whose: _Protectable) -> str:
    """Return a name as boards on walls show it: of a protected identity its first letter alone."""
    return f"{name[:1]}." if whose.protected else name


def head_state(seat: Seat, today: date) -> Head:
    """Build what of a tile changes seldom."""
    return Head(
        patient_id=seat.patient_id,
        stay_id=seat.stay_id,
        given_name=shown_name(seat.given_name, seat),
        family_name=shown_name(seat.family_name, seat),
        age=age_at(seat.birth_date, today),
        sex=seat.sex,  # type: ignore[typeddict-item]  # the schema checks the word
        number_hint=seat.personal_number[-4:],
        programme=seat.programme,
        reason=seat.reason,
        next_step=seat.next_step,
        team=TeamState(team_id=seat.team_id, name=seat.team_name, phone=seat.team_phone),
        mode=seat.mode,  # type: ignore[typeddict-item]  # the schema checks the word
        limits=limits_state(seat),
        eased=eased_state(seat),
        scale_2=scale_2_state(seat),
        goals=plan_of(seat).goals.value,
        protected=seat.protected,
    )


def plan_of(seat: Seat) -> plans.Plan:
    """Return the plan in force, as alerting reads it, whatever the time says of an order of SpO2 scale 2."""
    return overlays.folded(seat.programme, seat.plan_layers).plan


def bands(limits: Mapping[VitalKind, Limits]) -> dict[str, LimitState]:
    """Build limits as they are shown, by kind; one that has hard bounds alone has no band to show."""
    shown = {
        kind.value: LimitState(
            alert_low=each.alert_low, warn_low=each.warn_low, warn_high=each.warn_high, alert_high=each.alert_high
        )
        for kind, each in limits.items()
    }
    return {kind: each for kind, each in shown.items() if any(limit is not None for limit in each.values())}


def limits_state(seat: Seat) -> dict[str, LimitState]:
    """Build the limits in force, by kind."""
    return bands(plan_of(seat).limits)


def scale_2_state(seat: Seat) -> Scale2State | None:
    """Say until when scale 2 is ordered, whatever the time; None where it is not asked for."""
    plan = plan_of(seat)
    if plan.spo2_scale == 1:
        return None
    order = plan.scale_2_order
    if order is None:
        return Scale2State(until=None, named=False)
    return Scale2State(until=order.expires_at, named=order.is_named)


def eased_state(seat: Seat) -> EasedState | None:
    """Build what of the limits in force is wider than the team's."""
    found = easing.eased(seat.programme, seat.plan_layers)
    return None if found is None else EasedState(kinds=list(found.kinds), until=found.until)


def vital_state(row: LatestRow) -> tuple[str, VitalState] | None:
    """Build one vital under its kind's name; None for a kind that only a newer program knows."""
    _, code, value, measured_at, received_at, validity, quality = row
    vital = BY_CODE.get(code)
    if vital is None:
        return None
    return vital.kind.value, {
        "value": Acvpu(int(value)).name if vital.kind is VitalKind.CONSCIOUSNESS else value,
        "unit": vital.unit,
        "measured_at": measured_at,
        "received_at": received_at,
        "validity": _VALIDITY[validity],
        "quality": None if quality is None else quality / QUALITY_SCALE,
        "ageing_s": vital.freshness.ageing_s,
        "stale_s": vital.freshness.stale_s,
    }


def vitals_by_stay(rows: Iterable[LatestRow]) -> dict[StayId, dict[str, VitalState]]:
    """Build the vitals of each stay named in `rows`."""
    stays: dict[StayId, dict[str, VitalState]] = {}
    for row in rows:
        state = vital_state(row)
        if state is not None:
            stays.setdefault(row[0], {})[state[0]] = state[1]
    return stays


def validity_word(code: int) -> ValidityWord:
    """Return the word of a kept validity."""
    return _VALIDITY[code]


def score_state(row: ScoreRow) -> ScoreState:
    """Build a score; what its detail lacks is empty."""
    detail: Mapping[str, object] = row.detail
    return ScoreState(
        system="NEWS2",
        scored_at=row.scored_at,
        min=row.total_min,
        max=row.total_max,
        risk=row.risk,  # type: ignore[typeddict-item]  # the schema checks the word
        spo2_scale=row.spo2_scale,
        parts=detail.get("parts") or {},  # type: ignore[typeddict-item]  # as alerting keeps it
        missing=detail.get("missing") or [],  # type: ignore[typeddict-item]  # as alerting keeps it
        stale=detail.get("stale") or [],  # type: ignore[typeddict-item]  # as alerting keeps it
        settles=detail.get("settles"),  # type: ignore[typeddict-item]  # as alerting keeps it
        single_three=bool(detail.get("single_three")),
    )


def device_state(row: DeviceRow) -> DeviceState:
    """Build a device's state; one that never reported is not online."""
    return DeviceState(
        device_id=row.device_id,
        online=bool(row.online),
        battery_pct=row.battery_pct,
        firmware=row.firmware,
        reported_at=row.reported_at,
    )


def tile(
    seat: Seat,
    vitals: Vitals,
    score: ScoreState | None,
    device: DeviceState | None,
    today: date,
) -> Tile:
    """Build a whole tile."""
    return Tile(**head_state(seat, today), vitals=vitals, score=score, device=device)
