"""What a crowd of patients is measured to have: cheap values, not bodies (those are `simulator.physiology`). Pure.

Everybody is well, each at levels of their own with a little noise. Some fall ill again and again: their pulse leaps
beyond the hard ceiling of every plan for a few minutes, which is to ring at once. The invariant: a value depends on
(seed, device, message) alone, and who is ill when on (seed, device, instant) alone.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.noise import Stream, normal, uniform
from ward.errors import ConfigError
from ward.vitals import VITALS, VitalKind

KINDS: Final = (
    VitalKind.HEART_RATE,
    VitalKind.SPO2,
    VitalKind.RESP_RATE,
    VitalKind.TEMPERATURE,
    VitalKind.SYSTOLIC,
)
_LOW: Final = (58.0, 96.0, 13.0, 36.4, 118.0)
_HIGH: Final = (82.0, 98.0, 17.0, 37.2, 138.0)
_SPREAD: Final = (2.0, 0.5, 0.8, 0.05, 3.0)
ILL_PULSE: Final = 185
"""Beats a minute of who is ill: beyond the ceiling of the programmes' plans."""
_DRAWN: Final = 8192
# 57 % of 200 are 114, and not one fewer for being 113.99999.
_ROUNDING: Final = 1e-9
BEHIND_MS: Final = 1000
"""Readings of one kind in one message are so far apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Illness:
    """Who falls ill and when: a `share` of the patients, for `lasts_s` out of every `every_s`, each at another time.

    Before `begins_s` everybody is well; then some are in the middle of theirs.
    """

    share: float = 0.0
    every_s: float = 1200.0
    lasts_s: float = 240.0
    begins_s: float = 60.0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not 0.0 <= self.share <= 1.0:
            raise ConfigError(f"the share of the ill is {self.share}; expected 0 to 1")
        if not 0.0 < self.lasts_s < self.every_s:
            raise ConfigError(
                f"an illness lasts {self.lasts_s:g} s of every {self.every_s:g} s; expected less, and some"
            )


WELL: Final = Illness()


class Crowd:
    """The patients of `devices` devices, numbered from 0."""

    def __init__(self, seed: int, devices: int, illness: Illness = WELL) -> None:
        who = np.arange(devices)
        self._levels = [
            (low + (high - low) * uniform(seed + place, Stream.PHASE, who)).tolist()
            for place, (low, high) in enumerate(zip(_LOW, _HIGH, strict=True))
        ]
        self._noise = normal(seed, Stream.FORM, np.arange(_DRAWN)).tolist()
        self._illness = illness
        drawn = uniform(seed + len(KINDS), Stream.PHASE, who)
        # Spread evenly: so many of every hundred are ill, whichever hundred.
        until = np.floor(np.arange(devices + 1) * illness.share + _ROUNDING)
        self._ill = (until[1:] > until[:-1]).tolist()
        self._phase_s = (drawn * illness.every_s).tolist()

    def ill(self, device: int, t_s: float) -> bool:
        """Tell whether the patient of a device is ill, `t_s` seconds after the beginning."""
        illness = self._illness
        since_s = (t_s + self._phase_s[device]) % illness.every_s
        return bool(self._ill[device]) and t_s >= illness.begins_s and since_s < illness.lasts_s

    def rings(self, device: int, number: int, t_s: float, readings: int) -> bool | None:
        """Tell whether the pulse in a message is that of an illness; None where the message has no pulse."""
        return self.ill(device, t_s) if -number % len(KINDS) < readings else None

    def payload(self, device: int, number: int, t_s: float, at_ms: int, readings: int) -> bytes:
        """Return the JSON of a device's message.

        Parameters
        ----------
        device, number : which device, and which of its messages, from 0
        t_s : seconds since the beginning
        at_ms : what the device's clock says, ms since 1970
        readings : how many: kinds in turn, those that come again measured a second earlier each
        """
        ill = self.ill(device, t_s)
        parts = [self._reading(device, number, place, at_ms, ill) for place in range(readings)]
        return (parts[0] if readings == 1 else f"[{','.join(parts)}]").encode()

    def _reading(self, device: int, number: int, place: int, at_ms: int, ill: bool) -> str:  # noqa: FBT001 - private
        kind = (number + place) % len(KINDS)
        told_ms = at_ms - BEHIND_MS * (place // len(KINDS))
        if ill and not kind:
            value: float = ILL_PULSE
        else:
            noise = self._noise[(device * 7919 + number * 31 + place * 1013) % _DRAWN]
            value = round(self._levels[kind][device] + _SPREAD[kind] * noise, _DIGITS[kind])
        return f'{{"kind":"{_NAMES[kind]}","value":{value},"unit":"{_UNITS[kind]}","measured_at":{told_ms}}}'


_NAMES: Final = tuple(str(kind) for kind in KINDS)
_UNITS: Final = tuple(VITALS[kind].unit for kind in KINDS)
_DIGITS: Final = tuple(VITALS[kind].decimals for kind in KINDS)
