"""The platform's own condition: what strains it so that its alarms may come too late. Pure.

One verdict for the worker that tells the operator, for the API that says whether the board can be relied on, and for
`hemvakt check`. It says nothing of a patient.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# The project's choices. A reading goes through in less than a second; a minute late is a fault of ours.
LATEST = timedelta(seconds=60)
SILENT_AFTER = timedelta(seconds=60)
LEAST_FREE_BYTES = 1 << 30
NEEDED = ("ingest", "alerting")


class Part(StrEnum):
    """What can be strained."""

    SERVICE = "service"
    INGEST = "ingest_lag"
    EVALUATION = "evaluation_lag"
    DISK = "disk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strain:
    """What the store tells of the platform.

    `beats` has the newest sign of life of each service, `held_since` when the oldest message came that an ingest has
    not stored yet, `behind` how far alerting is behind; `free_bytes` is None where the disk is not ours to see.
    """

    beats: Mapping[str, datetime]
    held_since: datetime | None
    behind: timedelta
    free_bytes: int | None


def complaints(strain: Strain, now: datetime) -> dict[Part, str]:
    """Return what is strained beyond what can be relied on, in words for the operator."""
    found: dict[Part, str] = {}
    silent = [name for name in NEEDED if name not in strain.beats or now - strain.beats[name] > SILENT_AFTER]
    if silent:
        found[Part.SERVICE] = f"no sign of life of {' and '.join(silent)}"
    if strain.held_since is not None and now - strain.held_since > LATEST:
        found[Part.INGEST] = f"readings wait for the store for {_seconds(now - strain.held_since)}"
    if strain.behind > LATEST:
        found[Part.EVALUATION] = f"alerting is {_seconds(strain.behind)} behind"
    if strain.free_bytes is not None and strain.free_bytes < LEAST_FREE_BYTES:
        found[Part.DISK] = f"the disk of the store has {strain.free_bytes >> 20} MiB left"
    return found


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s"
