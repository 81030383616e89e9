"""What a connection tells its shell. Values only."""

from dataclasses import dataclass

from ingest.delivery import Delivery
from ingest.packets import Connect, Publish, Subscription
from ingest.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectAsked:
    """A device wants in: check its credentials, then `accept` or `close`. Nothing is read until then."""

    connect: Connect


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A device published to, or asked for an answer on, a topic that is not its own; nobody got it."""

    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class RetainedWanted:
    """A subscription asks for the retained messages it matches."""

    subscription: Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """The session has changed and outlives the connection: store it, then `say` the answer and what is `wanted`."""

    answer: bytes
    wanted: tuple[Subscription, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The device published, under its own topics, what it retains or what a session of its own subscribes to."""

    packet: Publish


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The connection is over: write what is left, then close. `detail` says what the peer did wrong, if it did."""

    reason: Reason
    detail: str = ""


Told = ConnectAsked | Foreign | RetainedWanted | Promised | Heard | Closed
Event = Delivery | Told
