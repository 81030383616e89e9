"""What is known of a kind before anything is known of the person: one table, and nothing computed.

`accuracy` is the smallest standard deviation that is believed of a handful of readings, from what such sensors resolve
and hold: pulse rate to 2 /min and SpO2 to 2 % (Arms of good finger probes; ISO 80601-2-61 asks for 4 %), temperature to
0.1 Cel (ISO 80601-2-56 laboratory accuracy 0.3), cuff pressure to 3 mm[Hg] (ISO 81060-2: sd of at most 8 against a
person). `day`, `night` and `spread` are a grown-up at rest; `low` and `high` bound what is accepted as somebody's own
normal: outside them NEWS2 (RCP 2017, Chart 1) gives 2 points or more, on scale 2 for SpO2. Nights: heart rate and
pressure dip, pressure by 10-20 % (O'Brien 1988, Lancet 2:397); temperature by some 0.3 Cel.
All of it is this project's proposal, to be confirmed by whoever is clinically responsible where it is run.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ward.vitals import VitalKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm:
    """Constants of a kind, all in its canonical unit.

    day, night : centre where there is no personal one; spread : standard deviation between a person's hours
    least_spread : a personal spread is at least this; accuracy : see the module; low, high : a centre is held inside
    """

    day: float
    night: float
    spread: float
    least_spread: float
    accuracy: float
    low: float
    high: float


NORMS: Final = MappingProxyType(
    {
        VitalKind.HEART_RATE: Norm(day=75, night=66, spread=9, least_spread=4, accuracy=2, low=45, high=110),
        VitalKind.RESP_RATE: Norm(day=16, night=15, spread=2.5, least_spread=1.2, accuracy=1, low=9, high=24),
        VitalKind.SPO2: Norm(day=96, night=95.5, spread=1.5, least_spread=1, accuracy=1, low=86, high=100),
        VitalKind.TEMPERATURE: Norm(
            day=36.8, night=36.5, spread=0.35, least_spread=0.2, accuracy=0.1, low=35.5, high=38
        ),
        VitalKind.SYSTOLIC: Norm(day=128, night=114, spread=12, least_spread=6, accuracy=3, low=95, high=200),
        VitalKind.DIASTOLIC: Norm(day=76, night=66, spread=8, least_spread=4, accuracy=3, low=45, high=110),
        VitalKind.MEAN_PRESSURE: Norm(day=93, night=82, spread=9, least_spread=4, accuracy=3, low=65, high=140),
    }
)
