"""The page of certificates and keys: its commands run as they stand, and what they make is taken."""

import re
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from ward import tls
from ward.settings import Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "certificates.md"
pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> ssl.SSLObject:
    """Let both talk in memory; return the server's side, after a handshake that both accept."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        server.wrap_bio(to_server, to_client, server_side=True),
        client.wrap_bio(to_client, to_server, server_hostname=name),
    ]
    for _ in range(10):
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return sides[0]


def test_page_makes_certificates_and_keys_that_work(tmp_path: Path) -> None:
    """The blocks make an authority, an endpoint and a device that trust each other, renew one, and draw good keys."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    told = [
        subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout
        for block in blocks
    ]
    files = tls.Files(
        certificate=tmp_path / "mqtt.pem", key=tmp_path / "mqtt.key", client_ca=tmp_path / "devices-ca.pem"
    )
    device = ssl.create_default_context(cafile=files.client_ca)
    device.load_cert_chain(tmp_path / "kit-17.pem", tmp_path / "kit-17.key")

    server = _handshake(files.context(), device, "mqtt.example.org")

    shown = server.getpeercert()
    assert shown is not None
    assert shown["subject"] == ((("commonName", "kit-17"),),)
    assert "mqtt.pem.new: OK" in told[-2]
    random, vapid = told[-1].split()
    made = Settings(webhook_key=random, factor_key=random, vapid_key=vapid, vapid_contact="mailto:drift@example.org")
    assert made.vapid_key == vapid
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.key") if path.name != "kit-17.key"} == {0o600}
