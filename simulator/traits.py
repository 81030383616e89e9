"""What is peculiar about a device: the `[device]` of a scenario file, and what follows from it at an instant. Pure.

Minutes are those of the simulation. The invariant: a device of no peculiarities (`ORDINARY`) has the right time, sends
what it measures in the units it names, and stays on whom it was put on.
"""

from typing import Annotated, Final, Literal

import msgspec
import numpy as np

from simulator.noise import Bools, Floats
from simulator.waves.channels import CHANNELS
from ward.vitals import VITALS, VitalKind

FIRMWARE: Final = "1.2.0"

Minutes = Annotated[float, msgspec.Meta(ge=0)]
Span = tuple[Minutes, Minutes]
FirmwareName = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Wearer(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Somebody else who wears the device from a minute until another: kits were swapped. `baseline` is theirs."""

    since: Minutes
    until: Minutes
    seed: int = 1
    baseline: dict[str, float] = {}


class Traits(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A device's peculiarities.

    `every_s` is its own sampling plan, where it differs; `waves` names the channels it sends in blocks. `firmware` is
    replaced from a minute on (`updates`). The clock gains `drift_ppm` microseconds a second, and from a minute on of
    `jumps` it is so many seconds ahead (less than 0: behind). `unlabelled` kinds are measured in that unit and sent as
    if in the right one, where `unlabelled_since` is given from that minute on. A cuff inflates for `cuff_s` before each
    pressure; on the arm of the oximeter nothing is seen of the pulse meanwhile. `off` are the minutes in which nobody
    wears it, `worn_by` who else does.
    """

    every_s: dict[VitalKind, Annotated[float, msgspec.Meta(ge=1)]] = {}
    waves: tuple[str, ...] = ()
    firmware: FirmwareName = FIRMWARE
    updates: tuple[tuple[Minutes, FirmwareName], ...] = ()
    drift_ppm: Annotated[float, msgspec.Meta(ge=-100_000, le=100_000)] = 0.0
    jumps: tuple[tuple[Minutes, float], ...] = ()
    unlabelled: dict[VitalKind, str] = {}
    unlabelled_since: Minutes | None = None
    cuff_arm: Literal["other", "oximeter"] = "other"
    cuff_s: Annotated[float, msgspec.Meta(ge=5, le=180)] = 40.0
    off: tuple[Span, ...] = ()
    worn_by: tuple[Wearer, ...] = ()


ORDINARY: Final = Traits()


def faults(traits: Traits) -> str | None:
    """Return what is wrong with peculiarities beyond their form, None where nothing is."""
    if unknown := set(traits.waves) - set(CHANNELS):
        return f"waves has unknown {', '.join(sorted(unknown))}; expected {', '.join(CHANNELS)}"
    for kind, unit in traits.unlabelled.items():
        if unit not in VITALS[kind].units:
            return f"unlabelled.{kind} is {unit!r}; expected one of {', '.join(VITALS[kind].units)}"
    spans = (*traits.off, *((each.since, each.until) for each in traits.worn_by))
    if wrong := [span for span in spans if span[0] >= span[1]]:
        return f"a span ends before it begins: {wrong[0][0]:g} to {wrong[0][1]:g}"
    for name, steps in (("updates", traits.updates), ("jumps", traits.jumps)):
        if [minute for minute, _ in steps] != sorted(minute for minute, _ in steps):
            return f"{name} must go forward in time"
    return None


def told_s(traits: Traits, t_s: float) -> float:
    """Return what the device's clock says, s of simulated time, when it is `t_s`."""
    ahead_s = 0.0
    for minute, seconds in traits.jumps:
        ahead_s = seconds if 60.0 * minute <= t_s else ahead_s
    return t_s + ahead_s + 1e-6 * traits.drift_ppm * max(t_s, 0.0)


def firmware_at(traits: Traits, t_s: float) -> str:
    """Return the version that runs at an instant."""
    runs = traits.firmware
    for minute, version in traits.updates:
        runs = version if 60.0 * minute <= t_s else runs
    return runs


def inside(spans: tuple[Span, ...], t_s: Floats) -> Bools:
    """Tell which instants lie in a span of minutes, (n,)."""
    found = np.zeros(len(t_s), bool)
    for since, until in spans:
        found |= (60.0 * since <= t_s) & (t_s < 60.0 * until)
    return found


def unlabelled(traits: Traits, kind: VitalKind, values: Floats, t_s: Floats) -> Floats:
    """Return the numbers that the device sends for values in the canonical unit, measured at these instants."""
    if kind not in traits.unlabelled:
        return values
    factor, offset = VITALS[kind].units[traits.unlabelled[kind]]
    since_s = -np.inf if traits.unlabelled_since is None else 60.0 * traits.unlabelled_since
    return np.where(t_s >= since_s, np.round((values - offset) / factor, 1), values)
