"""The sessions of all devices, in memory: found, made, kept for their time, and bounded.

Pure: time is a parameter, in monotonic seconds. The invariants: a session belongs to one device, so nobody can take
over another's by its client id; where a bound is reached an offline session gives way, never a connected one.
"""

from collections.abc import Collection

from ingest.audience import Audience
from ingest.session import Limits, Session
from ingest.tokens import Tokens


class Registry:
    """All sessions, by device and client id."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._by_device: dict[str, Audience] = {}
        self._by_key: dict[int, Session] = {}
        self._idle: dict[str, None] = {}
        self._offline: dict[Session, None] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def of_device(self, device_id: str) -> Collection[Session]:
        """Return a device's sessions, those offline too."""
        found = self._by_device.get(device_id)
        return () if found is None else tuple(found.sessions.values())

    def audience(self, device_id: str, at_s: float) -> Audience:
        """Return what the sessions of a device share, made where there is none."""
        found = self._by_device.get(device_id)
        if found is None:
            found = self._by_device[device_id] = Audience(tokens=Tokens(self._limits, at_s))
            self._idle[device_id] = None
        return found

    def by_key(self, key: int) -> Session | None:
        """Return the session of a device and client by their key."""
        return self._by_key.get(key)

    def find(self, device_id: str, client_id: str) -> Session | None:
        """Return the session of that client, None where there is none."""
        found = self._by_device.get(device_id)
        return None if found is None else found.sessions.get(client_id)

    def resume(self, session: Session) -> None:
        """Mark a session as connected again."""
        session.expires_at_s = None
        session.kept_until = None
        self._offline.pop(session, None)

    def add(self, session: Session, at_s: float) -> tuple[bool, Session | None]:
        """Take a session in, connected.

        Returns
        -------
        tuple
            Whether there was room (not where every place is taken by a connected one), and the session that gave way.
        """
        mine = self.audience(session.device_id, at_s).sessions
        evicted: Session | None = None
        if len(mine) >= self._limits.max_sessions_per_device:
            offline = [each for each in mine.values() if each in self._offline]
            evicted = min(offline, key=lambda each: each.expires_at_s or 0, default=None)
            if evicted is None:
                return False, None
        elif self._count >= self._limits.max_sessions:
            evicted = next(iter(self._offline), None)
            if evicted is None:
                return False, None
        if evicted is not None:
            self.remove(evicted)
        audience = self.audience(session.device_id, at_s)
        self._idle.pop(session.device_id, None)
        audience.sessions[session.client_id] = session
        audience.subscriptions_changed()
        self._by_key[session.key] = session
        self._count += 1
        return True, evicted

    def release(self, session: Session, expiry_s: int, at_s: float) -> None:
        """Keep a session whose connection ended for `expiry_s` seconds."""
        session.expires_at_s = at_s + expiry_s
        self._offline[session] = None

    def remove(self, session: Session) -> None:
        """Forget a session; harmless where it is not held."""
        self._offline.pop(session, None)
        audience = self._by_device.get(session.device_id)
        if audience is None or audience.sessions.get(session.client_id) is not session:
            return
        del audience.sessions[session.client_id]
        audience.subscriptions_changed()
        self._by_key.pop(session.key, None)
        self._count -= 1
        if not audience.sessions:
            self._idle[session.device_id] = None

    def expire(self, at_s: float) -> list[Session]:
        """Forget and return the sessions whose time is up, and devices without any whose allowance is whole again."""
        for device_id in [each for each in self._idle if self._by_device[each].tokens.is_full(at_s)]:
            del self._by_device[device_id], self._idle[device_id]
        over = [each for each in self._offline if each.expires_at_s is not None and each.expires_at_s <= at_s]
        for session in over:
            self.remove(session)
        return over
