"""The flags of a fleet (`hemvakt simulate --devices`), and how a share is read. Imports nothing that is slow."""

from pathlib import Path
from typing import Annotated

import typer
from typer.models import OptionInfo

from ward.errors import ConfigError

_FLEET, _CHAOS = "A fleet (--devices)", "What goes wrong with a fleet, on purpose"


def _share(given: str | float) -> float:
    """Read a share: 1% or 0.01; the default of a flag comes as it is."""
    text = str(given)
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise typer.BadParameter(f"{text!r} is no share; expected 1% or 0.01")
    return value


def _of(panel: str, says: str) -> OptionInfo:
    option: OptionInfo = typer.Option(parser=_share, metavar="SHARE", help=says, rich_help_panel=panel)
    return option


Devices = Annotated[
    int | None,
    typer.Option(
        help="Be a fleet of so many devices, in one process: cheap values in place of bodies, MQTT 3.1.1. --device is"
        " then a pattern, {} in it the number from 1: hv-{:04d}. Default: fleet-{:05d}.",
        min=1,
        rich_help_panel=_FLEET,
    ),
]
Rate = Annotated[
    float | None,
    typer.Option(
        help="Readings a second of all together. Default: a message a minute of each device.",
        min=0.01,
        rich_help_panel=_FLEET,
    ),
]
Readings = Annotated[
    int,
    typer.Option(
        help="Readings in a message: pulse, SpO2, breathing, temperature, systolic pressure in turn.",
        min=1,
        max=1000,
        rich_help_panel=_FLEET,
    ),
]
Ill = Annotated[
    float, _of(_FLEET, "Of the patients, have a pulse of 185 for four minutes of every twenty: high alerts.")
]
Stored = Annotated[
    bool,
    typer.Option(
        "--stored",
        help="At the end count in the store what arrived (HEMVAKT_DATABASE_URL, or the one that runs here).",
        rich_help_panel=_FLEET,
    ),
]
Report = Annotated[Path | None, typer.Option(help="Write the report as JSON too.", rich_help_panel=_FLEET)]

Drop = Annotated[float, _of(_CHAOS, "Of the messages, are lost before the device's memory has them: never sent.")]
Cut = Annotated[
    float, _of(_CHAOS, "Of the messages, are followed by a lost network: all without a PUBACK are sent again.")
]
Delay = Annotated[
    float,
    _of(_CHAOS, "Of the messages, wait in the device for up to --delay-longest, and say when they were measured."),
]
DelayLongest = Annotated[
    float, typer.Option(help="Seconds that a delayed message waits at most.", min=0.1, rich_help_panel=_CHAOS)
]
Duplicate = Annotated[float, _of(_CHAOS, "Of the messages, are sent twice, each as a new one: the store keeps one.")]
Reorder = Annotated[float, _of(_CHAOS, "Of the messages, are sent after the device's next one.")]
Skew = Annotated[float, _of(_CHAOS, "Of the devices, have a clock that is wrong by --skew-by.")]
SkewBy = Annotated[
    float,
    typer.Option(
        help="Seconds that those clocks are ahead, below 0 behind; beyond 300 ahead their readings are quarantined.",
        rich_help_panel=_CHAOS,
    ),
]
Flood = Annotated[
    float, _of(_CHAOS, "Of the devices, send each message 50 times: the store keeps one, the endpoint slows them.")
]


def pattern(device: list[str] | None, devices: int) -> str:
    """Return the pattern of a fleet's ids, which gives each device one of its own.

    Raises
    ------
    ConfigError
        If it does not.
    """
    given = device[0] if device else "fleet-{:05d}"
    try:
        distinct = given.format(1, n=1) != given.format(2, n=2)
    except (IndexError, KeyError, ValueError):
        distinct = False
    if len(device or ()) > 1 or (devices > 1 and not distinct):
        raise ConfigError(f"--device of a fleet is one pattern with {{}} for the number, as hv-{{:04d}}; got {device}")
    return given
