"""What `hemvakt simulate` asks for, turned into a run."""

from dataclasses import dataclass
from pathlib import Path

from paho.mqtt.enums import MQTTProtocolVersion

from simulator import replay, scenario, service
from simulator.line import Platform
from simulator.play import Timing
from ward.clock import SystemClock, from_us
from ward.errors import ConfigError

_VERSIONS = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The flags of the command."""

    url: str
    protocol: str
    ca: Path | None
    certificate: str | None
    key: str | None
    replay: Path | None
    scenario: str | None
    devices: tuple[str, ...]
    secret: str
    speed: float
    seed: int
    duration_s: float | None
    history_s: float
    began_ms: int | None
    loop: bool
    fs_hz: float | None = None


def run(wanted: Wanted) -> None:
    """Run what is wanted, until it ends or the process is told to stop.

    Raises
    ------
    ConfigError
        If a file, scenario or device cannot be used; says what to do.
    """
    began = SystemClock().now() if wanted.began_ms is None else from_us(wanted.began_ms * 1000)
    timing = Timing(began=began, speed=wanted.speed, duration_s=wanted.duration_s)
    if (wanted.certificate is None) != (wanted.key is None):
        raise ConfigError("a device's certificate and its key go together: give --mqtt-cert and --mqtt-key")
    platform = Platform(
        url=wanted.url,
        ca=wanted.ca,
        certificate=wanted.certificate,
        key=wanted.key,
        protocol=_VERSIONS[wanted.protocol],
    )
    demo = scenario.load_roster()
    names = list(wanted.devices) or [entry.device_id for entry in demo]
    if wanted.replay is not None:
        found = replay.read(wanted.replay, wanted.fs_hz)
        service.recordings(platform, found, names, timing, secret=wanted.secret, loop=wanted.loop)
        return
    if wanted.scenario is not None:
        entries = scenario.roster_of(scenario.load(wanted.scenario), names, wanted.seed)
    else:
        entries = tuple(entry for entry in demo if entry.device_id in names)
        if unknown := set(names) - {entry.device_id for entry in entries}:
            raise ConfigError(f"not in the demo: {', '.join(sorted(unknown))}; give them a --scenario")
    service.fleet(platform, entries, timing, seed=wanted.seed, secret=wanted.secret, history_s=wanted.history_s)
