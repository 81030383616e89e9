"""Players at work: at each tick every device measures what is due and publishes it.

`measured_at` is always a real instant, never ahead of the platform's clock: with a speed of N the bodies live N
seconds in each second. A simulator that is started again with the same beginning goes on with the same story, and
repeats its last minute, which a device would still have had in its memory.
"""

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from simulator.device import Sample
from simulator.device_waves import block_of
from simulator.line import Line
from simulator.traits import FIRMWARE
from simulator.waves.channels import BLOCK_S, Stretch
from ward import log
from ward.clock import SystemClock
from ward.events import DeviceEvent, EventKind
from ward.vitals import Reading
from ward.waveforms import SAMPLE_BYTES, WaveformBlock

_TICK_S = 0.5
_STATUS_S = 60.0
_DRAIN_S = 30.0
_STOP_S = 2.0
_REPEAT_S = 60.0
_BREAK_S = 1.0

Source = Callable[[float, float], Sequence[Sample]]
Waves = Callable[[float], Sequence[Stretch]]
Show = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When t = 0 was or is, how fast the bodies live, and for how many real seconds (None: until stopped)."""

    began: datetime
    speed: float = 1.0
    duration_s: float | None = None


@dataclass(slots=True, kw_only=True)
class Player:
    """One device: where its samples come from, and its line; all of it in body time.

    `waves` gives ten seconds of each channel from an instant on. `battery`, `firmware`, `power` and `network` tell of
    an instant, `clock` what the device takes it for; `happens` are falls and calls, and when.
    """

    line: Line
    source: Source
    battery: Callable[[float], float] = lambda _at_s: 100.0
    power: Callable[[float], bool] = lambda _at_s: True
    network: Callable[[float], bool] = lambda _at_s: True
    firmware: Callable[[float], str] = lambda _at_s: FIRMWARE
    clock: Callable[[float], float] = lambda at_s: at_s
    waves: Waves = lambda _at_s: ()
    happens: Sequence[tuple[float, EventKind]] = ()
    seq: int = 0


def publish(player: Player, samples: Sequence[Sample], timing: Timing, blocks: Sequence[WaveformBlock] = ()) -> None:
    """Give samples their real instants and put them on the line, and blocks with them."""
    readings = []
    for sample in samples:
        told_s = player.clock(sample.t_s)
        after_s = told_s / timing.speed if told_s > 0 else told_s
        at = timing.began + timedelta(milliseconds=round(after_s * 1000))
        player.seq += 1
        readings.append(
            Reading(kind=sample.kind, value=sample.value, measured_at=at, quality=sample.quality, seq=player.seq)
        )
    if readings or blocks:
        player.line.put(readings, blocks)


def play(players: Sequence[Player], timing: Timing, total_s: float | None) -> None:
    """Tick until `total_s` of body time, the duration, or a signal; then wait for the last acknowledgements."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    if total_s is None and timing.duration_s is not None:
        total_s = timing.duration_s * timing.speed
    try:
        with _progress(players, total_s) as show:
            for before_s, now_s in pairwise(_instants(timing, total_s, stopping)):
                for player in players:
                    _tick(player, before_s, now_s, timing)
                show(now_s)
            _drain(players, stopping)
            show(total_s or 0.0)
    finally:
        for player in players:
            player.line.switch_off()
    log.get().info(
        "simulation_ended",
        devices=len(players),
        measured=sum(player.line.buffer.taken for player in players),
        acknowledged=sum(player.line.buffer.acknowledged for player in players),
        blocks=sum(player.line.blocks.taken for player in players),
        blocks_acknowledged=sum(player.line.blocks.acknowledged for player in players),
        rejected=sum(player.line.rejected for player in players),
        waiting=sum(player.line.waiting for player in players),
        dropped=sum(player.line.buffer.dropped + player.line.blocks.dropped for player in players),
    )


