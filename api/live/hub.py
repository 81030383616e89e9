"""The fan-out table: who sees what, numbered streams, a bounded backlog for each client. Pure: nothing is sent here.

People with the same scope share a room: its numbers, its encoded messages, and what those may have missed who come
back. A slow client gets the newest vitals of each stay and every alert; one with too many alerts waiting is closed
and comes back for a snapshot. A room's numbers start at a random place: a number of another process is never ours.

A client counts what it is sent, without holes. Where older vitals were left out its number falls behind the room's,
never ahead: who resumes from it gets all that was missed, and some again, which whole state makes harmless.
"""

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import IntEnum

from api.live.backlog import Backlog, Entry
from api.live.board import Board, Held, HeldAlert, Place, sees
from ward.access.principals import Scope
from ward.people import StayId

MOST_ALERTS_WAITING = 200
MOST_ALERTS_KEPT = 1000
ROOM_KEPT = timedelta(minutes=5)


class Close(IntEnum):
    """Why a socket is closed: the code that the client sees."""

    RESTART = 1012
    LAGGING = 1013
    UNAUTHORISED = 4401


def stamp(at: datetime) -> str:
    """Return a time as live messages carry it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Room:
    """One scope's stream: the last number, who listens, and what may be missed."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.seq = 1 + secrets.randbelow(1 << 51)
        self.clients: set[Client] = set()
        self.empty_since: datetime | None = None
        self._recent = Backlog()
        self._floor = self.seq

    def publish(self, kind: str, body: str, stay_id: StayId | None) -> None:
        """Give a message its number and offer it to every client."""
        self.seq += 1
        entry = Entry(kind, self.seq, body, stay_id)
        self._recent.add(entry)
        if self._recent.alerts > MOST_ALERTS_KEPT:
            self._floor = self._recent.drop_oldest_alert()
        for client in self.clients:
            client.offer(entry)

    def reload(self) -> None:
        """Have every client take a snapshot; nobody can resume from before."""
        self.seq += 1
        self._floor = self.seq
        self._recent.clear()
        for client in self.clients:
            client.reload()

    def missed(self, since: int) -> list[Entry] | None:
        """Return what came after `since`, None when that cannot be told."""
        return self._recent.after(since) if self._floor <= since <= self.seq else None


class Client:
    """One socket's side of the table. `wake` is called whenever there is something to take or to close for."""

    def __init__(self, room: Room, token_sha256: bytes, wake: Callable[[], None]) -> None:
        self.room = room
        self.token_sha256 = token_sha256
        self.closing: Close | None = None
        self._wake = wake
        self._backlog = Backlog()
        self._seq = 0
        self._whole = True
        self._resumed = False
        self._beat = False

    def resume(self, since: int, missed: Iterable[Entry]) -> None:
        """Start with what was missed after `since`, instead of with a snapshot."""
        self._whole, self._resumed, self._seq = False, True, since
        for entry in missed:
            self._backlog.add(entry)

    def offer(self, entry: Entry) -> None:
        """Take a message in; one that waits for a snapshot needs none."""
        if self.closing is not None or self._whole:
            return
        self._backlog.add(entry)
        if self._backlog.alerts > MOST_ALERTS_WAITING:
            self.close(Close.LAGGING)
        self._wake()

    def reload(self) -> None:
        """Send a snapshot next; it stands for all that waits."""
        self._whole = True
        self._backlog.clear()
        self._wake()

    def beat(self) -> None:
        """Send a heartbeat after whatever waits."""
        self._beat = True
        self._wake()

    def close(self, code: Close) -> None:
        """Have the socket closed; what waits is not sent any more."""
        self.closing = self.closing or code
        self._wake()

    def take(self, board: Board, now: datetime) -> list[str]:
        """Return what is to be sent now, in order; before the board is loaded nothing is."""
        if self.closing is not None or not board.loaded:
            return []
        at = stamp(now)
        texts: list[str] = []
        if self._whole:
            self._whole, self._seq = False, self.room.seq
            texts.append(snapshot(board, self.room, at))
        if self._resumed:
            self._resumed = False
            texts.append(f'{{"type":"resumed","seq":{self._seq},"server_time":"{at}"}}')
        for entry in self._backlog.drain():
            self._seq += 1
            texts.append(entry.numbered(self._seq))
        if self._beat:
            self._beat = False
            walk = "" if board.walk is None else f',"walk":{board.walk}'
            texts.append(f'{{"type":"heartbeat","seq":{self._seq},"server_time":"{at}"{walk}}}')
        return texts


def snapshot(board: Board, room: Room, at: str) -> str:
    """Return everything that a room may see, as of its last number."""
    head = b'{"type":"snapshot","seq":%d,"server_time":"%b","patients":[' % (room.seq, at.encode())
    body = b",".join(board.tiles(room.scope)) + b'],"alerts":[' + b",".join(board.alerts(room.scope)) + b"]}"
    return (head + body).decode()


class Hub:
    """Every room of this process, and the board they look at."""

    def __init__(self) -> None:
        self.board = Board()
        self._rooms: dict[Scope, Room] = {}

    def join(self, scope: Scope, token_sha256: bytes, since: int | None, wake: Callable[[], None]) -> Client:
        """Add a client, which gets what it missed after `since` where that is known, and else a snapshot."""
        room = self._rooms.setdefault(scope, Room(scope))
        client = Client(room, token_sha256, wake)
        missed = None if since is None else room.missed(since)
        if since is not None and missed is not None:
            client.resume(since, missed)
        room.clients.add(client)
        room.empty_since = None
        return client

    def leave(self, client: Client, now: datetime) -> None:
        """Take a client out; its room is kept for those who come back."""
        client.room.clients.discard(client)
        if not client.room.clients:
            client.room.empty_since = now

    def forget_rooms(self, now: datetime) -> None:
        """Drop the rooms that have been empty for long."""
        for scope, room in list(self._rooms.items()):
            if room.empty_since is not None and now - room.empty_since > ROOM_KEPT:
                del self._rooms[scope]

    def clients(self) -> list[Client]:
        """Return every client."""
        return [client for room in self._rooms.values() for client in room.clients]

    def publish_tiles(self, changed: Iterable[Held], now: datetime) -> None:
        """Tell everybody who may see them about tiles that changed."""
        at = stamp(now)
        for held in changed:
            body = f'"server_time":"{at}",{held.moving().decode()}'
            for room in self._rooms.values():
                if sees(room.scope, held.place):
                    room.publish("vitals", body, held.seat.stay_id)

    def publish_alert(self, alert: HeldAlert) -> None:
        """Tell everybody who may see it about an alert."""
        body = f'"alert":{alert.body.decode()}}}'
        for room in self._rooms.values():
            if sees(room.scope, alert.place):
                room.publish("alert", body, None)

    def publish_seats(self, places: Iterable[Place]) -> None:
        """Have everybody who sees one of these places start from a snapshot."""
        touched = list(places)
        for room in self._rooms.values():
            if any(sees(room.scope, place) for place in touched):
                room.reload()

    def close_token(self, token_sha256: bytes) -> None:
        """Close the sockets of a session that has ended."""
        for client in self.clients():
            if client.token_sha256 == token_sha256:
                client.close(Close.UNAUTHORISED)

    def close_all(self) -> None:
        """Close every socket: this process ends."""
        for client in self.clients():
            client.close(Close.RESTART)
