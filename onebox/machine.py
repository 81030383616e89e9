"""Everything on one machine: `hemvakt up` and `hemvakt demo`. Composes; decides nothing about patients."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from onebox import roster, webbuild
from onebox.environment import PROJECT
from onebox.supervisor import Part, Supervisor, accepts, require_free
from simulator import scenario
from ward.clock import SystemClock, to_us
from ward.errors import ConfigError
from ward.settings import Settings
from ward.store import embedded, migrate, registry, service_role
from ward.store.pool import connect

ROSTER = Path(__file__).with_name("demo.toml")
_MARK = "hemvakt-data.txt"
_ADDRESS = "database_url"
_HISTORY_HOURS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """How the demo's patients live; `devices` off leaves their devices silent, for one's own publishing."""

    speed: float
    seed: int
    devices: bool


def run(settings: Settings, demo: Demo | None, *, fresh: bool) -> None:
    """Start everything, watch it until Ctrl-C or SIGTERM, stop it cleanly.

    Raises
    ------
    ConfigError
        If a port is taken, the folder cannot be used, or a part does not start.
    """
    console = Console(highlight=False, soft_wrap=True)
    began = time.monotonic()
    require_free(settings.http_host, settings.http_port, "--port")
    if not settings.mqtt_url:
        require_free(settings.mqtt_host, settings.mqtt_port, "--mqtt-port")
    data_dir = _data_dir(settings, "up" if demo is None else "demo")
    _prepare(data_dir, fresh=fresh)
    webbuild.ensure()
    supervisor = Supervisor(data_dir=data_dir, environment={}, parts=[], say=lambda text: _say(console, text))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: supervisor.stopping.set())
    try:
        console.print("Starting the store ...")
        database_url = supervisor.start_store()
        _write_private(data_dir / _ADDRESS, database_url)
        asyncio.run(migrate.migrate(database_url, SystemClock().now()))
        if demo is not None:
            asyncio.run(roster.load(database_url, ROSTER))
        service_url = asyncio.run(_service_url(database_url))
        supervisor.environment = _environment(settings, service_url)
        supervisor.parts = _parts(settings, demo, database_url)
        console.print(f"Starting {', '.join(part.name for part in supervisor.parts)} ...")
        supervisor.start_parts()
        if not supervisor.stopping.is_set():
            _greet(console, settings, demo, data_dir, time.monotonic() - began)
            supervisor.watch()
        _say(console, "Stopping ...")
    finally:
        supervisor.stop()
        (data_dir / _ADDRESS).unlink(missing_ok=True)


def _say(console: Console, text: str) -> None:
    """Say what happens; that nobody reads any more (a closed terminal, a dead pipe) must not end the watch."""
    with contextlib.suppress(OSError, SystemExit):  # rich ends the process over a broken pipe
        console.print(text)


def running_database_url(settings: Settings) -> str:
    """Return the address of the store of a running `up` (or demo), for commands that need one.

    Raises
    ------
    ConfigError
        If none runs and no address is set.
    """
    for name in ("up", "demo"):
        path = _data_dir(settings, name) / _ADDRESS
        if path.exists():
            return path.read_text(encoding="utf-8")
    raise ConfigError(
        "HEMVAKT_DATABASE_URL is not set and no embedded Hemvakt is running here. Set it, for example to "
        "postgresql://user:password@127.0.0.1/hemvakt, or start ./hemvakt up first."
    )


def _data_dir(settings: Settings, name: str) -> Path:
    return (settings.data_dir or embedded.default_data_dir(PROJECT) / name).absolute()


def _prepare(data_dir: Path, *, fresh: bool) -> None:
    """Make the data folder, or with `fresh` empty it; a folder that is not ours is never touched."""
    mark = data_dir / _MARK
    if data_dir.exists() and any(data_dir.iterdir()) and not mark.exists():
        raise ConfigError(f"{data_dir} exists and is not a data folder of Hemvakt: choose another with --data-dir.")
    if fresh and mark.exists():
        embedded.refuse_running(data_dir)
        shutil.rmtree(data_dir)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        mark.write_text("The data of Hemvakt on one machine. Deleting this folder deletes everything it has stored.\n")
    except OSError as error:
        raise ConfigError(
            f"{data_dir} cannot be written ({error.strerror}): choose another with --data-dir."
        ) from error


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as sink:
        sink.write(text)


def _environment(settings: Settings, database_url: str) -> dict[str, str]:
    return {
        **os.environ,  # noqa: TID251 - handed on to the services, not read
        "PYTHONUNBUFFERED": "1",
        "HEMVAKT_DATABASE_URL": database_url,
        "HEMVAKT_HTTP_HOST": settings.http_host,
        "HEMVAKT_HTTP_PORT": str(settings.http_port),
        "HEMVAKT_MQTT_HOST": settings.mqtt_host,
        "HEMVAKT_MQTT_PORT": str(settings.mqtt_port),
        "HEMVAKT_MQTT_URL": settings.mqtt_url,
        "HEMVAKT_MQTT_TLS_CERT": _absolute(settings.mqtt_tls_cert),
        "HEMVAKT_MQTT_TLS_KEY": _absolute(settings.mqtt_tls_key),
        "HEMVAKT_MQTT_TLS_CLIENT_CA": _absolute(settings.mqtt_tls_client_ca),
        "HEMVAKT_MQTT_DEVICE_RATE": str(settings.mqtt_device_rate),
    }


def _absolute(path: Path | None) -> str:
    """Return a path that holds in any folder; empty for none."""
    return "" if path is None else str(path.absolute())


def _parts(settings: Settings, demo: Demo | None, database_url: str) -> list[Part]:
    """List the parts in the order in which they start.

    The demo's devices come before alerting, so that nobody is alarmed about data that is on its way.
    """

    def ingest_up() -> bool:
        return bool(settings.mqtt_url) or accepts(settings.mqtt_host, settings.mqtt_port)

    parts = [Part(name="ingest", arguments=["ingest"], ready=ingest_up)]
    if demo is not None and demo.devices:
        # A simulator that is started again goes on with the story of this start; only an empty store gets a past.
        began = SystemClock().now()
        arguments = ["simulate", "--speed", str(demo.speed), "--seed", str(demo.seed)]
        arguments += ["--began", str(to_us(began) // 1000)]
        if asyncio.run(_empty(database_url)):
            arguments += ["--history", str(_HISTORY_HOURS)]
        parts.append(Part(name="simulator", arguments=arguments, ready=lambda: asyncio.run(_heard(database_url))))
    parts.append(Part(name="alerting", arguments=["alerting"], ready=lambda: True))
    parts.append(Part(name="backtest", arguments=["backtest"], ready=lambda: True))
    parts.append(Part(name="api", arguments=["api"], ready=lambda: _answers(f"{_web(settings)}/readyz")))
    return parts


async def _service_url(database_url: str) -> str:
    """Return the address by which the services come: their account can only add to the logs. A new word each start."""
    password = secrets.token_urlsafe(24)
    async with await connect(database_url, "supervisor") as conn:
        await service_role.create(conn, password)
        await service_role.settle(conn)
    address = urlsplit(database_url)
    return address._replace(netloc=f"{service_role.NAME}:{password}@{address.hostname}:{address.port}").geturl()


async def _heard(database_url: str) -> bool:
    conn = await connect(database_url, "supervisor")
    async with conn:
        devices = [entry.device_id for entry in scenario.load_roster()]
        return await registry.silent_stays(conn, SystemClock().now(), timedelta(minutes=1), devices) == 0


async def _empty(database_url: str) -> bool:
    conn = await connect(database_url, "supervisor")
    async with conn:
        return not await registry.any_reading(conn)


def _web(settings: Settings) -> str:
    """Return the address by which this machine reaches its own page."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.http_host, settings.http_host)  # nosec B104 # read, not bound
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.http_port}"


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # nosec B310  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _greet(console: Console, settings: Settings, demo: Demo | None, data_dir: Path, took_s: float) -> None:
    console.print(f"\n[bold]Hemvakt is ready[/bold] (after {took_s:.0f} s).  Open  [bold]{_web(settings)}[/bold]")
    if demo is not None:
        console.print(
            "Log in as [bold]anna[/bold] (nurse), [bold]omar[/bold] (doctor), [bold]emily[/bold] (nurse) or"
            " [bold]olle[/bold] (operator),"
        )
        console.print(
            "as [bold]astrid[/bold] or [bold]helge[/bold] (patients), [bold]stina[/bold] (Astrid's relative) or"
        )
        console.print("[bold]gerda[/bold] (Helge's); the password of all is [bold]hemvakt-demo[/bold].")
        console.print("\nDevices connect with MQTT; a reading of your own for the first patient:")
        console.print(
            f"  mosquitto_pub -h {settings.mqtt_host} -p {settings.mqtt_port} -u hv-0001 -P demo-hv-0001 -q 1"
            " -t hemvakt/1/hv-0001/vitals \\\n"
            '    -m \'{"kind":"temperature","value":39.4,"unit":"Cel","measured_at":\'$(date +%s000)\'}\'',
            markup=False,
        )
    else:
        console.print("Nobody is registered at first: enter people and devices with  ./hemvakt load ROSTER.toml")
    console.print(f"\nData and logs: {data_dir}")
    console.print("This is not a certified medical device. Ctrl-C stops everything.\n")
