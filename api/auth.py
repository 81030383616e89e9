"""Who asks, and the one door: every route depends on a `Door`, a route without one fails the tests.

A session is a random token, in a cookie or as a bearer; the store keeps its SHA-256. It lasts 12 hours from
its last use and 24 from its start. What a principal may do at all stands in `ward.access.permissions`; of which
patients is decided by their `Scope` in the store.
"""

import asyncio
import hashlib
import secrets
from datetime import datetime, timedelta
from http import HTTPStatus

from starlette.exceptions import WebSocketException
from starlette.requests import HTTPConnection

from api import passwords
from api.context import Context, context_of
from api.errors import Problem
from api.witness import LetIn
from ward.access.permissions import Permission, may
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
from ward.store import sessions
from ward.store.borrow import borrow
from ward.store.sessions import SessionRow

COOKIE = "hemvakt_session"
IDLE = timedelta(hours=12)
LONGEST = timedelta(hours=24)
UNAUTHORISED = 4401
FORBIDDEN = 4403
UNAVAILABLE = 1013
_TOUCH_EVERY = timedelta(minutes=1)


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


def _token(connection: HTTPConnection) -> str | None:
    scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return bearer.strip()
    return connection.cookies.get(COOKIE)


class Door:
    """The dependency that lets in who may do this, and nobody else. Raises `Problem`, or closes a socket.

    A route that names `StaffPrincipal` must ask for a permission that staff alone have; a test compares them.
    """

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, connection: HTTPConnection) -> Principal:
        """Return who asks."""
        socket = connection.scope["type"] == "websocket"
        try:
            principal = await _principal(connection)
        except StoreUnavailable as error:
            if socket:
                raise WebSocketException(UNAVAILABLE, "the store does not answer") from error
            raise
        if principal is None:
            if socket:
                raise WebSocketException(UNAUTHORISED, "log in")
            raise Problem(HTTPStatus.UNAUTHORIZED, "Log in first.", headers={"WWW-Authenticate": "Bearer"})
        if not may(principal, self.permission):
            if socket:
                raise WebSocketException(FORBIDDEN, "not for this role")
            raise Problem(HTTPStatus.FORBIDDEN, "This is not open to your role.")
        connection.state.let_in = LetIn(principal=principal, permission=self.permission)
        return principal


async def _principal(connection: HTTPConnection) -> Principal | None:
    token = _token(connection)
    if not token or len(token) > 200:
        return None
    context = context_of(connection)
    now = context.clock.now()
    async with borrow(context.looks) as conn:  # one round trip, so that a session that was ended is refused at once
        rows = await sessions.read_sessions(conn, [digest(token)], now)
        if not rows:
            return None
        row = rows[0]
        if now - row.seen_at >= _TOUCH_EVERY:
            await sessions.touch_session(conn, row.token_sha256, now, expiry(row.created_at, now))
    return principal_of(row)


async def log_in(context: Context, username: str, password: str) -> tuple[str, SessionRow] | None:
    """Open a session and return its token, None when name and password do not fit.

    Raises
    ------
    Problem
        429 when this name must wait after too many attempts, existing or not.
    """
    name = username.strip().lower()
    async with borrow(context.pool) as conn:
        allowed = await sessions.count_attempt(conn, name, context.clock.now())
        account = await sessions.find_account(conn, name)
    if not allowed:
        wait = str(int(sessions.LONGEST_WAIT.total_seconds()))
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many attempts. Wait a minute.", headers={"Retry-After": wait})
    async with context.hashing:
        fits = await asyncio.to_thread(passwords.verify, account.password_hash if account else None, password)
    if account is None or not fits:
        return None
    token = secrets.token_urlsafe(32)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        await sessions.clear_attempts(conn, name)
        await sessions.open_session(
            conn, token_sha256=digest(token), account_id=account.account_id, now=now, expires_at=expiry(now, now)
        )
        rows = await sessions.read_sessions(conn, [digest(token)], now)
    return (token, rows[0]) if rows else None
