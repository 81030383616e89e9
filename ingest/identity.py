"""Who a device says it is, by its user name or its certificate, and what it shows for it. Pure.

Whether it is let in, the store decides (`device_admits`, ward/store/migrations/0007_mqtt.sql). A device's secret is
drawn by the platform with at least 128 bits, so a plain SHA-256 of it is kept: there is nothing to guess, and ten
thousand devices reconnecting at once cost no key stretching.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

from ward import wire
from ward.credentials import digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate that the TLS handshake has verified; `names` are its common name, then its DNS names."""

    names: tuple[str, ...]
    sha256: bytes
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What a device shows to be let in."""

    client_id: str
    username: str | None = None
    password: bytes | None = None
    certificate: Certificate | None = None


def certificate_of(encoded: bytes, described: Mapping[str, object]) -> Certificate:
    """Read a certificate out of its DER bytes and what `ssl.SSLSocket.getpeercert()` says of it."""
    subject, other = described.get("subject", ()), described.get("subjectAltName", ())
    pairs = [pair for part in subject for pair in part] if isinstance(subject, tuple) else []
    names = [value for name, value in pairs if name == "commonName"]
    names += [value for name, value in other if name == "DNS"] if isinstance(other, tuple) else []
    return Certificate(
        names=tuple(names), sha256=hashlib.sha256(encoded).digest(), ends_at=_instant(described.get("notAfter"))
    )


def _instant(told: object) -> datetime | None:
    """Read the time that ends a certificate, as it is described: `Nov 22 01:02:03 2027 GMT`."""
    try:
        return datetime.strptime(str(told), "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
    except ValueError:
        return None


def claimed(presented: Presented) -> str | None:
    """Return which device it says it is: its user name, else the first id among its certificate's names."""
    if presented.username is not None:
        return presented.username if wire.is_device_id(presented.username) else None
    names = presented.certificate.names if presented.certificate is not None else ()
    return next(filter(wire.is_device_id, names), None)


class Shown(TypedDict):
    """What the store decides by."""

    secret_sha256: bytes | None
    certificate_sha256: bytes | None
    named: bool


def shown(presented: Presented, device_id: str) -> Shown:
    """Return what is shown for being `device_id`, digested."""
    certificate = presented.certificate
    return Shown(
        secret_sha256=None if presented.password is None else digest(presented.password),
        certificate_sha256=None if certificate is None else certificate.sha256,
        named=certificate is not None and device_id in certificate.names,
    )
