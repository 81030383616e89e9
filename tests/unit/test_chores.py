"""What must be renewed or done again: told in time, told as urgent when there is little left, and not before."""

from datetime import UTC, datetime, timedelta

import pytest

from api.platform_figures import _chores
from tests.unit.test_figures import read
from ward import figures
from ward.chores import Chores, Deed, Due, Ending, Kind, Run, due

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def a_run(deed: Deed, ago: timedelta, fault: str | None = None) -> Run:
    """A run that took a minute."""
    began = NOW - ago
    return Run(deed=deed, began_at=began, ended_at=began + timedelta(minutes=1), fault=fault)


BACKUP, DRILL, LISTS = a_run(Deed.BACKUP, HOUR), a_run(Deed.REHEARSAL, DAY), a_run(Deed.LISTS, HOUR)


def a_store(
    *endings: Ending, backup: Run = BACKUP, drill: Run = DRILL, lists: Run = LISTS, failed: Run | None = None
) -> Chores:
    """An old store in which everything was done, but for what is given."""
    newest = {run.deed: run for run in (backup, drill, *((failed,) if failed else ()))}
    return Chores(made_at=NOW - 400 * DAY, endings=endings, newest=list(newest.values()), good=[backup, drill, lists])


def ending(kind: Kind, left: timedelta, holder: str = "here") -> Ending:
    """A certificate with so much left."""
    return Ending(kind=kind, holder=holder, ends_at=NOW + left)


def brief(found: list[Due]) -> list[tuple[str, bool]]:
    """What is due, and whether it is urgent."""
    return [(each.what.value, each.urgent) for each in found]


@pytest.mark.parametrize(
    ("left", "told"),
    [(30 * DAY, []), (29 * DAY, [False]), (7 * DAY, [False]), (6 * DAY, [True]), (-DAY, [True])],
)
@pytest.mark.parametrize("kind", list(Kind))
def test_certificate_is_told_a_month_ahead_and_urgent_in_the_last_week(
    kind: Kind, left: timedelta, told: list[bool]
) -> None:
    """Thirty days are time, and seven are not; one that has ended is the most urgent of all."""
    assert brief(due(a_store(ending(kind, left)), NOW)) == [(kind.value, urgent) for urgent in told]


def test_words_name_the_day_and_the_devices() -> None:
    """Whoever reads it knows which, when, and what to do; of many devices the first five."""
    kits = [ending(Kind.DEVICE, timedelta(days=number, hours=1), f"kit-{number}") for number in range(1, 8)]
    devices, page = due(a_store(*kits, ending(Kind.PAGE, -DAY), ending(Kind.DEVICE, 40 * DAY, "kit-9")), NOW)

    assert devices.said == (
        "devices' certificates: kit-1 ends 2026-11-23, in 1 days, kit-2 ends 2026-11-24, in 2 days, kit-3 ends"
        " 2026-11-25, in 3 days, kit-4 ends 2026-11-26, in 4 days, kit-5 ends 2026-11-27, in 5 days and 2 more"
    )
    assert page.said == "the page's certificate ended 2026-11-21"
    assert "certificates.md" in page.todo


def test_old_backup_is_told_from_the_twenty_seventh_hour() -> None:
    """A night's backup that is late is told, one that is away for a week is urgent, and one that failed is at once."""
    assert due(a_store(backup=a_run(Deed.BACKUP, 26 * HOUR)), NOW) == []
    assert brief(due(a_store(backup=a_run(Deed.BACKUP, 27 * HOUR)), NOW)) == [("backup", False)]
    assert brief(due(a_store(backup=a_run(Deed.BACKUP, 8 * DAY)), NOW)) == [("backup", True)]
    (failed,) = due(a_store(failed=a_run(Deed.BACKUP, timedelta(0), "MaintenanceFailed")), NOW)
    assert (failed.what, failed.urgent) == (Deed.BACKUP, True)
    assert failed.said == "the backup of 2026-11-22 12:00Z failed (MaintenanceFailed); the newest backup is 60 min old"


def test_rehearsal_is_told_after_a_month() -> None:
    """A restore that nobody has tried for 35 days is told, and one that failed is urgent."""
    assert due(a_store(drill=a_run(Deed.REHEARSAL, 35 * DAY)), NOW) == []
    assert brief(due(a_store(drill=a_run(Deed.REHEARSAL, 36 * DAY)), NOW)) == [("rehearsal", False)]
    assert brief(due(a_store(failed=a_run(Deed.REHEARSAL, HOUR, "ConfigError")), NOW)) == [("rehearsal", True)]


def test_h36_lists_on_paper_are_missed_after_three_hours() -> None:
    """Two hours' lists may fail to come; when the newest must not be used any more it is urgent."""
    assert due(a_store(lists=a_run(Deed.LISTS, 3 * HOUR)), NOW) == []
    (late,) = due(a_store(lists=a_run(Deed.LISTS, 4 * HOUR)), NOW)
    assert (late.what, late.urgent, late.said) == (Deed.LISTS, False, "the newest fallback lists are 4 h old")
    assert brief(due(a_store(lists=a_run(Deed.LISTS, 25 * HOUR)), NOW)) == [("fallback_lists", True)]


def test_what_was_never_done_is_as_old_as_the_store() -> None:
    """A store of today need not have a backup yet; one of yesterday must."""
    assert due(Chores(made_at=NOW - HOUR), NOW) == []
    backup, lists = due(Chores(made_at=NOW - 30 * HOUR), NOW)
    assert (lists.said, lists.urgent) == ("no fallback lists have ever been made", False)
    assert backup.said == "there has never been a backup of this store, which is 30 h old"
    assert brief(due(Chores(made_at=NOW - 36 * DAY), NOW)) == [
        ("backup", True),
        ("rehearsal", False),
        ("fallback_lists", False),
    ]


def test_figures_tell_the_first_of_each_kind_and_no_device() -> None:
    """Prometheus hears when the first certificate of a kind ends, how old things are, and whether one failed."""
    chores = a_store(
        ending(Kind.DEVICE, 5 * DAY, "kit-1"),
        ending(Kind.DEVICE, 4 * DAY, "kit-2"),
        failed=a_run(Deed.BACKUP, timedelta(0), "MaintenanceFailed"),
    )
    told = read(figures.text(_chores(chores, NOW)))

    assert told == {
        ("hemvakt_certificate_ends_timestamp_seconds", frozenset({("of", "device")})): (NOW + 4 * DAY).timestamp(),
        ("hemvakt_backup_age_seconds", frozenset()): 3600.0,
        ("hemvakt_backup_failed", frozenset()): 1.0,
        ("hemvakt_restore_rehearsal_age_seconds", frozenset()): 86400.0,
        ("hemvakt_fallback_lists_age_seconds", frozenset()): 3600.0,
    }
