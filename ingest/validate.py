"""Whose a decoded message is and whether its readings may be stored. Pure: devices and `now` are given.

Every reading of a delivery ends in exactly one place: a row that may be used, or a reject. An implausible one ends in
both: refused, and kept as a row that is shown as "check" and that no rule uses. Readings of all deliveries are checked
together, by arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ingest.delivery import Delivery
from ward import wire
from ward.attribution import AGE_US, AHEAD_US, untimely
from ward.clock import from_us, to_us
from ward.events import DeviceEvent
from ward.formats.claims import Claim, Decoded
from ward.formats.settle import Ints, Settled, native, settle
from ward.formats.table import DECODERS
from ward.people import Device
from ward.store.device_events import EventRow
from ward.store.devices import Status
from ward.store.quarantine import Refused
from ward.store.samples import Rows
from ward.store.waveforms import BlockRow
from ward.vitals import BY_CODE
from ward.waveforms import WaveformBlock
from ward.wire import Leaf, Reason, Reject

_LONGEST_TOPIC = 100  # characters; ours are shorter, and what a stranger makes up must not fill the memory
FORESEEABLE = (ValueError, ArithmeticError, RecursionError, TypeError, LookupError)
_NOBODY = (0, 1, 0)  # a stay, and an empty time in which it wears the device
_remembered = lru_cache(maxsize=65_536)(wire.parse_topic)


@dataclass(slots=True)
class Sorted:
    """What a number of deliveries came to. `origin[i]` is the delivery that row `i` came from.

    Events, blocks and rejects come with the number of their delivery. `heard` are the devices of messages with
    readings, `ahead_us` how far the newest of each was ahead of when it came.
    """

    rows: Rows
    origin: Ints
    heard: Ints
    ahead_us: Ints
    statuses: list[Status]
    events: list[tuple[int, EventRow]]
    blocks: list[tuple[int, BlockRow]]
    rejects: list[tuple[int, Reject]]

    def conflict(self, row: int) -> Reject:
        """Return the reject of a row whose key is stored with another value."""
        kind = BY_CODE[int(self.rows.kind[row])]
        measured_at = from_us(int(self.rows.measured_us[row]))
        item = f'{{"kind":"{kind.kind}","value":{self.rows.value[row]!r},"measured_at":"{measured_at.isoformat()}"}}'
        detail = f"another value of {kind.kind} at {measured_at.isoformat()} is stored already"
        return Reject(Reason.CONFLICT, detail, item.encode())


@dataclass(slots=True)
class _Messages:
    """The messages that hold claims, as columns in the making: whose they are and where their claims begin."""

    position: list[int] = field(default_factory=list)
    device: list[Device] = field(default_factory=list)
    decoded: list[Decoded] = field(default_factory=list)
    received_us: list[int] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    begins: list[int] = field(default_factory=list)

    def add(self, position: int, device: Device, decoded: Decoded, received_us: int) -> None:
        """Take a message."""
        self.position.append(position)
        self.device.append(device)
        self.decoded.append(decoded)
        self.received_us.append(received_us)
        self.begins.append(len(self.claims))
        self.claims += decoded.claims


def decode(delivery: Delivery) -> Decoded | None:
    """Decode a delivery's payload by its topic; None where the topic is not one that devices write to."""
    topic = _topic(delivery)
    if isinstance(topic, Reject) or topic.leaf not in DECODERS:
        return None
    try:
        return DECODERS[topic.leaf](delivery.payload)
    except FORESEEABLE:  # decoders do not raise; if one does, `sort` meets it again and the message is quarantined
        return None


