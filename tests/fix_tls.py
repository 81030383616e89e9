"""Certificates for the tests: an authority of this test's own, what it has signed, and contexts that trust it."""

import ssl
from pathlib import Path

import pytest
import trustme

from ward import tls


class Authority:
    """An authority; `folder` holds the PEM files of the server."""

    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA()
        self.folder = folder
        self.ca_file = folder / "ca.pem"
        self.ca.cert_pem.write_to_path(self.ca_file)
        self.issue()

    def issue(self, name: str = "127.0.0.1") -> None:
        """Write a fresh certificate and key for the server, each file replaced whole."""
        made = self.ca.issue_cert(name)
        for path, text in ((self.certificate, made.cert_chain_pems[0]), (self.key, made.private_key_pem)):
            text.write_to_path(path.with_suffix(".new"))
            path.with_suffix(".new").replace(path)

    @property
    def certificate(self) -> Path:
        """The server's certificate."""
        return self.folder / "server.pem"

    @property
    def key(self) -> Path:
        """The server's key."""
        return self.folder / "server.key"

    def files(self, client_ca: Path | None = None) -> tls.Files:
        """What the endpoint is given."""
        return tls.Files(certificate=self.certificate, key=self.key, client_ca=client_ca)

    def client(self, name: str | None = None) -> ssl.SSLContext:
        """A client's context that trusts the server, with a certificate for `name` if given."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        if name is not None:
            self.ca.issue_cert(common_name=name).configure_cert(context)
        return context


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """An authority with a server's certificate for 127.0.0.1."""
    return Authority(tmp_path)
