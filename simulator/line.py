"""One device's line to the platform: MQTT with paho, quality of service 1, and nothing lost on the way.

Shell. What is measured goes into the device's own memory (`buffer`) and leaves it only when the platform has
acknowledged it; while the line is down, or the device has no power, it waits there.
"""

import os
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from simulator.buffer import Buffer
from simulator.traits import FIRMWARE
from ward import log, tls, wire
from ward.errors import ConfigError
from ward.events import DeviceEvent
from ward.formats import event, status, vitals, waveform
from ward.vitals import Reading
from ward.waveforms import WaveformBlock
from ward.wire import Leaf, WireStatus

_KEEP_ALIVE_S = 30
_BLOCKS = 2_000  # kept at most: three hours of two channels
_NOBODY_HAS_IT = 0x10  # MQTT 5, 3.4.2.1: the broker took the message, and there is no matching subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Where devices publish, who vouches for it (a PEM file; None: who the system trusts), and how they speak.

    `certificate` and `key` are PEM files of each device's own, `{device}` standing for its id; both or neither.
    """

    url: str
    ca: Path | None = None
    certificate: str | None = None
    key: str | None = None
    protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5


_Memory = Buffer[Reading] | Buffer[WaveformBlock] | Buffer[DeviceEvent]


class Line:
    """A device's connection and memory. Readings come in by one thread, acknowledgements by paho's.

    Without a secret no password is shown: the device's certificate says who it is.
    `on_config` takes what the platform sends on the device's `config` topic and returns what is wrong with it.
    """

    def __init__(
        self, platform: Platform, device_id: str, secret: str, on_config: Callable[[bytes], str | None] = lambda _: None
    ) -> None:
        self.device_id = device_id
        self._on_config = on_config
        self.buffer = Buffer[Reading]()
        self.events = Buffer[DeviceEvent](in_flight=4, most=1)
        self.blocks = Buffer[WaveformBlock](capacity=_BLOCKS, in_flight=4, most=1)
        self.rejected = 0
        self.refused: str | None = None
        self._lock = threading.Lock()
        self._numbers: dict[int, tuple[_Memory, int]] = {}
        self._early: dict[int, int] = {}
        self._sending = 0
        self._nobody_has_it = False
        self._battery_pct, self._firmware = 100.0, FIRMWARE
        self._platform, self._secret = platform, secret
        address = urlsplit(platform.url)
        self._tls = _context(platform, device_id) if address.scheme == "mqtts" else None
        self._address = (address.hostname or "127.0.0.1", address.port or (8883 if self._tls else 1883))
        self._client = self._made()
        self._on = False

    def _made(self) -> paho.Client:
        """Return a client that has not connected yet; one that was stopped is not started again."""
        # Another simulator may play the same device: each process has a session of its own.
        session = f"{self.device_id}-{os.getpid()}"
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=session, protocol=self._platform.protocol)
        client.username_pw_set(self.device_id, self._secret or None)
        client.reconnect_delay_set(min_delay=1, max_delay=30)
        client.will_set(self._topic(Leaf.STATUS), status.encode(WireStatus(online=False)), qos=1, retain=True)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        client.on_connect = self._on_connect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    def switch_on(self, battery_pct: float, firmware: str = FIRMWARE) -> None:
        """Connect, and again whenever the connection is lost."""
        if not self._on:
            self._on = True
            self._battery_pct, self._firmware = battery_pct, firmware
            self._client.connect_async(*self._address, keepalive=_KEEP_ALIVE_S)
            self._client.loop_start()

    def switch_off(self) -> None:
        """Say that the device goes, and go."""
        if self._on:
            self._status(online=False)
            self._stop()

    def lose(self) -> None:
        """Lose the network, as a device does that says nothing any more: the broker sends its will in the end."""
        if self._on:
            held = self._client.socket()
            if isinstance(held, socket.socket):
                with suppress(OSError):
                    held.shutdown(socket.SHUT_RDWR)
            self._stop()

    def _stop(self) -> None:
        """Leave, and take back what was on its way: nobody is left to hear of it."""
        self._on = False
        self._client.disconnect()
        self._client.loop_stop()
        with self._lock:
            self.buffer.recall()
            self.blocks.recall()
            self.events.recall()
            self._numbers.clear()
            self._early.clear()
        self._client = self._made()

    def put(
        self,
        readings: Sequence[Reading],
        blocks: Sequence[WaveformBlock] = (),
        events: Sequence[DeviceEvent] = (),
    ) -> None:
        """Remember readings, waveform blocks and events, and send what may be sent."""
        with self._lock:
            if self._nobody_has_it:
                self._nobody_has_it = False
                self.buffer.recall()
                self.blocks.recall()
                self.events.recall()
            self.buffer.put(readings)
            self.blocks.put(blocks)
            self.events.put(events)
        self._send()

    def tell(self, battery_pct: float, firmware: str = FIRMWARE) -> None:
        """Publish the status with the battery's charge and the version that runs."""
        self._battery_pct, self._firmware = battery_pct, firmware
        if self._on:
            self._status(online=True)

    @property
    def waiting(self) -> int:
        """The number of readings, blocks and events not yet acknowledged."""
        with self._lock:
            return len(self.buffer) + len(self.blocks) + len(self.events)

    def _topic(self, leaf: Leaf) -> str:
        return wire.topic(self.device_id, leaf)

    def _status(self, *, online: bool) -> None:
        said = WireStatus(online=online, battery_pct=self._battery_pct, firmware=self._firmware)
        self._client.publish(self._topic(Leaf.STATUS), status.encode(said), qos=1, retain=True)

    def _send(self) -> None:
        """Send messages from memory while there is room on the line; paho repeats what a lost connection swallowed.

        Never with our lock held: paho tells of an acknowledgement with its own lock held, and we take ours there. So
        an acknowledgement may come before its number is noted; it waits in `_early`.
        """
        while self._client.is_connected():
            with self._lock:
                cut = self._cut()
                if cut is None:
                    return
                self._sending += 1
            memory, number, leaf, payload = cut
            mid = self._client.publish(self._topic(leaf), payload, qos=1).mid
            with self._lock:
                self._sending -= 1
                reason = self._early.pop(mid, None)
                if reason is None:
                    self._numbers[mid] = memory, number
                else:
                    self._acknowledged(memory, number, reason)
                if not self._sending:
                    self._early.clear()

    def _cut(self) -> tuple[_Memory, int, Leaf, bytes] | None:
        """Start the next message, with our lock held: a call for help before readings, readings before curves."""
        if (called := self.events.cut()) is not None:
            number, (happened,) = called
            return self.events, number, Leaf.EVENT, event.encode(happened)
        if (cut := self.buffer.cut()) is not None:
            number, readings = cut
            alone = len(readings) == 1
            payload = vitals.encode_reading(readings[0]) if alone else next(vitals.encode_readings(readings))
            return self.buffer, number, Leaf.VITALS, payload
        if (blocks := self.blocks.cut()) is not None:
            number, (block,) = blocks
            return self.blocks, number, Leaf.WAVEFORM, waveform.encode(block)
        return None

    def _acknowledged(self, memory: _Memory, number: int, reason: int) -> bool:
        """Settle a message, with our lock held; tell whether there is room for another."""
        if reason == _NOBODY_HAS_IT:
            self._nobody_has_it = True  # sent again with what is measured next
            return False
        memory.confirm(number)
        return True

    def _on_connect(
        self, client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self.refused = str(reason)
            log.get().error("device_refused", device=self.device_id, reason=str(reason))
            return
        self.refused = None
        client.subscribe([(self._topic(Leaf.REJECTS), 1), (self._topic(Leaf.CONFIG), 1)])
        self._status(online=True)
        self._send()

    def _on_publish(
        self, _client: paho.Client, _data: object, mid: int, reason: ReasonCode, _properties: Properties
    ) -> None:
        with self._lock:
            sent = self._numbers.pop(mid, None)
            if sent is None:
                if self._sending:
                    self._early[mid] = reason.value
                return
            room = self._acknowledged(*sent, reason.value)
        if room:
            self._send()

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        if message.topic == self._topic(Leaf.REJECTS):
            self.rejected += 1
            text = bytes(message.payload)[:300].decode(errors="replace")
            log.get().warning("reading_rejected", device=self.device_id, answer=text)
        elif fault := self._on_config(bytes(message.payload)):
            log.get().warning("config_refused", device=self.device_id, reason=fault)


def _context(platform: Platform, device_id: str) -> ssl.SSLContext:
    """Return what a device speaks TLS with: whom it believes, and its own certificate where it has one."""
    made = ssl.create_default_context(cafile=platform.ca)
    if platform.certificate is not None and platform.key is not None:
        certificate, key = (Path(each.format(device=device_id)) for each in (platform.certificate, platform.key))
        faults = [tls.unreadable(certificate), tls.unreadable(key)]
        if fault := next(filter(None, faults), None) or tls.misfit(certificate, key):
            raise ConfigError(fault)
        made.load_cert_chain(certificate, key)
    return made
