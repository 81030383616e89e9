"""The opening of a connection: which CONNECTs are refused before asking for credentials, and what CONNACK says.

Pure. Does not check credentials. The invariant: what CONNACK announces is what `Connection` enforces.
"""

from dataclasses import dataclass

from ingest.filters import is_own, own_prefix
from ingest.packet_writer import serialise
from ingest.packets import V5, V311, Connack, Connect, Will
from ingest.properties import Properties
from ingest.reasons import REFUSAL_V3, Reason
from ingest.session import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds on an accepted connection. Times in seconds; a keep-alive of 0 means none."""

    client_id: str
    keep_alive_s: int
    session_expiry_s: int
    peer_receive_maximum: int
    peer_max_packet_bytes: int
    peer_topic_aliases: int


def objection(connect: Connect) -> Reason | None:
    """Return why a CONNECT is refused whoever sent it, None where it may go on."""
    if connect.properties.auth_method is not None:
        return Reason.BAD_AUTH_METHOD
    if connect.will is not None and connect.will.qos == 2:
        return Reason.QOS_NOT_SUPPORTED
    if not connect.client_id and connect.version == V311 and not connect.clean_start:
        return Reason.BAD_CLIENT_ID
    return None


def will_is_own(will: Will, device_id: str) -> bool:
    """Tell whether the will, and the answer it asks for, stay under the device's own topics."""
    answer_to = will.properties.response_topic
    return is_own(will.topic, device_id) and (answer_to is None or is_own(answer_to, device_id))


def terms(connect: Connect, client_id: str, limits: Limits) -> Terms:
    """Settle what holds on the connection; `client_id` is the client's own or the one assigned to it."""
    keep_alive_s = connect.keep_alive_s
    if connect.version == V5:
        keep_alive_s = min(keep_alive_s or limits.max_keep_alive_s, limits.max_keep_alive_s)
        expiry_s = min(connect.properties.session_expiry_s or 0, limits.max_session_expiry_s)
    else:
        expiry_s = 0 if connect.clean_start else limits.max_session_expiry_s
    return Terms(
        client_id=client_id,
        keep_alive_s=keep_alive_s,
        session_expiry_s=expiry_s,
        peer_receive_maximum=connect.properties.receive_maximum or 0xFFFF,
        peer_max_packet_bytes=connect.properties.maximum_packet_bytes or 1 << 30,
        peer_topic_aliases=min(connect.properties.topic_alias_maximum or 0, limits.topic_alias_maximum),
    )


def welcome(connect: Connect, agreed: Terms, device_id: str, limits: Limits, *, session_present: bool) -> bytes:
    """Return the CONNACK of an accepted connection."""
    if connect.version == V311:
        return serialise(Connack(code=0, session_present=session_present), V311)
    asked = connect.properties
    properties = Properties(
        session_expiry_s=agreed.session_expiry_s if agreed.session_expiry_s != (asked.session_expiry_s or 0) else None,
        assigned_client_id=agreed.client_id if agreed.client_id != connect.client_id else None,
        server_keep_alive_s=agreed.keep_alive_s if agreed.keep_alive_s != connect.keep_alive_s else None,
        response_information=own_prefix(device_id) if asked.request_response else None,
        receive_maximum=limits.receive_maximum,
        topic_alias_maximum=limits.topic_alias_maximum,
        maximum_qos=1,
        maximum_packet_bytes=limits.max_packet_bytes,
        subscription_ids_available=0,
        shared_available=0,
    )
    return serialise(Connack(code=0, session_present=session_present, properties=properties), V5)


def refusal(reason: Reason, version: int, detail: str = "") -> bytes:
    """Return the CONNACK that refuses; empty where MQTT 3.1.1 has no code for the reason."""
    if version == V5:
        properties = Properties(reason_string=detail or None)
        return serialise(Connack(code=reason, properties=properties), V5)
    code = REFUSAL_V3.get(reason)
    return b"" if code is None else serialise(Connack(code=code), V311)
