"""Certificates of a test's own, made by openssl: an authority, and whom it vouches for."""

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_KIND = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A certificate and its key, in PEM files."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, folder: Path, name: str = "Testmyndigheten") -> None:
        self._folder = folder
        self._own = self._request(name, ["-addext", "basicConstraints=critical,CA:TRUE"])

    @property
    def certificate(self) -> Path:
        """What those who trust it hold."""
        return self._own.certificate

    def sign(self, name: str, *extensions: str) -> Signed:
        """Return a certificate for `name`, for example of a server with `subjectAltName=IP:127.0.0.1`."""
        signer = ["-CA", str(self._own.certificate), "-CAkey", str(self._own.key)]
        return self._request(name, [*signer, *(part for each in extensions for part in ("-addext", each))])

    def client(self, of: Signed | None = None) -> ssl.SSLContext:
        """Return a client's context, which trusts this authority and shows a certificate or none."""
        context = ssl.create_default_context(cafile=self.certificate)
        if of is not None:
            context.load_cert_chain(of.certificate, of.key)
        return context

    def _request(self, name: str, options: list[str]) -> Signed:
        command = shutil.which("openssl")
        if command is None:
            pytest.skip("openssl is not installed")
        made = Signed(certificate=self._folder / f"{name}.crt", key=self._folder / f"{name}.key")
        files = ["-keyout", str(made.key), "-out", str(made.certificate)]
        subprocess.run(
            [command, "req", "-x509", *_KIND, "-subj", f"/CN={name}", *options, *files], check=True, capture_output=True
        )
        return made
