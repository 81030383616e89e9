"""`hemvakt simulate` and `hemvakt record`: devices that do not exist, and streams of those that do.

Each reads its flags and hands over.
"""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from onebox import fleet_flags as flags
from ward import log, settings
from ward.errors import ConfigError

app = typer.Typer()
MqttPort = Annotated[
    int | None, typer.Option("--mqtt-port", help="Port of the platform; 1883 or HEMVAKT_MQTT_PORT.", min=1, max=65535)
]
_DEMO_SECRET = "demo-{device}"  # noqa: S105 - the demo's, and no secret
_TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%SZ"]


class Protocol(StrEnum):
    """MQTT versions that a simulated device may speak."""

    V5 = "5"
    V311 = "3.1.1"


@app.command()
def simulate(
    replay: Annotated[
        Path | None,
        typer.Option(help="Play recordings (CSV, WFDB, EDF, or of `hemvakt record`): a file, or a folder."),
    ] = None,
    scenario: Annotated[
        str | None, typer.Option(help="Let every device live this scenario; default: the demo.")
    ] = None,
    device: Annotated[list[str] | None, typer.Option(help="A device to play; repeat it. Default: the demo's.")] = None,
    secret: Annotated[
        str | None,
        typer.Option(
            help="The devices' passwords, {device} standing for the id; default: the demo's, none with --mqtt-cert."
        ),
    ] = None,
    host: Annotated[str | None, typer.Option("--mqtt-host", help="Where the platform listens.")] = None,
    mqtt_port: MqttPort = None,
    ca: Annotated[
        Path | None,
        typer.Option(
            "--mqtt-ca", help="PEM file of who signs its certificate (mqtts://).", exists=True, dir_okay=False
        ),
    ] = None,
    certificate: Annotated[
        str | None,
        typer.Option("--mqtt-cert", help="PEM file of each device's certificate, {device} standing for its id."),
    ] = None,
    key: Annotated[str | None, typer.Option("--mqtt-key", help="PEM file of its key, likewise.")] = None,
    protocol: Annotated[Protocol, typer.Option(help="MQTT version.")] = Protocol.V5,
    *,
    speed: Annotated[float, typer.Option(help="How many times faster than life.", min=0.1)] = 1.0,
    seed: Annotated[int, typer.Option(help="Another number gives other people's courses.")] = 1,
    duration: Annotated[float | None, typer.Option(help="Stop after so many seconds.", min=0.1)] = None,
    history: Annotated[float, typer.Option(help="Publish so many hours of the past first.", min=0, max=48)] = 0,
    began: Annotated[int | None, typer.Option(help="Go on with a story begun then (ms since 1970).")] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Play recordings again and again.")] = False,
    fs: Annotated[float | None, typer.Option(help="Samples a second, of signals in CSV.", min=1, max=2000)] = None,
    devices: flags.Devices = None,
    rate: flags.Rate = None,
    readings: flags.Readings = 5,
    ill: flags.Ill = 0.0,
    stored: flags.Stored = False,
    report: flags.Report = None,
    drop: flags.Drop = 0.0,
    cut: flags.Cut = 0.0,
    delay: flags.Delay = 0.0,
    delay_longest: flags.DelayLongest = 60.0,
    duplicate: flags.Duplicate = 0.0,
    reorder: flags.Reorder = 0.0,
    skew: flags.Skew = 0.0,
    skew_by: flags.SkewBy = 90.0,
    flood: flags.Flood = 0.0,
) -> None:
    """Publish as devices that do not exist, or as real recordings, over MQTT; or be a fleet of thousands.

    A fleet says at its end, also after Ctrl-C, what was sent, acknowledged and (--stored) what arrived.

    What goes wrong with it follows from --seed. What is in a device's memory is sent until it is acknowledged.

    Examples: ./hemvakt simulate --replay recordings/ --speed 10
              ./hemvakt simulate --scenario sepsis --device hv-0001
              ./hemvakt simulate --mqtt-ca ca.pem --mqtt-cert kits/{device}.crt --mqtt-key kits/{device}.key
              ./hemvakt simulate --devices 10000 --device bed-{:05d} --rate 2000 --drop 1%
    """
    loaded = settings.load(mqtt_host=host, mqtt_port=mqtt_port)
    log.configure("simulator", level=loaded.log_level)
    scheme = "mqtt" if ca is None and certificate is None else "mqtts"
    url = loaded.mqtt_url or f"{scheme}://{loaded.mqtt_host}:{loaded.mqtt_port}"
    if secret is None:
        secret = _DEMO_SECRET if certificate is None else ""
    shares = {"drop": drop, "cut": cut, "delay": delay, "duplicate": duplicate, "reorder": reorder, "flood": flood}
    if devices is not None:
        if replay or scenario or certificate:
            raise ConfigError("--devices is a fleet with passwords: give it without --replay, --scenario, --mqtt-cert")
        from onebox import fleet  # noqa: PLC0415

        fleet.run(
            fleet.Wanted(
                url=url, ca=ca, device=flags.pattern(device, devices), secret=secret, devices=devices, rate=rate,
                readings=readings, seconds=duration, seed=seed, ill=ill, report=report,
                switches=fleet.switches(shares, delay_longest_s=delay_longest, skewed=skew, skew_s=skew_by),
                database_url=_database_url(loaded) if stored else "",
            )
        )  # fmt: skip
        return
    if any(shares.values()) or skew or rate or ill or stored or report:
        raise ConfigError("some of these flags are a fleet's: give --devices too")
    from simulator import command  # noqa: PLC0415

    command.run(
        command.Wanted(
            url=url, protocol=protocol.value, ca=ca, certificate=certificate, key=key, replay=replay,
            scenario=scenario, devices=tuple(device or ()), secret=secret, speed=speed, seed=seed, duration_s=duration,
            history_s=history * 3600, began_ms=began, loop=loop, fs_hz=fs,
        )
    )  # fmt: skip


@app.command()
def record(
    who: Annotated[str, typer.Argument(help="The patient's id, or a device's.")],
    out: Annotated[Path, typer.Argument(help="The file to write: its name ends in .jsonl or .jsonl.gz.")],
    start: Annotated[datetime | None, typer.Option("--from", formats=_TIMES, help="UTC; default: all.")] = None,
    end: Annotated[datetime | None, typer.Option("--to", formats=_TIMES, help="UTC, not included.")] = None,
    times: Annotated[str, typer.Option(help="none, or shifted: weekday and time of the day are told.")] = "none",
) -> None:
    """Write what was stored of a patient or a device as a recording without names, which simulate --replay plays.

    Example: ./hemvakt record hv-0012 night.jsonl.gz --from 2026-11-21T20:00 --to 2026-11-22T06:00
    """
    from onebox import record as recording  # noqa: PLC0415

    if times not in set(recording.Times):
        raise ConfigError(f"--times is {times!r}; expected {' or '.join(recording.Times)}")
    loaded = settings.load()
    log.configure("record", level=loaded.log_level)
    limits = tuple(None if each is None else each.replace(tzinfo=UTC) for each in (start, end))
    done = recording.run(_database_url(loaded), who, out, (limits[0], limits[1]), recording.Times(times))
    typer.echo(f"{out}: {done.values} values and {done.blocks} stretches of curves, {done.length_s:.0f} s")


def _database_url(loaded: settings.Settings) -> str:
    if loaded.database_url:
        return loaded.database_url
    from onebox import machine  # noqa: PLC0415

    return machine.running_database_url(loaded)
