"""Settings: one frozen object, read once from `HEMVAKT_*`. Nobody else reads the environment."""

import os
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ward.errors import ConfigError

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
    mqtt_host: str = Field(default="127.0.0.1", description="address on which the MQTT endpoint listens")
    mqtt_port: int = Field(default=1883, ge=0, le=65535, description="port of the MQTT endpoint")
    http_host: str = Field(default="127.0.0.1", description="address on which the web server listens")
    http_port: int = Field(default=8090, ge=0, le=65535, description="port of the web server")
    data_dir: Path | None = Field(default=None, description="folder of the embedded store; None: beside the program")
    log_level: str = Field(default="info", description="debug, info, warning or error")
    secure_cookies: bool = Field(default=False, description="set the Secure flag on cookies (behind HTTPS)")
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

    @field_validator("keep_readings_days")
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

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.lower() not in {"debug", "info", "warning", "error"}:
            raise ValueError("must be debug, info, warning or error")
        return value.lower()


def load(**flags: object) -> Settings:
    """Read the environment, let `flags` that are not None override it, and check everything.

    Raises
    ------
    ConfigError
        Listing every fault at once, each with the variable to change.
    """
    if strangers := _strangers():
        raise ConfigError("The configuration is wrong:\n  " + "\n  ".join(strangers))
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        raise ConfigError("The configuration is wrong:\n  " + "\n  ".join([*_faults(error), *_strangers()])) from None


def _faults(error: ValidationError) -> list[str]:
    """Say each fault by its variable; an address may hold a password and is not repeated."""
    lines = []
    for fault in error.errors():
        name = "_".join(str(part) for part in fault["loc"]).upper()
        given = "" if name.endswith("_URL") else f" (it is {str(fault.get('input'))[:80]!r})"
        lines.append(f"HEMVAKT_{name}: {fault['msg'].removeprefix('Value error, ')}{given}")
    return lines


def _strangers() -> list[str]:
    """Name the variables that are meant for us and that nobody knows: a misspelt setting is no setting."""
    known = {f"HEMVAKT_{name.upper()}" for name in Settings.model_fields} | _OTHERS
    given = {name for name in os.environ if name.startswith("HEMVAKT_")}  # noqa: TID251 - the one reader
    lines = []
    for name in sorted(given - known):
        close = get_close_matches(name, known, n=1)
        lines.append(f"{name}: unknown" + (f"; did you mean {close[0]}?" if close else ""))
    return lines
