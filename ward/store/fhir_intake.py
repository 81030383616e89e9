"""Observations that another system sends, into the store: as ingest stores them, with what could not be used beside.

Everything of one request is one transaction. The invariant: every value of every entry is a stored reading, or lies in
the quarantine with its reason; an implausible one is both, as in ingest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from ward import wire
from ward.access.principals import Scope
from ward.attribution import timely, untimely
from ward.clock import from_us, to_us
from ward.fhir.intake import Sent
from ward.formats import fhir
from ward.formats.claims import Claim, Fault
from ward.formats.settle import Settled, native, settle
from ward.people import Device, StayId
from ward.store import migrate, quarantine, registry, samples, wearers
from ward.store.fhir_people import numbers_of
from ward.store.pool import Connection
from ward.store.quarantine import Refused
from ward.store.samples import Rows
from ward.vitals import IMPLAUSIBLE, Validity
from ward.wire import Leaf, Reason


@dataclass(slots=True)
class Taken:
    """What became of one entry: which readings (device, kind code, measured) are stored, which newly, what was not."""

    stored: list[tuple[int, int, int]] = field(default_factory=list)
    newly: int = 0
    faults: list[Fault] = field(default_factory=list)
    patient_id: int | None = None
    stay_id: StayId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    entry: int
    claim: int
    stay_id: StayId
    device_no: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the entries name, as far as the sender may know of it: devices by FHIR id, stays with their patients."""

    devices: dict[str, Device]
    wearers: dict[StayId, wearers.Wearer]
    numbers: dict[int, str]


async def take(conn: Connection, sent: Sequence[Sent], scope: Scope, now: datetime) -> list[Taken]:
    """Store what can be used of these entries, and keep what cannot; return what became of each, in their order."""
    await registry.hold(conn)
    version = await registry.version(conn)
    known = await _known(conn, sent, scope, now)
    batch = _Batch(sent, known, to_us(now))
    await migrate.ensure_partitions(conn, {from_us(each).date() for each in batch.measured_us()})
    stored_before = await _stored(conn, batch)
    if batch.rows:
        await samples.prepare(conn)
        inserted = await samples.insert_batch(conn, batch.columns(), version)
        if inserted is None:
            raise AssertionError("the registry is held")
        batch.settle_rows(stored_before, set(inserted.conflicts))
    await quarantine.insert(conn, batch.refused(now))
    return batch.taken


