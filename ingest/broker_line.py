"""One connection to a broker, by paho: its socket is served by the event loop, without a thread.

It is opened again whenever it is lost. Who uses it decides what is subscribed to, what is read when, and what a
message means.
"""

import asyncio
import contextlib
import select
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ward import log
from ward.chores import Ending, Kind
from ward.errors import ConfigError
from ward.settings import Settings
from ward.tls import ends_of, ends_of_peer

_RECEIVE_MAXIMUM = 1000
_SENT_AT_ONCE = 20  # what mosquitto takes by default; paho does not look at what a broker says
_KEEP_ALIVE_S = 30
_CONNECT_S = 3.0  # connecting holds the event loop, which has nothing else to do without a broker
# A broker that comes back finds ingest at the door before the devices: mosquitto forgets shared subscriptions.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 5.0
_PAUSE_GROWS = 1.3
_MISC_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a broker is, who we are there, how its certificate is checked (None: no TLS), and when ours for it end."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None
    ends: Mapping[Kind, datetime] = field(default_factory=dict)


def address_of(settings: Settings) -> Address:
    """Return the address that the settings give.

    Raises
    ------
    ConfigError
        If a certificate or key cannot be used; names the variable.
    """
    address = urlsplit(settings.mqtt_url)
    secure = address.scheme == "mqtts"
    return Address(
        host=address.hostname or "127.0.0.1",
        port=address.port or (8883 if secure else 1883),
        username=unquote(address.username) if address.username else None,
        password=unquote(address.password or "") if address.username else None,
        tls=_tls(settings) if secure else None,
        ends=_ends(settings) if secure else {},
    )


def _ends(settings: Settings) -> dict[Kind, datetime]:
    """Return when the certificates end that were read now and are in use from now on."""
    files = {Kind.INGEST: settings.broker_cert, Kind.BROKER_AUTHORITY: settings.broker_ca}
    found = {kind: ends_of(path) for kind, path in files.items() if path is not None}
    return {kind: ends_at for kind, ends_at in found.items() if ends_at is not None}


def _tls(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.broker_ca)
    except (ssl.SSLError, OSError) as error:
        raise ConfigError(f"HEMVAKT_BROKER_CA: no certificates in PEM form can be read from it ({error})") from error
    if settings.broker_cert and settings.broker_key:
        try:
            context.load_cert_chain(settings.broker_cert, settings.broker_key)
        except (ssl.SSLError, OSError) as error:
            raise ConfigError(
                "HEMVAKT_BROKER_CERT, HEMVAKT_BROKER_KEY: not a certificate and its key, in PEM form and without a"
                f" passphrase ({error})"
            ) from error
    return context


