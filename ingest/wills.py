"""The wills that wait for their delay, by session.

Pure: time is a parameter, in monotonic seconds. In memory only: a will that waits when the endpoint is killed is lost
(the silence of its device is noticed by the alerts for missing data all the same).
"""

from datetime import datetime

from ingest.delivery import Delivery, Door
from ingest.packets import Publish, Will
from ingest.session import Session


class Wills:
    """What is published for devices that went without a word and have not come back."""

    def __init__(self) -> None:
        self._waiting: dict[Session, tuple[float, Will]] = {}

    def add(self, session: Session, will: Will, due_s: float) -> None:
        """Keep a will until `due_s`."""
        self._waiting[session] = (due_s, will)

    def take(self, session: Session) -> Will | None:
        """Take the will of a session out, whether it is due or not."""
        found = self._waiting.pop(session, None)
        return None if found is None else found[1]

    def due(self, at_s: float) -> list[Session]:
        """Return the sessions whose wills are due."""
        return [each for each, (due_s, _) in self._waiting.items() if due_s <= at_s]

    def all(self) -> list[Session]:
        """Return the sessions whose wills wait."""
        return list(self._waiting)


def delivery_of(will: Will, device_id: str, door: Door, now: datetime) -> Delivery:
    """Return the will as the device's own message."""
    asked = will.properties
    return Delivery(will.topic, will.payload, now, door, device_id, asked.response_topic, asked.correlation)


def publish_of(will: Will) -> Publish:
    """Return the will as the publish that it stands for."""
    return Publish(
        topic=will.topic,
        payload=will.payload,
        qos=will.qos,
        retain=will.retain,
        packet_id=1 if will.qos else 0,
        properties=will.properties,
    )
