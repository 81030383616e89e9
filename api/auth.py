"""Who asks, and the one door: every route depends on a `Door`, a route without one fails the tests.

A session is a random token, in a cookie or as a bearer; the store keeps its SHA-256. It lasts 12 hours from
its last use and 24 from its start. What a principal may do at all stands in `ward.access.permissions`; of which
patients is decided by their `Scope` in the store. A system's token is never taken from a cookie.
"""

import hashlib
from datetime import datetime, timedelta
from http import HTTPStatus

from starlette.exceptions import WebSocketException
from starlette.requests import HTTPConnection

from api.context import context_of
from api.errors import Problem
from api.witness import LetIn
from ward import log
from ward.access.permissions import NEVER_SLOWED, UNATTENDED, Permission, may
from ward.access.principals import (
    Opened,
    Opening,
    PatientPrincipal,
    Principal,
    RelativePrincipal,
    StaffPrincipal,
    SystemPrincipal,
)
from ward.errors import StoreUnavailable
from ward.people import Role
from ward.settings import Settings
from ward.store import sessions
from ward.store.borrow import borrow
from ward.store.sessions import SessionRow, Way

COOKIE = "hemvakt_session"
IDLE = timedelta(hours=12)
LONGEST = timedelta(hours=24)
UNAUTHORISED = 4401
FORBIDDEN = 4403
UNAVAILABLE = 1013
_TOUCH_EVERY = timedelta(minutes=1)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CHANGE_PASSWORD = "change_password"  # noqa: S105 - a word, no secret
ENROL = "enrol"
CONFIRM = "confirm"
_FACTOR_ASKED_OF = {"none": frozenset[Role](), "operators": frozenset({Role.OPERATOR}), "staff": frozenset(Role)}
_ASKED = {
    CHANGE_PASSWORD: "Choose a password of your own first: POST /api/session/password.",
    ENROL: "Set up a second factor first: POST /api/session/factor.",
    CONFIRM: "Nobody has been at this shared screen for a while. Say who you are: POST /api/session/confirm.",
}


def principal_of(row: SessionRow) -> Principal:
    """Return whose session it is, as the kind of principal that they are."""
    token = bytes(row.token_sha256)
    if row.staff_id is not None and row.role is not None and row.organisation_id is not None:
        return StaffPrincipal(
            account_id=row.account_id,
            token_sha256=token,
            staff_id=row.staff_id,
            role=Role(row.role),
            organisation_id=row.organisation_id,
            team_ids=tuple(row.team_ids),
            patient_ids=tuple(row.own_patient_ids),
            emergency_ids=tuple(row.emergency_ids),
        )
    if row.patient_id is not None:
        return PatientPrincipal(account_id=row.account_id, token_sha256=token, patient_id=row.patient_id)
    if row.organisation_id is not None:
        return SystemPrincipal(
            account_id=row.account_id,
            token_sha256=token,
            organisation_id=row.organisation_id,
            permissions=frozenset(row.permissions),
        )
    openings = tuple(
        Opening(patient_id=opening["patient_id"], opens=frozenset(Opened(each) for each in opening["opens"]))
        for opening in row.openings
    )
    return RelativePrincipal(account_id=row.account_id, token_sha256=token, openings=openings)


def expiry(created_at: datetime, now: datetime) -> datetime:
    """Return until when a session used at `now` lasts."""
    return min(now + IDLE, created_at + LONGEST)


def digest(token: str) -> bytes:
    """Return what the store keeps of a token."""
    return hashlib.sha256(token.encode()).digest()


def cookie_name(settings: Settings) -> str:
    """Return what the session's cookie is called; over HTTPS so that no other host can set it (`__Host-`)."""
    return f"__Host-{COOKIE}" if settings.secure_cookies else COOKIE


def _bearer(connection: HTTPConnection) -> str | None:
    scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else None


def owes_factor(row: SessionRow, settings: Settings) -> bool:
    """Tell whether somebody came in by password alone who must have a second factor here."""
    asked = row.role is not None and row.role in _FACTOR_ASKED_OF[settings.second_factor]
    return asked and row.way == Way.PASSWORD and not row.has_factor


