"""A client of a broker as a test plays it: what it was told at connecting and at publishing, and what came in."""

import ssl
import time
from collections.abc import Callable, Iterator

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

_PATIENCE_S = 60.0


def until(done: Callable[[], object]) -> bool:
    """Wait until `done` says so; False when it never does."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(0.01)
    return False


class Peer:
    """A connected client, or one that was refused. It does not connect again by itself."""

    def __init__(
        self,
        port: int,
        user: str | None,
        secret: str = "",
        *,
        session: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.refused: bool | None = None
        self.gone = False
        self.acked: dict[int, ReasonCode] = {}
        self.subscribed = False
        self.received: list[paho.MQTTMessage] = []
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=session, protocol=paho.MQTTv5, reconnect_on_failure=False
        )
        if user is not None:
            client.username_pw_set(user, secret or f"secret-{user}")
        if tls is not None:
            client.tls_set_context(tls)
        client.on_connect = self._on_connect
        client.on_disconnect = lambda *_: setattr(self, "gone", True)
        client.on_subscribe = lambda *_: setattr(self, "subscribed", True)
        client.on_publish = lambda _c, _u, mid, reason, _p: self.acked.__setitem__(mid, reason)
        client.on_message = lambda _c, _u, message: self.received.append(message)
        lasting = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho's own
        lasting.SessionExpiryInterval = 3600 if session else 0
        client.connect("127.0.0.1", port, clean_start=not session, properties=lasting)
        client.loop_start()
        self.client = client
        assert until(lambda: self.refused is not None or self.gone)

    def _on_connect(self, _c: paho.Client, _u: object, _f: object, reason: ReasonCode, _p: object) -> None:
        self.refused = reason.is_failure

    def subscribe(self, pattern: str) -> None:
        """Subscribe and wait until the broker has answered."""
        self.subscribed = False
        self.client.subscribe(pattern, qos=1)
        assert until(lambda: self.subscribed)

    def send(self, name: str, payload: bytes, *, answer_to: str | None = None, correlation: bytes = b"") -> int:
        """Publish at QoS 1 and go on."""
        properties = None
        if answer_to is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho's own
            properties.ResponseTopic = answer_to
            properties.CorrelationData = correlation
        return self.client.publish(name, payload, qos=1, properties=properties).mid

    def publish(self, name: str, payload: bytes) -> bool:
        """Publish at QoS 1; tell whether the broker took it."""
        mid = self.send(name, payload)
        assert until(lambda: mid in self.acked)
        return not self.acked[mid].is_failure

    def publish_many(self, name: str, payloads: list[bytes]) -> None:
        """Publish at QoS 1, and wait until the broker has taken all."""
        sent = [self.client.publish(name, payload, qos=1) for payload in payloads]
        for each in sent:
            each.wait_for_publish(_PATIENCE_S)
        assert all(each.is_published() for each in sent)

    @property
    def heard(self) -> list[tuple[str, bytes]]:
        """What came in: topics and payloads."""
        return [(message.topic, bytes(message.payload)) for message in self.received]

    def close(self) -> None:
        """Leave."""
        self.client.disconnect()
        self.client.loop_stop()


Connect = Callable[..., Peer]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """A function that makes peers, with the arguments of `Peer`, which leave at the end."""
    made: list[Peer] = []

    def one(port: int, user: str | None, secret: str = "", **options: object) -> Peer:
        made.append(Peer(port, user, secret, **options))  # type: ignore[arg-type] # handed on as they are
        return made[-1]

    yield one
    for each in made:
        each.close()
