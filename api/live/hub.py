"""The fan-out table: who sees what, numbered streams, a bounded backlog for each client. Pure: nothing is sent here.

People with the same scope share a room: its encoded messages and who is present. A slow client gets the newest vitals
of each stay and every alert; one with too many alerts waiting is closed and comes back for a snapshot.

The numbers are the journal's (`api.live.journal`). They rise, with holes where something is not for this client or gave
way to something newer; each message names in `prev` the one before it on this socket, so a lost one shows.
"""

import itertools
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import IntEnum

from api.live.backlog import Backlog, Entry, Key
from api.live.board import Board, Held, HeldAlert, Place, sees
from api.live.home_watch import HomeWatch
from api.live.journal import Journal
from api.live.news_messages import news_body
from api.live.presence_messages import Watch
from ward.access.principals import Scope
from ward.store.news import NewsRow
from ward.store.viewers import Viewer

MOST_ALERTS_WAITING = 200
TURNS = 20
"""Into how many parts the clients are divided, each with its heartbeat at another moment."""


class Close(IntEnum):
    """Why a socket is closed: the code that the client sees. After `CHANGED` it comes back without a number."""

    RESTART = 1012
    LAGGING = 1013
    UNAUTHORISED = 4401
    NOT_SEEN = 4404
    CHANGED = 4408


def stamp(at: datetime) -> str:
    """Return a time as live messages carry it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Room:
    """Everybody with one scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.clients: set[Client] = set()
        self.presence = ""
        self._whole = (-1, "")

    def sees(self, place: Place) -> bool:
        """Tell whether those in this room may see what is in this place."""
        return sees(self.scope, place)

    def whole(self, board: Board, told: int) -> str:
        """Return all that may be seen, put together once for everybody until more has been told."""
        if self._whole[0] != told:
            tiles, alerts = b",".join(board.tiles(self.scope)), b",".join(board.alerts(self.scope))
            self._whole = (told, f'"patients":[{tiles.decode()}],"alerts":[{alerts.decode()}]}}')
        return self._whole[1]


class Client:
    """One socket's side of the table. `wake` is called whenever there is something to take or to close for."""

    def __init__(self, room: Room, token_sha256: bytes, turn: int, wake: Callable[[], None]) -> None:
        self.room = room
        self.turn = turn
        self.token_sha256 = token_sha256
        self.closing: Close | None = None
        self._wake = wake
        self._backlog = Backlog()
        self._seq = 0
        self._whole = True
        self._resumed = False
        self._beat = False

    def resume(self, after: int, missed: Iterable[Entry]) -> None:
        """Start with what was missed after a number, instead of with a snapshot."""
        self._whole, self._resumed, self._seq = False, True, after
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
        self._backlog.clear()
        self._wake()

    def ends(self) -> bool:
        """Tell whether the socket is to be closed, now."""
        return self.closing is not None

    def take(self, hub: "Hub", now: datetime) -> list[str]:
        """Return what is to be sent now, in order; before the board is loaded nothing is."""
        if self.closing is not None or not hub.board.loaded:
            return []
        texts: list[str] = []
        if self._whole or self._resumed:
            texts.append(self._first(hub, now))
        for entry in self._backlog.drain():
            texts.append(entry.following(self._seq))
            self._seq = entry.seq
        if self._beat:
            self._beat = False
            texts.append(self._heartbeat(hub, now))
        return texts

    def _first(self, hub: "Hub", now: datetime) -> str:
        """Return the snapshot, or the promise that nothing is missing; who is present follows."""
        if self._whole:
            self._seq = hub.journal.seq
            text = snapshot(hub, self.room, now)
        else:
            text = resumed(hub, self.room, self._seq, now)
        self._whole = self._resumed = False
        self._backlog.add(Entry("presence", hub.journal.number(), self.room.presence, "presence"))
        return text

    def _heartbeat(self, hub: "Hub", now: datetime) -> str:
        """Return a heartbeat: whoever gets it has all there is, so it brings their number up to date."""
        prev, self._seq = self._seq, hub.journal.seq
        walk = "" if hub.board.walk is None else f',"walk":{hub.board.walk}'
        since = hub.board.in_doubt_since
        doubt = "" if since is None else f',"in_doubt_since":"{stamp(since)}"'
        return f'{{"type":"heartbeat","seq":{self._seq},"prev":{prev},"server_time":"{stamp(now)}"{walk}{doubt}}}'


