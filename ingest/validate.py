"""Whose a decoded message is and whether its readings may be stored. Pure: devices and `now` are given.

Every reading of a delivery ends in exactly one place: a row of `Batch`, or a `Refused`.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np

from ingest.delivery import Delivery
from ward import wire
from ward.clock import to_us
from ward.formats import vitals
from ward.formats.settle import readings_of
from ward.people import Device
from ward.store.devices import Status
from ward.store.quarantine import Refused
from ward.store.samples import Rows
from ward.vitals import VITALS, Reading, Validity
from ward.wire import Leaf, Reason, Reject

MAX_AHEAD = timedelta(minutes=5)
MAX_AGE = timedelta(days=30)
_AHEAD_US = MAX_AHEAD // timedelta(microseconds=1)
_AGE_US = MAX_AGE // timedelta(microseconds=1)
_CODES = {kind: vital.code for kind, vital in VITALS.items()}
_USABLE = Validity.VLD.value
_LONGEST_TOPIC = 100  # characters; ours are shorter, and what a stranger makes up must not fill the memory
_remembered = lru_cache(maxsize=65_536)(wire.parse_topic)

Row = tuple[int, int, int, int, float, int, int, int]


@dataclass(slots=True)
class Sorted:
    """What a number of deliveries came to. `origin[i]` is the delivery that row `i` came from."""

    rows: list[Row] = field(default_factory=list)
    origin: list[int] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    rejects: list[tuple[int, Reject]] = field(default_factory=list)

    def columns(self) -> Rows:
        """Return the accepted rows as columns."""
        if not self.rows:
            empty = np.empty(0, dtype=np.int64)
            return Rows(
                stay_id=empty, kind=empty, measured_us=empty, device_no=empty,
                value=np.empty(0), received_us=empty, validity=empty, quality=empty,
            )  # fmt: skip
        stay, kind, measured, device, value, received, validity, quality = zip(*self.rows, strict=True)
        return Rows(
            stay_id=np.array(stay, dtype=np.int64),
            kind=np.array(kind, dtype=np.int64),
            measured_us=np.array(measured, dtype=np.int64),
            device_no=np.array(device, dtype=np.int64),
            value=np.array(value, dtype=np.float64),
            received_us=np.array(received, dtype=np.int64),
            validity=np.array(validity, dtype=np.int64),
            quality=np.array(quality, dtype=np.int64),
        )


def sort(deliveries: list[Delivery], devices: dict[str, Device]) -> Sorted:
    """Decode and check deliveries against the devices known."""
    result = Sorted()
    for position, delivery in enumerate(deliveries):
        _sort_one(result, position, delivery, devices)
    return result


def _sort_one(result: Sorted, position: int, delivery: Delivery, devices: dict[str, Device]) -> None:
    topic = (_remembered if len(delivery.topic) <= _LONGEST_TOPIC else wire.parse_topic)(delivery.topic)
    if isinstance(topic, Reject):
        return _refuse(result, position, delivery, topic.reason, topic.detail)
    if delivery.identity is not None and delivery.identity != topic.device_id:
        return _refuse(result, position, delivery, Reason.FOREIGN_TOPIC, f"{delivery.identity} may not publish here")
    device = devices.get(topic.device_id)
    if device is None or device.revoked:
        what = "not registered" if device is None else "revoked"
        return _refuse(result, position, delivery, Reason.UNKNOWN_DEVICE, f"device {topic.device_id} is {what}")
    if topic.leaf is Leaf.VITALS:
        return _sort_vitals(result, position, delivery, device)
    if topic.leaf is Leaf.STATUS:
        return _sort_status(result, position, delivery, device)
    return _refuse(result, position, delivery, Reason.UNSUPPORTED, f"{topic.leaf} is not taken by this version")


def _sort_vitals(result: Sorted, position: int, delivery: Delivery, device: Device) -> None:
    readings, rejects = readings_of(vitals.decode(delivery.payload))
    received_us = to_us(delivery.received_at)
    earliest_us, latest_us, device_no = received_us - _AGE_US, received_us + _AHEAD_US, device.device_no
    for reading in readings:
        measured_us = to_us(reading.measured_at)
        stay_id = device.stay_at(measured_us)
        if stay_id is None or not earliest_us <= measured_us <= latest_us:
            reason, detail = _fault(reading, measured_us, received_us, device.device_id)
            result.rejects.append((position, Reject(reason, detail, vitals.encode_reading(reading))))
            continue
        quality = -1 if reading.quality is None else round(reading.quality * 100)
        result.rows.append(
            (stay_id, _CODES[reading.kind], measured_us, device_no, reading.value, received_us, _USABLE, quality)
        )
        result.origin.append(position)
        result.readings.append(reading)
    result.rejects.extend((position, reject) for reject in rejects)


def _fault(reading: Reading, measured_us: int, received_us: int, device_id: str) -> tuple[Reason, str]:
    """Say why a reading cannot be stored that is out of time or nobody's."""
    ahead_s = (measured_us - received_us) / 1e6
    if measured_us - received_us > _AHEAD_US:
        return Reason.FUTURE, f"measured {ahead_s:.0f} s after the platform's time; at most {MAX_AHEAD.seconds} s"
    if received_us - measured_us > _AGE_US:
        return Reason.TOO_OLD, f"measured {-ahead_s / 86400:.0f} days ago; at most {MAX_AGE.days}"
    return Reason.NO_BINDING, f"nobody wore {device_id} at {reading.measured_at.isoformat(timespec='seconds')}"


def _sort_status(result: Sorted, position: int, delivery: Delivery, device: Device) -> None:
    status = wire.decode_status(delivery.payload)
    if isinstance(status, Reject):
        result.rejects.append((position, status))
        return
    result.statuses.append(
        Status(
            device_no=device.device_no,
            stay_id=device.stay_at(to_us(delivery.received_at)),
            online=status.online,
            battery_pct=status.battery_pct,
            firmware=status.firmware,
            reported_at=delivery.received_at,
        )
    )


def _refuse(result: Sorted, position: int, delivery: Delivery, reason: Reason, detail: str) -> None:
    result.rejects.append((position, Reject(reason, detail, delivery.payload)))


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
