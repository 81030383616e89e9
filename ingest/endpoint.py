"""Door 2: MQTT spoken to devices directly, and an acknowledgement that means "committed".

Shell. No general broker: a device publishes and subscribes under its own topics, and nothing goes from device to
device. The invariant: a PUBACK leaves only through `acknowledge`. Everything here runs on one event loop.
"""

import asyncio
import secrets
import socket
from collections.abc import Callable, Sequence
from typing import Final

from ingest.admission import Admission, Authenticate
from ingest.delivery import Delivery, Inbox
from ingest.events import Closed, ConnectAsked, Foreign, RetainedWanted
from ingest.filters import is_topic_name, matches
from ingest.handshake import will_is_own
from ingest.link import Link, Pause
from ingest.listener import Listener
from ingest.packets import Connect, Subscription, Will
from ingest.reasons import Reason
from ingest.receipts import Receipts
from ingest.registry import Registry
from ingest.session import Counters, Limits, Message, Session
from ward import log, tls, wire
from ward.clock import Clock

SWEEP_S: Final = 1.0
STOP_S: Final = 2.0


class Endpoint:
    """An MQTT 3.1.1 and 5 server for devices; a `Door`.

    Parameters
    ----------
    inbox : Inbox
        Takes every delivery; while it is full no socket is read.
    authenticate : callable
        What a device shows to the device's id, or None to refuse. HemvaktError, OSError and TimeoutError out of it
        tell the device to try again later.
    clock : Clock
        Gives `received_at`.
    retained : callable
        Topic to the payload retained for it, or None; asked for `config` at each subscription. Must not block.
    on_foreign : callable
        Gets what a device published outside its own topics, for the quarantine; nobody else gets it.
    certificates : tls.Files, optional
        TLS, and what of it; None speaks plainly.
    limits : Limits
        Every bound.
    """

    def __init__(
        self,
        inbox: Inbox,
        authenticate: Authenticate,
        *,
        clock: Clock,
        retained: Callable[[str], bytes | None],
        on_foreign: Callable[[Delivery], None],
        certificates: tls.Files | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.inbox = inbox
        self.clock = clock
        self.limits = limits or Limits()
        self.counters = Counters()
        self.port = 0
        self._retained = retained
        self._on_foreign = on_foreign
        self._listener = Listener(lambda: Link(self), certificates, self.limits.connect_timeout_s)
        self._registry = Registry(self.limits)
        self._links: dict[Receipts, Link] = {}
        self._connected: dict[Session, Link] = {}
        self._admission = Admission(authenticate, self._enter, self.counters, self.limits.connect_timeout_s)
        self._wills: dict[Session, tuple[float, Delivery]] = {}
        self._held = False
        self._stopping = False
        self._renewing: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()
        self._log = log.get()

    async def start(self, host: str, port: int) -> None:
        """Listen; `port` 0 lets the system choose, and `self.port` tells. OSError where it cannot."""
        self.port = await self._listener.start(host, port)
        self.inbox.on_room(self._release)
        self._timer = asyncio.get_running_loop().call_later(SWEEP_S, self._tick)

    async def renew(self) -> None:
        """Take certificates into use whose files have changed; done by itself each second."""
        await self._listener.renew()

    @property
    def working(self) -> bool:
        """True while devices can connect."""
        return self._listener.serving

    async def stop(self) -> None:
        """Stop listening and tell every device; waits at most `STOP_S` for the last bytes to leave.

        A connected device's will is not published: it has not gone, the platform has. Wills that were waiting for
        their delay are put into the inbox.
        """
        self._stopping = True
        if self._timer is not None:
            self._timer.cancel()
        if self._renewing is not None:
            await self._renewing
        self._listener.close()
        for link in tuple(self._links.values()):
            link.finish(Reason.SERVER_SHUTTING_DOWN)
        try:
            async with asyncio.timeout(STOP_S):
                while self._links:
                    self._empty.clear()
                    await self._empty.wait()
        except TimeoutError:
            for link in tuple(self._links.values()):
                link.transport.abort()
        for session in tuple(self._wills):
            self._publish_will(session)

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Send the PUBACKs of committed deliveries, one write for each connection; those of gone ones are dropped."""
        touched: set[Receipts] = set()
        released = 0
        for delivery in deliveries:
            receipts = delivery.token
            if isinstance(receipts, Receipts):
                released += receipts.settle(delivery)
                touched.add(receipts)
        self.counters.acknowledged += released
        for receipts in touched:
            link = self._links.get(receipts)
            if link is not None:
                link.flush()

    def publish(self, topic: str, payload: bytes, *, correlation: bytes | None = None, retain: bool = False) -> None:
        """Send to the sessions of the topic's device that subscribed to it; a full queue loses its oldest.

        `retain` only sets the flag for subscriptions that asked to see it: what is retained is kept by whoever
        gave `retained`.
        """
        levels = topic.split("/", 3)
        if len(levels) != 4 or not is_topic_name(topic):
            self.counters.dropped_out += 1
            return
        for session in self._registry.of_device(levels[2]):
            subscription = session.wanted(topic)
            if subscription is not None:
                flag = retain and subscription.retain_as_published
                self._send(session, _message(topic, payload, subscription, correlation=correlation, retain=flag))

    def kick(self, device_id: str) -> None:
        """Drop a revoked device at once: its connections, its sessions, and whoever is being let in as it."""
        self._admission.revoke(device_id)
        for session in self._registry.of_device(device_id):
            link = self._connected.get(session)
            if link is not None:
                link.finish(Reason.ADMINISTRATIVE_ACTION)
            self._forget(session)

    def sweep(self, at_s: float) -> None:
        """End what has run out at `at_s` (the loop's time): silent connections, sessions, delays of wills."""
        for link in tuple(self._links.values()):
            link.check(at_s)
            self._count_dropped(link)
        for session in self._registry.expire(at_s):
            self._forget(session)
        for session in [each for each, (due_s, _) in self._wills.items() if due_s <= at_s]:
            self._publish_will(session)

    def joined(self, link: Link) -> None:
        """Take note of a new connection, or refuse it where there are too many."""
        if self._stopping or len(self._links) >= self.limits.max_connections:
            self.counters.refused += 1
            link.transport.abort()
            return
        self._links[link.core.receipts] = link
        self.counters.connections += 1
        raw = link.transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # One turn later: uvloop begins to read after this call, whatever was asked in it.
        asyncio.get_running_loop().call_soon(self._hold_newcomer, link)

    def handle(self, link: Link, event: ConnectAsked | Foreign | RetainedWanted | Closed) -> None:
        """Act on what a connection tells."""
        match event:
            case ConnectAsked():
                client_id = event.connect.client_id or f"assigned-{secrets.token_urlsafe(12)}"
                self._admission.ask(link, event.connect, client_id)
            case Foreign():
                self.counters.foreign += 1
                self._on_foreign(event.delivery)
            case RetainedWanted():
                self._send_retained(link, event.subscription)
            case Closed():
                self._note_end(link, event)
                link.finish(event.reason)

    def left(self, link: Link) -> None:
        """Settle what a connection leaves behind: its session, its will, what it owed."""
        link.core.close(Reason.SUCCESS)
        link.core.receipts.forget()
        exchange = link.core.exchange
        if exchange is None or self._connected.get(exchange.session) is not link:
            return
        del self._connected[exchange.session]
        self._count_dropped(link)
        at_s = asyncio.get_running_loop().time()
        delay_s = 0
        if exchange.will is not None and not self._stopping:
            delay_s = exchange.will.properties.will_delay_s or 0
            self._wills[exchange.session] = (at_s + delay_s, self._from_will(exchange.will, exchange.device_id))
        if not exchange.session_expiry_s:
            self._forget(exchange.session)
            return
        self._registry.release(exchange.session, exchange.session_expiry_s, at_s)
        if not delay_s:
            self._publish_will(exchange.session)

    def lost(self, link: Link) -> None:
        """Forget a closed socket."""
        self._admission.forget(link)
        if self._links.pop(link.core.receipts, None) is not None:
            self.counters.connections -= 1
        if not self._links:
            self._empty.set()

    def hold(self) -> None:
        """Stop reading everywhere: the inbox is full."""
        if not self._held:
            self._held = True
            for link in self._links.values():
                link.pause(Pause.INBOX)

    def _hold_newcomer(self, link: Link) -> None:
        if self._held:
            link.pause(Pause.INBOX)

    def _release(self) -> None:
        if self._held:
            self._held = False
            for link in self._links.values():
                link.resume(Pause.INBOX)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(SWEEP_S, self._tick)
        if self._renewing is None or self._renewing.done():
            self._renewing = loop.create_task(self.renew(), name="mqtt-certificates")
        self.sweep(loop.time())

    def _enter(self, link: Link, connect: Connect, device_id: str, client_id: str) -> Reason:
        """Open the session and the connection; returns why not, or SUCCESS."""
        if connect.will is not None and not will_is_own(connect.will, device_id):
            return Reason.NOT_AUTHORIZED
        session, is_present = self._session(device_id, client_id, connect)
        if session is None:
            return Reason.QUOTA_EXCEEDED
        self._connected[session] = link
        self.counters.accepted += 1
        link.core.accept(session, client_id, asyncio.get_running_loop().time(), session_present=is_present)
        link.go_on(self.clock.now())
        return Reason.SUCCESS

    def _session(self, device_id: str, client_id: str, connect: Connect) -> tuple[Session | None, bool]:
        """Find or make the session; a connection that has it ends first. The flag tells whether it was there."""
        held = self._registry.find(device_id, client_id)
        if held is not None and held in self._connected:
            self._connected[held].finish(Reason.SESSION_TAKEN_OVER)
            held = self._registry.find(device_id, client_id)
        if held is not None and not connect.clean_start:
            self._registry.resume(held)
            self._wills.pop(held, None)
            return held, True
        if held is not None:
            self._forget(held)
        made, evicted = self._registry.make(device_id, client_id)
        if evicted is not None:
            self._forget(evicted)
        return made, False

    def _forget(self, session: Session) -> None:
        """End a session; what waited in it is counted, and its will is due."""
        self._registry.remove(session)
        self.counters.dropped_out += len(session.queue) + len(session.in_flight)
        self._publish_will(session)

    def _from_will(self, will: Will, device_id: str) -> Delivery:
        asked = will.properties
        now = self.clock.now()
        return Delivery(will.topic, will.payload, now, self, device_id, asked.response_topic, asked.correlation)

    def _publish_will(self, session: Session) -> None:
        due = self._wills.pop(session, None)
        if due is not None:
            due[1].received_at = self.clock.now()
            self.counters.received += 1
            self.inbox.put(due[1])

    def _send_retained(self, link: Link, subscription: Subscription) -> None:
        exchange = link.core.exchange
        if exchange is None:
            return
        topic = wire.topic(exchange.device_id, wire.Leaf.CONFIG)
        payload = self._retained(topic) if matches(subscription.filter, topic) else None
        if payload is not None:
            self._send(exchange.session, _message(topic, payload, subscription, correlation=None, retain=True))

    def _send(self, session: Session, message: Message) -> None:
        link = self._connected.get(session)
        if link is None and not message.qos:
            self.counters.dropped_out += 1
            return
        self.counters.dropped_out += session.offer(message)
        if link is not None:
            link.push()

    def _count_dropped(self, link: Link) -> None:
        exchange = link.core.exchange
        if exchange is not None:
            self.counters.dropped_out += exchange.dropped
            exchange.dropped = 0

    def _note_end(self, link: Link, event: Closed) -> None:
        if not event.detail:
            return
        exchange = link.core.exchange
        if exchange is None:
            self.counters.refused += 1
        device_id = exchange.device_id if exchange is not None else None
        self._log.info("device_fault", device=device_id, reason=event.reason.name, detail=event.detail)


def _message(
    topic: str, payload: bytes, subscription: Subscription, *, correlation: bytes | None, retain: bool
) -> Message:
    return Message(topic=topic, payload=payload, qos=subscription.qos, retain=retain, correlation=correlation)
