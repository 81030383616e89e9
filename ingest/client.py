"""Door 1: a client of any MQTT 5 broker. Persistent session, manual acknowledgement, shared subscription.

A broker acknowledges the device before the store has the reading, so a device that must know asks for a
receipt (`docs/wire-format.md`). What this door promises: the broker is told only after the commit.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.broker_line import Address, BrokerLine
from ingest.delivery import Delivery, Inbox
from ward import log, wire
from ward.chores import Ending
from ward.clock import Clock
from ward.wire import FROM_DEVICE, Leaf

_SESSION_S = 7 * 86_400
_PACKETS_AT_ONCE = 200
GROUP = "ingest"
# Answers that the broker has not taken yet. While there are many, nothing is acknowledged, so that the broker hands out
# no more, and at most what the inbox holds adds to them: receipts stay under the last bound. Of rejects, one message
# may cause a thousand.
_MANY_OWED = 5_000
_MOST_OWED_REJECTS = 10_000
_MOST_OWED = 60_000  # packet identifiers end at 65,535
_TELL_S = 10.0


@dataclass(frozen=True, slots=True)
class _Token:
    """Which message of which connection: after a reconnect old message ids mean nothing."""

    mid: int
    generation: int


class BrokerDoor:
    """A `Door` onto a broker, which shares its work with those of the same `group`; "" for the only one.

    The broker's receive maximum bounds what is unacknowledged, and while the inbox is full the socket is not read, so
    the broker holds the rest. While the broker takes our answers too slowly it gets no acknowledgement either.
    """

    def __init__(self, address: Address, inbox: Inbox, clock: Clock, *, client_id: str, group: str = GROUP) -> None:
        self._inbox = inbox
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._group = group
        self._generation = 0
        self._owed: set[int] = set()
        self._withheld: list[_Token] = []
        self._told_at_s = -_TELL_S
        self.subscribed = False
        self.received = 0
        self.dropped = 0
        line = BrokerLine(address, client_id=client_id, session_s=_SESSION_S)
        line.read = self._read
        line.on_up = self._on_up
        line.on_down = self._on_down
        line.client.max_queued_messages_set(_MOST_OWED)
        line.client.on_subscribe = self._on_subscribe
        line.client.on_message = self._on_message
        line.client.on_publish = self._on_publish
        self._line = line
        self._client = line.client
        inbox.on_room(line.resume)

    @property
    def working(self) -> bool:
        """True while the broker hands us what devices send."""
        return self.subscribed and self._line.kept

    def endings(self, holder: str) -> list[Ending]:
        """Return when the certificates between us and the broker end."""
        return self._line.endings(holder)

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        self._line.start()

    async def stop(self) -> None:
        """Leave the broker; what was not acknowledged comes again to the next ingest."""
        await self._line.stop()

    def _read(self) -> None:
        """Take what has arrived, a bounded number of packets at a time, and stop reading while there is no room."""
        for _ in range(_PACKETS_AT_ONCE):
            if self._inbox.full:
                self._line.pause()
                return
            before = self.received
            self._client.loop_read()
            if self.received == before:
                return

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Tell the broker that these deliveries are committed."""
        self._withheld += [delivery.token for delivery in deliveries if isinstance(delivery.token, _Token)]
        self._let_go()

    def _let_go(self) -> None:
        """Acknowledge what may be acknowledged, unless too many answers wait."""
        if len(self._owed) >= _MANY_OWED:
            return
        settled, self._withheld = self._withheld, []
        for token in settled:
            if token.generation == self._generation:
                self._client.ack(token.mid, 1)

    def publish(self, topic: str, payload: bytes, *, correlation: bytes | None = None) -> None:
        """Send to a device's own topic; while the broker takes nothing rejects are dropped first, and counted."""
        if len(self._owed) >= _MOST_OWED_REJECTS and topic.endswith(f"/{Leaf.REJECTS}"):
            self._drop()
            return
        properties = None
        if correlation is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho's own
            properties.CorrelationData = correlation
        try:
            sent = self._client.publish(topic, payload, qos=1, properties=properties)
        except ValueError:  # a response topic that may not be published to
            return
        if sent.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
            self._drop()
        else:
            self._owed.add(sent.mid)

    def _drop(self) -> None:
        self.dropped += 1
        if self._loop.time() - self._told_at_s >= _TELL_S:
            self._told_at_s = self._loop.time()
            log.get().warning("answers_dropped", waiting=len(self._owed), dropped=self.dropped)

    def _on_publish(
        self, _client: paho.Client, _data: object, mid: int, _reason: ReasonCode, _properties: object
    ) -> None:
        self._owed.discard(mid)
        if self._withheld:
            self._let_go()

    def unsubscribe(self) -> None:
        """Take nothing new; what waits in the session still comes."""
        plain, shared = self._patterns()
        self._client.unsubscribe([*plain, *shared])

    def give_up_session(self) -> None:
        """Leave for good: the broker forgets this session."""
        properties = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call] # paho's own
        properties.SessionExpiryInterval = 0
        self._client.disconnect(properties=properties)

    def _patterns(self) -> tuple[list[str], list[str]]:
        """Return what is subscribed to by a lone worker, and by one of a group."""
        plain = [wire.topic("+", leaf) for leaf in sorted(FROM_DEVICE)]
        return plain, [f"$share/{self._group or GROUP}/{pattern}" for pattern in plain]

    def _on_up(self) -> None:
        self._generation += 1
        options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
        plain, shared = self._patterns()
        wanted, other = (shared, plain) if self._group else (plain, shared)
        self._client.subscribe([(pattern, options) for pattern in wanted])
        self._client.unsubscribe(other)  # of a session from before the setting was changed

    def _on_subscribe(
        self, _client: paho.Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        self.subscribed = not any(reason.is_failure for reason in reasons)
        if not self.subscribed:
            refused = ", ".join(str(reason) for reason in reasons if reason.is_failure)
            log.get().error("broker_refused_subscription", reasons=refused)

    def _on_down(self) -> None:
        self.subscribed = False
        self._generation += 1
        self._withheld.clear()

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        self.received += 1
        properties = message.properties
        delivery = Delivery(
            topic=message.topic,
            payload=bytes(message.payload),
            received_at=self._clock.now(),
            door=self,
            response_topic=getattr(properties, "ResponseTopic", None),
            correlation=getattr(properties, "CorrelationData", None),
            token=_Token(message.mid, self._generation) if message.qos else None,
        )
        self._inbox.put(delivery)
