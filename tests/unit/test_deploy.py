"""The deployment files, as far as they can be checked without a container engine.

The broker's configuration runs in a real broker in tests/integration/test_mosquitto.py.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

import hemvakt
from ward.settings import Settings
from ward.wire import FROM_DEVICE, MAX_PAYLOAD_BYTES, topic

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "hemvakt"}
COMMANDS: dict[str, Any] = typer.main.get_command(hemvakt.app).commands  # type: ignore[attr-defined] # it is a group
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def _filled_in(value: object) -> str:
    """Return a value of the compose file as the engine would: defaults taken, required variables given."""
    return re.sub(r"\$\{\w+(?::([-?])([^}]*))?\}", lambda found: found[2] if found[1] == "-" else "x", str(value))


def test_there_is_one_container_for_each_service() -> None:
    """The compose file runs the store, a broker, each of our services once, and what watches them where asked."""
    assert set(OURS) == {"migrate", "ingest", "alerting", "backtest", "api", "simulator"}
    assert set(COMPOSE["services"]) - set(OURS) == {"store", "mosquitto", "prometheus", "grafana"}
    watching = {name for name, service in COMPOSE["services"].items() if service.get("profiles") == ["watch"]}
    assert watching == {"prometheus", "grafana"}


@pytest.mark.parametrize("name", OURS)
def test_service_runs_a_command_that_exists(name: str) -> None:
    """Each container's command and its flags are those of the command line."""
    command, *arguments = OURS[name]["command"]
    known = {flag for parameter in COMMANDS[command].params for flag in parameter.opts}

    assert {each for each in arguments if each.startswith("-")} <= known


@pytest.mark.parametrize("name", OURS)
def test_service_sets_only_settings_that_exist(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each container's variables are settings, and together they are a valid configuration."""
    given = {key: _filled_in(value) for key, value in OURS[name]["environment"].items()}
    for key, value in given.items():
        monkeypatch.setenv(key, value)

    assert {key.removeprefix("HEMVAKT_").lower() for key in given} <= set(Settings.model_fields)
    assert Settings().database_url == given.get("HEMVAKT_DATABASE_URL", "")


@pytest.mark.parametrize("name", OURS)
def test_service_has_no_more_power_than_it_needs(name: str) -> None:
    """Each of our containers has a read-only root, no capabilities, and cannot gain any."""
    service = OURS[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "user", "network_mode"} & set(service)


@pytest.mark.parametrize("name", sorted(set(OURS) - {"migrate", "simulator"}))
def test_service_starts_after_the_schema_is_there(name: str) -> None:
    """No service meets a store whose schema is older than it."""
    assert OURS[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_web_page_is_not_open_to_other_machines() -> None:
    """Without a proxy that speaks HTTPS the page answers this machine alone."""
    assert [port.rpartition(":")[0].rpartition(":")[0] for port in OURS["api"]["ports"]] == ["127.0.0.1"]


def test_mounted_files_are_there() -> None:
    """Each file that a container mounts is in the repository."""
    mounts = [mount.split(":")[0] for service in COMPOSE["services"].values() for mount in service.get("volumes", ())]
    missing = [mount for mount in mounts if mount.startswith("./") and not (ROOT / mount).exists()]

    assert missing == []
    assert {mount for mount in mounts if not mount.startswith("./")} == set(COMPOSE["volumes"])


def test_image_holds_every_package() -> None:
    """What the project packs is what the image holds, and what it holds is let through to the build."""
    config = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    packages = re.findall(r'"(\w+)\*"', config)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert ignored[0] == "*"
    assert [package for package in packages if f"\nCOPY {package}/ {package}/\n" not in DOCKERFILE] == []
    assert [package for package in packages if f"!{package}" not in ignored] == []


def test_image_does_not_run_as_root() -> None:
    """The last stage of the image names an account that is not root, before what it runs."""
    last = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    user = re.search(r"^USER (\d+)$", last, re.MULTILINE)

    assert user is not None
    assert int(user[1]) > 0
    assert user.start() < last.index("ENTRYPOINT")


def test_broker_lets_ingest_read_what_devices_send() -> None:
    """The access list opens every topic of devices to ingest, and not one of those to devices."""
    acl = (DEPLOY / "mosquitto.acl").read_text(encoding="utf-8")

    assert set(re.findall(r"^topic read (\S+)$", acl, re.MULTILINE)) == {topic("+", leaf) for leaf in FROM_DEVICE}


def test_broker_takes_larger_messages_than_ingest() -> None:
    """A message that is too large reaches ingest, which keeps and answers it, instead of being cut off."""
    conf = (DEPLOY / "mosquitto.conf").read_text(encoding="utf-8")
    most = re.search(r"^max_packet_size (\d+)$", conf, re.MULTILINE)

    assert most is not None
    assert int(most[1]) > 10 * MAX_PAYLOAD_BYTES
