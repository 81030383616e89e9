"""The files of a cell with more than one of each, as far as they can be checked without a container engine.

`benchmarks.cell` runs the proxy's configuration and the stores' scripts with everything behind them.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

import hemvakt
from ward.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
STORE = ROOT / "deploy" / "store"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.scaled.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
SMALL: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "hemvakt"}
COMMANDS: dict[str, Any] = typer.main.get_command(hemvakt.app).commands  # type: ignore[attr-defined] # it is a group
PROXY = (ROOT / "deploy" / "haproxy.cfg").read_text(encoding="utf-8")
FILES = {"HEMVAKT_MQTT_TLS_CERT", "HEMVAKT_MQTT_TLS_KEY"}  # they must exist, and are the operator's
STUBS = {
    "docker-entrypoint.sh": 'echo "primary $*"',
    "postgres": 'echo "standby $*"',
    "pg_basebackup": 'echo "copied $*"; touch "$PGDATA/PG_VERSION" "$PGDATA/standby.signal"',
}


def filled_in(value: object) -> str:
    """Return a value of the file as the engine would: defaults taken, required variables given."""
    return re.sub(r"\$\{\w+(?::?([-?])([^}]*))?\}", lambda found: found[2] if found[1] == "-" else "x" * 32, str(value))


def test_there_are_two_of_each() -> None:
    """Every service of the small file is there twice or more, and one store follows the other."""
    kinds = [service["command"][0] for service in OURS.values()]
    scaled = {name for name, service in OURS.items() if service.get("deploy") == {"replicas": 2}}

    assert {each["command"][0] for each in SMALL.values() if each["image"] == "hemvakt"} - {"simulate"} == set(kinds)
    assert (kinds.count("ingest"), kinds.count("api"), kinds.count("migrate")) == (6, 2, 1)
    assert scaled == {"alerting", "backtest"}
    assert [filled_in(SERVICES[name]["environment"]["FOLLOWS"]) for name in ("store-a", "store-b")] == ["", "store-a"]
    assert {service["image"] for name, service in SERVICES.items() if name.startswith(("store", "mosquitto"))} == {
        SMALL["store"]["image"],
        SMALL["mosquitto"]["image"],
    }


def test_every_image_is_of_one_version() -> None:
    """What is fetched next month is what was fetched today: each image that is not ours is named to its last figure."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    images = [each["image"] for each in (*SERVICES.values(), *SMALL.values()) if each["image"] != "hemvakt"]
    images += re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)

    assert len(set(images)) == 7
    assert [name for name in images if not re.fullmatch(r"[a-z/-]+:v?\d+\.\d+\.\d+(-[a-z0-9]+)?", name)] == []


def test_store_has_commits_wait_for_its_standby_from_its_first_start(tmp_path: Path) -> None:
    """The script that runs once lets the standby in and switches synchronous on, where it can be switched off again."""
    for name in ("pg_hba.conf", "postgresql.auto.conf"):
        (tmp_path / name).write_text("# as it was\n")
    environment = {"PATH": "/usr/bin:/bin", "PGDATA": str(tmp_path), "POSTGRES_USER": "hemvakt"}

    subprocess.run(["sh", STORE / "replication.sh"], env=environment, check=True)

    assert (tmp_path / "pg_hba.conf").read_text() == "# as it was\nhost replication hemvakt all scram-sha-256\n"
    assert (tmp_path / "postgresql.auto.conf").read_text() == "# as it was\nsynchronous_standby_names = '*'\n"
    for name in ("store-a", "store-b"):
        assert (
            "./deploy/store/replication.sh:/docker-entrypoint-initdb.d/replication.sh:ro" in SERVICES[name]["volumes"]
        )
        assert not any("synchronous" in each for each in SERVICES[name]["command"])


def test_ingest_workers_have_names_of_their_own() -> None:
    """A broker keeps each worker's part by its name: no two have the same, and half of them are at each broker."""
    workers = [service["environment"] for service in OURS.values() if service["command"] == ["ingest"]]
    brokers = [each["HEMVAKT_MQTT_URL"].rpartition("@")[2] for each in workers if "HEMVAKT_MQTT_URL" in each]

    assert len({each["HEMVAKT_INSTANCE"] for each in workers}) == len(workers)
    assert sorted(brokers) == ["mosquitto-a:1883"] * 2 + ["mosquitto-b:1883"] * 2


