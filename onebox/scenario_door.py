"""The wire of a checked scenario: what its devices say as MQTT messages, and the answers that come back.

No network: messages are handed to ingest as a door hands them over. The invariant: nothing that a device says is lost
on the way, and each refusal is counted for the device that is answered.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from ingest.delivery import Delivery
from simulator.transcript import Said
from ward import wire
from ward.events import DeviceEvent
from ward.formats import event, status, vitals, waveform
from ward.vitals import Reading
from ward.waveforms import WaveformBlock
from ward.wire import Leaf, Reason, WireStatus


class _Answer(msgspec.Struct):
    """What is read of an answer on `rejects`."""

    reason: Reason


@dataclass(slots=True, eq=False)
class Door:
    """The way back to devices that do not exist: counts what is acknowledged and what is refused."""

    outstanding: int = 0
    all_stored: asyncio.Event = field(default_factory=asyncio.Event)
    _refused: dict[str, Counter[Reason]] = field(default_factory=lambda: defaultdict(Counter))

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Note that these are committed."""
        self.outstanding -= len(deliveries)
        if self.outstanding == 0:
            self.all_stored.set()

    def publish(self, topic: str, payload: bytes, *, correlation: bytes | None = None) -> None:
        """Note a refusal."""
        del correlation
        _, _, device_id, leaf = topic.split("/")
        if leaf == Leaf.REJECTS:
            self._refused[device_id][msgspec.json.decode(payload, type=_Answer).reason] += 1

    def refused(self, device_id: str) -> Mapping[Reason, int]:
        """Return how often a device was refused something, by reason."""
        return dict(self._refused[device_id])


def messages(arriving: Sequence[tuple[str, Said]]) -> list[tuple[str, bytes]]:
    """Return topics and payloads: readings in arrays by device and minute, then what else is said, in its order.

    A leap of minutes holds as many messages as there would be: how far a clock is ahead is told by several.
    """
    readings: dict[tuple[int, str], list[Reading]] = {}
    others: list[tuple[str, bytes]] = []
    for device_id, said in arriving:
        match said.what:
            case Reading():
                readings.setdefault((int(said.at_s // 60.0), device_id), []).append(said.what)
            case WireStatus():
                others.append((wire.topic(device_id, Leaf.STATUS), status.encode(said.what)))
            case DeviceEvent():
                others.append((wire.topic(device_id, Leaf.EVENT), event.encode(said.what)))
            case WaveformBlock():
                others.append((wire.topic(device_id, Leaf.WAVEFORM), waveform.encode(said.what)))
    measured = [
        (wire.topic(device_id, Leaf.VITALS), payload)
        for (_, device_id), each in readings.items()
        for payload in vitals.encode_readings(each)
    ]
    return measured + others
