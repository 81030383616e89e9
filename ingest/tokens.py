"""A device's allowance: so many messages and bytes a second on average, and a stock of them for a burst.

Pure: time is a parameter, in monotonic seconds. The invariant: what came is always counted, so the stock may go below
zero; the device is to be read again when neither stock is.
"""

from ingest.session import Limits


class Tokens:
    """The stock of one device, full at first."""

    __slots__ = ("_at_s", "_bytes", "_limits", "_messages")

    def __init__(self, limits: Limits, at_s: float) -> None:
        self._limits = limits
        self._at_s = at_s
        self._messages = limits.device_messages_s * limits.device_burst_s
        self._bytes = limits.device_bytes_s * limits.device_burst_s

    def take(self, messages: int, size: int, at_s: float) -> bool:
        """Count what came; True where the device is now over its allowance and must not be read."""
        self._refill(at_s)
        self._messages -= messages
        self._bytes -= size
        return self._messages < 0 or self._bytes < 0

    def is_over(self, at_s: float) -> bool:
        """Tell whether the device must not be read at `at_s`."""
        self._refill(at_s)
        return self._messages < 0 or self._bytes < 0

    def is_full(self, at_s: float) -> bool:
        """Tell whether nothing of the stock is missing at `at_s`."""
        over, limits = self.is_over(at_s), self._limits
        most = (limits.device_messages_s * limits.device_burst_s, limits.device_bytes_s * limits.device_burst_s)
        return not over and (self._messages, self._bytes) == most

    def _refill(self, at_s: float) -> None:
        limits, passed_s = self._limits, max(0.0, at_s - self._at_s)
        self._at_s += passed_s
        full = limits.device_burst_s
        self._messages = min(self._messages + passed_s * limits.device_messages_s, full * limits.device_messages_s)
        self._bytes = min(self._bytes + passed_s * limits.device_bytes_s, full * limits.device_bytes_s)