class BrokerLine:
    """A connection that is kept. `client` is paho's, for its callbacks; `connected` and `lost` say how it stands.

    `read` is called while there may be something to read; whoever sets it may `pause` and later `resume`.
    """

    def __init__(self, address: Address, *, client_id: str, session_s: int = 0) -> None:
        self._address = address
        self._session_s = session_s
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()
        self._paused = False
        self._reading_again = False
        self._came_up = False
        self._peer_ends: datetime | None = None
        self._fault = ""
        self.up = False
        self.lost = asyncio.Event()
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5, manual_ack=True)
        client.max_inflight_messages_set(_SENT_AT_ONCE)
        client.connect_timeout = _CONNECT_S
        if address.username is not None:
            client.username_pw_set(address.username, address.password)
        if address.tls is not None:
            client.tls_set_context(address.tls)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_socket_open = self._on_socket_open
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = self._on_socket_register_write
        client.on_socket_unregister_write = self._on_socket_unregister_write
        self.client = client
        self.read: Callable[[], object] = client.loop_read
        self.on_up: Callable[[], None] = _nothing
        self.on_down: Callable[[], None] = _nothing

    @property
    def kept(self) -> bool:
        """True from `start` until `stop`."""
        return self._keeping is not None and not self._keeping.done()

    def endings(self, holder: str) -> list[Ending]:
        """Return when the certificates of this line end; the broker's is the one that it showed last."""
        found = dict(self._address.ends) | ({} if self._peer_ends is None else {Kind.BROKER: self._peer_ends})
        return [Ending(kind=kind, holder=holder, ends_at=at) for kind, at in found.items()]

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        self._keeping = self._loop.create_task(self._keep(), name="broker")

    async def stop(self) -> None:
        """Leave the broker."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        self.client.disconnect()
        self.client.loop_misc()

    def pause(self) -> None:
        """Stop reading: the broker holds what comes."""
        self._paused = True
        if self._socket is not None:
            self._loop.remove_reader(self._socket)

    def resume(self) -> None:
        """Read on."""
        self._paused = False
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._loop.add_reader(self._socket, self._readable)
            self._read_pending()

    async def _keep(self) -> None:
        """Open the connection, stay with it, and open it again, sooner when it has been good."""
        pause_s = _FIRST_PAUSE_S
        while True:
            self._came_up = False
            if self._open():
                await self._stay()
            self.lost.set()
            pause_s = _FIRST_PAUSE_S if self._came_up else min(_PAUSE_GROWS * pause_s, _LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)

    def _open(self) -> bool:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho's own
        properties.SessionExpiryInterval = self._session_s
        properties.ReceiveMaximum = _RECEIVE_MAXIMUM
        host, port = self._address.host, self._address.port
        fresh = self._session_s == 0
        try:
            self.client.connect(host, port, keepalive=_KEEP_ALIVE_S, clean_start=fresh, properties=properties)
        except (OSError, ValueError) as error:
            if str(error) != self._fault:  # once, not at each of many tries
                self._fault = str(error)
                log.get().warning("broker_unreachable", host=host, port=port, error=self._fault[:200])
            return False
        self._fault = ""
        return True

    async def _stay(self) -> None:
        """Let paho look after its keep-alive until the connection is closed."""
        while self.client.socket() is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_MISC_S):
                    await self._closed.wait()
            self._closed.clear()
            self.client.loop_misc()

    def _on_connect(
        self, _client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            log.get().error("broker_refused", reason=str(reason), host=self._address.host, port=self._address.port)
            self.lost.set()
            return
        self.up = self._came_up = True
        if isinstance(self._socket, ssl.SSLSocket) and (shown := self._socket.getpeercert(binary_form=True)):
            self._peer_ends = ends_of_peer(shown)
        log.get().info("broker_connected", host=self._address.host, port=self._address.port)
        self.on_up()

    def _on_disconnect(
        self, _client: paho.Client, _data: object, _flags: object, reason: ReasonCode | None, _properties: object
    ) -> None:
        self.up = False
        self.lost.set()
        log.get().warning("broker_lost", reason=str(reason), host=self._address.host, port=self._address.port)
        self.on_down()

    def _on_socket_open(self, _client: paho.Client, _data: object, opened: Any) -> None:
        self._socket = opened
        self.resume()

    def _on_socket_close(self, _client: paho.Client, _data: object, closed: Any) -> None:
        self._socket = None
        self._closed.set()
        self._loop.remove_reader(closed)
        self._loop.remove_writer(closed)

    # uvloop tells of a reset once, and then keeps a dead watch that cannot be renewed: it is taken away first, and what
    # was left unread in front of the reset is read by a new one.

    def _on_socket_register_write(self, client: paho.Client, _data: object, waiting: Any) -> None:
        self._loop.remove_writer(waiting)
        self._loop.add_writer(waiting, client.loop_write)

    def _on_socket_unregister_write(self, _client: paho.Client, _data: object, written: Any) -> None:
        self._loop.remove_writer(written)

    def _readable(self) -> None:
        self.read()
        self._read_pending()
        if self._socket is not None and not self._paused and _in_error(self._socket):
            self._loop.call_soon(self._renew)

    def _renew(self) -> None:
        if self._socket is not None and not self._paused:
            self.resume()

    def _read_pending(self) -> None:
        """Read soon what TLS has taken off the socket already: the event loop does not see it."""
        idle = not self._paused and not self._reading_again
        if idle and isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            self._reading_again = True
            self._loop.call_soon(self._read_again)

    def _read_again(self) -> None:
        self._reading_again = False
        if self._socket is not None and not self._paused:
            self._readable()


def _in_error(connected: socket.socket) -> bool:
    """Tell whether a connection was reset, be there data in front of that or not."""
    asked = select.poll()
    asked.register(connected, 0)
    return bool(asked.poll(0))


def _nothing() -> None:
    """Do nothing: nobody has asked to be told."""
