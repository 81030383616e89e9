"""Which sessions are here: entered by a connection, left by it, forgotten, or given up to another endpoint.

Touches no socket itself; links do. The invariants: a session has one connection at most, the newest; what is forgotten
publishes its will, what goes on elsewhere does not, since the device is there.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from ingest.link import Link
from ingest.packets import Will
from ingest.reasons import Reason
from ingest.registry import Registry
from ingest.session import Counters, Limits, Session
from ingest.sessions import Admitted, Sessions
from ingest.wills import Wills


class Presence:
    """The sessions of this endpoint, in memory.

    Parameters
    ----------
    publish_will : callable
        Gets a will that is due, and whose it is.
    """

    def __init__(
        self,
        sessions: Sessions,
        *,
        publish_will: Callable[[Will, Session], None],
        counters: Counters,
        limits: Limits,
    ) -> None:
        self.registry = Registry(limits)
        self.connected: dict[Session, Link] = {}
        self._sessions = sessions
        self._wills = Wills()
        self._publish_will = publish_will
        self._counters = counters
        self._limits = limits

    def enter(self, admitted: Admitted, link: Link, at_s: float, *, clean: bool) -> tuple[Session | None, bool]:
        """Find or make the session of a device that comes in; a connection that has it ends first.

        Returns
        -------
        tuple
            The session, None where there is no room for another; and whether it was there already.
        """
        session, is_present = self._find(admitted, clean=clean) or self._make(admitted, at_s)
        if session is not None:
            session.generation, session.expiry_s = admitted.generation, admitted.expiry_s
            self.connected[session] = link
            if session.expiry_s:
                self._sessions.keep(session)
        return session, is_present

    def leave(self, session: Session, will: Will | None, expiry_s: int, now: datetime, at_s: float) -> None:
        """Settle what a connection leaves behind: its will, and its session for `expiry_s`."""
        del self.connected[session]
        delay_s = 0
        if will is not None:
            delay_s = will.properties.will_delay_s or 0
            self._wills.add(session, will, at_s + delay_s)
        if not expiry_s:
            self.forget(session)
            return
        session.expiry_s = expiry_s
        session.kept_until = now + timedelta(seconds=expiry_s)
        session.changed()
        self.registry.release(session, expiry_s, at_s)
        if not delay_s:
            self._settle_will(session)

    def lose(self, key: int, generation: int) -> None:
        """End what we have of a session that another endpoint has by now."""
        session = self.registry.by_key(key)
        if session is None or session.generation >= generation:
            return
        self._counters.taken_over += 1
        link = self.connected.get(session)
        self._give_up(session)
        if link is not None:
            link.finish(Reason.SESSION_TAKEN_OVER)

    def forget(self, session: Session) -> None:
        """End a session; what waited in it is counted, and its will is due."""
        self.registry.remove(session)
        self._sessions.end(session)
        self._counters.dropped_out += len(session.queue) + len(session.in_flight)
        self._settle_will(session)

    def sweep(self, at_s: float) -> None:
        """End the sessions whose time is up, and publish the wills whose delay is over."""
        for session in self.registry.expire(at_s):
            self.forget(session)
        for session in self._wills.due(at_s):
            self._settle_will(session)

    def settle_wills(self) -> None:
        """Publish every will that waits."""
        for session in self._wills.all():
            self._settle_will(session)

    def _find(self, admitted: Admitted, *, clean: bool) -> tuple[Session, bool] | None:
        """Return the session that memory holds and that goes on; one that does not is let go of."""
        held = self.registry.find(admitted.device_id, admitted.client_id)
        if held is not None and held in self.connected:
            self.connected[held].finish(Reason.SESSION_TAKEN_OVER)
            held = self.registry.find(admitted.device_id, admitted.client_id)
        if held is None:
            return None
        if clean:
            self.forget(held)
            return None
        if not admitted.in_memory:
            self._give_up(held)
            return None
        self.registry.resume(held)
        self._wills.take(held)
        return held, True

    def _make(self, admitted: Admitted, at_s: float) -> tuple[Session | None, bool]:
        made = admitted.restored or Session(admitted.device_id, admitted.client_id, self._limits.max_queue)
        is_in, evicted = self.registry.add(made, at_s)
        if evicted is not None:
            self.forget(evicted)
        return (made, admitted.restored is not None) if is_in else (None, False)

    def _give_up(self, session: Session) -> None:
        self.connected.pop(session, None)
        self._wills.take(session)
        self.registry.remove(session)
        self._sessions.end(session)

    def _settle_will(self, session: Session) -> None:
        will = self._wills.take(session)
        if will is not None:
            self._publish_will(will, session)
