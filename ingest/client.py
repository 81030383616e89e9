"""Door 1: a paho-mqtt client of any MQTT 5 broker. Persistent session, manual acknowledgement, shared subscription.

A broker acknowledges the device before the store has the reading, so a device that must know asks for a
receipt (`docs/wire-format.md`). What this door promises: the broker is told only after the commit.
"""

import asyncio
import contextlib
import ssl
import sys
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.delivery import Delivery, Inbox
from ward import log, wire
from ward.clock import Clock
from ward.wire import FROM_DEVICE

_SESSION_S = 7 * 86_400
_GROUP = "ingest"
_RECEIVE_MAXIMUM = 1000
# paho's thread wants the interpreter back after each of its several reads a message, and by default may have to wait
# 5 ms for the event loop to let go of it; the whole process's setting (benchmarks/end_to_end.py).
_SWITCH_S = 0.0002


@dataclass(frozen=True, slots=True)
class _Token:
    """Which message of which connection: after a reconnect old message ids mean nothing."""

    mid: int
    generation: int


class BrokerDoor:
    """A `Door` onto a broker. paho's thread receives; everything else happens on the event loop.

    The broker's receive maximum bounds what is unacknowledged; while the inbox is full nothing more is
    acknowledged, so the broker holds the rest.
    """

    def __init__(self, url: str, inbox: Inbox, clock: Clock, *, client_id: str) -> None:
        self._inbox = inbox
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._generation = 0
        self._thread_name = f"paho-mqtt-client-{client_id}"
        self._arrived: deque[Delivery] = deque()
        self.subscribed = False
        self.received = 0
        address = urlsplit(url)
        self._host = address.hostname or "127.0.0.1"
        self._port = address.port or (8883 if address.scheme == "mqtts" else 1883)
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=paho.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=True,
        )
        client.max_inflight_messages_set(_RECEIVE_MAXIMUM)
        client.reconnect_delay_set(min_delay=1, max_delay=10)
        if address.username:
            client.username_pw_set(unquote(address.username), unquote(address.password or ""))
        if address.scheme == "mqtts":
            client.tls_set_context(ssl.create_default_context())
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        self._client = client

    @property
    def working(self) -> bool:
        """True while the broker hands us what devices send; paho's thread, once dead, would say nothing."""
        return self.subscribed and any(each.name == self._thread_name for each in threading.enumerate())

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        sys.setswitchinterval(_SWITCH_S)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho's own
        properties.SessionExpiryInterval = _SESSION_S
        properties.ReceiveMaximum = _RECEIVE_MAXIMUM
        self._client.connect_async(self._host, self._port, keepalive=30, clean_start=False, properties=properties)
        self._client.loop_start()

    async def stop(self) -> None:
        """Leave the broker; what was not acknowledged comes again to the next ingest."""
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Tell the broker that these deliveries are committed."""
        for delivery in deliveries:
            token = delivery.token
            if isinstance(token, _Token) and token.generation == self._generation:
                self._client.ack(token.mid, 1)

    def publish(self, topic: str, payload: bytes, *, correlation: bytes | None = None) -> None:
        """Send to a device's own topic; best effort."""
        properties = None
        if correlation is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho's own
            properties.CorrelationData = correlation
        with contextlib.suppress(ValueError):  # a response topic that may not be published to
            self._client.publish(topic, payload, qos=1, properties=properties)

    def _on_connect(
        self, client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            log.get().error("broker_refused", reason=str(reason), host=self._host, port=self._port)
            return
        self._generation += 1
        options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
        topics = [(f"$share/{_GROUP}/{wire.PREFIX}/{wire.VERSION}/+/{leaf}", options) for leaf in sorted(FROM_DEVICE)]
        client.subscribe(topics)
        log.get().info("broker_connected", host=self._host, port=self._port)

    def _on_subscribe(
        self, _client: paho.Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        self.subscribed = not any(reason.is_failure for reason in reasons)
        if not self.subscribed:
            refused = ", ".join(str(reason) for reason in reasons if reason.is_failure)
            log.get().error("broker_refused_subscription", reasons=refused)

    def _on_disconnect(
        self, _client: paho.Client, _data: object, _flags: object, reason: ReasonCode | None, _properties: object
    ) -> None:
        self.subscribed = False
        self._generation += 1
        log.get().warning("broker_lost", reason=str(reason), host=self._host, port=self._port)

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
        self._arrived.append(delivery)
        if len(self._arrived) == 1:  # one wake-up for all that arrive before the loop looks
            with contextlib.suppress(RuntimeError):  # the loop has ended; the broker sends it again
                self._loop.call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        while self._arrived:
            self._inbox.put(self._arrived[0])
            self._arrived.popleft()
