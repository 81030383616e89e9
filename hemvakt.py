"""The command: front door that composes the services. Each command only reads its flags and hands over."""

import asyncio
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ward import log, settings
from ward.errors import HemvaktError

app = typer.Typer(
    name="hemvakt",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Home monitoring for hospital-at-home patients. Not a certified medical device.\n\nTry it: ./hemvakt demo",
    context_settings={"help_option_names": ["-h", "--help"]},
)

HttpPort = Annotated[
    int | None, typer.Option("--port", help="Port of the web page; 8090 or HEMVAKT_HTTP_PORT.", min=1, max=65535)
]
MqttPort = Annotated[
    int | None,
    typer.Option("--mqtt-port", help="Port on which devices connect; 1883 or HEMVAKT_MQTT_PORT.", min=1, max=65535),
]
Host = Annotated[
    str | None,
    typer.Option(
        "--host",
        help="Address to listen on, for the web page and devices alike; the default is this machine alone. "
        "Nothing is encrypted: put a TLS proxy in front of any other address.",
    ),
]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the embedded store and the logs.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Throw away what is stored and start anew.")]
Yes = Annotated[bool, typer.Option("--yes", help="With --fresh: do not ask.")]


class Protocol(StrEnum):
    """MQTT versions that a simulated device may speak."""

    V5 = "5"
    V311 = "3.1.1"


@app.command()
def demo(
    port: HttpPort = None,
    mqtt_port: MqttPort = None,
    host: Host = None,
    data_dir: DataDir = None,
    *,
    fresh: Fresh = False,
    speed: Annotated[float, typer.Option(help="How many times faster than life the patients live.", min=0.1)] = 1.0,
    seed: Annotated[int, typer.Option(help="Another number gives other patients' courses.")] = 1,
    patients: Annotated[bool, typer.Option(help="Run the simulated patients' devices.")] = True,
) -> None:
    """Run everything on this machine with 12 simulated patients, of whom some deteriorate.

    Example: ./hemvakt demo --port 8091 --fresh
    """
    from onebox import machine  # noqa: PLC0415 - each command loads what it needs and no more

    machine.run(
        settings.load(http_port=port, mqtt_port=mqtt_port, http_host=host, mqtt_host=host, data_dir=data_dir),
        machine.Demo(speed=speed, seed=seed, devices=patients),
        fresh=fresh,
    )


@app.command()
def up(
    port: HttpPort = None,
    mqtt_port: MqttPort = None,
    host: Host = None,
    data_dir: DataDir = None,
    *,
    fresh: Fresh = False,
    yes: Yes = False,
) -> None:
    """Run everything on this machine without demo patients.

    Fill it with: ./hemvakt load ROSTER.toml
    """
    from onebox import machine  # noqa: PLC0415

    if fresh and not yes:
        typer.confirm("Delete everything that this Hemvakt has stored?", abort=True)
    machine.run(
        settings.load(http_port=port, mqtt_port=mqtt_port, http_host=host, mqtt_host=host, data_dir=data_dir),
        None,
        fresh=fresh,
    )


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(context: typer.Context) -> None:
    """Install what the tests need and run all that CI runs; with arguments, hand them to pytest.

    Example: ./hemvakt test tests/unit -k news2
    """
    from onebox import checks  # noqa: PLC0415

    raise typer.Exit(checks.run(context.args))


@app.command()
def ingest() -> None:
    """Take what devices publish into the store (HEMVAKT_DATABASE_URL; HEMVAKT_MQTT_URL for a broker)."""
    from ingest import service  # noqa: PLC0415

    _serve("ingest", service.run(_stored()))


@app.command()
def alerting() -> None:
    """Evaluate readings and raise alerts (HEMVAKT_DATABASE_URL)."""
    from alerting import service  # noqa: PLC0415

    _serve("alerting", service.run(_stored()))


@app.command()
def api(port: HttpPort = None, host: Host = None) -> None:
    """Serve the API, the live stream and the web page (HEMVAKT_DATABASE_URL)."""
    from api import service  # noqa: PLC0415

    _serve("api", service.run(_stored(http_port=port, http_host=host)))