def sort(deliveries: Sequence[Delivery], devices: dict[str, Device]) -> Sorted:
    """Check deliveries against the devices known; those not decoded on arrival are decoded now."""
    messages = _Messages()
    rejects: list[tuple[int, Reject]] = []
    statuses: list[Status] = []
    events: list[tuple[int, EventRow]] = []
    blocks: list[tuple[int, BlockRow]] = []
    for position, delivery in enumerate(deliveries):
        found = _whose(delivery, devices)
        if isinstance(found, Reject):
            rejects.append((position, found))
            continue
        leaf, device = found
        decoded = delivery.decoded or DECODERS[leaf](delivery.payload)
        if decoded.named:
            decoded = decoded.of(device.device_id)
        if decoded.rejects:
            rejects += [(position, reject) for reject in decoded.rejects]
        if decoded.claims:
            messages.add(position, device, decoded, to_us(delivery.received_at))
        if decoded.status is not None:
            statuses.append(_status(decoded.status, device, delivery.received_at))
        for event in decoded.events:
            called = _event(event, device, delivery)
            (rejects if isinstance(called, Reject) else events).append((position, called))  # type: ignore[arg-type]
        for block in decoded.blocks:
            traced = _block(block, device, delivery)
            (rejects if isinstance(traced, Reject) else blocks).append((position, traced))  # type: ignore[arg-type]
    settled = settle(messages.claims)
    counts = np.diff([*messages.begins, len(messages.claims)])
    message = np.repeat(np.arange(len(messages.position)), counts)
    ahead_us = settled.measured_us - np.array(messages.received_us, dtype=np.int64)[message]
    rows, origin = _rows(messages, settled, message, ahead_us, rejects)
    return Sorted(
        rows=rows,
        origin=origin,
        heard=np.array([device.device_no for device in messages.device], dtype=np.int64),
        ahead_us=np.maximum.reduceat(ahead_us, messages.begins) if messages.begins else ahead_us,
        statuses=statuses,
        events=events,
        blocks=blocks,
        rejects=rejects,
    )


def _event(event: DeviceEvent, device: Device, delivery: Delivery) -> EventRow | Reject:
    """Say whose an event is. One with an impossible time is dated when it came: a call for help is never refused."""
    occurred_us, received_us = to_us(event.occurred_at), to_us(delivery.received_at)
    ahead_us = occurred_us - received_us
    if not -AGE_US <= ahead_us <= AHEAD_US:
        event, occurred_us = replace(event, occurred_at=delivery.received_at), received_us
    stay_id = device.stay_at(occurred_us)
    if stay_id is None:
        return Reject(*untimely(device, occurred_us, 0), delivery.payload)
    return EventRow(stay_id=stay_id, device_no=device.device_no, received_at=delivery.received_at, event=event)


def _block(block: WaveformBlock, device: Device, delivery: Delivery) -> BlockRow | Reject:
    """Say whose a block is: one that began with one wearer and ended with another is nobody's."""
    received_us = to_us(delivery.received_at)
    ahead_us = block.measured_us - received_us
    stay_id = device.stay_at(block.measured_us)
    if stay_id is None or device.stay_at(block.ends_us - 1) != stay_id or not -AGE_US <= ahead_us <= AHEAD_US:
        return Reject(*untimely(device, block.measured_us, ahead_us), delivery.payload)
    return BlockRow(stay_id=stay_id, device_no=device.device_no, received_at=delivery.received_at, block=block)


def _topic(delivery: Delivery) -> wire.Topic | Reject:
    return (_remembered if len(delivery.topic) <= _LONGEST_TOPIC else wire.parse_topic)(delivery.topic)


def _whose(delivery: Delivery, devices: dict[str, Device]) -> tuple[Leaf, Device] | Reject:
    topic = _topic(delivery)
    if isinstance(topic, Reject):
        return Reject(topic.reason, topic.detail, delivery.payload)
    if delivery.identity is not None and delivery.identity != topic.device_id:
        return Reject(Reason.FOREIGN_TOPIC, f"{delivery.identity} may not publish here", delivery.payload)
    device = devices.get(topic.device_id)
    if device is None or device.revoked:
        what = "not registered" if device is None else "revoked"
        return Reject(Reason.UNKNOWN_DEVICE, f"device {topic.device_id} is {what}", delivery.payload)
    if topic.leaf not in DECODERS:
        return Reject(Reason.UNSUPPORTED, f"{topic.leaf} is not taken by this version", delivery.payload)
    return topic.leaf, device


