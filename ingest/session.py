"""A session of a device: subscriptions and what waits for it, longer-lived than its connections.

Pure state in memory; knows no bytes and no clock. The invariants: at most `max_queue` messages wait, the oldest
giving way and being counted; a message in flight keeps its packet identifier until it is acknowledged.
"""

from collections import deque
from dataclasses import dataclass

from ingest.filters import matches
from ingest.packets import Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the endpoint allows. Sizes in bytes, times in seconds."""

    max_packet_bytes: int = 16 * 1024 * 1024
    max_connect_bytes: int = 256 * 1024
    receive_maximum: int = 1000
    topic_alias_maximum: int = 16
    connect_timeout_s: float = 10.0
    max_keep_alive_s: int = 1800
    max_session_expiry_s: int = 7 * 24 * 3600
    max_subscriptions: int = 32
    max_queue: int = 1000
    max_connections: int = 20_000
    max_sessions: int = 50_000
    max_sessions_per_device: int = 8
    max_write_buffer_bytes: int = 4 * 1024 * 1024
    write_timeout_s: float = 60.0


@dataclass(slots=True, kw_only=True)
class Counters:
    """What the endpoint has seen since it started; `connections` is how many are open now."""

    connections: int = 0
    accepted: int = 0
    refused: int = 0
    received: int = 0
    acknowledged: int = 0
    dropped_out: int = 0
    foreign: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to a device, ready to be sent."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    correlation: bytes | None = None


class Session:
    """What is kept of one client of one device, connected or not."""

    __slots__ = (
        "client_id",
        "device_id",
        "expires_at_s",
        "in_flight",
        "last_id",
        "max_queue",
        "queue",
        "subscriptions",
    )

    def __init__(self, device_id: str, client_id: str, max_queue: int) -> None:
        self.device_id = device_id
        self.client_id = client_id
        self.max_queue = max_queue
        self.subscriptions: dict[str, Subscription] = {}
        self.queue: deque[Message] = deque()
        self.in_flight: dict[int, Message] = {}
        self.last_id = 0
        self.expires_at_s: float | None = None

    def wanted(self, topic: str) -> Subscription | None:
        """Return the matching subscription of the highest QoS, None where there is none."""
        found = [each for each in self.subscriptions.values() if matches(each.filter, topic)]
        return max(found, key=lambda each: each.qos, default=None)

    def offer(self, message: Message) -> int:
        """Queue a message; returns how many (0 or 1) had to be dropped for it: the oldest that waits."""
        self.queue.append(message)
        if len(self.queue) <= self.max_queue:
            return 0
        self.queue.popleft()
        return 1

    def take_id(self, message: Message) -> int:
        """Give a message a free packet identifier and keep it in flight."""
        number = self.last_id
        while True:
            number = number % 0xFFFF + 1
            if number not in self.in_flight:
                break
        self.last_id = number
        self.in_flight[number] = message
        return number
