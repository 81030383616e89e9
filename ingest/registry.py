"""The sessions of all devices, in memory: found, made, kept for their time, and bounded.

Pure: time is a parameter, in monotonic seconds. The invariants: a session belongs to one device, so nobody can take
over another's by its client id; where a bound is reached an offline session gives way, never a connected one.
"""

from collections.abc import Collection

from ingest.session import Limits, Session


class Registry:
    """All sessions, by device and client id."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._by_device: dict[str, dict[str, Session]] = {}
        self._offline: dict[Session, None] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def of_device(self, device_id: str) -> Collection[Session]:
        """Return a device's sessions, those offline too."""
        return tuple(self._by_device.get(device_id, {}).values())

    def find(self, device_id: str, client_id: str) -> Session | None:
        """Return the session of that client, None where there is none."""
        return self._by_device.get(device_id, {}).get(client_id)

    def resume(self, session: Session) -> None:
        """Mark a session as connected again."""
        session.expires_at_s = None
        self._offline.pop(session, None)

    def make(self, device_id: str, client_id: str) -> tuple[Session | None, Session | None]:
        """Make a session, connected.

        Returns
        -------
        tuple
            The new session, None where every place is taken by a connected one; and the session that gave way for it.
        """
        mine = self._by_device.get(device_id, {})
        evicted: Session | None = None
        if len(mine) >= self._limits.max_sessions_per_device:
            offline = [each for each in mine.values() if each in self._offline]
            evicted = min(offline, key=lambda each: each.expires_at_s or 0, default=None)
        elif self._count >= self._limits.max_sessions:
            evicted = next(iter(self._offline), None)
        else:
            return self._add(device_id, client_id), None
        if evicted is None:
            return None, None
        self.remove(evicted)
        return self._add(device_id, client_id), evicted

    def release(self, session: Session, expiry_s: int, at_s: float) -> None:
        """Keep a session whose connection ended for `expiry_s` seconds."""
        session.expires_at_s = at_s + expiry_s
        self._offline[session] = None

    def remove(self, session: Session) -> None:
        """Forget a session; harmless where it is not held."""
        self._offline.pop(session, None)
        mine = self._by_device.get(session.device_id, {})
        if mine.get(session.client_id) is not session:
            return
        del mine[session.client_id]
        self._count -= 1
        if not mine:
            del self._by_device[session.device_id]

    def expire(self, at_s: float) -> list[Session]:
        """Forget and return the sessions whose time is up."""
        over = [each for each in self._offline if each.expires_at_s is not None and each.expires_at_s <= at_s]
        for session in over:
            self.remove(session)
        return over

    def _add(self, device_id: str, client_id: str) -> Session:
        session = Session(device_id, client_id, self._limits.max_queue)
        self._by_device.setdefault(device_id, {})[client_id] = session
        self._count += 1
        return session