def _rows(
    messages: _Messages, settled: Settled, message: Ints, ahead_us: Ints, rejects: list[tuple[int, Reject]]
) -> tuple[Rows, Ints]:
    """Check the claims of all messages; what cannot be stored is added to `rejects`."""
    stay_id, worn = _worn(messages, settled, message)
    timely = (ahead_us <= AHEAD_US) & (ahead_us >= -AGE_US)
    good = settled.usable & timely & worn
    refused = np.flatnonzero(settled.usable & ~(timely & worn)).tolist()
    faults = settled.faults | {
        row: untimely(messages.device[message[row]], int(settled.measured_us[row]), int(ahead_us[row]))
        for row in refused
        if row not in settled.faults
    }
    _reject(messages, message, settled, faults, rejects)
    chosen: NDArray[np.bool_] | slice = slice(None) if good.all() else good
    numbers = np.array([device.device_no for device in messages.device], dtype=np.int64)
    rows = Rows(
        stay_id=stay_id[chosen],
        kind=settled.kind[chosen],
        measured_us=settled.measured_us[chosen],
        device_no=numbers[message][chosen],
        value=settled.value[chosen],
        received_us=(settled.measured_us - ahead_us)[chosen],
        validity=settled.validity[chosen],
        quality=settled.quality[chosen],
    )
    return rows, np.array(messages.position, dtype=np.int64)[message][chosen]


def _worn(messages: _Messages, settled: Settled, message: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Return who wore the device when each claim was measured, and whether anybody did.

    Most are of the newest wearer; the others are looked up one by one.
    """
    newest = np.array([_newest(device) for device in messages.device], dtype=np.int64).reshape(-1, 3)[message]
    stay_id = newest[:, 0].copy()
    worn = (newest[:, 1] <= settled.measured_us) & (settled.measured_us < newest[:, 2])
    for row in np.flatnonzero(~worn & settled.usable).tolist():
        found = messages.device[message[row]].stay_at(int(settled.measured_us[row]))
        if found is not None:
            stay_id[row], worn[row] = found, True
    return stay_id, worn


def _newest(device: Device) -> tuple[int, int, int]:
    if not device.bindings:
        return _NOBODY
    binding = device.bindings[-1]
    return binding.stay_id, binding.start_us, binding.end_us


def _reject(
    messages: _Messages,
    message: Ints,
    settled: Settled,
    faults: dict[int, tuple[Reason, str]],
    rejects: list[tuple[int, Reject]],
) -> None:
    """Add the rejects of faulty claims; each message is taken apart into its elements once.

    A reading of nobody's may be given to somebody later (`ward.redecode`), so it is kept as a native reading.
    """
    elements: Sequence[bytes] | None = None
    known = -1
    for row, (reason, detail) in sorted(faults.items()):
        number = int(message[row])
        decoded = messages.decoded[number]
        if number != known:
            elements, known = decoded.elements(), number
        reject = decoded.refuse(row - messages.begins[number], reason, detail, elements)
        if reason is Reason.NO_BINDING:
            reject = replace(reject, item=native(settled, row))
        rejects.append((messages.position[number], reject))


def _status(status: wire.WireStatus, device: Device, received_at: datetime) -> Status:
    return Status(
        device_no=device.device_no,
        stay_id=device.stay_at(to_us(received_at)),
        online=status.online,
        battery_pct=status.battery_pct,
        firmware=status.firmware,
        reported_at=received_at,
    )


def refused(delivery: Delivery, reject: Reject) -> Refused:
    """Return what the quarantine keeps of a reject."""
    topic = wire.parse_topic(delivery.topic)
    known: datetime = delivery.received_at
    return Refused(
        received_at=known,
        device_id=delivery.identity or (None if isinstance(topic, Reject) else topic.device_id),
        topic=delivery.topic,
        reason=reject.reason,
        detail=reject.detail,
        index=reject.index,
        payload=reject.item,
    )
