"""Settings: one frozen object, read once from `HEMVAKT_*` or from systemd's credentials. Nobody else reads them."""

import os
from base64 import urlsafe_b64decode
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ward import tls
from ward.errors import ConfigError

_SHORTEST_KEY = 32
_CREDENTIALS = "CREDENTIALS_DIRECTORY"  # systemd's LoadCredential: a file for each secret
_VAPID_BYTES = 32
_OTHERS = frozenset({"HEMVAKT_PYTHON"})  # read by the wrapper
_LATEST_DAYS = 32  # how late a reading may come (ingest/validate.py), and a day on each side


class Settings(BaseSettings):
    """Everything that can be set from outside; each field is the variable `HEMVAKT_` + its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="HEMVAKT_", frozen=True, extra="ignore")

    database_url: str = Field(default="", description="postgresql:// address of the store")
    mqtt_url: str = Field(
        default="",
        description="mqtt://user:password@host:port or mqtts://… of a broker; empty: devices connect to ingest itself",
    )
    instance: str = Field(
        default="1",
        pattern=r"^[A-Za-z0-9._-]{1,32}$",
        description="name of this ingest worker at the broker: the same after a restart, another for each worker",
    )
    broker_group: str = Field(
        default="ingest",
        pattern=r"^[A-Za-z0-9._-]{0,32}$",
        description="workers of one group share what the broker has ($share); empty: this one is alone and takes all",
    )
    broker_ca: Path | None = Field(
        default=None, description="PEM file of who signs the broker's certificate; None: who the system trusts"
    )
    broker_cert: Path | None = Field(default=None, description="PEM file of ingest's own certificate at the broker")
    broker_key: Path | None = Field(default=None, description="PEM file of its key, without a passphrase")
    broker_provision: str = Field(
        default="none",
        description="dynsec: ingest keeps the accounts of the broker (mosquitto's dynamic security) as the devices are",
    )
    device_key: str = Field(
        default="",
        description="at least 32 random characters: device secrets are derived from it, so that a broker can be told",
    )
    mqtt_host: str = Field(default="127.0.0.1", description="address on which the MQTT endpoint listens")
    mqtt_port: int = Field(default=1883, ge=0, le=65535, description="port of the MQTT endpoint")
    mqtt_tls_cert: Path | None = Field(
        default=None,
        description="certificate chain (PEM) of the MQTT endpoint; with it devices speak TLS, and only TLS",
    )
    mqtt_tls_key: Path | None = Field(default=None, validate_default=True, description="key (PEM) of that certificate")
    mqtt_tls_client_ca: Path | None = Field(
        default=None,
        validate_default=True,
        description="authorities (PEM) of devices' certificates; with it a device may show one instead of its secret",
    )
    mqtt_device_rate: int = Field(
        default=50,
        ge=1,
        le=1_000_000,
        description="messages per second that one device may publish on average (4 kB each; 40 times that at once)",
    )
    http_host: str = Field(default="127.0.0.1", description="address on which the web server listens")
    http_port: int = Field(default=8090, ge=0, le=65535, description="port of the web server")
    data_dir: Path | None = Field(default=None, description="folder of the embedded store; None: beside the program")
    public_url: str = Field(
        default="", description="https:// address of the board as people reach it, for links in notifications"
    )
    sms_gateway: str = Field(
        default="", description="Apprise address that sends a text message, with {to} for the telephone number"
    )
    email_gateway: str = Field(
        default="", description="Apprise address that sends mail, with {to} for the mail address"
    )
    chat_gateway: str = Field(
        default="", description="Apprise address that writes in a chat, with {to} for the room of a team"
    )
    webhook_key: str = Field(
        default="", description="at least 32 random characters: signs what webhooks are sent; empty: none are sent"
    )
    webhook_inside: str = Field(
        default="", description="addresses or networks of one's own that webhooks may reach too, by commas"
    )
    vapid_key: str = Field(
        default="", description="private key of Web Push (VAPID), base64url without padding; empty: none is sent"
    )
    vapid_contact: str = Field(
        default="", validate_default=True, description="mailto: address of who runs this, for push services"
    )
    push_hosts: str = Field(
        default="fcm.googleapis.com,.push.services.mozilla.com,.notify.windows.com,.push.apple.com",
        description="push services that a browser may name; one that begins with a dot stands for all below it",
    )
    alarm_gateway: str = Field(
        default="", description="Apprise address of the operator, told at once when the self-check fails"
    )
    deadman_url: str = Field(
        default="",
        description="https:// address that is asked every half minute while all is well, by an outside watcher",
    )
    deadman_file: Path | None = Field(
        default=None, description="file that is touched every half minute while all is well"
    )
    selfcheck_minutes: int = Field(
        default=5, ge=0, le=60, description="minutes between walks of the synthetic alert; 0: none, no dead-man signal"
    )
    metrics_token: str = Field(
        default="",
        description="at least 32 random characters: who shows them may read /metrics; empty: this machine alone may",
    )
    log_level: str = Field(default="info", description="debug, info, warning or error")
    secure_cookies: bool = Field(default=False, description="set the Secure flag on cookies (behind HTTPS)")
    proxies: str = Field(
        default="127.0.0.1",
        description="addresses or networks of HTTPS proxies, by commas, that are believed who asks (X-Forwarded-For)",
    )
    shared_minutes: int = Field(
        default=5, ge=1, le=60, description="minutes after which a shared screen asks again who is there"
    )
    account_rate: int = Field(
        default=100,
        ge=0,
        le=100_000,
        description="requests per second that one account may make on average (40 times that at once); 0: any number",
    )
    second_factor: str = Field(
        default="none",
        description="who must have a second factor to log in by password: none, operators or staff",
    )
    factor_key: str = Field(
        default="",
        description="at least 32 random characters: seals the secrets of second factors; empty: nobody can have one",
    )
    oidc_issuer: str = Field(
        default="", description="https:// address of an OpenID provider that people log in at; empty: none"
    )
    oidc_client_id: str = Field(default="", description="what that provider knows Hemvakt by")
    oidc_client_secret: str = Field(default="", description="and the secret it gave it")
    oidc_claim: str = Field(
        default="sub",
        description="claims that name an account, by commas, the first that is there counts (an HSA-id for staff)",
    )
    oidc_scope: str = Field(default="openid", description="what is asked of the provider, openid among it")
    oidc_acr: str = Field(
        default="", description="levels of assurance that are good enough (acr), by spaces; empty: any"
    )
    keep_readings_days: int = Field(
        default=730, ge=0, description="days that readings are kept; 0: for ever, else 32 or more"
    )
    keep_aggregates_days: int = Field(
        default=3650, ge=0, description="days that aggregates of readings are kept, no shorter than they; 0: for ever"
    )
    keep_waveforms_days: int = Field(default=90, ge=0, description="days that waveforms are kept; 0: for ever")
    keep_quarantine_days: int = Field(default=365, ge=0, description="days that what was refused is kept; 0: for ever")
    compress_after_days: int = Field(
        default=7, ge=0, description="days after which readings are compressed, where TimescaleDB is; 0: never"
    )

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"postgresql", "postgres"}:
            raise ValueError("must start with postgresql://, for example postgresql://user:password@127.0.0.1/hemvakt")
        return value

    @field_validator("mqtt_url")
    @classmethod
    def _mqtt(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"mqtt", "mqtts"}:
            raise ValueError("must start with mqtt:// or mqtts://, for example mqtt://127.0.0.1:1883")
        return value

    @field_validator("keep_readings_days", "keep_waveforms_days")
    @classmethod
    def _late(cls, value: int) -> int:
        if 0 < value < _LATEST_DAYS:
            raise ValueError(f"must be 0, or {_LATEST_DAYS} or more: what is 30 days late is still taken")
        return value

    @field_validator("keep_aggregates_days")
    @classmethod
    def _outlives(cls, value: int, given: ValidationInfo) -> int:
        readings = given.data.get("keep_readings_days")
        if value and readings is not None and not 0 < readings <= value:
            raise ValueError("must be 0, or no less than HEMVAKT_KEEP_READINGS_DAYS: aggregates outlive their readings")
        return value

    @field_validator("broker_ca", "broker_cert", "broker_key")
    @classmethod
    def _file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("is not a file that is there")
        return value

    @field_validator("broker_provision")
    @classmethod
    def _provision(cls, value: str) -> str:
        if value not in {"none", "dynsec"}:
            raise ValueError("must be none or dynsec")
        return value

    @field_validator("second_factor")
    @classmethod
    def _factor(cls, value: str) -> str:
        if value not in {"none", "operators", "staff"}:
            raise ValueError("must be none, operators or staff")
        return value

    @field_validator("public_url", "deadman_url")
    @classmethod
    def _web(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"https", "http"}:
            raise ValueError("must start with https:// (or http:// where nobody listens in)")
        return value

    @field_validator("sms_gateway", "email_gateway", "chat_gateway")
    @classmethod
    def _gateway(cls, value: str) -> str:
        if value and "{to}" not in value:
            raise ValueError("must hold {to} where the receiver's number or address is put")
        return value

    @field_validator("vapid_key")
    @classmethod
    def _vapid(cls, value: str) -> str:
        try:
            raw = urlsafe_b64decode(value + "=" * (-len(value) % 4))
        except ValueError:
            raw = b""
        if value and len(raw) != _VAPID_BYTES:
            raise ValueError("must be 32 bytes as base64url, of a P-256 key")
        return value

    @field_validator("vapid_contact")
    @classmethod
    def _contact(cls, value: str, given: ValidationInfo) -> str:
        if given.data.get("vapid_key") and not value.startswith(("mailto:", "https://")):
            raise ValueError("must be a mailto: or https:// address: push services ask who sends")
        return value

    @field_validator("device_key", "webhook_key", "metrics_token", "factor_key")
    @classmethod
    def _key(cls, value: str) -> str:
        if value and len(value) < _SHORTEST_KEY:
            raise ValueError(f"must have at least {_SHORTEST_KEY} characters, for example from: openssl rand -hex 32")
        return value

    @field_validator("mqtt_tls_cert", "mqtt_tls_key", "mqtt_tls_client_ca", mode="before")
    @classmethod
    def _none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("mqtt_tls_cert")
    @classmethod
    def _certificate(cls, value: Path | None) -> Path | None:
        return _readable(value)

    @field_validator("mqtt_tls_key")
    @classmethod
    def _mqtt_key(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if "mqtt_tls_cert" not in info.data:  # its own fault is told
            return _readable(value)
        certificate: Path | None = info.data["mqtt_tls_cert"]
        if certificate is None and value is not None:
            raise ValueError("a key alone is no use; set HEMVAKT_MQTT_TLS_CERT too")
        if certificate is not None and value is None:
            raise ValueError("HEMVAKT_MQTT_TLS_CERT needs its key; set this to its file")
        if certificate is not None and _readable(value) is not None and value is not None:
            _refuse(tls.misfit(certificate, value))
        return value

    @field_validator("mqtt_tls_client_ca")
    @classmethod
    def _authority(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None and info.data.get("mqtt_tls_cert", value) is None:
            raise ValueError("devices' certificates need TLS; set HEMVAKT_MQTT_TLS_CERT and HEMVAKT_MQTT_TLS_KEY")
        if _readable(value) is not None and value is not None:
            _refuse(tls.no_authority(value))
        return value

    @property
    def mqtt_tls(self) -> tls.Files | None:
        """The files of the MQTT endpoint's TLS; None where it speaks plainly."""
        if self.mqtt_tls_cert is None or self.mqtt_tls_key is None:
            return None
        return tls.Files(certificate=self.mqtt_tls_cert, key=self.mqtt_tls_key, client_ca=self.mqtt_tls_client_ca)

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        parts = urlsplit(value)
        here = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}
        if value and not (parts.scheme == "https" or here):
            raise ValueError("must start with https://")
        return value

    @field_validator("oidc_claim")
    @classmethod
    def _claims(cls, value: str) -> str:
        if not [each for each in value.split(",") if each.strip()]:
            raise ValueError("must name a claim, for example sub")
        return value

    @property
    def oidc_claims(self) -> list[str]:
        """The claims that name an account, in the order in which they count."""
        return [each.strip() for each in self.oidc_claim.split(",") if each.strip()]

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.lower() not in {"debug", "info", "warning", "error"}:
            raise ValueError("must be debug, info, warning or error")
        return value.lower()


