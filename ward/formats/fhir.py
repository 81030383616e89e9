"""FHIR R4, JSON: an Observation, or a Bundle of them, to claims. Decoding only.

Whose an observation is does not come from its `subject`: it comes from who wore the device (`ward.people.Device`).
What names another device than the topic's is told in `Decoded.named`. The invariant: every value of a message (an
observation's own, and each component's) is one claim or one reject; an absent value is never zero.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from ward.formats.claims import (
    MAX_READINGS,
    UNREADABLE,
    Claim,
    Decoded,
    Fault,
    fault_of,
    refused,
    said,
    too_large,
    too_many,
    unreadable,
)
from ward.formats.codes import Code
from ward.formats.fhir_values import Component, Panel, claim_of, meaning
from ward.wire import Reason, Reject

# A value's claim or fault, and the device that it names.
Found = tuple[Claim | Fault, str | None]
_Split = Callable[[bytes], Sequence[bytes]]
STATUSES: Final = frozenset({"final", "amended", "corrected", "preliminary"})
BUNDLES: Final = frozenset({"collection", "batch", "transaction", "searchset"})
METHODS: Final = frozenset({"POST", "PUT"})


class Period(msgspec.Struct, gc=False):
    """A span of time; the end is when its value was there."""

    end: str | None = None


class Reference(msgspec.Struct, gc=False):
    """A reference to another resource."""

    reference: str | None = None


class Observation(Component, rename="camel", tag_field="resourceType", tag="Observation", gc=False):
    """An Observation, as far as it is understood. What is not named here is ignored."""

    status: str = ""
    effective_date_time: str | None = None
    effective_instant: str | None = None
    effective_period: Period | None = None
    effective_timing: msgspec.Raw = msgspec.Raw(b"")
    device: Reference | None = None
    component: list[Component] = msgspec.field(default_factory=list)
    implicit_rules: str | None = None


class Request(msgspec.Struct, gc=False):
    """What a transaction would do with an entry."""

    method: str | None = None


class Entry(msgspec.Struct, gc=False):
    """An entry of a Bundle; that a Bundle may be in it too makes its `resourceType` required."""

    resource: "Observation | Bundle"
    request: Request | None = None


class Bundle(msgspec.Struct, tag_field="resourceType", tag="Bundle", gc=False):
    """A Bundle in which every entry is an Observation that can be read."""

    type: str = ""
    entry: list[Entry] = []


class _RawBundle(msgspec.Struct, rename="camel"):
    """Any Bundle, its entries as they were sent."""

    resource_type: str
    type: str = ""
    entry: list[msgspec.Raw] = []


_resource: msgspec.json.Decoder[Observation | Bundle] = msgspec.json.Decoder(Observation | Bundle)
_raw_bundle = msgspec.json.Decoder(_RawBundle)
_entry = msgspec.json.Decoder(Entry)


def split(payload: bytes) -> Sequence[bytes]:
    """Take a Bundle apart into its entries, as they were sent."""
    return [bytes(each) for each in _raw_bundle.decode(payload).entry]


def decode(payload: bytes) -> Decoded:
    """Decode an Observation or a Bundle of them."""
    if (refusal := too_large(payload)) is not None:
        return refusal
    try:
        resource = _resource.decode(payload)
    except UNREADABLE as error:
        return _decode_each(payload, error)
    if isinstance(resource, Observation):
        return _told(payload, None, [(0, each) for each in _found(Entry(resource))])
    return _bundled(payload, resource.type, resource.entry)


def _decode_each(payload: bytes, error: Exception) -> Decoded:
    """Decode a Bundle entry by entry, after decoding it whole has failed."""
    try:
        bundle = _raw_bundle.decode(payload)
    except UNREADABLE:
        return unreadable(payload, error)
    if bundle.resource_type != "Bundle":
        return unreadable(payload, error)
    return _bundled(payload, bundle.type, [_read(each) for each in bundle.entry])


def _read(element: msgspec.Raw) -> Entry | Fault:
    try:
        return _entry.decode(element)
    except UNREADABLE as error:
        return fault_of(error), said(error)


def _bundled(payload: bytes, kind: str, entries: Sequence[Entry | Fault]) -> Decoded:
    if kind not in BUNDLES:
        return refused(
            payload, Reason.BAD_FIELD, f"Bundle of type {kind[:40]!r}; expected {', '.join(sorted(BUNDLES))}"
        )
    if len(entries) > MAX_READINGS:
        return too_many(payload, len(entries))
    found = [
        (index, each)
        for index, entry in enumerate(entries)
        for each in ([(entry, None)] if isinstance(entry, tuple) else _found(entry))
    ]
    return _told(payload, split, found)


def _told(
    payload: bytes, apart: Callable[[bytes], Sequence[bytes]] | None, found: Sequence[tuple[int, Found]]
) -> Decoded:
    """Put what was found where it belongs; it comes with the number of its entry."""
    if len(found) > MAX_READINGS:
        return too_many(payload, len(found))
    claims: list[Claim] = []
    at: list[int] = []
    named: dict[int, str] = {}
    faults: list[tuple[int, Fault]] = []
    for index, (each, device) in found:
        if isinstance(each, Claim):
            if device is not None:
                named[len(at)] = device
            claims.append(each)
            at.append(index)
        else:
            faults.append((index, each))
    elements = apart(payload) if faults and apart is not None else None
    rejects = [
        Reject(*fault, payload) if elements is None else Reject(*fault, elements[index], index)
        for index, fault in faults
    ]
    return Decoded(payload, claims, rejects, split=apart, at=None if apart is None else at, named=named or None)


def _found(entry: Entry) -> list[Found]:
    """Return what the values of an entry come to: one fault for all of them where it cannot be used at all."""
    observation = entry.resource
    if isinstance(observation, Bundle):
        return [((Reason.BAD_FIELD, "a Bundle in a Bundle; expected an Observation"), None)]
    measured_at = _time(observation)
    fault = _unusable(observation, entry.request) or (None if isinstance(measured_at, str) else measured_at)
    if fault is not None or not isinstance(measured_at, str):
        return [(fault or (Reason.BAD_FIELD, "no time"), None)]
    device = _device(observation)
    return [(each, device) for each in _values(observation, measured_at)]


def _values(observation: Observation, measured_at: str) -> list[Claim | Fault]:
    code = meaning(observation.code)
    if isinstance(code, tuple):  # what nobody knows may change what its components mean
        return [code]
    values = [_component(each, measured_at) for each in observation.component]
    if isinstance(code, Code):
        return [claim_of(observation, code, measured_at), *values]
    if observation.has_value() or not values:
        detail = "a panel has no value of its own" if values else "a panel without components"
        return [(Reason.BAD_FIELD, detail), *values]
    return values


def _component(component: Component, measured_at: str) -> Claim | Fault:
    code = meaning(component.code)
    if isinstance(code, Panel):
        return Reason.UNKNOWN_KIND, "a panel in a panel"
    return code if isinstance(code, tuple) else claim_of(component, code, measured_at)


def _unusable(observation: Observation, request: Request | None) -> Fault | None:
    if request is not None and request.method not in METHODS:
        return Reason.BAD_FIELD, f"request {str(request.method)[:20]!r}; expected POST or PUT"
    if observation.implicit_rules is not None or observation.modifier_extension:
        return Reason.BAD_FIELD, "implicitRules or a modifierExtension may change what it means, and is not understood"
    if observation.status not in STATUSES:
        return Reason.BAD_FIELD, f"status {observation.status[:40]!r}; expected one of {', '.join(sorted(STATUSES))}"
    return None


def _time(observation: Observation) -> str | Fault:
    """Return when it was measured; the end of a period, when its value was there."""
    period = observation.effective_period
    end = None if period is None else period.end
    times = [each for each in (observation.effective_date_time, observation.effective_instant, end) if each is not None]
    if len(times) == 1 and not bytes(observation.effective_timing):
        return times[0]
    return Reason.BAD_FIELD, "expected one effectiveDateTime, effectiveInstant or effectivePeriod with an end"


def _device(observation: Observation) -> str | None:
    """Return the id that a reference to a Device ends in; a contained or anonymous one has none."""
    reference = observation.device.reference if observation.device is not None else None
    parts = (reference or "").split("/")
    return next((name for kind, name in pairwise(parts) if kind == "Device" and name), None)
