"""What an accepted device may do on its connection: publish, subscribe, acknowledge, ping, leave.

Pure. Knows whole packets, no framing. The invariant: a message of a device is handed on, or told to be foreign, and
either is answered at QoS 1; a fault is a `PacketError`, which ends the connection.
"""

from dataclasses import replace
from datetime import datetime

from ingest.audience import Audience
from ingest.delivery import Delivery, Door
from ingest.events import Closed, Event, Foreign, Heard, Promised, RetainedWanted
from ingest.filters import is_filter, is_own
from ingest.handshake import Terms
from ingest.packet_writer import serialise
from ingest.packets import (
    V5,
    Ack,
    Disconnect,
    Granted,
    Packet,
    Ping,
    Publish,
    Subscribe,
    Subscription,
    Unsubscribe,
    Will,
)
from ingest.properties import PacketType
from ingest.reasons import PacketError, Reason
from ingest.receipts import Receipts
from ingest.sender import Sender
from ingest.session import Limits, Session


class Exchange:
    """The open part of a connection.

    Parameters
    ----------
    out : bytearray
        Takes the bytes to send.
    known : dict
        The device's own topics that nobody listens to, as they were seen, by their bytes.
    """

    __slots__ = (
        "_aliases",
        "_audience",
        "_door",
        "_limits",
        "_out",
        "_receipts",
        "_sender",
        "_version",
        "device_id",
        "dropped",
        "known",
        "session",
        "session_expiry_s",
        "terms",
        "will",
    )

    def __init__(
        self,
        *,
        door: Door,
        limits: Limits,
        version: int,
        session: Session,
        terms: Terms,
        will: Will | None,
        out: bytearray,
        receipts: Receipts,
        audience: Audience,
    ) -> None:
        self._door = door
        self._limits = limits
        self._version = version
        self._out = out
        self._receipts = receipts
        self._sender = Sender(session, version, terms)
        self._aliases: dict[int, str] = {}
        self._audience = audience
        self.known = audience.known
        self.session = session
        self.device_id = session.device_id
        self.terms = terms
        self.session_expiry_s = terms.session_expiry_s
        self.will = will
        self.dropped = 0

    def handle(self, packet: Packet, now: datetime, events: list[Event]) -> None:
        """Act on one packet; what the shell must do is appended to `events`."""
        match packet:
            case Publish():
                self._on_publish(packet, now, events)
            case Ack(kind=PacketType.PUBACK):
                self._on_puback(packet)
            case Ping(kind=PacketType.PINGREQ):
                self._out += b"\xd0\0"
            case Subscribe():
                self._on_subscribe(packet, events)
            case Unsubscribe():
                self._on_unsubscribe(packet, events)
            case Disconnect():
                self._on_disconnect(packet, events)
            case _:
                raise PacketError(Reason.PROTOCOL_ERROR, f"{type(packet).__name__} is not expected here")

    def push(self) -> None:
        """Send what waits in the session, as far as the device has room; `dropped` counts what never fits."""
        self.dropped += self._sender.push(self._out)

    def room(self) -> int:
        """Return how many more QoS 1 messages may come in; 3.1.1 knows no bound, so back-pressure is the bound."""
        return self._limits.receive_maximum - len(self._receipts) if self._version == V5 else 1 << 30

    def _on_publish(self, packet: Publish, now: datetime, events: list[Event]) -> None:
        if packet.qos == 2:
            raise PacketError(Reason.QOS_NOT_SUPPORTED, "this platform takes QoS 0 and 1")
        if packet.properties.subscription_ids:
            raise PacketError(Reason.PROTOCOL_ERROR, "a subscription identifier from a client")
        if packet.qos and self.room() <= 0:
            raise PacketError(Reason.RECEIVE_MAXIMUM_EXCEEDED, "more messages in flight than the Receive Maximum")
        topic = self._resolve(packet)
        answer_to = packet.properties.response_topic
        delivery = Delivery(
            topic, packet.payload, now, self._door, self.device_id, answer_to, packet.properties.correlation
        )
        if is_own(topic, self.device_id) and (answer_to is None or is_own(answer_to, self.device_id)):
            if packet.qos:
                delivery.token = self._receipts
                self._receipts.add(delivery, b"@\2" + packet.packet_id.to_bytes(2, "big"))
            events.append(delivery)
            if packet.retain or self._audience.heard(topic):
                events.append(Heard(packet=replace(packet, topic=topic)))
        else:
            self._refuse(packet, delivery, events)

    def _refuse(self, packet: Publish, delivery: Delivery, events: list[Event]) -> None:
        """Hand a foreign message to nobody; MQTT 3.1.1 has no way to refuse it but to end the connection."""
        events.append(Foreign(delivery=delivery))
        if self._version != V5:
            raise PacketError(Reason.NOT_AUTHORIZED, "a topic that is not the device's own")
        if packet.qos:
            ack = Ack(kind=PacketType.PUBACK, packet_id=packet.packet_id, code=Reason.NOT_AUTHORIZED)
            self._receipts.add(delivery, serialise(ack, V5))
            self._receipts.settle(delivery)

    def _resolve(self, packet: Publish) -> str:
        alias = packet.properties.topic_alias
        if alias is not None and not 0 < alias <= self._limits.topic_alias_maximum:
            raise PacketError(Reason.BAD_TOPIC_ALIAS, f"topic alias {alias}")
        topic = packet.topic or self._aliases.get(alias or 0, "")
        if not topic:
            raise PacketError(Reason.PROTOCOL_ERROR, "a topic alias that stands for nothing yet")
        if alias is not None:
            self._aliases[alias] = topic
        if packet.topic and is_own(topic, self.device_id):
            self._audience.note(topic)
        return topic

    def _on_puback(self, packet: Ack) -> None:
        if self._sender.acknowledge(packet.packet_id) is not None and packet.code >= 0x80:
            self.dropped += 1
        self.push()

    def _on_subscribe(self, packet: Subscribe, events: list[Event]) -> None:
        if packet.properties.subscription_ids:
            raise PacketError(Reason.SUBSCRIPTION_IDS_NOT_SUPPORTED, "subscription identifiers are not supported")
        wanted: list[Subscription] = []
        codes = tuple(self._subscribe(each, wanted) for each in packet.subscriptions)
        granted = Granted(kind=PacketType.SUBACK, packet_id=packet.packet_id, codes=codes)
        self._answer(serialise(granted, self._version), wanted, events)

    def _answer(self, answer: bytes, wanted: list[Subscription], events: list[Event]) -> None:
        """Answer a change of subscriptions: at once, or where the session outlives us when it is stored."""
        self._audience.subscriptions_changed()
        self.session.changed()
        if self.session.on_change is not None:
            events.append(Promised(answer=answer, wanted=tuple(wanted)))
            return
        self._out += answer
        events += [RetainedWanted(subscription=each) for each in wanted]

    def _subscribe(self, asked: Subscription, wanted: list[Subscription]) -> int:
        fault = self._fault(asked.filter)
        if fault is not None:
            return fault if self._version == V5 else Reason.UNSPECIFIED_ERROR
        held = self.session.subscriptions
        is_new = asked.filter not in held
        held[asked.filter] = replace(asked, qos=min(asked.qos, 1))
        if asked.retain_handling == 0 or (asked.retain_handling == 1 and is_new):
            wanted.append(held[asked.filter])
        return held[asked.filter].qos

    def _fault(self, pattern: str) -> Reason | None:
        if pattern.startswith("$share/"):
            return Reason.SHARED_NOT_SUPPORTED
        if not is_filter(pattern):
            return Reason.BAD_FILTER
        if not is_own(pattern, self.device_id):
            return Reason.NOT_AUTHORIZED
        held = self.session.subscriptions
        return Reason.QUOTA_EXCEEDED if pattern not in held and len(held) >= self._limits.max_subscriptions else None

    def _on_unsubscribe(self, packet: Unsubscribe, events: list[Event]) -> None:
        held = self.session.subscriptions
        ended = [held.pop(each, None) is not None for each in packet.filters]
        codes = tuple(0 if each else Reason.NO_SUBSCRIPTION_EXISTED for each in ended) if self._version == V5 else ()
        granted = Granted(kind=PacketType.UNSUBACK, packet_id=packet.packet_id, codes=codes)
        self._answer(serialise(granted, self._version), [], events)

    def _on_disconnect(self, packet: Disconnect, events: list[Event]) -> None:
        expiry_s = packet.properties.session_expiry_s
        if expiry_s is not None:
            if expiry_s and not self.terms.session_expiry_s:
                raise PacketError(Reason.PROTOCOL_ERROR, "a session expiry where CONNECT had none")
            self.session_expiry_s = min(expiry_s, self._limits.max_session_expiry_s)
        if packet.code == Reason.SUCCESS:
            self.will = None
        events.append(Closed(reason=Reason(packet.code)))
