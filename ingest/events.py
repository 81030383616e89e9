"""What a connection tells its shell. Values only."""

from dataclasses import dataclass

from ingest.delivery import Delivery
from ingest.packets import Connect, Subscription
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
class Closed:
    """The connection is over: write what is left, then close. `detail` says what the peer did wrong, if it did."""

    reason: Reason
    detail: str = ""


Event = Delivery | ConnectAsked | Foreign | RetainedWanted | Closed
