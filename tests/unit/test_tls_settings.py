"""TLS of the endpoint in the settings: every fault at the start, with what to do."""

from pathlib import Path

import pytest

from tests.fix_tls import Authority
from ward import settings
from ward.errors import ConfigError

CERT, KEY, CA = (f"HEMVAKT_MQTT_TLS_{each}" for each in ("CERT", "KEY", "CLIENT_CA"))


def test_good_files_make_a_context(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate, its key and an authority are taken; without them there is no TLS."""
    assert settings.load().mqtt_tls is None
    monkeypatch.setenv(CERT, str(authority.certificate))
    monkeypatch.setenv(KEY, str(authority.key))
    monkeypatch.setenv(CA, str(authority.ca_file))

    files = settings.load().mqtt_tls
    assert files is not None
    assert files.context().get_ca_certs()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({CERT: "server.pem"}, f"{KEY}: HEMVAKT_MQTT_TLS_CERT needs its key"),
        ({KEY: "server.key"}, f"{KEY}: a key alone is no use"),
        ({CERT: "none.pem", KEY: "server.key"}, f"{CERT}: there is no file"),
        ({CERT: "server.pem", KEY: "none.key"}, f"{KEY}: there is no file"),
        ({CERT: "server.pem", KEY: "other.key"}, f"{KEY}: .*is not the key of"),
        ({CERT: "server.pem", KEY: "ca.pem"}, f"{KEY}: .*cannot be used .*must be PEM"),
        ({CERT: ".", KEY: "server.key"}, f"{CERT}: .*cannot be read"),
        ({CA: "ca.pem"}, f"{CA}: devices' certificates need TLS"),
        ({CERT: "server.pem", KEY: "server.key", CA: "server.key"}, f"{CA}: .*holds no certificate"),
    ],
)
def test_faults_name_the_variable_and_the_remedy(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str], said: str
) -> None:
    """A missing, unreadable or unfitting file is told by its variable when the program starts."""
    (tmp_path / "other.key").write_bytes(authority.ca.issue_cert("x.example").private_key_pem.bytes())
    for name, value in given.items():
        monkeypatch.setenv(name, str(tmp_path / value))

    with pytest.raises(ConfigError, match=said):
        settings.load()
