"""What a rule says over time: the verdicts of a batch of stays as ragged columns on event time.

Pure. A rule over readings is one function, `judge(batch) -> Track`, that knows no clock: it says what holds from each
instant on if nothing newer comes, so live evaluation reads the track at now, the next row tells when time alone
changes something, a late reading shows up as rows in the past, and a back-test reads the whole of it.

The invariants, each a property test of every rule: causal (judging what was measured until t and all of it agree until
t), bounded (readings older than the rule's look-back before t do not change what is said from t on), and apart (a
stay's rows do not depend on the others of the batch).
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from alerting.features import Floats, Ints

Verdicts = npt.NDArray[np.int8]


class Verdict(IntEnum):
    """What is said from an instant on; from LOW it is a finding, and its number less `FINDING` its priority."""

    UNKNOWN = 0
    QUIET = 1
    PENDING = 2
    LOW = 3
    MEDIUM = 4
    HIGH = 5


FINDING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One rule's verdicts over `m` stays, stay after stay; before its first row a stay is UNKNOWN.

    offsets : (m + 1,) int64, stay `i` owns rows `[offsets[i], offsets[i + 1])`
    from_s : (k,) float64, seconds since 1970, strictly rising within a stay; a row holds until the next one
    verdict : (k,) int8, `Verdict`
    began_s : (k,) float64, since when what is found has been there; NaN for UNKNOWN and QUIET
    place : (k,) int64, the reading that speaks for it, in the series that the rule's evidence reads; -1 for none
    """

    offsets: Ints
    from_s: Floats
    verdict: Verdicts
    began_s: Floats
    place: Ints
