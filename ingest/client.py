"""Door 1: a paho-mqtt client of any MQTT 5 broker. Persistent session, manual acknowledgement, shared subscription.

A broker acknowledges the device before the store has the reading, so a device that must know asks for a
receipt (`docs/wire-format.md`). What this door promises: the broker is told only after the commit.
"""

import asyncio
import contextlib
import select
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
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
_KEEP_ALIVE_S = 30
_CONNECT_S = 3.0  # connecting holds the event loop, which has nothing else to do without a broker
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 10.0
_MISC_S = 1.0
_PACKETS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class _Token:
    """Which message of which connection: after a reconnect old message ids mean nothing."""

    mid: int
    generation: int


class BrokerDoor:
    """A `Door` onto a broker. paho speaks the protocol; its socket is served by the event loop, without a thread.

    The broker's receive maximum bounds what is unacknowledged, and while the inbox is full the socket is not read, so
    the broker holds the rest.
    """

    def __init__(self, url: str, inbox: Inbox, clock: Clock, *, client_id: str) -> None:
        self._inbox = inbox
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._generation = 0
        self._keeping: asyncio.Task[None] | None = None
        self._socket: socket.socket | None = None
        self.subscribed = False
        self.received = 0
        address = urlsplit(url)
        self._host = address.hostname or "127.0.0.1"
        self._port = address.port or (8883 if address.scheme == "mqtts" else 1883)
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5, manual_ack=True)
        client.max_inflight_messages_set(_RECEIVE_MAXIMUM)
        client.connect_timeout = _CONNECT_S
        if address.username:
            client.username_pw_set(unquote(address.username), unquote(address.password or ""))
        if address.scheme == "mqtts":
            client.tls_set_context(ssl.create_default_context())
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_socket_open = self._on_socket_open
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = self._on_socket_register_write
        client.on_socket_unregister_write = self._on_socket_unregister_write
        self._client = client
        inbox.on_room(self._resume)

    @property
    def working(self) -> bool:
        """True while the broker hands us what devices send."""
        return self.subscribed and self._keeping is not None and not self._keeping.done()

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        self._keeping = self._loop.create_task(self._keep(), name="broker")

    async def stop(self) -> None:
        """Leave the broker; what was not acknowledged comes again to the next ingest."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        self._client.disconnect()
        self._client.loop_misc()

    async def _keep(self) -> None:
        """Keep the connection: open it where there is none, and let paho look after its keep-alive."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho's own
        properties.SessionExpiryInterval = _SESSION_S
        properties.ReceiveMaximum = _RECEIVE_MAXIMUM
        pause_s = _FIRST_PAUSE_S
        while True:
            if self._client.socket() is None:
                try:
                    self._client.connect(
                        self._host, self._port, keepalive=_KEEP_ALIVE_S, clean_start=False, properties=properties
                    )
                except (OSError, ValueError) as error:
                    log.get().warning("broker_unreachable", host=self._host, port=self._port, error=str(error)[:200])
                    await asyncio.sleep(pause_s)
                    pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                    continue
            if self.subscribed:
                pause_s = _FIRST_PAUSE_S
            await asyncio.sleep(_MISC_S)
            self._client.loop_misc()

    def _on_socket_open(self, _client: paho.Client, _data: object, opened: Any) -> None:
        self._socket = opened
        self._resume()

    def _on_socket_close(self, _client: paho.Client, _data: object, closed: Any) -> None:
        self._socket = None
        self._loop.remove_reader(closed)
        self._loop.remove_writer(closed)

    # uvloop tells of a reset once, and then keeps a dead watch that cannot be renewed: it is taken away first, and what
    # was left unread in front of the reset is read by a new one.

    def _on_socket_register_write(self, client: paho.Client, _data: object, waiting: Any) -> None:
        self._loop.remove_writer(waiting)
        self._loop.add_writer(waiting, client.loop_write)

    def _on_socket_unregister_write(self, _client: paho.Client, _data: object, written: Any) -> None:
        self._loop.remove_writer(written)

    def _resume(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._loop.add_reader(self._socket, self._readable)

    def _readable(self) -> None:
        self._take()
        if self._socket is not None and not self._inbox.full and _in_error(self._socket):
            self._loop.call_soon(self._resume)

    def _take(self) -> None:
        """Take what has arrived, a bounded number of packets at a time, and stop reading while the inbox is full."""
        for _ in range(_PACKETS_AT_ONCE):
            if self._inbox.full and self._socket is not None:
                self._loop.remove_reader(self._socket)
                return
            before = self.received
            self._client.loop_read()
            if self.received == before:
                return

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
        self._inbox.put(delivery)


def _in_error(connected: socket.socket) -> bool:
    """Tell whether a connection was reset, be there data in front of that or not."""
    asked = select.poll()
    asked.register(connected, 0)
    return bool(asked.poll(0))