def _refuse(fault: str | None) -> None:
    if fault is not None:
        raise ValueError(fault)


def _readable(path: Path | None) -> Path | None:
    """Return the path as it is, refused where there is one and it cannot be read."""
    if path is not None:
        _refuse(tls.unreadable(path))
    return path


def load(**flags: object) -> Settings:
    """Read the environment, let `flags` that are not None override it, and check everything.

    Raises
    ------
    ConfigError
        Listing every fault at once, each with the variable to change.
    """
    if strangers := _strangers():
        raise ConfigError("The configuration is wrong:\n  " + "\n  ".join(strangers))
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        loaded = Settings(_secrets_dir=os.environ.get(_CREDENTIALS), **given)  # type: ignore[arg-type, call-arg]  # noqa: TID251
    except ValidationError as error:
        raise ConfigError("The configuration is wrong:\n  " + "\n  ".join([*_faults(error), *_strangers()])) from None
    if faults := _contradictions(loaded):
        raise ConfigError("The configuration is wrong:\n  " + "\n  ".join(faults))
    return loaded


def _contradictions(loaded: Settings) -> list[str]:
    """Say what does not go together."""
    lines = []
    if (loaded.broker_cert is None) != (loaded.broker_key is None):
        lines.append("HEMVAKT_BROKER_CERT, HEMVAKT_BROKER_KEY: a certificate and its key; give both or none")
    if (loaded.broker_ca or loaded.broker_cert) and urlsplit(loaded.mqtt_url).scheme != "mqtts":
        lines.append("HEMVAKT_BROKER_CA, HEMVAKT_BROKER_CERT: need HEMVAKT_MQTT_URL with mqtts://")
    if loaded.oidc_issuer and not (loaded.oidc_client_id and loaded.oidc_client_secret and loaded.public_url):
        lines.append(
            "HEMVAKT_OIDC_ISSUER: needs HEMVAKT_OIDC_CLIENT_ID, HEMVAKT_OIDC_CLIENT_SECRET and HEMVAKT_PUBLIC_URL,"
            " the address to which the provider sends people back"
        )
    if loaded.oidc_issuer and "openid" not in loaded.oidc_scope.split():
        lines.append("HEMVAKT_OIDC_SCOPE: must have openid among it")
    if loaded.second_factor != "none" and not loaded.factor_key:
        lines.append("HEMVAKT_SECOND_FACTOR: needs HEMVAKT_FACTOR_KEY, under which the secrets are kept")
    if loaded.broker_provision != "none" and not loaded.mqtt_url:
        lines.append("HEMVAKT_BROKER_PROVISION: needs HEMVAKT_MQTT_URL; without a broker ingest checks devices itself")
    return lines


def _faults(error: ValidationError) -> list[str]:
    """Say each fault by its variable; an address may hold a password, a key is one: they are not repeated."""
    lines = []
    for fault in error.errors():
        name = "_".join(str(part) for part in fault["loc"]).upper()
        given = "" if name.endswith(("_URL", "_KEY", "_SECRET")) else f" (it is {str(fault.get('input'))[:80]!r})"
        lines.append(f"HEMVAKT_{name}: {fault['msg'].removeprefix('Value error, ')}{given}")
    return lines


def _strangers() -> list[str]:
    """Name the variables that are meant for us and that nobody knows: a misspelt setting is no setting."""
    known = {f"HEMVAKT_{name.upper()}" for name in Settings.model_fields} | _OTHERS
    files = (each.name.upper() for each in Path(os.environ.get(_CREDENTIALS, "/none")).glob("*"))  # noqa: TID251
    given = {name for name in (*os.environ, *files) if name.startswith("HEMVAKT_")}  # noqa: TID251 - the one reader
    lines = []
    for name in sorted(given - known):
        close = get_close_matches(name, known, n=1)
        lines.append(f"{name}: unknown" + (f"; did you mean {close[0]}?" if close else ""))
    return lines