def asked_first(row: SessionRow, permission: Permission, now: datetime, settings: Settings) -> str | None:
    """Return what a session must do before this: `CHANGE_PASSWORD`, `ENROL`, `CONFIRM`, or None for nothing."""
    if row.must_change and permission != Permission.OWN_SESSION:
        return CHANGE_PASSWORD
    if owes_factor(row, settings) and permission != Permission.OWN_SESSION:
        return ENROL
    shared_for = timedelta(minutes=settings.shared_minutes)
    if row.shared and permission not in UNATTENDED and now - row.confirmed_at >= shared_for:
        return CONFIRM
    return None


class Door:
    """The dependency that lets in who may do this, and nobody else. Raises `Problem`, or closes a socket.

    A route that names `StaffPrincipal` must ask for a permission that staff alone have; a test compares them.
    """

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, connection: HTTPConnection) -> Principal:
        """Return who asks."""
        try:
            row = await session_of(connection)
        except StoreUnavailable as error:
            if connection.scope["type"] == "websocket":
                raise WebSocketException(UNAVAILABLE, "the store does not answer") from error
            raise
        if row is None:
            raise _refused(connection, UNAUTHORISED, "Log in first.")
        principal = principal_of(row)
        self._slow_down(connection, principal)
        if not may(principal, self.permission):
            connection.state.turned_away = LetIn(principal=principal, permission=self.permission)
            raise _refused(connection, FORBIDDEN, "This is not open to your role.")
        context = context_of(connection)
        now = context.clock.now()
        must = asked_first(row, self.permission, now, context.settings)
        if must is not None:
            raise _refused(connection, FORBIDDEN, _ASKED[must], must=must)
        if self.permission not in UNATTENDED:
            await _note_presence(connection, row, now)
        connection.state.let_in = LetIn(principal=principal, permission=self.permission)
        return principal

    def _slow_down(self, connection: HTTPConnection, principal: Principal) -> None:
        """Have whoever asks faster than anybody needs wait, but for what must never wait."""
        context = context_of(connection)
        if self.permission in NEVER_SLOWED:
            return
        paced = context.pace.take(principal.account_id, context.clock.now())
        if paced.wait_s == 0:
            return
        context.figures.slowed[principal.capacity.value] += 1
        if paced.begins:
            log.get().warning("account_slowed", account=principal.account_id, capacity=principal.capacity.value)
        if connection.scope["type"] == "websocket":
            raise WebSocketException(UNAVAILABLE, "too many requests")
        wait = {"Retry-After": str(paced.wait_s)}
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "This account asks too fast. Wait a moment.", headers=wait)


def _refused(
    connection: HTTPConnection, code: int, detail: str, *, must: str | None = None
) -> Problem | WebSocketException:
    if connection.scope["type"] == "websocket":
        return WebSocketException(code, detail.partition(":")[0])
    if code == UNAUTHORISED:
        return Problem(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": "Bearer"})
    return Problem(HTTPStatus.FORBIDDEN, detail, more={"must": must} if must else None)


async def session_of(connection: HTTPConnection) -> SessionRow | None:
    """Return the session in force that a request or socket brings, and note that it was used."""
    context = context_of(connection)
    bearer = _bearer(connection)
    token = connection.cookies.get(cookie_name(context.settings)) if bearer is None else bearer
    if not token or len(token) > 200:
        return None
    now = context.clock.now()
    async with borrow(context.looks) as conn:  # one round trip, so that a session that was ended is refused at once
        row = await sessions.find_session(conn, digest(token), now)
        if row is None or (row.way == Way.TOKEN and bearer is None):
            return None
        if now - row.seen_at >= _TOUCH_EVERY:
            await sessions.touch_session(conn, row, now, expiry(row.created_at, now))
    return row


async def _note_presence(connection: HTTPConnection, row: SessionRow, now: datetime) -> None:
    """Whoever acts at a shared screen is there; a page that only reads may be doing so by itself."""
    acts = connection.scope.get("method", "GET") not in _SAFE
    if row.shared and acts and now > row.confirmed_at:
        async with borrow(context_of(connection).pool) as conn:
            await sessions.confirm_session(conn, row.token_sha256, now, None)
