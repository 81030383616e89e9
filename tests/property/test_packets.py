"""The MQTT codec and connection for any packet, any cutting of the stream, any bytes."""

from dataclasses import fields
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import reasons
from ingest.delivery import Delivery
from ingest.events import Closed, Event, Foreign
from ingest.filters import is_topic_name
from ingest.packet_reader import parse
from ingest.packet_writer import serialise
from ingest.packets import (
    V5,
    V311,
    Ack,
    Auth,
    Connack,
    Connect,
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
from ingest.properties import ALLOWED, NONE, PacketType, Properties
from ingest.reasons import PacketError
from tests.mqtt_peers import DEVICE, Peer, a_connect, packets_of

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
topics = text.filter(is_topic_name)
ids = st.integers(1, 0xFFFF)
versions = st.sampled_from([V311, V5])
u32 = st.integers(0, 0xFFFFFFFF)
FLAGS = {"payload_format", "request_problem", "request_response", "maximum_qos", "retain_available"} | {
    "wildcards_available",
    "subscription_ids_available",
    "shared_available",
}
SPECIAL: dict[str, st.SearchStrategy[Any]] = {
    "response_topic": topics,
    "correlation": st.binary(max_size=20),
    "auth_data": st.binary(max_size=20),
    "receive_maximum": ids,
    "maximum_packet_bytes": st.integers(1, 0xFFFFFFFF),
    "topic_alias": ids,
    "topic_alias_maximum": st.integers(0, 0xFFFF),
    "server_keep_alive_s": st.integers(0, 0xFFFF),
}


def _value(name: str) -> st.SearchStrategy[Any]:
    if name in SPECIAL:
        return SPECIAL[name]
    if name in FLAGS:
        return st.integers(0, 1)
    return u32 if name.endswith("_s") else text


def _properties(kind: PacketType, version: int) -> st.SearchStrategy[Properties]:
    if version != V5:
        return st.just(NONE)
    single = {
        each.name: st.none() | _value(each.name)
        for each in fields(Properties)
        if each.name in ALLOWED[kind] and each.name not in {"user", "subscription_ids"}
    }
    if kind is PacketType.CONNECT:
        single["auth_data"] = st.none()
    several: dict[str, st.SearchStrategy[Any]] = {"user": st.lists(st.tuples(text, text), max_size=3).map(tuple)}
    if "subscription_ids" in ALLOWED[kind]:
        most = 3 if kind is PacketType.PUBLISH else 1
        several["subscription_ids"] = st.lists(st.integers(1, 268_435_455), max_size=most).map(tuple)
    return st.builds(Properties, **single, **several)


def _wills(version: int) -> st.SearchStrategy[Will]:
    return st.builds(
        Will,
        topic=topics,
        payload=st.binary(max_size=20),
        qos=st.integers(0, 2),
        retain=st.booleans(),
        properties=_properties(PacketType.WILL, version),
    )


@st.composite
def publishes(draw: st.DrawFn, version: int) -> Publish:
    """Any valid PUBLISH."""
    qos = draw(st.integers(0, 2))
    return Publish(
        topic=draw(topics),
        payload=draw(st.binary(max_size=300)),
        qos=qos,
        retain=draw(st.booleans()),
        dup=bool(qos) and draw(st.booleans()),
        packet_id=draw(ids) if qos else 0,
        properties=draw(_properties(PacketType.PUBLISH, version)),
    )


@st.composite
def connects(draw: st.DrawFn, version: int) -> Connect:
    """Any valid CONNECT."""
    username = draw(st.none() | text)
    has_password = version == V5 or username is not None
    return Connect(
        version=version,
        client_id=draw(text),
        clean_start=draw(st.booleans()),
        keep_alive_s=draw(st.integers(0, 0xFFFF)),
        username=username,
        password=draw(st.none() | st.binary(max_size=20)) if has_password else None,
        will=draw(st.none() | _wills(version)),
        properties=draw(_properties(PacketType.CONNECT, version)),
    )


def _subscriptions(version: int) -> st.SearchStrategy[Subscription]:
    plain = text.filter(lambda each: not each.startswith("$share/"))
    if version == V311:
        return st.builds(Subscription, filter=plain, qos=st.integers(0, 2))
    return st.builds(
        Subscription,
        filter=plain,
        qos=st.integers(0, 2),
        no_local=st.booleans(),
        retain_as_published=st.booleans(),
        retain_handling=st.integers(0, 2),
    )


def _codes(allowed: frozenset[int], version: int) -> st.SearchStrategy[int]:
    return st.sampled_from(sorted(allowed)) if version == V5 else st.just(0)


def _acks(kind: PacketType, version: int) -> st.SearchStrategy[Ack]:
    allowed = reasons.PUBACK if kind in {PacketType.PUBACK, PacketType.PUBREC} else reasons.PUBCOMP
    return st.builds(
        Ack, kind=st.just(kind), packet_id=ids, code=_codes(allowed, version), properties=_properties(kind, version)
    )


def _granted(kind: PacketType, version: int) -> st.SearchStrategy[Granted]:
    allowed = reasons.SUBACK if version == V5 else reasons.SUBACK_V3
    codes = st.lists(st.sampled_from(sorted(allowed)), max_size=3).map(tuple)
    if kind is PacketType.UNSUBACK:
        unsubscribed = st.lists(st.sampled_from(sorted(reasons.UNSUBACK)), max_size=3).map(tuple)
        codes = unsubscribed if version == V5 else st.just(())
    return st.builds(Granted, kind=st.just(kind), packet_id=ids, codes=codes, properties=_properties(kind, version))


@st.composite
def connacks(draw: st.DrawFn, version: int) -> Connack:
    """Any valid CONNACK."""
    code = draw(st.sampled_from(sorted(reasons.CONNACK if version == V5 else reasons.CONNACK_V3)))
    present = not code and draw(st.booleans())
    properties = draw(_properties(PacketType.CONNACK, version))
    return Connack(code=code, session_present=present, properties=properties)


def packets(version: int) -> st.SearchStrategy[Packet]:
    """Any valid packet of a protocol version."""
    properties = {kind: _properties(kind, version) for kind in PacketType}
    kinds: list[st.SearchStrategy[Packet]] = [
        connects(version),
        connacks(version),
        publishes(version),
        *(_acks(PacketType(number), version) for number in range(4, 8)),
        st.builds(
            Subscribe,
            packet_id=ids,
            subscriptions=st.lists(_subscriptions(version), min_size=1, max_size=3).map(tuple),
            properties=properties[PacketType.SUBSCRIBE],
        ),
        st.builds(
            Unsubscribe,
            packet_id=ids,
            filters=st.lists(text, min_size=1, max_size=3).map(tuple),
            properties=properties[PacketType.UNSUBSCRIBE],
        ),
        _granted(PacketType.SUBACK, version),
        _granted(PacketType.UNSUBACK, version),
        st.builds(Ping, kind=st.sampled_from([PacketType.PINGREQ, PacketType.PINGRESP])),
        st.builds(Disconnect, code=_codes(reasons.DISCONNECT, version), properties=properties[PacketType.DISCONNECT]),
    ]
    if version == V5:
        kinds.append(st.builds(Auth, code=_codes(reasons.AUTH, V5), properties=properties[PacketType.AUTH]))
    return st.one_of(kinds)


@settings(deadline=None)
@given(versions.flatmap(lambda version: st.tuples(st.just(version), packets(version))))
def test_every_packet_is_read_back_as_it_was_written(case: tuple[int, Packet]) -> None:
    """Reading what was written gives the same packet."""
    version, packet = case

    assert packets_of(serialise(packet, version), version) == [packet]


@settings(deadline=None)
@given(versions, st.integers(0, 255), st.binary(max_size=60))
def test_no_bytes_raise_anything_but_the_codecs_error(version: int, first: int, body: bytes) -> None:
    """Any bytes either parse, to a packet that can be written again, or raise PacketError."""
    try:
        packet = parse(first, body, version)
    except PacketError:
        return

    assert packets_of(serialise(packet, version), packet.version if isinstance(packet, Connect) else version)


def _seen(event: Event) -> object:
    """Return what can be compared of an event."""
    delivery = event.delivery if isinstance(event, Foreign) else event
    if not isinstance(delivery, Delivery):
        return event
    told = (delivery.topic, delivery.payload, delivery.identity, delivery.response_topic, delivery.correlation)
    return type(event).__name__, *told, delivery.token is not None


@st.composite
def conversations(draw: st.DrawFn, version: int) -> bytes:
    """A CONNECT and packets after it, most of them publishes to few topics, some cut or altered."""
    leaves = st.sampled_from([f"hemvakt/1/{DEVICE}/vitals", f"hemvakt/1/{DEVICE}/status", "hemvakt/1/other/vitals"])
    common = st.builds(Publish, topic=leaves, payload=st.binary(max_size=200), qos=st.just(1), packet_id=ids)
    sent = draw(st.lists(st.one_of(common, common, common, packets(version)), max_size=8))
    data = b"".join(serialise(each, version) for each in (a_connect(version), *sent))
    return data + draw(st.binary(max_size=20))


@settings(deadline=None)
@given(versions.flatmap(lambda version: st.tuples(st.just(version), conversations(version))), st.data())
def test_any_cutting_of_the_stream_gives_the_same_events(case: tuple[int, bytes], data: st.DataObject) -> None:
    """Events and answers depend on the bytes alone, not on how they were cut; nothing is raised."""
    version, stream = case
    whole, cut = Peer(version), Peer(version)
    expected = [_seen(each) for each in whole.feed(stream)]
    marks = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    pieces = [stream[a:b] for a, b in zip([0, *marks], [*marks, len(stream)], strict=True)]
    found = [_seen(each) for piece in pieces for each in cut.feed(piece)]

    assert found == expected
    assert cut.core.take() == whole.core.take()


@settings(deadline=None)
@given(versions, st.binary(max_size=200))
def test_random_bytes_after_connect_end_in_a_close_or_in_patience(version: int, noise: bytes) -> None:
    """Random bytes on an open connection never raise; a fault is told as one last event."""
    peer = Peer(version)
    peer.connect()
    events = peer.feed(noise)

    assert not [each for each in events[:-1] if isinstance(each, Closed)]
