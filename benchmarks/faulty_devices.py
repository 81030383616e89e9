"""Devices with a store-and-forward memory, speaking MQTT 5 or 3.1.1 over connections that do not last.

A device has two connections at a time (lanes), so its messages overtake each other. What is not acknowledged in time
is sent again on a new connection with the DUP flag. Acknowledged means: at the endpoint a PUBACK, at a broker a
receipt that accounts for every reading; a 3.1.1 device cannot ask a broker for one, and nothing is claimed of it.
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Protocol

import msgspec

from benchmarks.fault_outbox import Counts, Message, Outbox
from ingest.packet_reader import frame_length, parse
from ingest.packet_writer import serialise
from ingest.packets import V5, V311, Ack, Connack, Connect, Granted, Packet, Publish, Subscribe, Subscription, Will
from ingest.properties import NONE, PacketType, Properties
from ingest.reasons import PacketError
from ward import wire
from ward.wire import Leaf

_LANES = 2
_WINDOW = 4
_FAILED = 0x80
_SUBSCRIBE_ID, _STATUS_ID = 1, 0xFFFF
_LONGEST_PAUSE_S = 0.3


class Door(StrEnum):
    """What the devices connect to."""

    ENDPOINT = "endpoint"
    BROKER = "broker"


class Receipt(msgspec.Struct):
    """What became of a message."""

    stored: int
    rejected: int


class _Reject(msgspec.Struct):
    reason: str


class Lost(Exception):  # noqa: N818 - reads as what happened
    """The connection is of no more use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a device speaks; without an acknowledgement for `patience_s` it gives a connection up.

    Where it has a `will`, one of its connections leaves that as its status, and says `present` when it is there.
    """

    door: Door
    version: int
    patience_s: float
    will: bytes = b""
    present: bytes = b'{"online":true}'

    @property
    def by_receipt(self) -> bool:
        """True when only a receipt counts."""
        return self.door is Door.BROKER


class Watcher(Protocol):
    """Is told, as it happens, of how many readings more something is known."""

    def acknowledged(self, count: int) -> None:
        """So many more are acknowledged."""

    def accepted(self, count: int) -> None:
        """So many more have been taken by a broker, and no more will be known of them."""


class Device:
    """One device: an outbox and its lanes."""

    def __init__(
        self, outbox: Outbox, port: int, manner: Manner, counts: Counts, rng: Random, watcher: Watcher
    ) -> None:
        self.outbox, self.port, self.manner, self.counts, self.rng = outbox, port, manner, counts, rng
        self._watcher = watcher
        self._work = asyncio.Event()
        self.wrong_receipts = 0

    def measure(self, now_us: int) -> int:
        """Measure something and have it sent; returns how many readings."""
        count = self.outbox.measure(now_us)
        self.wake()
        return count

    def wake(self) -> None:
        """Let the lanes look at the outbox."""
        self._work.set()

    async def has_work(self) -> None:
        """Wait until the outbox holds something to send."""
        while not self.outbox.waiting:
            self._work.clear()
            await self._work.wait()

    def settle(self, message: Message) -> None:
        """Take note of an acknowledgement."""
        self._watcher.acknowledged(self.outbox.acknowledged(message))
        self.wake()

    def let_go(self, message: Message) -> None:
        """Take note that a broker has it, which is all that will be known."""
        self._watcher.accepted(self.outbox.let_go(message))

    async def run(self) -> None:
        """Deliver for ever; ends only when cancelled."""
        async with asyncio.TaskGroup() as lanes:
            for number in range(_LANES):
                lanes.create_task(self._keep(number), name=f"{self.outbox.kit.device_id}-{number}")

    async def _keep(self, number: int) -> None:
        while True:
            lane = _Lane(self, number)
            try:
                await lane.run()
            except (OSError, EOFError, TimeoutError, Lost, PacketError):
                pass
            finally:
                lane.close()
                self.outbox.put_back(list(lane.unanswered()))
                self.wake()
            await asyncio.sleep(self.rng.random() * _LONGEST_PAUSE_S)


class _Lane:
    """One connection from CONNECT to its end."""

    def __init__(self, device: Device, number: int) -> None:
        self._device, self._number = device, number
        self._kit, self._manner = device.outbox.kit, device.manner
        self._sent: dict[int, Message] = {}  # by packet id, until the PUBACK
        self._unreceipted: dict[int, Message] = {}  # by key, until the receipt
        self._next_id = _SUBSCRIBE_ID
        self._room = asyncio.Event()
        self._sent_s: dict[int, float] = {}  # by key
        self._writer: asyncio.StreamWriter | None = None
        self._reader: asyncio.StreamReader

    def unanswered(self) -> list[Message]:
        """Return what was sent on this connection and not acknowledged."""
        return list({each.key: each for each in (*self._sent.values(), *self._unreceipted.values())}.values())

    def close(self) -> None:
        """Close the socket without a word."""
        if self._writer is not None:
            self._writer.close()

    async def run(self) -> None:
        """Connect, subscribe, and deliver until the connection breaks or patience does."""
        async with asyncio.timeout(self._manner.patience_s):
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._device.port)
            await self._introduce()
        self._device.counts.connections += 1
        receiving = asyncio.create_task(self._receive_all())
        sending = asyncio.create_task(self._send_all())
        try:
            await self._watch(receiving, sending)
        finally:
            for task in (receiving, sending):
                task.cancel()
            await asyncio.gather(receiving, sending, return_exceptions=True)

    async def _introduce(self) -> None:
        kit, version = self._kit, self._manner.version
        self._write(
            Connect(
                version=version,
                client_id=f"{kit.device_id}-{self._number}",
                username=kit.device_id,
                password=kit.secret.encode(),
                will=Will(topic=self._status, payload=self._manner.will, qos=1) if self._tells else None,
            )
        )
        answer = await self._read()
        if not isinstance(answer, Connack) or answer.code:
            raise Lost(f"CONNECT was answered by {answer}")
        wanted = (
            Subscription(filter=self._receipts, qos=1),
            Subscription(filter=wire.topic(kit.device_id, Leaf.REJECTS)),
        )
        self._write(Subscribe(packet_id=_SUBSCRIBE_ID, subscriptions=wanted))
        granted = await self._read()
        if not isinstance(granted, Granted) or any(code >= _FAILED for code in granted.codes):
            raise Lost(f"SUBSCRIBE was answered by {granted}")
        if self._tells:
            self._write(Publish(topic=self._status, payload=self._manner.present, qos=1, packet_id=_STATUS_ID))

    @property
    def _tells(self) -> bool:
        """True for the connection that says whether the device is there."""
        return not self._number and bool(self._manner.will)

    @property
    def _status(self) -> str:
        return wire.topic(self._kit.device_id, Leaf.STATUS)

    @property
    def _receipts(self) -> str:
        return f"{wire.PREFIX}/{wire.VERSION}/{self._kit.device_id}/receipts-{self._number}"

    async def _watch(self, *tasks: asyncio.Task[None]) -> None:
        """Wait for the end; an answer that does not come in time is one."""
        patience_s = self._manner.patience_s
        while True:
            done, _ = await asyncio.wait(tasks, timeout=patience_s / 4, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            oldest_s = min((self._sent_s[each.key] for each in self.unanswered()), default=None)
            if oldest_s is not None and asyncio.get_running_loop().time() - oldest_s > patience_s:
                self._device.counts.given_up += 1
                raise Lost("no answer in time")

    async def _send_all(self) -> None:
        while True:
            while len(self.unanswered()) >= _WINDOW:
                self._room.clear()
                await self._room.wait()
            message = self._device.outbox.take()
            if message is None:
                await self._device.has_work()
                continue
            self._send(message)
            await self._flush()

    def _send(self, message: Message) -> None:
        self._next_id = self._next_id % 0xFFFF + 1
        by_receipt = self._manner.by_receipt and self._manner.version == V5
        self._sent[self._next_id] = message
        self._sent_s[message.key] = asyncio.get_running_loop().time()
        properties = NONE
        if by_receipt:
            self._unreceipted[message.key] = message
            properties = Properties(response_topic=self._receipts, correlation=message.key.to_bytes(8, "big"))
        self._write(
            Publish(
                topic=wire.topic(self._kit.device_id, Leaf.VITALS),
                payload=message.payload,
                qos=1,
                dup=message.sent,
                packet_id=self._next_id,
                properties=properties,
            )
        )

    async def _receive_all(self) -> None:
        while True:
            packet = await self._read()
            match packet:
                case Ack(kind=PacketType.PUBACK):
                    self._puback(packet)
                case Publish(topic=topic) if topic == self._receipts:
                    self._receipt(packet)
                case Publish():
                    self._device.counts.rejects[msgspec.json.decode(packet.payload, type=_Reject).reason] += 1
                case _:
                    raise Lost(f"{packet}")

    def _puback(self, packet: Ack) -> None:
        if packet.packet_id == _STATUS_ID and self._tells:
            return
        message = self._sent.pop(packet.packet_id, None)
        if message is None or packet.code >= _FAILED:
            raise Lost(f"{packet}")
        self._room.set()
        if not self._manner.by_receipt:
            self._device.settle(message)
        elif self._manner.version == V311:
            self._device.let_go(message)

    def _receipt(self, packet: Publish) -> None:
        if packet.packet_id:
            self._write(Ack(kind=PacketType.PUBACK, packet_id=packet.packet_id))
        message = self._unreceipted.pop(int.from_bytes(packet.properties.correlation or b"", "big"), None)
        if message is None:  # the second receipt of a message that was sent twice
            return
        receipt = msgspec.json.decode(packet.payload, type=Receipt)
        if (receipt.stored, receipt.rejected) != (message.count - message.refused, message.refused):
            self._device.wrong_receipts += 1
        self._room.set()
        self._device.settle(message)

    def _write(self, packet: Packet) -> None:
        if self._writer is None or self._writer.is_closing():
            raise Lost("closed")
        self._writer.write(serialise(packet, self._manner.version))

    async def _flush(self) -> None:
        if self._writer is not None:
            await self._writer.drain()

    async def _read(self) -> Packet:
        head = await self._reader.readexactly(2)
        while head[-1] & 0x80:
            head += await self._reader.readexactly(1)
        found = frame_length(head, 1)
        if found is None:
            raise Lost("an unfinished length")
        return parse(head[0], await self._reader.readexactly(found[0]), self._manner.version)
