"""The board as one process knows it: each tile and each open alert, encoded once, and what has changed. Pure.

Tiles are kept as JSON fragments, so that a snapshot is a join and a message a few bytes around a fragment.
The store is the truth; whatever is told twice or late changes nothing.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from api.live.alert_messages import alert_state
from api.live.messages import device_state, head_state, score_state, vital_state
from api.replies import encode
from ward.access.principals import Scope
from ward.alerts import AlertId, AlertState
from ward.people import OrganisationId, PatientId, StayId, TeamId
from ward.store.alert_reads import AlertRow
from ward.store.news import NewsRow
from ward.store.tiles import Changes, DigestRow, LatestRow, Seat

_NULL = b"null"


@dataclass(frozen=True, slots=True)
class Place:
    """What decides who may see a stay now, as the store says (`ward.store.access`)."""

    organisation_id: OrganisationId
    team_ids: frozenset[TeamId]
    patient_id: PatientId


def place_of(row: Seat | AlertRow) -> Place:
    """Return who may see a seat or an alert that was read with the teams that do.

    Raises
    ------
    ValueError
        If it was found for somebody, and nobody has asked who else sees it.
    """
    if row.seen_by is None:
        raise ValueError("who may see it was not asked for")
    return Place(row.controller_id, frozenset(row.seen_by), row.patient_id)


def sees(scope: Scope, place: Place) -> bool:
    """Tell whether somebody may see what is in this place; the store asks the same (`ward.store.access`)."""
    return (
        not place.team_ids.isdisjoint(scope.team_ids)
        or place.patient_id in scope.patient_ids
        or place.organisation_id == scope.organisation_id
    )


@dataclass(slots=True, kw_only=True)
class Held:
    """A tile: its seat, its fragments, and how new what it shows is."""

    seat: Seat
    today: date
    place: Place
    head: bytes
    latest: dict[int, LatestRow] = field(default_factory=dict)
    parts: dict[int, bytes] = field(default_factory=dict)
    score: bytes = _NULL
    device: bytes = _NULL
    received_at: datetime | None = None
    scored_at: datetime | None = None
    reported_at: datetime | None = None

    @property
    def vitals(self) -> bytes:
        """The newest reading of each kind."""
        return b"{%b}" % b",".join(self.parts.values())

    def take(self, row: LatestRow) -> bool:
        """Take the newest reading of a kind; tell whether that changed the tile. An older one changes nothing."""
        code, measured_at, received_at = row[1], row[3], row[4]
        known = self.latest.get(code)
        if known is not None and (known == row or known[3] > measured_at):
            return False
        state = vital_state(row)
        if state is None:
            return False
        self.latest[code] = row
        self.parts[code] = encode(state[0]) + b":" + encode(state[1])
        self.received_at = received_at if self.received_at is None else max(self.received_at, received_at)
        return True

    def moving(self) -> bytes:
        """Return the members that change often: what follows the header of a vitals message."""
        ids = b'"patient_id":%d,"stay_id":%d' % (self.seat.patient_id, self.seat.stay_id)
        return b'%b,"vitals":%b,"score":%b,"device":%b}' % (ids, self.vitals, self.score, self.device)

    def tile(self) -> bytes:
        """Return the whole tile."""
        return b'%b,"vitals":%b,"score":%b,"device":%b}' % (self.head[:-1], self.vitals, self.score, self.device)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAlert:
    """An alert that is not resolved, encoded; `place` is that of its stay."""

    stay_id: StayId
    place: Place
    rev: int
    body: bytes


class Board:
    """Every stay in progress and every alert that is not resolved."""

    def __init__(self) -> None:
        self.loaded = False
        self.walk: int | None = None  # the newest walk of the self-check that has come here
        self.in_doubt_since: datetime | None = None  # since when alarms may fail to come
        self._stays: dict[StayId, Held] = {}
        self._alerts: dict[AlertId, HeldAlert] = {}
        self._news: dict[StayId, NewsRow] = {}

    def __contains__(self, stay_id: StayId) -> bool:
        return stay_id in self._stays

    def held(self, stay_id: StayId) -> Held:
        """Return a stay's tile; KeyError when it is not in progress."""
        return self._stays[stay_id]

    def set_seats(self, seats: Iterable[Seat], today: date) -> tuple[set[Place], list[StayId]]:
        """Take who is in care; return the places where that changed, and the stays that are new."""
        touched: set[Place] = set()
        new: list[StayId] = []
        gone = dict(self._stays)
        for seat in seats:
            held = gone.pop(seat.stay_id, None)
            if held is not None and held.seat == seat and held.today == today:
                continue
            place = place_of(seat)
            head = encode(head_state(seat, today))
            if held is None:
                self._stays[seat.stay_id] = Held(seat=seat, today=today, place=place, head=head)
                new.append(seat.stay_id)
                touched.add(place)
                continue
            if held.head != head or held.place != place:
                touched |= {held.place, place}
            if held.place != place:
                self._move_alerts(seat.stay_id, place)
            held.seat, held.today, held.place, held.head = seat, today, place, head
        for stay_id, held in gone.items():
            touched.add(held.place)
            del self._stays[stay_id]
            self._news.pop(stay_id, None)
        return touched, new

    def _move_alerts(self, stay_id: StayId, place: Place) -> None:
        """Take a stay's alerts along: who answers for the patient from now on must see what is open."""
        for alert_id, alert in self._alerts.items():
            if alert.stay_id == stay_id:
                self._alerts[alert_id] = replace(alert, place=place)

    def set_latest(self, rows: Iterable[LatestRow]) -> list[Held]:
        """Take newest readings, read or announced; return the tiles that changed, each once."""
        changed: dict[StayId, Held] = {}
        for row in rows:
            held = self._stays.get(row[0])
            if held is not None and held.take(row):
                changed[row[0]] = held
        return list(changed.values())

    def set_changes(self, stays: Iterable[StayId], changes: Changes) -> list[Held]:
        """Take everything that moves of these stays; return the tiles that changed, each once."""
        changed = {held.seat.stay_id: held for held in self.set_latest(changes.latest)}
        for score in changes.scores:
            held = self._stays.get(score.stay_id)
            if held is not None and held.scored_at != score.scored_at:
                held.score, held.scored_at = encode(score_state(score)), score.scored_at
                changed[score.stay_id] = held
        worn = {device.stay_id: device for device in changes.devices}
        for stay_id in stays:
            held, device = self._stays.get(stay_id), worn.get(stay_id)
            state = _NULL if device is None else encode(device_state(device))
            if held is not None and held.device != state:
                held.device, held.reported_at = state, None if device is None else device.reported_at
                changed[stay_id] = held
        return list(changed.values())

    def set_news(self, rows: Iterable[NewsRow]) -> list[tuple[Held, NewsRow]]:
        """Take how often something was written; return what is new, of stays in progress."""
        changed = []
        for row in rows:
            held = self._stays.get(row.stay_id)
            if held is not None and self._news.get(row.stay_id) != row:
                self._news[row.stay_id] = row
                changed.append((held, row))
        return changed

    def behind(self, digest: Iterable[DigestRow]) -> list[StayId]:
        """Return the stays whose tile is not as new as the store."""
        stale = []
        for stay_id, received_at, scored_at, reported_at in digest:
            held = self._stays.get(stay_id)
            if held is not None and (held.received_at, held.scored_at, held.reported_at) != (
                received_at,
                scored_at,
                reported_at,
            ):
                stale.append(stay_id)
        return stale

    def set_alert(self, row: AlertRow, today: date) -> HeldAlert | None:
        """Take an alert; return what to tell about it, None when it is known as it is."""
        known = self._alerts.get(row.alert_id)
        if known is not None and known.rev >= row.rev:
            return None
        place = place_of(row)
        held = HeldAlert(stay_id=row.stay_id, place=place, rev=row.rev, body=encode(alert_state(row, today)))
        if row.state == AlertState.RESOLVED:
            self._alerts.pop(row.alert_id, None)
        else:
            self._alerts[row.alert_id] = held
        return held

    def alerts_behind(self, revisions: Iterable[tuple[AlertId, int]]) -> list[AlertId]:
        """Return the alerts that the store has otherwise: newer, unknown here, or resolved there."""
        missing = set(self._alerts)
        stale = []
        for alert_id, rev in revisions:
            missing.discard(alert_id)
            held = self._alerts.get(alert_id)
            if held is None or held.rev < rev:
                stale.append(alert_id)
        return sorted([*stale, *missing])

    def places(self, patients: Collection[PatientId]) -> dict[PatientId, Place]:
        """Return where these patients are; one who is not in care is nowhere."""
        return {held.seat.patient_id: held.place for held in self._stays.values() if held.seat.patient_id in patients}

    def stays(self) -> list[StayId]:
        """Return every stay in progress."""
        return list(self._stays)

    def stays_of(self, scope: Scope) -> list[StayId]:
        """Return the stays that somebody may see."""
        return [stay_id for stay_id, held in self._stays.items() if sees(scope, held.place)]

    def patients(self, scope: Scope) -> set[PatientId]:
        """Return the patients that somebody may see."""
        return {held.seat.patient_id for held in self._stays.values() if sees(scope, held.place)}

    def tiles(self, scope: Scope) -> list[bytes]:
        """Return the tiles that somebody may see."""
        return [held.tile() for held in self._stays.values() if sees(scope, held.place)]

    def alerts(self, scope: Scope) -> list[bytes]:
        """Return the alerts that somebody may see."""
        return [held.body for held in self._alerts.values() if sees(scope, held.place)]
