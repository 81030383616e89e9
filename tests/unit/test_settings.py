"""Settings: every fault at once, each with what to do."""

from pathlib import Path

import pytest

from ward import settings
from ward.errors import ConfigError


def test_flags_override_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flag that is given wins; one that is not leaves the variable in force."""
    monkeypatch.setenv("HEMVAKT_HTTP_PORT", "9000")
    monkeypatch.setenv("HEMVAKT_MQTT_PORT", "9001")

    loaded = settings.load(http_port=8000, mqtt_port=None)

    assert (loaded.http_port, loaded.mqtt_port) == (8000, 9001)


def test_all_faults_are_listed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator sees every wrong variable by name, with what it should be."""
    monkeypatch.setenv("HEMVAKT_DATABASE_URL", "mysql://x")
    monkeypatch.setenv("HEMVAKT_MQTT_URL", "http://x")
    monkeypatch.setenv("HEMVAKT_HTTP_PORT", "99999")
    monkeypatch.setenv("HEMVAKT_LOG_LEVEL", "loud")

    with pytest.raises(ConfigError) as caught:
        settings.load()

    for name in ("DATABASE_URL", "MQTT_URL", "HTTP_PORT", "LOG_LEVEL"):
        assert f"HEMVAKT_{name}" in str(caught.value)
    assert "postgresql://" in str(caught.value)


def test_misspelt_variable_is_named_with_its_neighbour(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that nobody reads is a fault, not a silence."""
    monkeypatch.setenv("HEMVAKT_MQTT_HSOT", "127.0.0.1")

    with pytest.raises(ConfigError, match="HEMVAKT_MQTT_HSOT: unknown; did you mean HEMVAKT_MQTT_HOST"):
        settings.load()


def test_password_in_an_address_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong address is named without what it holds."""
    monkeypatch.setenv("HEMVAKT_DATABASE_URL", "mysql://user:s3cret@host/x")

    with pytest.raises(ConfigError) as caught:
        settings.load()

    assert "s3cret" not in str(caught.value)


def test_what_does_not_go_together_is_listed_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A certificate without its key, files without encryption, and accounts without a broker are faults together."""
    certificate = tmp_path / "ingest.crt"
    certificate.write_text("any")
    monkeypatch.setenv("HEMVAKT_BROKER_CERT", str(certificate))
    monkeypatch.setenv("HEMVAKT_BROKER_PROVISION", "dynsec")

    with pytest.raises(ConfigError) as caught:
        settings.load()

    for said in ("give both or none", "need HEMVAKT_MQTT_URL with mqtts://", "HEMVAKT_BROKER_PROVISION: needs"):
        assert said in str(caught.value)


def test_faults_of_the_broker_settings_are_listed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not there, an unknown way and a short key are named; the key is not repeated."""
    monkeypatch.setenv("HEMVAKT_BROKER_CA", "/nowhere/ca.pem")
    monkeypatch.setenv("HEMVAKT_BROKER_PROVISION", "magic")
    monkeypatch.setenv("HEMVAKT_DEVICE_KEY", "s3cret")
    monkeypatch.setenv("HEMVAKT_BROKER_GROUP", "a/b")

    with pytest.raises(ConfigError) as caught:
        settings.load()

    for name in ("BROKER_CA", "BROKER_PROVISION", "DEVICE_KEY", "BROKER_GROUP"):
        assert f"HEMVAKT_{name}: " in str(caught.value)
    assert "s3cret" not in str(caught.value)