@app.command()
def simulate(
    replay: Annotated[
        Path | None, typer.Option(help="Play recordings (BIDMC numerics CSV): a file, or a folder with one a device.")
    ] = None,
    scenario: Annotated[
        str | None, typer.Option(help="Let every device live this scenario; default: the demo.")
    ] = None,
    device: Annotated[list[str] | None, typer.Option(help="A device to play; repeat it. Default: the demo's.")] = None,
    secret: Annotated[
        str, typer.Option(help="The devices' passwords, {device} standing for the id.")
    ] = "demo-{device}",  # noqa: S107 - the demo's, and no secret
    host: Annotated[str | None, typer.Option("--mqtt-host", help="Where the platform listens.")] = None,
    mqtt_port: MqttPort = None,
    protocol: Annotated[Protocol, typer.Option(help="MQTT version.")] = Protocol.V5,
    *,
    speed: Annotated[float, typer.Option(help="How many times faster than life.", min=0.1)] = 1.0,
    seed: Annotated[int, typer.Option(help="Another number gives other people's courses.")] = 1,
    duration: Annotated[float | None, typer.Option(help="Stop after so many seconds.", min=0.1)] = None,
    history: Annotated[float, typer.Option(help="Publish so many hours of the past first.", min=0, max=48)] = 0,
    began: Annotated[int | None, typer.Option(help="Go on with a story begun then (ms since 1970).")] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Play recordings again and again.")] = False,
) -> None:
    """Publish as devices that do not exist, or as real recordings, over MQTT.

    Examples: ./hemvakt simulate --replay recordings/ --speed 10
              ./hemvakt simulate --scenario sepsis --device hv-0001
    """
    from simulator import command  # noqa: PLC0415

    loaded = settings.load(mqtt_host=host, mqtt_port=mqtt_port)
    log.configure("simulator", level=loaded.log_level)
    url = loaded.mqtt_url or f"mqtt://{loaded.mqtt_host}:{loaded.mqtt_port}"
    command.run(
        command.Wanted(
            url=url, protocol=protocol.value, replay=replay, scenario=scenario, devices=tuple(device or ()),
            secret=secret, speed=speed, seed=seed, duration_s=duration, history_s=history * 3600, began_ms=began,
            loop=loop,
        )
    )  # fmt: skip


@app.command()
def migrate() -> None:
    """Bring the store to this program's schema (HEMVAKT_DATABASE_URL)."""
    from ward.clock import SystemClock  # noqa: PLC0415
    from ward.store import migrate as store  # noqa: PLC0415

    done = asyncio.run(store.migrate(_stored().database_url, SystemClock().now()))
    typer.echo("\n".join(f"applied {name}" for name in done) or "nothing to do: the store is up to date")


@app.command()
def load(roster: Annotated[Path, typer.Argument(help="A TOML file; onebox/demo.toml is an example.")]) -> None:
    """Enter organisations, teams, staff, patients and devices from a file; what is there already stays.

    Passwords and device secrets that the file leaves out are drawn and printed once, here.
    """
    from onebox import roster as rosters  # noqa: PLC0415

    for line in asyncio.run(rosters.load(_stored().database_url, roster)):
        typer.echo(line)


@app.command()
def check() -> None:
    """Tell whether the store answers, its schema is right and every service lives; the exit code says the same."""
    from onebox import health  # noqa: PLC0415
    from ward.store.keep import Keep  # noqa: PLC0415

    stored = _stored()
    lines, healthy = asyncio.run(health.check(stored.database_url, Keep.of(stored)))
    typer.echo("\n".join(lines))
    raise typer.Exit(0 if healthy else 1)


def _stored(**flags: object) -> settings.Settings:
    loaded = settings.load(**flags)
    if not loaded.database_url:
        from onebox import machine  # noqa: PLC0415

        return loaded.model_copy(update={"database_url": machine.running_database_url(loaded)})
    return loaded


def _serve(name: str, service: object) -> None:
    log.configure(name, level=settings.load().log_level)
    runner = asyncio.run
    if sys.platform != "win32":
        import uvloop  # noqa: PLC0415

        runner = uvloop.run
    runner(service)  # type: ignore[arg-type]


def main() -> None:
    """Run the command; say what is wrong in a sentence, not in a traceback."""
    try:
        app(prog_name="hemvakt")
    except HemvaktError as error:
        typer.echo(str(error), err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
