"""What must be renewed or done again before it is too late: certificates, backups, rehearsals, fallback lists. Pure.

One verdict for `hemvakt check`, `/readyz`, the figures, the operator's page and the platform's message to its operator.
It names devices by their ids, and nobody. The invariant: what nobody has ever done is as old as the store.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# The project's choices: a month to renew in, and a week that an authority may need; a night's backup that is two hours
# late; a rehearsal each month;
# lists on paper each hour, of which two may fail to come.
SOON = timedelta(days=30)
NOW_OR_NEVER = timedelta(days=7)
BACKUP_OLD = timedelta(hours=26)
BACKUP_LOST = timedelta(days=7)
REHEARSAL_OLD = timedelta(days=35)
LISTS_OLD = timedelta(hours=3)
# So long a list on paper may be used; it says so itself.
LISTS_GOOD_FOR = timedelta(hours=24)
_MOST_NAMED = 5


class Kind(StrEnum):
    """What a certificate is for; the values are those of the column."""

    ENDPOINT = "endpoint"
    DEVICES_AUTHORITY = "devices_authority"
    DEVICE = "device"
    BROKER = "broker"
    BROKER_AUTHORITY = "broker_authority"
    INGEST = "ingest"
    PAGE = "page"


class Deed(StrEnum):
    """What an operator, or a timer, does again and again."""

    BACKUP = "backup"
    REHEARSAL = "rehearsal"
    LISTS = "fallback_lists"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """When a certificate ends; `holder` is the process that uses it, or the device that comes with it."""

    kind: Kind
    holder: str
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A backup, a rehearsal or a writing of all lists that has ended; `fault` is how it failed, None of a good one."""

    deed: Deed
    began_at: datetime
    ended_at: datetime
    as_of: datetime | None = None
    size_bytes: int | None = None
    readings: int | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chores:
    """What the store knows: certificates, the newest run of each deed, and its newest good one; since when it is."""

    made_at: datetime
    endings: Sequence[Ending] = ()
    newest: Sequence[Run] = ()
    good: Sequence[Run] = ()

    def failed(self, deed: Deed) -> Run | None:
        """Return the newest run if it failed."""
        return next((run for run in self.newest if run.deed is deed and run.fault is not None), None)

    def last(self, deed: Deed) -> datetime | None:
        """Return when the newest good run began: what came later is not in it."""
        return next((run.began_at for run in self.good if run.deed is deed), None)

    def age(self, deed: Deed, now: datetime) -> timedelta:
        """Return how old the newest good run is, or the store where there is none."""
        return max(timedelta(0), now - (self.last(deed) or self.made_at))

    def first(self, kind: Kind) -> datetime | None:
        """Return when the first certificate of a kind ends."""
        return min((each.ends_at for each in self.endings if each.kind is kind), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something that must be done; `urgent` where it is nearly too late or has failed. `said` and `todo` in words."""

    what: Kind | Deed
    urgent: bool
    said: str
    todo: str


_NAMES = {
    Kind.ENDPOINT: "the endpoint's certificate",
    Kind.DEVICES_AUTHORITY: "the authority of devices' certificates",
    Kind.BROKER: "the broker's certificate",
    Kind.BROKER_AUTHORITY: "the authority of the broker's certificate",
    Kind.INGEST: "ingest's own certificate at the broker",
    Kind.PAGE: "the page's certificate",
}
_RENEW = "renew it: docs/certificates.md"


def due(chores: Chores, now: datetime) -> list[Due]:
    """Return what must be done, certificates first."""
    return [*_certificates(chores, now), *_backup(chores, now), *_rehearsal(chores, now), *_lists(chores, now)]


def _certificates(chores: Chores, now: datetime) -> Iterator[Due]:
    for kind in Kind:
        ends_at = chores.first(kind)
        if ends_at is None or ends_at - now >= SOON:
            continue
        said = _of_devices(chores, now) if kind is Kind.DEVICE else f"{_NAMES[kind]} {_ends(ends_at, now)}"
        yield Due(what=kind, urgent=ends_at - now < NOW_OR_NEVER, said=said, todo=_RENEW)


def _of_devices(chores: Chores, now: datetime) -> str:
    ending = sorted(
        (each for each in chores.endings if each.kind is Kind.DEVICE and each.ends_at - now < SOON),
        key=lambda each: (each.ends_at, each.holder),
    )
    named = [f"{each.holder} {_ends(each.ends_at, now)}" for each in ending[:_MOST_NAMED]]
    more = f" and {len(ending) - _MOST_NAMED} more" if len(ending) > _MOST_NAMED else ""
    return f"devices' certificates: {', '.join(named)}{more}"


def _ends(ends_at: datetime, now: datetime) -> str:
    days = (ends_at - now).days
    day = f"{ends_at:%Y-%m-%d}"
    return f"ended {day}" if ends_at <= now else f"ends {day}, in {days} days"


def _backup(chores: Chores, now: datetime) -> Iterator[Due]:
    age, failed = chores.age(Deed.BACKUP, now), chores.failed(Deed.BACKUP)
    if failed is not None:
        said = f"the backup of {failed.began_at:%Y-%m-%d %H:%M}Z failed ({failed.fault}); {_newest(chores, now)}"
        yield Due(what=Deed.BACKUP, urgent=True, said=said, todo="mend it and run it again: hemvakt backup FILE")
    elif age > BACKUP_OLD:
        todo = "see what became of the timer; hemvakt backup FILE"
        yield Due(what=Deed.BACKUP, urgent=age > BACKUP_LOST, said=_newest(chores, now), todo=todo)


def _newest(chores: Chores, now: datetime) -> str:
    age = span(chores.age(Deed.BACKUP, now))
    if chores.last(Deed.BACKUP) is None:
        return f"there has never been a backup of this store, which is {age} old"
    return f"the newest backup is {age} old"


def _rehearsal(chores: Chores, now: datetime) -> Iterator[Due]:
    age, failed = chores.age(Deed.REHEARSAL, now), chores.failed(Deed.REHEARSAL)
    todo = "hemvakt restore FILE --into hemvakt_drill"
    if failed is not None:
        said = f"the rehearsal of a restore of {failed.began_at:%Y-%m-%d %H:%M}Z failed ({failed.fault})"
        yield Due(what=Deed.REHEARSAL, urgent=True, said=said, todo=f"find out why, and again: {todo}")
    elif age > REHEARSAL_OLD:
        never = "no restore has ever been rehearsed" if chores.last(Deed.REHEARSAL) is None else ""
        said = never or f"the newest rehearsal of a restore is {span(age)} old"
        yield Due(what=Deed.REHEARSAL, urgent=False, said=said, todo=todo)


def _lists(chores: Chores, now: datetime) -> Iterator[Due]:
    age, never = chores.age(Deed.LISTS, now), chores.last(Deed.LISTS) is None
    if age <= (LISTS_GOOD_FOR if never else LISTS_OLD):
        return
    said = "no fallback lists have ever been made" if never else f"the newest fallback lists are {span(age)} old"
    todo = "see what became of the timer; hemvakt fallback-list --folder FOLDER"
    yield Due(what=Deed.LISTS, urgent=not never and age > LISTS_GOOD_FOR, said=said, todo=todo)


def span(age: timedelta) -> str:
    """Say how old something is: minutes up to two hours, hours up to three days, then days."""
    if age < timedelta(hours=2):
        return f"{age.total_seconds() / 60:.0f} min"
    return f"{age.total_seconds() / 3600:.0f} h" if age < timedelta(days=3) else f"{age.days} days"
