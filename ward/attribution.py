"""How far from now a reading's time may lie, and why one cannot be stored that is out of time or nobody's. Pure.

Whose it is otherwise says `ward.people.Device.stay_at`. The bounds stand here alone, for every door that readings come
in by.
"""

from datetime import timedelta

from ward.clock import from_us
from ward.people import Device
from ward.wire import Reason

MAX_AHEAD = timedelta(minutes=5)
MAX_AGE = timedelta(days=30)
AHEAD_US = MAX_AHEAD // timedelta(microseconds=1)
AGE_US = MAX_AGE // timedelta(microseconds=1)


def timely(ahead_us: int) -> bool:
    """Tell whether a time may be right that lies so far after the platform's."""
    return -AGE_US <= ahead_us <= AHEAD_US


def untimely(device: Device, measured_us: int, ahead_us: int) -> tuple[Reason, str]:
    """Say why a reading cannot be stored that is out of time or nobody's."""
    ahead_s = ahead_us / 1e6
    if ahead_us > AHEAD_US:
        return Reason.FUTURE, f"measured {ahead_s:.0f} s after the platform's time; at most {MAX_AHEAD.seconds} s"
    if -ahead_us > AGE_US:
        return Reason.TOO_OLD, f"measured {-ahead_s / 86400:.0f} days ago; at most {MAX_AGE.days}"
    at = from_us(measured_us).isoformat(timespec="seconds")
    return Reason.NO_BINDING, f"nobody wore {device.device_id} at {at}"