@pytest.mark.parametrize("name", OURS)
def test_service_is_as_in_the_small_file(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each container runs a command that exists, with settings that are valid, and has no more power than it needs."""
    service = OURS[name]
    given = {key: filled_in(value) for key, value in service["environment"].items() if key not in FILES}
    for key, value in given.items():
        monkeypatch.setenv(key, value)

    assert service["command"][0] in COMMANDS
    assert {key.removeprefix("HEMVAKT_").lower() for key in service["environment"]} <= set(Settings.model_fields)
    assert Settings().database_url.endswith("@store-a,store-b/hemvakt?target_session_attrs=read-write")
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert "no-new-privileges:true" in service["security_opt"]
    assert "ports" not in service
    assert name == "migrate" or service["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_proxy_knows_where_everything_is() -> None:
    """Each place that the proxy's configuration names is set, and is the port of a service that is there."""
    proxy = SERVICES["proxy"]["environment"]
    named = set(re.findall(r"\$\{(\w+)\}", PROXY))
    behind = {key: filled_in(value).split(":") for key, value in proxy.items() if key[-2:] in {"_1", "_2"}}

    assert named == set(proxy)
    assert {service for service, _ in behind.values()} == {"api-1", "api-2", "endpoint-1", "endpoint-2"}
    for service, port in behind.values():
        assert port in {SERVICES[service]["environment"].get(f"HEMVAKT_{kind}_PORT") for kind in ("HTTP", "MQTT")}
    assert SERVICES["proxy"]["networks"]["default"]["ipv4_address"] == OURS["api-1"]["environment"]["HEMVAKT_PROXIES"]


def test_proxy_takes_its_configuration(tmp_path: Path) -> None:
    """HAProxy itself finds nothing wrong with the file that is shipped."""
    program = shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        pytest.skip("haproxy is not installed (Debian: apt install haproxy)")
    key, certificate = tmp_path / "key.pem", tmp_path / "page.pem"
    make = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=x",
    ]
    subprocess.run([*make, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    certificate.write_text(certificate.read_text() + key.read_text())
    places = dict.fromkeys(re.findall(r"\$\{(\w+)\}", PROXY), "127.0.0.1:1") | {"CERTIFICATES": str(certificate)}

    checked = subprocess.run(
        [program, "-c", "-f", ROOT / "deploy" / "haproxy.cfg"], env=places, capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stderr
    assert "[WARNING]" not in checked.stderr


def test_mounted_files_are_there() -> None:
    """Each file that a container mounts is in the repository, and each volume is declared."""
    mounts = [mount.rsplit(":", 2)[0] for each in SERVICES.values() for mount in each.get("volumes", ())]
    mounts = [mount for mount in mounts if not mount.startswith("$")]

    assert [mount for mount in mounts if mount.startswith("./") and not (ROOT / mount).exists()] == []
    assert {mount.split(":")[0] for mount in mounts if not mount.startswith("./")} == set(COMPOSE["volumes"])


@pytest.mark.parametrize(
    ("follows", "has", "does"),
    [
        ("", (), "primary postgres -c x=1"),
        ("", ("PG_VERSION",), "primary postgres -c x=1"),
        ("store-a", (), "standby -c x=1"),
        ("store-a", ("PG_VERSION", "standby.signal"), "standby -c x=1"),
        ("store-a", ("PG_VERSION",), ""),
    ],
)
def test_two_stores_never_both_write(tmp_path: Path, follows: str, has: tuple[str, ...], does: str) -> None:
    """A store starts as what it is told to be, copies the other when empty, and does not follow once it wrote."""
    programs, data = tmp_path / "bin", tmp_path / "data"
    programs.mkdir()
    data.mkdir()
    for name, text in STUBS.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    for name in has:
        (data / name).write_text("18\n")
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "PGDATA": str(data), "FOLLOWS": follows}

    ran = subprocess.run(
        ["sh", STORE / "store.sh", "-c", "x=1"], env=environment, capture_output=True, text=True, check=False
    )

    assert (ran.stdout.splitlines() or [""])[-1] == does
    assert (ran.returncode == 0) is bool(does)
    assert ("copied" in ran.stdout) is (bool(follows) and not has)
    assert bool(ran.stderr) is not bool(does)
