"""ID tokens and logout tokens: each check of the specifications refuses a token that is right but for that."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from api.oidc import claims
from api.oidc.claims import Disbelieved, Expected, LoggedOut, Told, UnknownKey

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = ECKey.generate_key("P-256", parameters={"kid": "first"})
KEYS = KeySet([KEY])
EXPECTED = Expected(issuer="https://idp.test", client_id="hemvakt", nonce="n-1", acr=("loa3",))
EVENT = "http://schemas.openid.net/event/backchannel-logout"


def stamp(**ago: float) -> int:
    """A time as tokens write it."""
    return int((NOW - timedelta(**ago)).timestamp())


def an_identity(**other: object) -> dict[str, Any]:
    """What a good ID token says; None leaves a claim out."""
    said: dict[str, Any] = {
        "iss": "https://idp.test",
        "aud": "hemvakt",
        "sub": "anna",
        "sid": "s-1",
        "nonce": "n-1",
        "acr": "loa3",
        "iat": stamp(seconds=5),
        "exp": stamp(minutes=-10),
        "hsa_id": "SE2321000016-anna",
    } | other
    return {name: value for name, value in said.items() if value is not None}


def a_logout(**other: object) -> dict[str, Any]:
    """What a good logout token says."""
    said: dict[str, Any] = an_identity(nonce=None, acr=None, events={EVENT: {}}) | other
    return {name: value for name, value in said.items() if value is not None}


def signed(said: dict[str, Any], key: Any = KEY, **header: str) -> str:
    """A token of these claims."""
    return jwt.encode({"alg": "ES256", "kid": "first"} | header, said, key, algorithms=["ES256", "HS256"])


def test_good_id_token_tells_who_it_is() -> None:
    """Subject, session and the claims that are text."""
    told = claims.identity(signed(an_identity()), KEYS, EXPECTED, NOW)

    assert isinstance(told, Told)
    assert (told.subject, told.session) == ("anna", "s-1")
    assert claims.named(told.texts, ["personal_number", "hsa_id", "sub"]) == ("hsa_id", "SE2321000016-anna")
    assert claims.named(told.texts, ["personal_number"]) is None


BAD_IDENTITY: dict[str, tuple[dict[str, object], str]] = {
    "other issuer": ({"iss": "https://evil.test"}, "iss"),
    "for somebody else": ({"aud": "another"}, "aud"),
    "for nobody": ({"aud": None}, "aud"),
    "for many, presenter unsaid": ({"aud": ["hemvakt", "another"]}, "azp"),
    "presented by another": ({"aud": ["hemvakt", "another"], "azp": "another"}, "azp"),
    "expired": ({"exp": stamp(seconds=61)}, "exp"),
    "without an end": ({"exp": None}, "exp"),
    "end that is true": ({"exp": True}, "exp"),
    "from the future": ({"iat": stamp(seconds=-62)}, "iat"),
    "old": ({"iat": stamp(minutes=11)}, "iat"),
    "without a beginning": ({"iat": None}, "iat"),
    "other nonce": ({"nonce": "n-2"}, "nonce"),
    "without a nonce": ({"nonce": None}, "nonce"),
    "nobody": ({"sub": None}, "sub"),
    "subject that is a number": ({"sub": 7}, "sub"),
    "subject too long": ({"sub": "x" * 256}, "sub"),
    "weak log-in": ({"acr": "loa2"}, "acr"),
    "log-in of no said strength": ({"acr": None}, "acr"),
}


@pytest.mark.parametrize(("other", "reason"), BAD_IDENTITY.values(), ids=BAD_IDENTITY)
def test_id_token_that_is_wrong_in_one_claim_is_refused(other: dict[str, object], reason: str) -> None:
    """The reason names the check, and nothing of what the token says."""
    assert claims.identity(signed(an_identity(**other)), KEYS, EXPECTED, NOW) == Disbelieved(reason=reason)


def test_clocks_may_differ_by_a_minute_and_no_more() -> None:
    """Sixty seconds either way are let pass."""
    said = an_identity(exp=stamp(seconds=59), iat=stamp(seconds=-59))

    assert isinstance(claims.identity(signed(said), KEYS, EXPECTED, NOW), Told)


def test_only_the_provider_s_own_key_counts() -> None:
    """No signature, a shared secret, another's key under the same name, and a changed text are refused."""
    stranger = ECKey.generate_key("P-256", parameters={"kid": "first"})
    shared = OctKey.import_key("a secret of the tests alone, long enough", parameters={"kid": "first"})
    unsigned = urlsafe_b64encode(b'{"alg":"none","kid":"first"}').decode().rstrip("=")
    head, body, tail = signed(an_identity()).split(".")
    other_body = signed(an_identity(sub="elsa")).split(".")[1]
    forged = {
        "none": f"{unsigned}.{body}.",
        "shared": signed(an_identity(), shared, alg="HS256"),
        "stranger": signed(an_identity(), stranger),
        "changed": f"{head}.{other_body}.{tail}",
        "unsigned": f"{head}.{body}.",
        "garbage": "a.b.c",
        "empty": "",
    }

    for name, token in forged.items():
        found = claims.identity(token, KEYS, EXPECTED, NOW)
        assert isinstance(found, Disbelieved), name
        assert found.reason.startswith("signature"), name
    with pytest.raises(UnknownKey):
        claims.identity(signed(an_identity(), kid="second"), KEYS, EXPECTED, NOW)


def test_good_logout_token_names_whose_sessions_end() -> None:
    """By the provider's session, by the person, or both."""
    both = claims.logout(signed(a_logout()), KEYS, EXPECTED, NOW)
    person = claims.logout(signed(a_logout(sid=None)), KEYS, EXPECTED, NOW)

    assert both == LoggedOut(subject="anna", session="s-1", at=NOW - timedelta(seconds=5))
    assert person == LoggedOut(subject="anna", session=None, at=NOW - timedelta(seconds=5))


BAD_LOGOUT: dict[str, tuple[dict[str, object], str]] = {
    "an ID token": ({"events": None}, "events"),
    "another event": ({"events": {"https://idp.test/other": {}}}, "events"),
    "with a nonce": ({"nonce": "n-1"}, "nonce"),
    "of nobody": ({"sub": None, "sid": None}, "sub"),
    "replayed later": ({"iat": stamp(minutes=4)}, "iat"),
    "for somebody else": ({"aud": "another"}, "aud"),
    "expired": ({"exp": stamp(minutes=2)}, "exp"),
}


@pytest.mark.parametrize(("other", "reason"), BAD_LOGOUT.values(), ids=BAD_LOGOUT)
def test_logout_token_that_is_wrong_in_one_claim_ends_nothing(other: dict[str, object], reason: str) -> None:
    """A token of another kind, an old one, or one for somebody else."""
    assert claims.logout(signed(a_logout(**other)), KEYS, EXPECTED, NOW) == Disbelieved(reason=reason)


@pytest.mark.parametrize("check", [claims.identity, claims.logout])
def test_claims_that_are_no_object_are_refused(check: Callable[..., object]) -> None:
    """A signed list is no token."""
    token = jws.serialize_compact({"alg": "ES256", "kid": "first"}, b"[1]", KEY)

    assert isinstance(check(token, KEYS, EXPECTED, NOW), Disbelieved)
