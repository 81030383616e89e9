"""Door 2: MQTT spoken to devices directly, and an acknowledgement that means "committed".

Shell. No general broker: a device publishes and subscribes under its own topics, its own sessions hear what it
publishes, and nothing goes from device to device. The invariant: a PUBACK leaves only through `acknowledge`. Everything
here runs on one event loop.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from ingest.admission import Admission
from ingest.audience import Audience
from ingest.delivery import Delivery, Inbox
from ingest.events import Closed, ConnectAsked, Foreign, Heard, Promised, RetainedWanted, Told
from ingest.floods import Floods
from ingest.handshake import will_is_own
from ingest.link import Link, Pause
from ingest.listener import Listener, notice_half_open
from ingest.outgoing import Outgoing
from ingest.packets import Connect, Subscription, Will
from ingest.presence import Presence
from ingest.reasons import Reason
from ingest.receipts import Receipts
from ingest.session import Counters, Limits, Session
from ingest.sessions import Admitted, Sessions
from ingest.wills import delivery_of, publish_of
from ward import log, tls
from ward.chores import Ending, Kind
from ward.clock import Clock

SWEEP_S: Final = 1.0
STOP_S: Final = 2.0


class Endpoint:
    """An MQTT 3.1.1 and 5 server for devices; a `Door`.

    Parameters
    ----------
    inbox : Inbox
        Takes every delivery; while it is full no socket is read.
    sessions : Sessions
        Lets devices in, and keeps their sessions beyond this process.
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
        sessions: Sessions,
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
        self._on_foreign = on_foreign
        self._listener = Listener(lambda: Link(self), certificates, self.limits.connect_timeout_s)
        self._links: dict[Receipts, Link] = {}
        self._presence = Presence(sessions, publish_will=self._publish_will, counters=self.counters, limits=self.limits)
        self._outgoing = Outgoing(
            self._presence.registry,
            self._presence.connected,
            sessions=sessions,
            configuration=retained,
            clock=clock,
            counters=self.counters,
            limits=self.limits,
        )
        self._sessions = sessions
        self._admission = Admission(sessions, self._enter, self.counters, self.limits)
        self._floods: Floods[Link] = Floods()
        # When the certificates end that devices have come with since somebody last asked.
        self._shown: dict[str, datetime] = {}
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
        self._sessions.on_lost(self._presence.lose)
        self._timer = asyncio.get_running_loop().call_later(SWEEP_S, self._tick)

    async def renew(self) -> None:
        """Take certificates into use whose files have changed; done by itself each second."""
        await self._listener.renew()

    def endings(self, holder: str) -> list[Ending]:
        """Return when certificates end: ours, whose `holder` is this process, and those that devices came with since.

        What devices came with is told once; who cannot keep it asks them to come again.
        """
        shown, self._shown = self._shown, {}
        ours = [Ending(kind=kind, holder=holder, ends_at=at) for kind, at in self._listener.ends.items()]
        return ours + [Ending(kind=Kind.DEVICE, holder=device_id, ends_at=at) for device_id, at in shown.items()]

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
        self._presence.settle_wills()

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
        self._outgoing.publish(topic, payload, correlation=correlation, retain=retain)

    def kick(self, device_id: str) -> None:
        """Drop a revoked device at once: its connections, its sessions, and whoever is being let in as it."""
        self._admission.revoke(device_id)
        for session in self._presence.registry.of_device(device_id):
            link = self._presence.connected.get(session)
            if link is not None:
                link.finish(Reason.ADMINISTRATIVE_ACTION)
            self._presence.forget(session)

    def sweep(self, at_s: float) -> None:
        """End what has run out at `at_s` (the loop's time): silent connections, sessions, delays of wills, floods."""
        for link in tuple(self._links.values()):
            link.check(at_s)
            self._count_dropped(link)
        self._presence.sweep(at_s)
        for link in self._floods.readable(at_s):
            link.resume(Pause.FLOOD)

    def throttled(self) -> dict[str, datetime]:
        """Return the devices that publish more than they may and are read slowly, and since when."""
        return self._floods.since()

    def throttle(self, link: Link) -> None:
        """Stop reading a device that has published more than it may, until it may again."""
        exchange = link.core.exchange
        if exchange is None:
            return
        link.pause(Pause.FLOOD)
        tokens = self._audience(exchange.device_id).tokens
        at_s = asyncio.get_running_loop().time()
        if self._floods.stop_reading(exchange.device_id, tokens, link, self.clock.now(), at_s):
            self.counters.throttled += 1
            self._log.warning("device_throttled", device=exchange.device_id)

    def joined(self, link: Link) -> None:
        """Take note of a new connection, or refuse it where there are too many."""
        if self._stopping or len(self._links) >= self.limits.max_connections:
            self.counters.refused += 1
            link.transport.abort()
            return
        self._links[link.core.receipts] = link
        self.counters.connections += 1
        notice_half_open(link.transport.get_extra_info("socket"))
        # One turn later: uvloop begins to read after this call, whatever was asked in it.
        asyncio.get_running_loop().call_soon(self._hold_newcomer, link)

    def handle(self, link: Link, event: Told) -> None:
        """Act on what a connection tells."""
        match event:
            case ConnectAsked():
                client_id = event.connect.client_id or f"assigned-{secrets.token_urlsafe(12)}"
                self._admission.ask(link, event.connect, client_id)
            case Foreign():
                self.counters.foreign += 1
                self._on_foreign(event.delivery)
            case RetainedWanted():
                if link.core.exchange is not None:
                    self._send_retained(link.core.exchange.session, event.subscription)
            case Promised():
                self._promise(link, event)
            case Heard():
                if link.core.exchange is not None:
                    session = link.core.exchange.session
                    self._outgoing.hear(self._audience(session.device_id), event.packet, session)
            case Closed():
                self._note_end(link, event)
                link.finish(event.reason)

    def left(self, link: Link) -> None:
        """Settle what a connection leaves behind: its session, its will, what it owed."""
        link.core.close(Reason.SUCCESS)
        link.core.receipts.forget()
        exchange = link.core.exchange
        if exchange is None or self._presence.connected.get(exchange.session) is not link:
            return
        self._count_dropped(link)
        will = None if self._stopping else exchange.will
        at_s = asyncio.get_running_loop().time()
        self._presence.leave(exchange.session, will, exchange.session_expiry_s, self.clock.now(), at_s)

    def lost(self, link: Link) -> None:
        """Forget a closed socket."""
        self._admission.forget(link)
        if link.core.exchange is not None:
            self._floods.forget(link.core.exchange.device_id, link)
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

    def _enter(self, link: Link, connect: Connect, admitted: Admitted) -> Reason:
        """Open the session and the connection; returns why not, or SUCCESS."""
        if connect.will is not None and not will_is_own(connect.will, admitted.device_id):
            return Reason.NOT_AUTHORIZED
        at_s, now = asyncio.get_running_loop().time(), self.clock.now()
        audience = self._audience(admitted.device_id)
        if not any(each in self._presence.connected for each in audience.sessions.values()):
            audience.retained = admitted.retained or audience.retained
        session, is_present = self._presence.enter(admitted, link, at_s, clean=connect.clean_start)
        if session is None:
            return Reason.QUOTA_EXCEEDED
        self.counters.dropped_out += session.age(now)
        self.counters.accepted += 1
        link.core.accept(session, audience, admitted.client_id, at_s, session_present=is_present)
        if admitted.restored is session:
            self._outgoing.send_configuration(session)
        link.go_on(now, audience.tokens)
        certificate = link.certificate()
        if certificate is not None and certificate.ends_at is not None:
            self._shown[admitted.device_id] = certificate.ends_at
        return Reason.SUCCESS

    def _audience(self, device_id: str) -> Audience:
        return self._presence.registry.audience(device_id, asyncio.get_running_loop().time())

    def _publish_will(self, will: Will, session: Session) -> None:
        self.counters.received += 1
        self.inbox.put(delivery_of(will, session.device_id, self, self.clock.now()))
        self._outgoing.hear(self._audience(session.device_id), publish_of(will), session)

    def _promise(self, link: Link, event: Promised) -> None:
        """Answer a change of subscriptions when it is stored; until then the device is not read."""
        exchange = link.core.exchange
        if exchange is None:
            return
        session = exchange.session

        def fulfil() -> None:
            link.fulfil(event.answer)
            for each in event.wanted:
                self._send_retained(session, each)

        link.promise()
        self._sessions.when_kept(session, fulfil)

    def _send_retained(self, session: Session, subscription: Subscription) -> None:
        if session in self._presence.connected:
            self._outgoing.send_retained(self._audience(session.device_id), session, subscription)

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
