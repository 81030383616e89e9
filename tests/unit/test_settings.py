"""Settings: every fault at once, each with what to do."""

from datetime import UTC, datetime, timedelta

import pytest

from ward import settings
from ward.errors import ConfigError
from ward.store.keep import Keep, Kept


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


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("KEEP_READINGS_DAYS", "31", "32 or more"),
        ("KEEP_WAVEFORMS_DAYS", "-7", "greater than or equal to 0"),
        ("KEEP_AGGREGATES_DAYS", "729", "no less than HEMVAKT_KEEP_READINGS_DAYS"),
        ("KEEP_QUARANTINE_DAYS", "-1", "greater than or equal to 0"),
        ("COMPRESS_AFTER_DAYS", "soon", "integer"),
    ],
)
def test_times_that_would_lose_data_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, what: str
) -> None:
    """Nothing may be kept for less long than it may be late, nor aggregates for less long than their readings."""
    monkeypatch.setenv(f"HEMVAKT_{name}", value)

    with pytest.raises(ConfigError, match=f"HEMVAKT_{name}: .*{what}"):
        settings.load()


def test_aggregates_of_readings_that_are_kept_for_ever_are_so_too() -> None:
    """Readings without an end need aggregates without one."""
    with pytest.raises(ConfigError, match="HEMVAKT_KEEP_AGGREGATES_DAYS"):
        settings.load(keep_readings_days=0)

    assert settings.load(keep_readings_days=0, keep_aggregates_days=0).keep_aggregates_days == 0


def test_zero_days_is_for_ever() -> None:
    """What is kept for 0 days has no cutoff; the rest has one."""
    kept = Keep.of(settings.load(keep_quarantine_days=0, compress_after_days=0))
    now = datetime(2026, 3, 1, tzinfo=UTC)

    assert kept.cutoff(Kept.QUARANTINE, now) is None
    assert kept.compress_after is None
    assert kept.cutoff(Kept.READINGS, now) == now - timedelta(days=730)
    assert kept.cutoff(Kept.AGGREGATES, now) == now - timedelta(days=3650)
    assert kept.cutoff(Kept.WAVEFORMS, now) == now - timedelta(days=90)


PROVIDER = {
    "OIDC_ISSUER": "https://idp.test",
    "OIDC_CLIENT_ID": "hemvakt",
    "OIDC_CLIENT_SECRET": "not to be repeated",
    "PUBLIC_URL": "https://hemvakt.test",
}


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"OIDC_ISSUER": "http://idp.test"}, "HEMVAKT_OIDC_ISSUER: must start with https://"),
        ({"OIDC_CLIENT_SECRET": ""}, "needs HEMVAKT_OIDC_CLIENT_ID, HEMVAKT_OIDC_CLIENT_SECRET"),
        ({"PUBLIC_URL": ""}, "the address to which the provider sends people back"),
        ({"OIDC_SCOPE": "profile"}, "HEMVAKT_OIDC_SCOPE: must have openid among it"),
        ({"OIDC_CLAIM": " , "}, "HEMVAKT_OIDC_CLAIM: must name a claim"),
        ({"SHARED_MINUTES": "0"}, "HEMVAKT_SHARED_MINUTES"),
    ],
)
def test_provider_that_is_half_set_up_is_refused(
    monkeypatch: pytest.MonkeyPatch, other: dict[str, str], what: str
) -> None:
    """What is missing is said at the start, and the secret is not."""
    for name, value in (PROVIDER | other).items():
        monkeypatch.setenv(f"HEMVAKT_{name}", value)

    with pytest.raises(ConfigError) as caught:
        settings.load()

    assert what in str(caught.value)
    assert "not to be repeated" not in str(caught.value)


def test_claims_count_in_the_order_in_which_they_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """An HSA-id before the provider's own number."""
    for name, value in (PROVIDER | {"OIDC_CLAIM": "hsa_id, sub"}).items():
        monkeypatch.setenv(f"HEMVAKT_{name}", value)

    assert settings.load().oidc_claims == ["hsa_id", "sub"]
