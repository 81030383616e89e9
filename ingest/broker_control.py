"""A connection on which ingest tells a broker things and waits until it has taken them. Not for readings.

It lives once: what was not taken when the connection is lost is the caller's to say again on a new one.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from ingest.broker_line import Address, BrokerLine

_CONNECT_S = 15.0
_ANSWER_S = 60.0  # a broker that writes ten thousand accounts to its disk does not answer meanwhile
_LOST = "the broker's connection was lost"


class BrokerControl:
    """The connection; make one with `connected`."""

    def __init__(self, line: BrokerLine) -> None:
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._published: dict[int, asyncio.Future[bool]] = {}
        self._subscribed: asyncio.Future[bool] | None = None
        self._up = self._loop.create_future()
        self._on_message: Callable[[bytes], None] = lambda _: None
        line.on_up = self._came
        line.on_down = self._went
        line.client.on_publish = self._on_publish
        line.client.on_subscribe = self._on_subscribe
        line.client.on_message = self._on_heard

    @property
    def lost(self) -> asyncio.Event:
        """Set once the connection is lost."""
        return self._line.lost

    async def opened(self) -> None:
        """Wait for the connection.

        Raises
        ------
        ConnectionError
            If the broker does not answer, or refuses.
        """
        self._line.start()
        losing = asyncio.create_task(self.lost.wait())
        await asyncio.wait([self._up, losing], timeout=_CONNECT_S, return_when=asyncio.FIRST_COMPLETED)
        losing.cancel()
        if not self._up.done():
            raise ConnectionError("the broker does not answer, or refuses")

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Publish at QoS 1 and wait; tells whether the broker allowed it.

        Raises
        ------
        ConnectionError
            If the connection is lost first.
        """
        sent = self._line.client.publish(topic, payload, qos=1, retain=retain)
        if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise ConnectionError(_LOST)
        taken: asyncio.Future[bool] = self._loop.create_future()
        self._published[sent.mid] = taken
        async with asyncio.timeout(_ANSWER_S):
            return await taken

    async def listen(self, topic: str, on_message: Callable[[bytes], None]) -> None:
        """Subscribe to a topic; `on_message` gets the payload of each message.

        Raises
        ------
        ConnectionError
            If the broker refuses, or is lost.
        """
        self._on_message = on_message
        self._subscribed = self._loop.create_future()
        self._line.client.subscribe(topic, qos=1)
        async with asyncio.timeout(_ANSWER_S):
            if not await self._subscribed:
                raise ConnectionError(f"the broker does not let us listen on {topic}")

    def _came(self) -> None:
        if not self._up.done():
            self._up.set_result(None)

    def _went(self) -> None:
        waiting = [*self._published.values(), *([self._subscribed] if self._subscribed else [])]
        for future in waiting:
            if not future.done():
                future.set_exception(ConnectionError(_LOST))
        self._published.clear()

    def _on_publish(
        self, _client: paho.Client, _data: object, mid: int, reason: ReasonCode, _properties: object
    ) -> None:
        taken = self._published.pop(mid, None)
        if taken is not None and not taken.done():
            taken.set_result(not reason.is_failure)

    def _on_subscribe(
        self, _client: paho.Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        if self._subscribed is not None and not self._subscribed.done():
            self._subscribed.set_result(not any(reason.is_failure for reason in reasons))

    def _on_heard(self, client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        if message.qos:
            client.ack(message.mid, message.qos)
        self._on_message(bytes(message.payload))


@asynccontextmanager
async def connected(address: Address, *, client_id: str) -> AsyncIterator[BrokerControl]:
    """Open a connection for as long as the block lasts.

    Raises
    ------
    ConnectionError
        If the broker does not answer, or refuses.
    """
    line = BrokerLine(address, client_id=client_id)
    control = BrokerControl(line)
    try:
        await control.opened()
        yield control
    finally:
        await line.stop()
