"""A batch of Observations as it is sent over HTTP: taken apart, and what each entry names. Decoding only.

An entry is an Observation as it was sent, or the reason why it is none. Whose it is comes from who wore the device that
it names; the patient whom it names must be the same (H6), and is asked by `Subject.fits`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from ward.fhir.codes import OWN
from ward.fhir.identifiers import OWN_PATIENT, personal_number
from ward.formats.claims import UNREADABLE, Fault, said
from ward.wire import Reason, is_device_id

MOST_ENTRIES = 1000


class _Identifier(msgspec.Struct, gc=False):
    system: str | None = None
    value: str | None = None


class _Reference(msgspec.Struct, gc=False):
    reference: str | None = None
    identifier: _Identifier | None = None


class _Naming(msgspec.Struct, rename="camel", gc=False):
    resource_type: str = ""
    device: _Reference | None = None
    subject: _Reference | None = None


class _Request(msgspec.Struct, gc=False):
    method: str = ""
    url: str = ""


class _Entry(msgspec.Struct, gc=False):
    resource: msgspec.Raw = msgspec.Raw(b"")
    request: _Request | None = None


class _Bundle(msgspec.Struct, rename="camel", gc=False):
    resource_type: str
    type: str = ""
    entry: list[msgspec.Raw] = []


_bundle = msgspec.json.Decoder(_Bundle)
_entry = msgspec.json.Decoder(_Entry)
_naming = msgspec.json.Decoder(_Naming)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The patient whom an Observation names: our own number, or a personal number; both None: nobody we can know."""

    patient_id: int | None = None
    personal_number: str | None = None

    def fits(self, patient_id: int, number: str) -> bool:
        """Tell whether that is this patient."""
        return self.patient_id == patient_id or (self.personal_number is not None and self.personal_number == number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One entry: the Observation as it was sent, the FHIR id of the device it names, the patient, if it names one."""

    payload: bytes
    device: str | None = None
    subject: Subject | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """A body of which nothing can be taken, and why."""

    text: str


def entries(body: bytes) -> Sequence[Sent] | Unusable:
    """Take a body apart: one Observation, or a Bundle of type batch."""
    try:
        found = _bundle.decode(body)
    except UNREADABLE as error:
        return Unusable(text=f"That is no FHIR resource in JSON: {said(error)}")
    if found.resource_type == "Observation":
        return [_sent(body)]
    if found.resource_type != "Bundle" or found.type != "batch":
        return Unusable(text="Taken is an Observation, or a Bundle of type batch; there are no transactions.")
    if not 1 <= len(found.entry) <= MOST_ENTRIES:
        return Unusable(text=f"A batch has 1 to {MOST_ENTRIES} entries.")
    return [_of_entry(bytes(each)) for each in found.entry]


def _of_entry(raw: bytes) -> Sent:
    try:
        entry = _entry.decode(raw)
    except UNREADABLE as error:
        return Sent(payload=raw, fault=(Reason.MALFORMED, said(error)))
    request = entry.request
    if request is None or (request.method, request.url.strip("/")) != ("POST", "Observation"):
        return Sent(payload=raw, fault=(Reason.UNSUPPORTED, "an entry's request is POST Observation"))
    return _sent(bytes(entry.resource))


def _sent(payload: bytes) -> Sent:
    try:
        naming = _naming.decode(payload)
    except UNREADABLE as error:
        return Sent(payload=payload, fault=(Reason.MALFORMED, said(error)))
    if naming.resource_type != "Observation":
        return Sent(payload=payload, fault=(Reason.UNSUPPORTED, "only Observations are taken"))
    device = _device(naming.device)
    if device is None:
        return Sent(
            payload=payload, fault=(Reason.UNKNOWN_DEVICE, "it names no device: Device/[id], or its identifier")
        )
    subject = None if naming.subject is None else _subject(naming.subject)
    return Sent(payload=payload, device=device, subject=subject)


def _device(named: _Reference | None) -> str | None:
    if named is None:
        return None
    given = named.identifier
    own = given is not None and given.system == f"{OWN}/device"
    name = given.value if given is not None and own else _last(named.reference, "Device")
    return name if name is not None and is_device_id(name) else None


def _subject(named: _Reference) -> Subject:
    patient = _last(named.reference, "Patient")
    given = named.identifier
    own = given is not None and given.system == OWN_PATIENT
    identity = given.value if given is not None and own else patient
    number = None if given is None or own else personal_number(given.system, given.value or "")
    known = identity is not None and identity.isascii() and identity.isdecimal() and len(identity) < 19
    return Subject(patient_id=int(identity) if known and identity else None, personal_number=number)


def _last(reference: str | None, kind: str) -> str | None:
    """Return the id that a reference to a type ends in."""
    parts = (reference or "").split("/")
    return next((name for before, name in pairwise(parts) if before == kind and name), None)
