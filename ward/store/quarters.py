"""Readings of many stays by the quarter of an hour or by the hour, in one statement: what rules with a long memory read.

Aggregates where they are right, readings everywhere else, as in `ward.store.series`, but for a batch of stays and out
of one snapshot, so that no hour is counted twice or not at all while `rolled_until` moves. The invariant: the answer is
that of the readings, sums to the last digits of a double, the rest exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
from psycopg import sql

from ward.people import StayId
from ward.store.columns import FLOAT8, INT2, INT4, INT8, TIMESTAMPTZ
from ward.store.copied import rows
from ward.store.pool import Connection
from ward.store.rollups import HOUR, LEVELS, Level
from ward.vitals import USABLE

_TYPES = {
    "place": INT4, "kind": INT2, "start_us": TIMESTAMPTZ, "count": INT8, "total": FLOAT8, "low": FLOAT8, "high": FLOAT8,
}  # fmt: skip
