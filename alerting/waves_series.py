"""Features of waveforms out of the store, as the columns that rules look at.

Not here: what follows from them (`alerting.rules.rhythm`, `alerting.rules.sensors`). The invariant: features
are there for as long before what has not been judged yet as the rules over them look back.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.features import Signal
from alerting.rules import rhythm, sensors
from ward.people import StayId
from ward.store import wave_features
from ward.store.pool import Connection
from ward.wave_features import BY_CODE, CODES, Strip, WaveFeature

LOOK_BACK: Final = timedelta(seconds=max(rhythm.LOOK_BACK_S, sensors.LOOK_BACK_S))
NEEDED: Final = (*{each for several in rhythm.SERIES.values() for each in several}, *sensors.CHANNELS.values())
"""Heart and pulse rates are for people to look at; no rule reads them."""
_CODES: Final = sorted(CODES[each] for each in NEEDED)


async def read(conn: Connection, stay_ids: Sequence[StayId], from_at: Sequence[datetime]) -> dict[WaveFeature, Signal]:
    """Return the features of these stays since `LOOK_BACK` before what was not judged yet; most stays have none."""
    since = [at - LOOK_BACK for at in from_at]
    found = await wave_features.rows(conn, stay_ids, since, _CODES)
    if not len(found):
        return {}
    strips = await wave_features.strips(conn, stay_ids, since, _CODES)
    return {BY_CODE[code]: _signal(found, code, strips, len(stay_ids)) for code in np.unique(found["feature"]).tolist()}


def _signal(found: npt.NDArray[np.void], code: int, strips: Mapping[tuple[int, int, int], Strip], stays: int) -> Signal:
    rows = found[found["feature"] == code]
    keys = zip(rows["place"].tolist(), rows["at_us"].tolist(), strict=True) if strips else ()
    return Signal(
        t_s=rows["at_us"] / 1e6,
        value=rows["value"],
        quality=rows["quality"],
        reasons=rows["reasons"].astype(np.int64),
        offsets=np.searchsorted(rows["place"], np.arange(stays + 1)).astype(np.int64),
        strips={
            row: strips[place, code, at_us] for row, (place, at_us) in enumerate(keys) if (place, code, at_us) in strips
        },
    )
