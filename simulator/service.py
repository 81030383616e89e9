"""The simulator process: devices on simulated bodies, or on recordings, publishing in real time or faster."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType
from zoneinfo import ZoneInfo

from simulator import device, device_waves, faults, recording, scenario, traits
from simulator.device import Kit, Sample
from simulator.expectations import Wire
from simulator.faults import Faults
from simulator.line import Line, Platform
from simulator.play import Player, Source, Timing, Waves, play, publish
from simulator.recording import Recording
from simulator.transcript import flooded
from simulator.waves.channels import Stretch
from ward import log
from ward.events import EventKind

_HISTORY_EVERY_S = 60.0
_LOCAL = ZoneInfo("Europe/Stockholm")


def fleet(
    platform: Platform,
    entries: Sequence[scenario.Entry],
    timing: Timing,
    *,
    seed: int,
    secret: str,
    history_s: float = 0.0,
    switches: Faults = faults.NONE,
) -> None:
    """Run devices on bodies until the time is up or the process is told to stop.

    Parameters
    ----------
    secret : what every device's password is, with `{device}` in place of its id
    history_s : how much of the time before t = 0 is published first, one reading a minute, as a device does that
        comes back after a lost network
    """
    local = timing.began.astimezone(_LOCAL)
    clock_s = (local - local.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
    players = []
    for entry in entries:
        kit = scenario.kit(entry, seed=seed, clock_s=clock_s, on_at_s=-history_s)
        worn = _Worn(kit, switches, _wire(entry.scenario))
        line = Line(platform, entry.device_id, secret.format(device=entry.device_id), worn.configure)
        player = Player(
            line=line,
            source=worn.samples,
            battery=worn.battery_pct,
            power=worn.is_on,
            network=_network(_wire(entry.scenario)),
            firmware=worn.firmware,
            clock=worn.clock,
            waves=worn.waves,
            happens=_happens(entry.scenario),
        )
        players.append(player)
        if history_s:
            publish(player, worn.history(history_s), timing)
    play(players, timing, total_s=None)


def recordings(
    platform: Platform,
    found: Sequence[Recording],
    device_ids: Sequence[str],
    timing: Timing,
    *,
    secret: str,
    loop: bool = False,
) -> None:
    """Publish recordings, one a device in the order of their names, until they end (or for ever with `loop`).

    Recordings for which there is no device are named and left out, and so are channels whose names say nothing.
    """
    if left := [each.name for each in found[len(device_ids) :]]:
        log.get().warning("recordings_left_out", why="no device to play them; name more with --device", recordings=left)
        found = found[: len(device_ids)]
    for each in found:
        if each.left_out:
            log.get().warning("channels_left_out", recording=each.name, channels=list(each.left_out))
    players = [
        Player(
            line=Line(platform, name, secret.format(device=name)), source=_recorded(each, loop=loop),
            waves=_curves(each, loop=loop),
        )
        for each, name in zip(found, device_ids, strict=False)
    ]  # fmt: skip
    play(players, timing, total_s=None if loop else max(each.length_s for each in found))


class _Worn:
    """A kit on a body, whose sampling plan the platform may change; its sensors go through the fault switches."""

    def __init__(self, kit: Kit, switches: Faults, wire: Wire) -> None:
        self._kit = kit
        self._wire = wire
        self._switches = switches

    def configure(self, payload: bytes) -> str | None:
        """Take a `config` message; return what is wrong with it."""
        changed = device.configured(self._kit, payload)
        if isinstance(changed, str):
            return changed
        self._kit = changed
        return None

    def samples(self, from_s: float, until_s: float) -> Sequence[Sample]:
        """Return what is measured from `from_s` until before `until_s`."""
        found = device.samples(self._kit, from_s, until_s) + flooded(self._kit, self._wire, from_s, until_s)
        if self._switches == faults.NONE:
            return found
        skew_s = self._switches.skew.total_seconds()
        passed = faults.pass_through(self._switches, self._kit.body.seed, found)
        return [replace(each.sample, t_s=each.sample.t_s + skew_s) for each in passed]

    def history(self, back_s: float) -> Sequence[Sample]:
        """Return what was measured before t = 0, thinned out to one value a minute."""
        every_s = {kind: max(each, _HISTORY_EVERY_S) for kind, each in self._kit.plan.every_s.items()}
        thin = replace(self._kit, plan=device.Plan(every_s=MappingProxyType(every_s)))
        return device.samples(thin, -back_s, 0.0)

    def battery_pct(self, at_s: float) -> float:
        """Return the battery's charge, %."""
        return device.battery_pct(self._kit, at_s)

    def is_on(self, at_s: float) -> bool:
        """Tell whether the device has power."""
        return device.is_on(self._kit, at_s)

    def firmware(self, at_s: float) -> str:
        """Return the version that runs."""
        return traits.firmware_at(self._kit.traits, at_s)

    def clock(self, at_s: float) -> float:
        """Return what the device takes an instant for."""
        return traits.told_s(self._kit.traits, at_s)

    def waves(self, from_s: float) -> Sequence[Stretch]:
        """Return ten seconds of each channel of the device."""
        return device_waves.stretches(self._kit, from_s)


def _happens(played: scenario.Scenario) -> list[tuple[float, EventKind]]:
    """Return the events that the scenario's check has the device tell of."""
    told = played.check.happens if played.check is not None else ()
    return [(60.0 * each.minute, EventKind(each.kind)) for each in told]


def _wire(played: scenario.Scenario) -> Wire:
    """Return what the network does by the scenario's check."""
    return played.check.wire if played.check is not None else Wire()


def _network(wire: Wire) -> Callable[[float], bool]:
    """Return when there is a network: not in the minutes in which the wire has none."""
    return lambda at_s: not any(60.0 * start <= at_s < 60.0 * end for start, end in wire.offline)


def _curves(played: Recording, *, loop: bool) -> Waves:
    def waves(from_s: float) -> Sequence[Stretch]:
        place_s = from_s % played.length_s if loop else from_s
        found = recording.ten_seconds(played, place_s)
        return [replace(each, t_s=each.t_s + from_s - place_s) for each in found]

    return waves


def _recorded(played: Recording, *, loop: bool) -> Source:
    def source(from_s: float, until_s: float) -> Sequence[Sample]:
        if not loop:
            return [each for each in played.samples if from_s <= each.t_s < until_s]
        rounds = range(int(from_s // played.length_s), int(until_s // played.length_s) + 1)
        moved = (replace(each, t_s=each.t_s + number * played.length_s) for number in rounds for each in played.samples)
        return [each for each in moved if from_s <= each.t_s < until_s]

    return source