def snapshot(hub: "Hub", room: Room, now: datetime) -> str:
    """Return everything that a room may see, as of the newest number."""
    head = f'{{"type":"snapshot","seq":{hub.journal.seq},"stream":"{hub.journal.stream}","server_time":"{stamp(now)}"'
    return f"{head},{room.whole(hub.board, hub.journal.told)}"


def resumed(hub: "Hub", room: Room, seq: int, now: datetime) -> str:
    """Return the promise that nothing is missing after this number, for those who hold these stays and no others."""
    head = f'{{"type":"resumed","seq":{seq},"stream":"{hub.journal.stream}","server_time":"{stamp(now)}"'
    return f'{head},"stays":[{",".join(map(str, hub.board.stays_of(room.scope)))}]}}'


class Hub:
    """Every room of this process, the board they look at, and the numbers of what they are told."""

    def __init__(self) -> None:
        self.board = Board()
        self.journal = Journal()
        self.homes = HomeWatch()
        self._rooms: dict[Scope, Room] = {}
        self._turns = itertools.cycle(range(TURNS))
        self._watch = Watch.of((), self.board.places)

    def join(
        self, scope: Scope, token_sha256: bytes, since: int | None, stream: str | None, wake: Callable[[], None]
    ) -> Client:
        """Add a client, which gets what it missed after `since` where that is known, and else a snapshot."""
        room = self._rooms.get(scope)
        if room is None:
            room = self._rooms[scope] = Room(scope)
            room.presence = self._watch.told(scope, room.sees)
        client = Client(room, token_sha256, next(self._turns), wake)
        missed = None if since is None else self.journal.missed(since, stream, room.sees)
        if missed is not None and missed.alerts <= MOST_ALERTS_WAITING:
            client.resume(missed.after, missed.entries)
        room.clients.add(client)
        return client

    def leave(self, client: Client) -> None:
        """Take a client out; a room is kept while somebody is in it."""
        room = client.room
        room.clients.discard(client)
        if not room.clients and self._rooms.get(room.scope) is room:
            del self._rooms[room.scope]

    def clients(self) -> list[Client]:
        """Return every client."""
        return [client for room in self._rooms.values() for client in room.clients]

    def watched(self) -> bool:
        """Tell whether anybody is here."""
        return bool(self._rooms)

    def publish_tiles(self, changed: Iterable[Held], now: datetime) -> None:
        """Tell everybody who may see them about tiles that changed."""
        at = stamp(now)
        for held in changed:
            body = f'"server_time":"{at}",{held.moving().decode()}'
            self._tell("vitals", body, held.seat.stay_id, held.place)
            self.homes.moved(held.seat.stay_id)

    def publish_alert(self, alert: HeldAlert) -> None:
        """Tell everybody who may see it about an alert."""
        self._tell("alert", f'"alert":{alert.body.decode()}}}', None, alert.place)
        self.homes.written(alert.stay_id)

    def publish_news(self, changed: Iterable[tuple[Held, NewsRow]]) -> None:
        """Tell everybody who may see them of which stays something new is written."""
        for held, row in changed:
            self._tell("news", news_body(held.seat.patient_id, row), ("news", row.stay_id), held.place)
            self.homes.written(row.stay_id)

    def _tell(self, kind: str, body: str, key: Key, place: Place) -> None:
        entry = self.journal.add(kind, body, key, place)
        for room in self._rooms.values():
            if room.sees(place):
                for client in room.clients:
                    client.offer(entry)

    def publish_seats(self, places: Iterable[Place]) -> None:
        """Have everybody who sees one of these places start from a snapshot."""
        touched = list(places)
        self.journal.moved(touched)
        self.homes.recheck()
        for room in self._rooms.values():
            if any(room.sees(place) for place in touched):
                for client in room.clients:
                    client.reload()

    def publish_presence(self, viewers: Iterable[Viewer]) -> None:
        """Tell the rooms where that has changed who else is looking."""
        self._watch = Watch.of(viewers, self.board.places)
        for room in self._rooms.values():
            body = self._watch.told(room.scope, room.sees)
            if body == room.presence:
                continue
            room.presence = body
            entry = Entry("presence", self.journal.number(), body, "presence")
            for client in room.clients:
                client.offer(entry)

    def close_token(self, token_sha256: bytes) -> None:
        """Close the sockets of a session that has ended."""
        for client in self.clients():
            if client.token_sha256 == token_sha256:
                client.close(Close.UNAUTHORISED)

    def close_all(self) -> None:
        """Close every socket: this process ends."""
        for client in self.clients():
            client.close(Close.RESTART)
        self.homes.close_all()
