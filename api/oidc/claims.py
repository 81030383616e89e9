"""What a provider says of somebody, and whether to believe it. Nothing here asks anybody: keys and `now` are given.

After OpenID Connect Core 1.0, 3.1.3.7, and Back-Channel Logout 1.0, 2.6. Only signatures that need the provider's
private key count: `none` and those made with a shared secret never do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
SKEW = timedelta(seconds=60)
_OLDEST = timedelta(minutes=10)
_OLDEST_LOGOUT = timedelta(minutes=2)
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_LONGEST = 255


class UnknownKey(Exception):  # noqa: N818 - reads as what happened
    """The token is signed with a key that is not among those given; the provider may have new ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disbelieved:
    """A token that counts for nothing. `reason` is for the log: it names the check, never what the token says."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a token must say: who speaks, to whom, and what was asked of it."""

    issuer: str
    client_id: str
    nonce: str = ""
    acr: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Who somebody is at the provider, and the claims of theirs that are text."""

    subject: str
    session: str | None
    texts: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedOut:
    """Which sessions a provider has ended: one of its own, or all of somebody's begun before."""

    subject: str | None
    session: str | None
    at: datetime


def identity(token: str, keys: KeySet, expected: Expected, now: datetime) -> Told | Disbelieved:
    """Return who an ID token says has logged in.

    Raises
    ------
    UnknownKey
        If its key is not among `keys`.
    """
    claims = _claims(token, keys)
    if isinstance(claims, Disbelieved):
        return claims
    reason = _unlike(claims, expected, now) or _answer_fault(claims, expected, now)
    if reason is not None:
        return Disbelieved(reason=reason)
    return Told(subject=str(claims["sub"]), session=_text(claims, "sid"), texts=texts(claims))


def logout(token: str, keys: KeySet, expected: Expected, now: datetime) -> LoggedOut | Disbelieved:
    """Return whose sessions a logout token ends.

    Raises
    ------
    UnknownKey
        If its key is not among `keys`.
    """
    claims = _claims(token, keys)
    if isinstance(claims, Disbelieved):
        return claims
    subject, session = _text(claims, "sub"), _text(claims, "sid")
    issued = _time(claims, "iat")
    events = claims.get("events")
    reason = _unlike(claims, expected, now)
    if reason is None and not (isinstance(events, dict) and _LOGOUT_EVENT in events):
        reason = "events"
    if reason is None and "nonce" in claims:
        reason = "nonce"
    if reason is None and subject is None and session is None:
        reason = "sub"
    if reason is None and (issued is None or issued < now - _OLDEST_LOGOUT - SKEW):
        reason = "iat"
    if reason is not None or issued is None:
        return Disbelieved(reason=reason or "iat")
    return LoggedOut(subject=subject, session=session, at=issued)


def texts(claims: dict[str, object]) -> dict[str, str]:
    """Return the claims that are text and short enough to name somebody."""
    return {name: value for name in claims if (value := _text(claims, name)) is not None}


def named(told: dict[str, str], wanted: Sequence[str]) -> tuple[str, str] | None:
    """Return the first of the wanted claims that is there, and what it says."""
    return next(((claim, told[claim]) for claim in wanted if claim in told), None)


def _claims(token: str, keys: KeySet) -> dict[str, object] | Disbelieved:
    try:
        return dict(jwt.decode(token, keys, algorithms=ALGORITHMS).claims)
    except InvalidKeyIdError as error:
        raise UnknownKey from error
    except (JoseError, ValueError, TypeError, KeyError) as error:
        return Disbelieved(reason=f"signature: {type(error).__name__}")


def _unlike(claims: dict[str, object], expected: Expected, now: datetime) -> str | None:
    """Return the first claim that is not as it must be in every token of this provider."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    issued, expires = _time(claims, "iat"), _time(claims, "exp")
    checks = {
        "iss": claims.get("iss") == expected.issuer,
        "aud": expected.client_id in audiences,
        "azp": claims.get("azp", expected.client_id) == expected.client_id and (len(audiences) == 1 or "azp" in claims),
        "exp": expires is not None and expires > now - SKEW,
        "iat": issued is not None and issued <= now + SKEW,
    }
    return next((name for name, good in checks.items() if not good), None)


def _answer_fault(claims: dict[str, object], expected: Expected, now: datetime) -> str | None:
    """Return the first claim that does not answer what was asked just now."""
    issued = _time(claims, "iat")
    checks = {
        "iat": issued is not None and issued >= now - _OLDEST,
        "sub": _text(claims, "sub") is not None,
        "nonce": bool(expected.nonce) and claims.get("nonce") == expected.nonce,
        "acr": not expected.acr or claims.get("acr") in expected.acr,
    }
    return next((name for name, good in checks.items() if not good), None)


def _text(claims: dict[str, object], name: str) -> str | None:
    value = claims.get(name)
    good = isinstance(value, str) and 0 < len(value) <= _LONGEST and "\0" not in value
    return value if good and isinstance(value, str) else None


def _time(claims: dict[str, object], name: str) -> datetime | None:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        return None
    return datetime.fromtimestamp(value, UTC)
