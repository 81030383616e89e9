"""The command: front door that composes the services. Each command only reads its flags and hands over."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from onebox import account_commands, device_commands, openapi_commands, print_commands, scenario_command
from ward import log, settings
from ward.errors import ConfigError, HemvaktError

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
        "The page is not encrypted, devices are with HEMVAKT_MQTT_TLS_CERT: put a TLS proxy in front of any other.",
    ),
]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the embedded store and the logs.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Throw away what is stored and start anew.")]
Yes = Annotated[bool, typer.Option("--yes", help="With --fresh: do not ask.")]
_TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%SZ"]


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


signals = typer.Typer(no_args_is_help=True, help="Look at what the signal core sees in a recording.")
app.add_typer(signals, name="signals")
app.add_typer(scenario_command.app, name="scenario")
app.add_typer(device_commands.app)


@signals.command()
def plot(
    record: Annotated[Path, typer.Argument(help="WFDB record (.hea, .dat), or CSV with a column a channel.")],
    out: Annotated[
        Path | None, typer.Option(help="Picture to write: .png, .svg or .pdf. Default: RECORD.png here.")
    ] = None,
    begin: Annotated[float, typer.Option(help="Second at which the picture begins.", min=0)] = 0.0,
    seconds: Annotated[float, typer.Option(help="How many seconds it shows.", min=5, max=300)] = 30.0,
    fs: Annotated[float | None, typer.Option(help="Samples a second, of a CSV.", min=1, max=10_000)] = None,
) -> None:
    """Write a picture of a recording with all that was found in it: beats and their kinds, quality, rates, rhythm.

    Example: ./hemvakt signals plot 208.hea --begin 60 --seconds 30
    """
    from onebox import recordings, signal_picture, signal_reading  # noqa: PLC0415

    recording = recordings.read(record, fs)
    target = out or Path(f"{recording.name}.png")
    signal_picture.save(signal_reading.page(recording, begin, seconds), target)
    typer.echo(f"{target}: {recording.name}, {', '.join(recording.channels)}")


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
def backtest() -> None:
    """Do back-tests that wait: what a plan would have raised over stored readings (HEMVAKT_DATABASE_URL).

    Runs at the lowest priority beside the others; any number of them share the work.
    """
    from alerting import backtest_worker  # noqa: PLC0415

    _serve("backtest", backtest_worker.run(_stored()))


@app.command()
def api(port: HttpPort = None, host: Host = None) -> None:
    """Serve the API, the live stream and the web page (HEMVAKT_DATABASE_URL)."""
    from api import service  # noqa: PLC0415

    _serve("api", service.run(_stored(http_port=port, http_host=host)))


@app.command()
def build() -> None:
    """Build the web page, for services that may write nothing; `demo` and `up` do it by themselves.

    Needed once after each upgrade. The packages are there by then: the wrapper has installed them.
    """
    from onebox import webbuild  # noqa: PLC0415

    webbuild.ensure()


@app.command()
def migrate() -> None:
    """Bring the store to this program's schema (HEMVAKT_DATABASE_URL).

    Where others hold its tables it lets them go on and tries again, for a quarter of an hour at most.
    """
    from ward.clock import SystemClock  # noqa: PLC0415
    from ward.store import migrate as store  # noqa: PLC0415

    log.configure("migrate", level=settings.load().log_level)
    done = asyncio.run(store.migrate(_stored().database_url, SystemClock().now()))
    typer.echo("\n".join(f"applied {name}" for name in done) or "nothing to do: the store is up to date")


@app.command()
def load(roster: Annotated[Path, typer.Argument(help="A TOML file; onebox/demo.toml is an example.")]) -> None:
    """Enter organisations, teams, staff, patients and devices from a file; what is there already stays.

    Passwords and device secrets that the file leaves out are drawn and printed once, here.
    """
    from onebox import roster as rosters  # noqa: PLC0415

    loaded = _stored()
    for line in asyncio.run(rosters.load(loaded.database_url, roster, device_key=loaded.device_key)):
        typer.echo(line)


app.add_typer(account_commands.app, name="account")


@app.command("broker-leave")
def broker_leave() -> None:
    """Take what waits at the broker for this worker (HEMVAKT_INSTANCE), and give its place up for good.

    Stop the worker first. A worker that is only stopped keeps its place, and its part waits for it.
    """
    from ingest import broker_leave as leaving  # noqa: PLC0415

    log.configure("ingest", level=settings.load().log_level)
    typer.echo(f"took {asyncio.run(leaving.leave(_stored()))} messages and left")


@app.command("broker-accounts")
def broker_accounts(
    file: Annotated[
        Path, typer.Argument(help="What mosquitto_ctrl dynsec init has made.", exists=True, dir_okay=False)
    ],
) -> None:
    """Write an account for each device into mosquitto's dynamic security file, before the broker starts.

    Not needed, only faster for thousands of devices: ingest tells a running broker (HEMVAKT_BROKER_PROVISION=dynsec).
    """
    from ingest import broker_file  # noqa: PLC0415

    wanted = asyncio.run(broker_file.wanted(_stored()))
    typer.echo(f"added {broker_file.add(file, wanted)} accounts")


@app.command()
def check(
    *,
    deep: Annotated[bool, typer.Option("--deep", help="Look at every single reading; takes its time.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Write JSON, for a monitoring system.")] = False,
) -> None:
    """Tell whether the store is whole and every service lives and keeps up; the exit code is 1 when something is wrong.

    Each line is ok, warn (worth a look) or fail, with what to do. Reads only.
    """
    from onebox import health  # noqa: PLC0415
    from ward.store.keep import Keep  # noqa: PLC0415

    stored = _stored()
    found = asyncio.run(health.check(stored.database_url, Keep.of(stored), deep=deep))
    typer.echo(health.as_json(found) if json else "\n".join(health.lines(found)))
    raise typer.Exit(0 if health.healthy(found) else 1)


app.add_typer(openapi_commands.app, name="openapi")
app.add_typer(print_commands.app)


@app.command()
def backup(
    file: Annotated[Path | None, typer.Argument(help="The file to write; nobody else may read it.")] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    elsewhere: Annotated[
        bool,
        typer.Option("--elsewhere", help="Write nothing: tell that another program has just made a backup."),
    ] = False,
) -> None:
    """Write the whole store into one file, as it is now, while everything goes on.

    Example: ./hemvakt backup /safe/place/hemvakt-$(date +%F).dump
    """
    from onebox import backup as backups  # noqa: PLC0415

    if (file is None) != elsewhere:
        raise ConfigError("Name a file to write, or say --elsewhere where another program has made a backup.")
    if file is None:
        typer.echo(backups.elsewhere(_stored().database_url))
    else:
        typer.echo(backups.make(_stored().database_url, file, over=force).said())


@app.command()
def restore(
    file: Annotated[Path | None, typer.Argument(help="A file that `backup` has made.")] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    into: Annotated[
        str | None, typer.Option(help="A drill: restore into a new database of this name, change nothing else.")
    ] = None,
    drop_old: Annotated[bool, typer.Option("--drop-old", help="Do not keep the store that was in use.")] = False,
    forget: Annotated[str | None, typer.Option(help="Remove a database that a restore or a drill has left.")] = None,
) -> None:
    """Put a backup in the place of the store, while everything runs; the services come back by themselves.

    Shows first what the store in use has and the backup has not, and asks. The old store is kept beside.
    """
    from onebox import restore as restores  # noqa: PLC0415

    wanted = restores.Wanted(file=file, into=into, forget=forget, drop_old=drop_old)
    restores.run(_stored().database_url, wanted, say=typer.echo, agreed=lambda text: yes or typer.confirm(text))


@app.command()
def export(
    patient: Annotated[
        str, typer.Argument(help="The patient's id; - asks for it, or for the personal number, or reads it.")
    ],
    out: Annotated[Path, typer.Option("--out", help="A folder to make, or a file whose name ends in .zip.")],
    start: Annotated[datetime | None, typer.Option("--from", formats=_TIMES, help="UTC; default: all.")] = None,
    end: Annotated[datetime | None, typer.Option("--to", formats=_TIMES, help="UTC, not included.")] = None,
) -> None:
    """Write everything about one patient: FHIR R4 and CSV, with a page that says what each file is.

    A personal number is typed or piped in, never given as an argument: a shell remembers what it was told.

    Examples: ./hemvakt export 12 --out record.zip
              ./hemvakt export - --out record.zip
    """
    from onebox import export as exports  # noqa: PLC0415

    loaded = _stored()
    log.configure("export", level=loaded.log_level)
    if patient == "-":
        patient = typer.prompt("Patient id or personal number") if sys.stdin.isatty() else sys.stdin.readline()
    elif exports.looks_personal(patient):
        raise ConfigError("A personal number does not belong on a command line: hemvakt export - asks for it.")
    patient_id = exports.run(loaded.database_url, patient, out, _utc(start), _utc(end))
    typer.echo(f"Everything about patient {patient_id} is in {out}")


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=UTC)


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