class _Batch:
    """Entries on their way: claims settled together, each a row, a fault, or both."""

    def __init__(self, sent: Sequence[Sent], known: _Known, now_us: int) -> None:
        self.sent = sent
        self.taken = [Taken() for _ in sent]
        self.rows: list[_Row] = []
        self._known = known
        self._now_us = now_us
        self._claims: list[Claim] = []
        self._of: list[int] = []
        self._kept: list[tuple[int, Fault, bytes]] = []
        for number, each in enumerate(sent):
            self._decode(number, each)
        self._settled: Settled = settle(self._claims)
        for claim, number in enumerate(self._of):
            self._judge(claim, number)

    def _decode(self, number: int, sent: Sent) -> None:
        fault = sent.fault or self._nameless(sent)
        if fault is not None:
            self._refuse(number, fault, sent.payload)
            return
        decoded = fhir.decode(sent.payload)
        for reject in decoded.rejects:
            self._refuse(number, (reject.reason, reject.detail), reject.item)
        self._claims += decoded.claims
        self._of += [number] * len(decoded.claims)

    def _nameless(self, sent: Sent) -> Fault | None:
        if sent.device in self._known.devices:
            return None
        return Reason.UNKNOWN_DEVICE, f"there is no device {str(sent.device)[:64]!r} that you may know of"

    def _judge(self, claim: int, number: int) -> None:
        """Say whose a claim is, or why it is nobody's."""
        sent, settled = self.sent[number], self._settled
        fault = settled.faults.get(claim)
        if fault is not None:
            self._refuse(number, fault, sent.payload)
        if not settled.usable[claim]:
            return
        device = self._known.devices[str(sent.device)]
        measured_us = int(settled.measured_us[claim])
        stay_id = device.stay_at(measured_us)
        ahead_us = measured_us - self._now_us
        if stay_id is None or not timely(ahead_us):
            if fault is None:
                self._refuse(number, untimely(device, measured_us, ahead_us), native(settled, claim))
            return
        refusal = self._strange(sent, stay_id)
        if refusal is not None:
            self._refuse(number, refusal, sent.payload)
            return
        self.rows.append(_Row(entry=number, claim=claim, stay_id=stay_id, device_no=device.device_no))
        self.taken[number].stay_id = stay_id
        self.taken[number].patient_id = self._known.wearers[stay_id].patient_id

    def _strange(self, sent: Sent, stay_id: StayId) -> Fault | None:
        """Say why the wearer cannot be whom the entry is about."""
        wearer = self._known.wearers.get(stay_id)
        if wearer is None:
            return Reason.UNKNOWN_DEVICE, f"there is no device {str(sent.device)[:64]!r} that you may know of"
        number = self._known.numbers[wearer.patient_id]
        if sent.subject is not None and not sent.subject.fits(wearer.patient_id, number):
            return Reason.WRONG_PATIENT, "the patient it names is not the one who wore the device then"
        return None

    def _refuse(self, number: int, fault: Fault, payload: bytes) -> None:
        self.taken[number].faults.append(fault)
        self._kept.append((number, fault, payload))

    def measured_us(self) -> Iterable[int]:
        """Yield when each row was measured."""
        return (int(self._settled.measured_us[row.claim]) for row in self.rows)

    def columns(self) -> Rows:
        """Return the rows as columns."""
        chosen = [row.claim for row in self.rows]
        return Rows(
            stay_id=np.array([row.stay_id for row in self.rows], dtype=np.int64),
            kind=self._settled.kind[chosen],
            measured_us=self._settled.measured_us[chosen],
            device_no=np.array([row.device_no for row in self.rows], dtype=np.int64),
            value=self._settled.value[chosen],
            received_us=np.full(len(chosen), self._now_us),
            validity=self._settled.validity[chosen],
            quality=self._settled.quality[chosen],
        )

    def settle_rows(self, before: set[int], conflicts: set[int]) -> None:
        """Note what was stored: rows that were there `before` are repeats, unless they contradict what is there."""
        for n, row in enumerate(self.rows):
            kind, at = int(self._settled.kind[row.claim]), int(self._settled.measured_us[row.claim])
            if n in conflicts:
                detail = f"another value is stored already of that device, kind and time ({from_us(at).isoformat()})"
                self._refuse(row.entry, (Reason.CONFLICT, detail), self.sent[row.entry].payload)
            elif Validity(int(self._settled.validity[row.claim])) not in IMPLAUSIBLE:
                self.taken[row.entry].stored.append((row.device_no, kind, at))
                self.taken[row.entry].newly += n not in before

    def refused(self, now: datetime) -> list[Refused]:
        """Return what the quarantine keeps."""
        return [self._entry(now, *each) for each in self._kept]

    def _entry(self, now: datetime, number: int, fault: Fault, payload: bytes) -> Refused:
        device = self._known.devices.get(str(self.sent[number].device))
        return Refused(
            received_at=now,
            device_id=device.device_id if device else None,
            topic=wire.topic(device.device_id, Leaf.FHIR) if device else "fhir/Observation",
            reason=fault[0].value,
            detail=fault[1],
            index=number,
            payload=payload,
        )


async def _known(conn: Connection, sent: Sequence[Sent], scope: Scope, now: datetime) -> _Known:
    """Return the devices that entries name, unless every stay that they were ever worn in is hidden."""
    found = await registry.named(conn, {each.device for each in sent if each.device is not None})
    stays = {binding.stay_id for device in found.values() for binding in device.bindings}
    seen = await wearers.visible(conn, stays, scope, now)
    devices = {
        identity: device
        for identity, device in found.items()
        if not device.revoked and any(binding.stay_id in seen for binding in device.bindings)
    }
    numbers = await numbers_of(conn, {wearer.patient_id for wearer in seen.values()})
    return _Known(devices=devices, wearers=seen, numbers=numbers)


async def _stored(conn: Connection, batch: _Batch) -> set[int]:
    """Return the numbers of the rows whose key is stored already."""
    if not batch.rows:
        return set()
    columns = batch.columns()
    cursor = await conn.execute(
        "select n from unnest(%s::bigint[], %s::int[], %s::timestamptz[], %s::bigint[]) with ordinality"
        " as b (stay_id, kind, measured_at, device_no, n) join reading r using (stay_id, kind, measured_at, device_no)",
        (
            columns.stay_id.tolist(),
            columns.kind.tolist(),
            [from_us(int(each)) for each in columns.measured_us],
            columns.device_no.tolist(),
        ),
    )
    return {int(row[0]) - 1 for row in await cursor.fetchall()}
