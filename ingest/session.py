"""A session of a device: subscriptions and what waits for it, longer-lived than its connections.

Pure state in memory; knows no bytes and no clock. The invariants: at most `max_queue` messages wait, the oldest
giving way and being counted; a message in flight keeps its packet identifier until it is acknowledged; every change
of what outlives a restart is told to `on_change`.
"""

import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from ingest.filters import matches
from ingest.packets import Subscription
from ingest.properties import NONE, Properties


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the endpoint allows. Sizes in bytes, times in seconds.

    A device may publish `device_messages_s` and `device_bytes_s` on average, and `device_burst_s` times as much at
    once: a pulse oximeter sends one message a second, an ECG of 250 Hz 0.5 kB/s, and what three hours offline have
    gathered, sent one by one every ten seconds, is 1,080 messages.
    """

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
    packet_timeout_s: float = 300.0
    max_retained: int = 8
    max_retained_bytes: int = 64 * 1024
    device_messages_s: float = 50.0
    device_bytes_s: float = 200_000.0
    device_burst_s: float = 40.0


@dataclass(slots=True, kw_only=True)
class Counters:
    """What the endpoint has seen since it started; `connections` is how many are open now.

    `throttled` counts episodes, `taken_over` sessions that went to another endpoint.
    """

    connections: int = 0
    accepted: int = 0
    refused: int = 0
    received: int = 0
    acknowledged: int = 0
    dropped_out: int = 0
    foreign: int = 0
    throttled: int = 0
    taken_over: int = 0
    retained_refused: int = 0


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """One message to a device, ready to be sent; `number` is its place in its session (0 at QoS 0)."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    properties: Properties = NONE
    expires_at: datetime | None = None
    number: int = 0

    def at(self, now: datetime) -> "Message | None":
        """Return it as it is to be sent at `now`, with what remains of its expiry; None where nothing does."""
        if self.expires_at is None:
            return self
        remains_s = int((self.expires_at - now).total_seconds())
        return replace(self, properties=replace(self.properties, message_expiry_s=remains_s)) if remains_s > 0 else None


def key_of(device_id: str, client_id: str) -> int:
    """Return the number that stands for a client of a device: 63 bits of a SHA-256."""
    return int.from_bytes(hashlib.sha256(f"{device_id}/{client_id}".encode()).digest()[:8], "big") >> 1


class Session:
    """What is kept of one client of one device, connected or not.

    `generation` is the number of its newest connection; `expiry_s` above 0 says that it outlives connections, and
    `kept_until` (None while connected) for how long.
    """

    __slots__ = (
        "client_id",
        "device_id",
        "expires_at_s",
        "expiry_s",
        "generation",
        "in_flight",
        "kept_until",
        "key",
        "last_id",
        "last_number",
        "max_queue",
        "on_change",
        "queue",
        "subscriptions",
    )

    def __init__(self, device_id: str, client_id: str, max_queue: int) -> None:
        self.device_id = device_id
        self.client_id = client_id
        self.max_queue = max_queue
        self.key = key_of(device_id, client_id)
        self.generation = 0
        self.expiry_s = 0
        self.kept_until: datetime | None = None
        self.subscriptions: dict[str, Subscription] = {}
        self.queue: deque[Message] = deque()
        self.in_flight: dict[int, Message] = {}
        self.last_id = 0
        self.last_number = 0
        self.expires_at_s: float | None = None
        self.on_change: Callable[[Session], None] | None = None

    def changed(self) -> None:
        """Tell that something has changed which outlives a restart."""
        if self.on_change is not None:
            self.on_change(self)

    def wanted(self, topic: str) -> Subscription | None:
        """Return the matching subscription of the highest QoS, None where there is none."""
        found = [each for each in self.subscriptions.values() if matches(each.filter, topic)]
        return max(found, key=lambda each: each.qos, default=None)

    def offer(self, message: Message) -> int:
        """Queue a message; returns how many (0 or 1) had to be dropped for it: the oldest that waits."""
        if message.qos:
            self.last_number += 1
            message.number = self.last_number
        self.queue.append(message)
        dropped = 0
        if len(self.queue) > self.max_queue:
            self.queue.popleft()
            dropped = 1
        if message.qos:
            self.changed()
        return dropped

    def age(self, now: datetime) -> int:
        """Drop what has expired while it waited; returns how many."""
        before = len(self.queue)
        self.queue = deque(fresh for each in self.queue if (fresh := each.at(now)) is not None)
        return before - len(self.queue)

    def take_id(self, message: Message) -> int:
        """Give a message a free packet identifier and keep it in flight."""
        number = self.last_id
        while True:
            number = number % 0xFFFF + 1
            if number not in self.in_flight:
                break
        self.last_id = number
        self.in_flight[number] = message
        self.changed()
        return number

    def settle(self, number: int) -> Message | None:
        """Let go of what is in flight under a packet identifier; None where nothing is."""
        found = self.in_flight.pop(number, None)
        if found is not None:
            self.changed()
        return found
