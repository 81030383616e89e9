"""The platform's own condition: what strains it so that its alarms may come too late. Pure.

One verdict for the worker that tells the operator, for the API that says whether the board can be relied on, and for
`hemvakt check`. It says nothing of a patient.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from ward.alerts import Priority
from ward.selfcheck import Waiting, Walk, is_ahead, late_since

# The project's choices. A reading goes through in less than a second; a minute late is a fault of ours.
LATEST = timedelta(seconds=60)
SILENT_AFTER = timedelta(seconds=60)
LEAST_FREE_BYTES = 1 << 30
# An alert that has come to nobody is gone on with at once, to whoever is next; after so long all of them were tried.
UNTOLD_AFTER: Mapping[Priority, timedelta] = MappingProxyType(
    {Priority.HIGH: timedelta(minutes=2), Priority.MEDIUM: timedelta(minutes=30)}
)
# What a board depends on; and the board itself, of which only others can tell that it is gone.
NEEDED = ("ingest", "alerting")
WATCHED = (*NEEDED, "api")


class Part(StrEnum):
    """What can be strained; a service by its own name, so that each that falls silent is told."""

    NO_INGEST = "ingest"
    NO_ALERTING = "alerting"
    NO_API = "api"
    INGEST = "ingest_lag"
    EVALUATION = "evaluation_lag"
    DISK = "disk"
    UNTOLD = "untold"


NAMES: Mapping[Part, str] = MappingProxyType(
    {
        Part.NO_INGEST: "ingest",
        Part.NO_ALERTING: "alerting",
        Part.NO_API: "the api",
        Part.INGEST: "readings on their way to the store",
        Part.EVALUATION: "what waits for alerting",
        Part.DISK: "the disk",
        Part.UNTOLD: "who is told of alerts",
    }
)
"""What each is called where it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What an alarm needs on its way from a reading to people; the words are those of `Strain`."""

    beats: Mapping[str, datetime]
    held_since: datetime | None
    behind: timedelta
    waiting: Waiting
    walk: Walk | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Strain:
    """What the store tells of the platform.

    `beats` has the newest sign of life of each service, `held_since` when the oldest message came that an ingest has
    not stored yet, `behind` how far alerting is behind; `free_bytes` is None where the disk is not ours to see.
    `untold` has since when each alert rings that has come to nobody for longer than `UNTOLD_AFTER`.
    """

    beats: Mapping[str, datetime]
    held_since: datetime | None
    behind: timedelta
    free_bytes: int | None
    untold: Sequence[datetime] = ()


def is_silent(beat_at: datetime | None, now: datetime, after: timedelta) -> bool:
    """Tell whether a service has not been heard for so long.

    A sign of life that lies ahead of now was given by a clock that was wrong, and says nothing of how long ago.
    """
    return beat_at is None or now - beat_at > after or is_ahead(beat_at, now)


def complaints(strain: Strain, now: datetime) -> dict[Part, str]:
    """Return what is strained beyond what can be relied on, in words for the operator."""
    found: dict[Part, str] = {
        Part(name): f"no sign of life of {name}"
        for name in WATCHED
        if is_silent(strain.beats.get(name), now, SILENT_AFTER)
    }
    if strain.held_since is not None and now - strain.held_since > LATEST:
        found[Part.INGEST] = f"readings wait for the store for {_seconds(now - strain.held_since)}"
    if strain.behind > LATEST:
        found[Part.EVALUATION] = f"alerting is {_seconds(strain.behind)} behind"
    if strain.free_bytes is not None and strain.free_bytes < LEAST_FREE_BYTES:
        found[Part.DISK] = f"the disk of the store has {strain.free_bytes >> 20} MiB left"
    if strain.untold:
        minutes = (now - min(strain.untold)) // timedelta(minutes=1)
        alerts = "alert has" if len(strain.untold) == 1 else "alerts have"
        found[Part.UNTOLD] = f"{len(strain.untold)} {alerts} reached nobody, by screen or telephone, for {minutes} min"
    return found


def in_doubt_since(way: Way, now: datetime) -> datetime | None:
    """Return since when an alarm may fail to come, None while all is well. A disk that fills keeps none back yet.

    What has never been heard of since the platform was made is in doubt from now on.
    """
    silent = [way.beats.get(name) for name in NEEDED if is_silent(way.beats.get(name), now, SILENT_AFTER)]
    found = [now if at is None or is_ahead(at, now) else at for at in silent]
    if way.held_since is not None and now - way.held_since > LATEST:
        found.append(way.held_since)
    if way.behind > LATEST:
        found.append(now - way.behind)
    if way.walk is not None and way.walk.fault is not None:
        found.append(min(way.walk.started_at, now))
    if (late := late_since(way.waiting, now)) is not None:
        found.append(late)
    return min(found, default=None)


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s"
