"""What a team or a patient differs in from the layer below, and the plan that the layers give together.

An overlay names only what differs. A plan is the programme's template with the team's overlay laid over it, then the
patient's standing one, then the patient's temporary ones in the order in which they were made. Pure. The invariant:
a layer that cannot be read, or with which the plan would be unusable, is left out and told; what is below it watches.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from ward import plan_documents, plans
from ward.alerts import Priority
from ward.plan_checks import Fault, faults
from ward.plan_documents import Leaves
from ward.plans import Card, Deviation, Gain, Goals, Order, Plan, Remeasure, SecondSignal, Slope, Support, Term
from ward.vitals import VitalKind


class Patch(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What differs in one kind's limits; null is no limit on that side."""

    alert_low: float | UnsetType | None = UNSET
    warn_low: float | UnsetType | None = UNSET
    warn_high: float | UnsetType | None = UNSET
    alert_high: float | UnsetType | None = UNSET
    delay_s: float | UnsetType = UNSET
    clear_by: float | UnsetType = UNSET
    floor: float | UnsetType | None = UNSET
    ceiling: float | UnsetType | None = UNSET
    k: int | UnsetType = UNSET
    n: int | UnsetType = UNSET
    median_s: float | UnsetType = UNSET


class NightPatch(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What differs in the night: its bounds in minutes after local midnight, and limits that differ from the day's."""

    begins: int | UnsetType = UNSET
    ends: int | UnsetType = UNSET
    limits: dict[VitalKind, Patch] | UnsetType = UNSET


class RhythmPatch(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What differs in what is told of the rhythm."""

    af: bool | UnsetType = UNSET
    pause_s: float | UnsetType | None = UNSET
    ventricular_run: int | UnsetType | None = UNSET


class Combined(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A combination without its name, which is its key."""

    terms: tuple[Term, ...]
    at_least: int
    delay_s: float = 0.0
    priority: Priority = Priority.MEDIUM


class Overlay(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What differs, and nothing else. Null takes away what the layer below has; lists are replaced as a whole."""

    goals: Goals | UnsetType = UNSET
    spo2_scale: Literal[1, 2] | UnsetType = UNSET
    scale_2_order: Order | UnsetType | None = UNSET
    limits: dict[VitalKind, Patch] | UnsetType = UNSET
    night: NightPatch | UnsetType | None = UNSET
    expected: dict[VitalKind, float | None] | UnsetType = UNSET
    news2_medium: int | UnsetType = UNSET
    news2_high: int | UnsetType = UNSET
    news2_rise: int | UnsetType = UNSET
    news2_rise_s: float | UnsetType = UNSET
    slopes: tuple[Slope, ...] | UnsetType = UNSET
    deviations: tuple[Deviation, ...] | UnsetType = UNSET
    gain: Gain | UnsetType | None = UNSET
    support: Support | UnsetType | None = UNSET
    second_signal: SecondSignal | UnsetType | None = UNSET
    remeasure: Remeasure | UnsetType | None = UNSET
    combinations: dict[str, Combined | None] | UnsetType = UNSET
    rhythm: RhythmPatch | UnsetType = UNSET
    cards: dict[str, Card | None] | UnsetType = UNSET


NOTHING = Overlay()
# What is decided about one person is no team's to say.
_PERSONAL = frozenset({"goals", "spo2_scale", "scale_2_order"})


class Origin(StrEnum):
    """Whose a layer is."""

    TEMPLATE = "template"
    TEAM = "team"
    PATIENT = "patient"


class Layer(msgspec.Struct, kw_only=True, frozen=True):
    """One overlay as the store keeps it; `rules` has not been read."""

    origin: Origin
    version: int
    rules: msgspec.Raw
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Which layer a field comes from; the version is 0 for the template."""

    origin: Origin
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the effective plan: what it is, where it comes from, and what the template has."""

    path: plan_documents.Path
    value: object
    source: Source
    template: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """The plan that layers give together.

    `fields` are those that differ from the template, `faults` why a layer was left out, empty when none was;
    `scale_2_lapsed` that scale 2 is asked for and no order carries it.
    """

    plan: Plan
    fields: tuple[Field, ...] = ()
    faults: tuple[Fault, ...] = ()
    scale_2_lapsed: bool = False


def decode(kept: str | bytes) -> Overlay:
    """Read an overlay.

    Raises
    ------
    msgspec.DecodeError
        If it is none, naming the field.
    """
    return msgspec.json.decode(kept, type=Overlay)


def encode(overlay: Overlay) -> str:
    """Return the JSON that the store keeps."""
    return msgspec.json.encode(overlay).decode()


def raw(overlay: Overlay) -> msgspec.Raw:
    """Return an overlay as a layer carries it."""
    return msgspec.Raw(msgspec.json.encode(overlay))


def read_layers(kept: str) -> tuple[Layer, ...]:
    """Read layers as the store gives them, without reading what they say."""
    return msgspec.json.decode(kept, type=tuple[Layer, ...])


def legible_layers(kept: str) -> tuple[Layer, ...]:
    """Read layers as the store gives them; none where they cannot be read, which `folded` tells as a fault."""
    try:
        return read_layers(kept)
    except msgspec.DecodeError:
        return ()


def leaves(overlay: Overlay) -> Leaves:
    """Return an overlay's leaves."""
    return plan_documents.leaves(msgspec.to_builtins(overlay))


def effective(programme: str, kept: str, now: datetime) -> Effective:
    """Return the plan of a programme's stay at an instant; `kept` are its layers as the store gives them.

    SpO2 scale 2 counts while an order carries it; without one the plan is the same with scale 1.
    """
    found = folded(programme, kept)
    return found if found.plan.spo2_scale == 1 or found.plan.scale_2_at(now) else _lapsed(programme, kept)


def order_change(plan: Plan, now: datetime) -> datetime | None:
    """Return when the order of scale 2 begins or runs out, if that is still to come."""
    order = plan.scale_2_order
    return None if order is None else min((at for at in (order.ordered_at, order.expires_at) if at > now), default=None)


@lru_cache(maxsize=8192)
def folded(programme: str, kept: str) -> Effective:
    """Fold layers as the store gives them, whatever the time; the same layers give the same object."""
    try:
        layers = read_layers(kept)
    except msgspec.DecodeError as error:
        found = fold(programme, ())
        told = Fault(path="", sv=f"planens lager kan inte läsas: {error}", en=f"its layers cannot be read: {error}")
        return replace(found, faults=(*found.faults, told))
    return fold(programme, layers)


@lru_cache(maxsize=1024)
def _lapsed(programme: str, kept: str) -> Effective:
    found = folded(programme, kept)
    return replace(found, plan=replace(found.plan, spo2_scale=1), scale_2_lapsed=True)


def fold(programme: str, layers: Sequence[Layer]) -> Effective:
    """Lay overlays over a programme's template, from the lowest; what is unusable is left out and told."""
    told: list[Fault] = []
    if programme not in plan_documents.names():
        told.append(_unknown(programme))
        programme = plans.DEFAULT_PROGRAMME
    template = plan_documents.programme_leaves(programme)
    parts, plan = template, plans.template(programme)
    sources: dict[plan_documents.Path, Source] = {}
    used: list[Source] = []
    for layer in layers:
        tried = _over(parts, layer)
        if isinstance(tried, Left):
            told += tried.faults
            continue
        source = Source(origin=layer.origin, version=layer.version)
        used.append(source)
        sources = {path: each for path, each in sources.items() if path in tried.parts}
        sources |= dict.fromkeys(tried.named, source)
        parts, plan = tried.parts, tried.plan
    version = max((each.version for each in used if each.origin is Origin.PATIENT), default=0)
    plan = replace(plan, version=version)
    if plan.goals is Goals.COMFORT:
        plan = _comforted(plan, {path[1] for path in sources if path[0] == "cards"})
    return Effective(
        plan=plan,
        fields=tuple(
            Field(path=path, value=parts[path], source=source, template=template.get(path))
            for path, source in sorted(sources.items())
            if parts[path] != template.get(path)
        ),
        faults=tuple(told),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A layer laid over what is below it."""

    parts: Leaves
    plan: Plan
    named: tuple[plan_documents.Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A layer that was left out, and why."""

    faults: tuple[Fault, ...]


def _comforted(plan: Plan, own: set[str]) -> Plan:
    """Return a plan of comfort care: what applies is as in palliative care, but for cards that somebody has written."""
    written = {name: card for name, card in plan.cards.items() if name in own}
    return replace(plan, cards={**plans.template("palliative").cards, **written})


def _over(below: Leaves, layer: Layer) -> Laid | Left:
    try:
        overlay = decode(bytes(layer.rules))
    except msgspec.DecodeError as error:
        return Left(faults=(_unreadable(layer, error),))
    named = leaves(overlay)
    if layer.origin is Origin.TEAM and (personal := sorted({path[0] for path in named} & _PERSONAL)):
        return Left(faults=tuple(_not_a_team_s(name) for name in personal))
    return _laid(below, named)


def _laid(below: Leaves, named: Leaves) -> Laid | Left:
    """Lay leaves over those below, or say all that speaks against it."""
    parts = plan_documents.laid(below, named)
    try:
        plan = plans.build(plan_documents.document(parts))
    except msgspec.ValidationError as error:
        return Left(faults=(Fault(path="", sv=f"planen går inte att läsa: {error}", en=f"not a plan: {error}"),))
    found = faults(plan)
    return Left(faults=found) if found else Laid(parts=parts, plan=plan, named=tuple(named))


def _unreadable(layer: Layer, error: msgspec.DecodeError) -> Fault:
    return Fault(
        path="",
        sv=f"{layer.origin}, version {layer.version}, kan inte läsas: {error}",
        en=f"{layer.origin}, version {layer.version}, cannot be read: {error}",
    )


def _not_a_team_s(name: str) -> Fault:
    return Fault(
        path=name, sv="bestäms för en patient, inte för ett team", en="is decided for a patient, not for a team"
    )


def _unknown(programme: str) -> Fault:
    instead = plans.DEFAULT_PROGRAMME
    return Fault(
        path="programme",
        sv=f"programmet {programme[:60]!r} finns inte: {instead} gäller",
        en=f"there is no programme {programme[:60]!r}: {instead} applies",
    )