def _instants(timing: Timing, total_s: float | None, stopping: threading.Event) -> Iterator[float]:
    """Yield body time: where the story stands, then each tick, and the end exactly."""
    clock = SystemClock()
    now_s = (clock.now() - timing.began).total_seconds() * timing.speed
    yield max(0.0, now_s - _REPEAT_S * timing.speed)
    while not stopping.wait(_TICK_S):
        now_s = (clock.now() - timing.began).total_seconds() * timing.speed
        if total_s is not None and now_s >= total_s:
            yield total_s
            return
        yield now_s


def _tick(player: Player, before_s: float, now_s: float, timing: Timing) -> None:
    on, there = player.power(now_s), player.network(now_s)
    if on and there:
        player.line.switch_on(player.battery(now_s), player.firmware(now_s))
    publish(player, player.source(before_s, now_s), timing, _blocks(player, before_s, now_s, timing))
    if events := _events(player, before_s, now_s, timing):
        player.line.put((), events=events)
    if int(before_s / timing.speed // _STATUS_S) != int(now_s / timing.speed // _STATUS_S):
        player.line.tell(player.battery(now_s), player.firmware(now_s))
    if not there:
        player.line.lose()
    elif not on:
        player.line.switch_off()


def _events(player: Player, before_s: float, now_s: float, timing: Timing) -> list[DeviceEvent]:
    return [
        DeviceEvent(kind=kind, occurred_at=timing.began + timedelta(seconds=player.clock(at_s) / timing.speed))
        for at_s, kind in player.happens
        if before_s <= at_s < now_s
    ]


def _blocks(player: Player, before_s: float, now_s: float, timing: Timing) -> list[WaveformBlock]:
    """Return the blocks that came to an end, each ten real seconds long.

    A heart cannot be shown faster than it beats: at a speed of N, ten seconds of each N times ten are sent, the last of
    them left out, so that what does not belong together is not read as one curve.
    """
    first, last = (int(each / timing.speed // BLOCK_S) for each in (before_s, now_s))
    found = []
    for number in range(first, last):
        began_s = number * BLOCK_S * timing.speed
        ahead_s = (player.clock(began_s) - began_s) / timing.speed
        at = timing.began + timedelta(seconds=number * BLOCK_S + ahead_s)
        for each in player.waves(began_s):
            after = timedelta(seconds=each.t_s - began_s)
            shown = each if timing.speed == 1.0 else _shortened(each, began_s + BLOCK_S - _BREAK_S)
            if shown.samples:
                found.append(block_of(shown, at + after))
    return found


def _shortened(stretch: Stretch, until_s: float) -> Stretch:
    """Return what of a stretch lies before an instant."""
    kept = max(0, round((until_s - stretch.t_s) * stretch.fs_hz))
    return replace(stretch, samples=stretch.samples[: SAMPLE_BYTES * kept])


def _drain(players: Sequence[Player], stopping: threading.Event) -> None:
    """Wait until everything measured is acknowledged: a while, or, told to stop, a moment."""
    wait_s = _STOP_S if stopping.is_set() else _DRAIN_S
    stopping.clear()
    for _ in range(round(wait_s / 0.05)):
        if not any(player.line.waiting for player in players) or stopping.wait(0.05):
            return


def _progress(players: Sequence[Player], total_s: float | None) -> AbstractContextManager[Show]:
    return _bar(players, total_s) if sys.stdout.isatty() else _quiet()


@contextmanager
def _quiet() -> Iterator[Show]:
    yield lambda _now_s: None


@contextmanager
def _bar(players: Sequence[Player], total_s: float | None) -> Iterator[Show]:
    """Show how far it is, and what has been acknowledged, on a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=total_s)

        def show(now_s: float) -> None:
            measured = sum(player.line.buffer.taken for player in players)
            acknowledged = sum(player.line.buffer.acknowledged for player in players)
            said = f"{len(players)} devices, {acknowledged} of {measured} readings acknowledged"
            progress.update(task, completed=now_s, description=said)

        yield show
