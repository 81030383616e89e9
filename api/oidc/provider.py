"""The OpenID provider over HTTP: its addresses and keys, and what it gives for a code.

Believes only the issuer that the settings name, follows no redirect, waits five seconds and reads little. Keys are
fetched anew when a token names one that is not known, but not more often than every ten seconds, whoever sends tokens.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Literal, TypeVar
from urllib.parse import urlencode, urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, ValidationError

from api.oidc import claims
from api.oidc.claims import Disbelieved, Expected, LoggedOut, Told, UnknownKey
from ward.clock import Clock
from ward.settings import Settings

CALLBACK = "/api/session/oidc/callback"
_KEPT = timedelta(hours=1)
_KEYS_AT_MOST_EVERY = timedelta(seconds=10)
_TIMEOUT_S = 5.0
_LARGEST = 256 * 1024
_Found = TypeVar("_Found", Told, LoggedOut)


class ProviderFailed(Exception):  # noqa: N818 - reads as what happened
    """The provider does not answer, or not what the specification says; the text is for the log."""


class Metadata(BaseModel):
    """What a provider says of itself (OpenID Connect Discovery 1.0)."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    authorization_response_iss_parameter_supported: bool = False
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What one log-in asks with: drawn at random, never used again."""

    state: str
    nonce: str
    verifier: str


class Provider:
    """The provider that the settings name."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._metadata: tuple[datetime, Metadata] | None = None
        self._keys: tuple[datetime, KeySet] | None = None

    @property
    def issuer(self) -> str:
        """Whose word counts."""
        return self._settings.oidc_issuer

    async def question(self, asked: Question) -> str:
        """Return the address to which a browser goes to log in."""
        metadata = await self._known()
        more = {"acr_values": self._settings.oidc_acr} if self._settings.oidc_acr else {}
        async with self._client(metadata) as client:
            address, _ = client.create_authorization_url(
                metadata.authorization_endpoint,
                state=asked.state,
                nonce=asked.nonce,
                code_verifier=asked.verifier,
                **more,
            )
        return str(address)

    async def answer(self, code: str, issuer: str | None, asked: Question) -> Told | Disbelieved:
        """Return who has logged in, for the code that a browser came back with; `issuer` is whom it named (RFC 9207).

        Raises
        ------
        ProviderFailed
            If the provider cannot be asked or does not take the code.
        """
        metadata = await self._known()
        if issuer != self.issuer and (issuer is not None or metadata.authorization_response_iss_parameter_supported):
            return Disbelieved(reason="iss of the answer")
        try:
            async with self._client(metadata) as client:
                token = await client.fetch_token(metadata.token_endpoint, code=code, code_verifier=asked.verifier)
        except (OAuthError, httpx2.HTTPError, ValueError) as error:
            raise ProviderFailed(f"token: {_said(error)}") from error
        acr = tuple(self._settings.oidc_acr.split())
        expected = Expected(issuer=self.issuer, client_id=self._settings.oidc_client_id, nonce=asked.nonce, acr=acr)
        told = await self._checked(str(token.get("id_token")), expected, claims.identity)
        if isinstance(told, Disbelieved) or self._settings.oidc_claims[0] in told.texts:
            return told
        return await self._asked_more(metadata, told, str(token.get("access_token")))

    async def logged_out(self, token: str) -> LoggedOut | Disbelieved:
        """Return whose sessions a logout token ends."""
        expected = Expected(issuer=self.issuer, client_id=self._settings.oidc_client_id)
        return await self._checked(token, expected, claims.logout)

    async def leaving(self) -> str | None:
        """Return the address at which a browser logs out of the provider too; None where it has none.

        It names this client and nobody's person: an ID token as a hint would put them in an address.
        """
        metadata = await self._known()
        if metadata.end_session_endpoint is None:
            return None
        query = urlencode(
            {
                "client_id": self._settings.oidc_client_id,
                "post_logout_redirect_uri": f"{self._settings.public_url.rstrip('/')}/login",
            }
        )
        return f"{metadata.end_session_endpoint}{'&' if '?' in metadata.end_session_endpoint else '?'}{query}"

    async def _checked(
        self, token: str, expected: Expected, check: Callable[[str, KeySet, Expected, datetime], _Found | Disbelieved]
    ) -> _Found | Disbelieved:
        """Check a token; where its key is not known, once more with the keys that the provider has now."""
        now = self._clock.now()
        for oldest in (_KEPT, _KEYS_AT_MOST_EVERY):
            try:
                return check(token, await self._current_keys(now - oldest), expected, now)
            except UnknownKey:
                continue
        return Disbelieved(reason="key")

    async def _current_keys(self, not_before: datetime) -> KeySet:
        if self._keys is None or self._keys[0] < not_before:
            body = await self._read((await self._known()).jwks_uri)
            try:
                keys = KeySet.import_key_set(body)  # type: ignore[arg-type]  # it checks what it is given
            except (JoseError, ValueError, TypeError, KeyError) as error:
                raise ProviderFailed(f"keys: {_said(error)}") from error
            self._keys = (self._clock.now(), keys)
        return self._keys[1]

    async def _known(self) -> Metadata:
        now = self._clock.now()
        if self._metadata is None or self._metadata[0] < now - _KEPT:
            body = await self._read(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            try:
                metadata = Metadata.model_validate(body)
            except ValidationError as error:
                raise ProviderFailed(f"discovery: {error.error_count()} faults") from error
            _refuse_foreign(metadata, self.issuer)
            self._metadata = (now, metadata)
        return self._metadata[1]

    async def _asked_more(self, metadata: Metadata, told: Told, access_token: str) -> Told | Disbelieved:
        """Ask the provider's userinfo for the claim that counts first, where the ID token leaves it out."""
        if metadata.userinfo_endpoint is None:
            return told
        body = await self._read(metadata.userinfo_endpoint, bearer=access_token)
        more = claims.texts(body)
        if more.get("sub") != told.subject:
            return Disbelieved(reason="sub of userinfo")
        return Told(subject=told.subject, session=told.session, texts={**more, **told.texts})

    async def _read(self, address: str, *, bearer: str | None = None) -> dict[str, object]:
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
        try:
            async with (
                httpx2.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=False) as client,
                client.stream("GET", address, headers=headers) as answer,
            ):
                if answer.status_code != HTTPStatus.OK:
                    raise ProviderFailed(f"{urlsplit(address).path}: status {answer.status_code}")
                content = b""
                async for piece in answer.aiter_bytes():
                    content += piece
                    if len(content) > _LARGEST:
                        raise ProviderFailed(f"{urlsplit(address).path}: too large")
            return _Body.model_validate_json(content).model_dump()
        except (httpx2.HTTPError, ValidationError) as error:
            raise ProviderFailed(f"{urlsplit(address).path}: {_said(error)}") from error

    def _client(self, metadata: Metadata) -> AsyncOAuth2Client:
        method: Literal["client_secret_basic", "client_secret_post"] = "client_secret_basic"
        if "client_secret_basic" not in metadata.token_endpoint_auth_methods_supported:
            method = "client_secret_post"
        return AsyncOAuth2Client(
            client_id=self._settings.oidc_client_id,
            client_secret=self._settings.oidc_client_secret,
            scope=self._settings.oidc_scope,
            redirect_uri=f"{self._settings.public_url.rstrip('/')}{CALLBACK}",
            code_challenge_method="S256",
            token_endpoint_auth_method=method,
            timeout=_TIMEOUT_S,
            follow_redirects=False,
        )


class _Body(BaseModel):
    """A JSON object, whatever it holds."""

    model_config = ConfigDict(extra="allow")


def _refuse_foreign(metadata: Metadata, issuer: str) -> None:
    """Refuse a provider that speaks for another, or without HTTPS where the issuer has it."""
    if metadata.issuer != issuer:
        raise ProviderFailed("discovery: another issuer")
    scheme = urlsplit(issuer).scheme
    addresses = (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri)
    others = (metadata.userinfo_endpoint, metadata.end_session_endpoint)
    if scheme == "https" and any(each and urlsplit(each).scheme != "https" for each in (*addresses, *others)):
        raise ProviderFailed("discovery: an address without HTTPS")


def _said(error: Exception) -> str:
    """Return an error's kind and code: its text may hold what a log must not."""
    return f"{type(error).__name__} {getattr(error, 'error', '')}".strip()
