"""What a door hands to the pipeline: one published message, and the way back to who sent it.

Two doors (`client`: a broker; `endpoint`: devices directly) give the same `Delivery`. The pipeline
promises to call `acknowledge` once for each delivery, after the commit that stored it, and never before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ward.formats.claims import Decoded


class Door(Protocol):
    """The way back: acknowledge what was stored, answer what was asked."""

    def acknowledge(self, deliveries: Sequence["Delivery"]) -> None:
        """Tell the senders that these deliveries are committed (PUBACK); never blocks, never raises."""

    def publish(self, topic: str, payload: bytes, *, correlation: bytes | None = None) -> None:
        """Send to a device's own topic (rejects, receipts); best effort, never blocks, never raises."""


@dataclass(slots=True, eq=False)
class Delivery:
    """One message as it came in.

    `identity` is the device that authenticated on the connection (None where a broker's
    access list has checked the topic already). `token` belongs to the door alone. `decoded` is the payload where the
    inbox had time to decode it.
    """

    topic: str
    payload: bytes
    received_at: datetime
    door: Door
    identity: str | None = None
    response_topic: str | None = None
    correlation: bytes | None = None
    token: object = None
    decoded: Decoded | None = None


class Inbox(Protocol):
    """Where a door puts deliveries. Bounded: a door stops reading from its sockets while `full`."""

    def put(self, delivery: Delivery) -> None:
        """Take a delivery; always succeeds, also when `full` (the bound is kept by not reading on)."""

    @property
    def full(self) -> bool:
        """True when the doors must stop reading until `on_room` is called."""

    def on_room(self, callback: Callable[[], None]) -> None:
        """Register `callback`, called on the loop each time the inbox has room again."""
