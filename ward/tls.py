"""Certificates out of files: what is wrong with them in words, and the TLS context that a server makes of them.

Shell: reads files. Never asks for a passphrase. The invariant: nothing below TLS 1.2 is spoken, and where a client's
certificate is asked for, one that the given authorities have not signed ends the handshake.
"""

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ward.chores import Kind

_NO_PASSPHRASE: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where a server's certificate chain, its key and the authorities of its clients are (PEM)."""

    certificate: Path
    key: Path
    client_ca: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Return a server's context, TLS 1.2 or newer; OSError (ssl.SSLError is one) where the files are no use."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made.load_cert_chain(self.certificate, self.key, password=_NO_PASSPHRASE)
        if self.client_ca is not None:
            made.verify_mode = ssl.CERT_OPTIONAL
            made.load_verify_locations(self.client_ca)
        return made

    def stamp(self) -> tuple[tuple[int, int, int], ...]:
        """Return what differs once a file was written or replaced; a file that is missing counts too."""
        paths = [self.certificate, self.key, *([self.client_ca] if self.client_ca is not None else [])]
        return tuple(_stamp(path) for path in paths)

    def ends(self) -> dict[Kind, datetime]:
        """Return when they end; what cannot be read so is left out, `context` has complained of it."""
        files = {Kind.ENDPOINT: self.certificate, Kind.DEVICES_AUTHORITY: self.client_ca}
        found = {kind: ends_of(path) for kind, path in files.items() if path is not None}
        return {kind: ends_at for kind, ends_at in found.items() if ends_at is not None}


def ends_of(path: Path) -> datetime | None:
    """Return when the first certificate of a PEM file ends; None where there is none to be read."""
    from cryptography import x509  # noqa: PLC0415 - it takes long to load, and few processes need it

    try:
        return min(each.not_valid_after_utc for each in x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError):
        return None


def ends_of_peer(encoded: bytes) -> datetime | None:
    """Return when a certificate ends that a peer has shown (DER); None where it cannot be read."""
    from cryptography import x509  # noqa: PLC0415

    try:
        return x509.load_der_x509_certificate(encoded).not_valid_after_utc
    except ValueError:
        return None


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def unreadable(path: Path) -> str | None:
    """Return why a file cannot be read and what to do, None where it can."""
    try:
        with path.open("rb"):
            return None
    except FileNotFoundError:
        return f"there is no file {path}; give the path of a PEM file"
    except OSError as error:
        return f"{path} cannot be read ({error.strerror}); let the account that runs Hemvakt read it"


def misfit(certificate: Path, key: Path) -> str | None:
    """Return why a key does not go with a certificate and what to do, None where it does."""
    try:
        Files(certificate=certificate, key=key).context()
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            return f"{key} is not the key of {certificate}; give the key that the certificate was made for"
        return (
            f"{certificate} and {key} cannot be used ({error.reason or 'no PEM'}); both must be PEM, without passphrase"
        )
    except (OSError, ValueError) as error:
        return f"{certificate} and {key} cannot be used ({error}); both must be PEM, without passphrase"
    return None


def no_authority(path: Path) -> str | None:
    """Return why a file holds no certificate of an authority, None where it does."""
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_verify_locations(path)
    except OSError as error:
        return f"{path} holds no certificate ({error}); give the authority's certificate as PEM"
    return None
