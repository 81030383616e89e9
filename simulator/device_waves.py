"""The waveform blocks of a worn kit: ten seconds of each channel it has, as its sensors see whoever wears it. Pure.

Not here: what the channels draw (`waves.channels`), sending. The invariant: a block depends on (kit, first instant)
alone; what a sensor cannot see is a flat line, never a gap in a block.
"""

from dataclasses import replace
from datetime import datetime

import numpy as np

from simulator import traits
from simulator.device import Kit, powered, squeezed
from simulator.noise import Bools, Floats
from simulator.physiology import Body
from simulator.waves.channels import BLOCK_S, CHANNELS, Channel, Stretch, sampled
from ward.clock import to_us
from ward.waveforms import WaveformBlock, WaveKind


def stretches(kit: Kit, from_s: float) -> list[Stretch]:
    """Return ten seconds of each channel of the device from an instant on; none of a device without power or wearer."""
    found = []
    for name in kit.traits.waves:
        channel = CHANNELS[name]
        first, count = round(from_s * channel.fs_hz), round(BLOCK_S * channel.fs_hz)
        t_s = (first + np.arange(count)) / channel.fs_hz
        if powered(kit.body, t_s).all() and not traits.inside(kit.traits.off, t_s).all():
            found.append(_seen(kit, channel, first, t_s))
    return found


def _seen(kit: Kit, channel: Channel, first: int, t_s: Floats) -> Stretch:
    stretch = sampled(_wearer(kit, t_s[0]), channel, first, len(t_s))
    blind = _blind(kit, channel, t_s)
    if not blind.any():
        return stretch
    samples = np.frombuffer(stretch.samples, "<i2").copy()
    samples[blind] = 0
    return replace(stretch, samples=samples.tobytes())


def _blind(kit: Kit, channel: Channel, t_s: Floats) -> Bools:
    """Tell at which samples the sensor sees nothing of the body: not worn, or its blood stopped by a cuff."""
    blind = traits.inside(kit.traits.off, t_s) & (channel.kind is not WaveKind.ACCEL)
    return blind | squeezed(kit, t_s) if channel.kind is WaveKind.PPG else blind


def _wearer(kit: Kit, at_s: float) -> Body:
    worn = [each for each in kit.others if each.since_s <= at_s < each.until_s]
    return worn[0].body if worn else kit.body


def block_of(stretch: Stretch, at: datetime) -> WaveformBlock:
    """Return samples as a block that begins at an instant."""
    return WaveformBlock(
        kind=stretch.kind,
        lead=stretch.lead,
        measured_us=to_us(at),
        fs_hz=stretch.fs_hz,
        unit=stretch.unit,
        scale=stretch.scale,
        offset=stretch.offset,
        samples=stretch.samples,
    )
