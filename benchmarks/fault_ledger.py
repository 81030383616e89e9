"""What the devices of a fault run published and what was acknowledged to them, and whether the store agrees.

The ledger is two files that a device writes to, before it publishes and when it is told. The verdict is one pass over
them and the table of readings; it asks nothing of the product's own notions (bindings, counters, repeats). The
invariant: a reading is in the ledger before its first byte leaves the device.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.rows import class_row

_NULL = r"\N"  # as COPY reads it
_LEDGER = """
create temp table ledger (
    device_no bigint, number bigint, kind smallint, measured_us bigint, value float8, stay_id bigint
);
create temp table told (device_no bigint, number bigint);
"""
# One row a reading of the ledger. `stay_id` null: nobody wore the device then, so that it may be stored nowhere.
_JUDGE = """
create temp table judged as
with acknowledged as (select distinct device_no, number from told)
select l.device_no, l.number, l.kind, l.measured_us, l.stay_id, a.number is not null as acknowledged,
    count(r.stay_id) as rows,
    count(*) filter (where r.stay_id is not null and r.stay_id is distinct from l.stay_id) as elsewhere,
    count(*) filter (where r.value is distinct from l.value and r.stay_id is not null) as altered
from ledger l
left join acknowledged a using (device_no, number)
left join reading r on r.device_no = l.device_no and r.kind = l.kind
    and r.measured_at = timestamptz 'epoch' + l.measured_us * interval '1 microsecond'
group by 1, 2, 3, 4, 5, 6
"""
_VERDICT = """
select count(*) as published, count(*) filter (where acknowledged) as acknowledged,
    (select count(*) from reading) as stored,
    count(*) filter (where acknowledged and rows = 0 and stay_id is not null) as missing,
    count(*) filter (where rows > 1) as doubled,
    count(*) filter (where elsewhere > 0) as wrong_patient,
    count(*) filter (where altered > 0) as wrong_value,
    count(*) filter (where not acknowledged and rows = 0 and stay_id is not null) as never,
    (select count(*) from reading) - coalesce(sum(rows), 0)::bigint as unknown,
    (select count(*) from quarantine where reason = 'conflict') as conflicts,
    (select count(*) from (
        select distinct on (stay_id, kind) stay_id, kind, measured_at from reading
        order by stay_id, kind, measured_at desc
    ) newest full join latest_reading l using (stay_id, kind)
    where newest.measured_at is distinct from l.measured_at) as stale_latest,
    (select count(*) from (
        select from alert where state <> 'resolved' group by stay_id, rule having count(*) > 1
    ) twice) as doubled_alerts
from judged
"""
_WORST = """
select format('device %s number %s kind %s measured_us %s stay %s: acknowledged %s, rows %s, elsewhere %s, altered %s',
    device_no, number, kind, measured_us, stay_id, acknowledged, rows, elsewhere, altered)
from judged
where (acknowledged and rows = 0 and stay_id is not null) or rows > 1 or elsewhere > 0 or altered > 0
order by device_no, number limit 50
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One reading as its device made it; `number` counts up in a device, `stay_id` is None for nobody's."""

    device_no: int
    number: int
    kind: int
    measured_us: int
    value: float
    stay_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Counts of readings, but for `conflicts` (rows of the quarantine), `stale_latest` (stays and kinds) and alerts.

    `never` are readings of which nobody said that they are stored, and that are not; `unknown` are stored readings that
    no device published; `stored` counts rows.
    """

    published: int
    acknowledged: int
    stored: int
    missing: int
    doubled: int
    wrong_patient: int
    wrong_value: int
    never: int
    unknown: int
    conflicts: int
    stale_latest: int
    doubled_alerts: int

    def faults(self) -> dict[str, int]:
        """Return what must be 0 and is not."""
        names = (
            "missing", "doubled", "wrong_patient", "wrong_value", "unknown",
            "conflicts", "stale_latest", "doubled_alerts",
        )  # fmt: skip
        return {name: count for name in names if (count := getattr(self, name))}


class Ledger:
    """The two files; every line is handed to the system before the call returns.

    `on_told` is told of what was acknowledged.
    """

    def __init__(self, folder: Path, on_told: Callable[[list[Entry]], None] | None = None) -> None:
        self._on_told = on_told
        self.measured_path, self.told_path = folder / "ledger.tsv", folder / "acknowledged.tsv"
        self._measured = self.measured_path.open("w", encoding="ascii")
        self._told = self.told_path.open("w", encoding="ascii")
        self.measured = 0
        self.acknowledged = 0

    def close(self) -> None:
        """Close the files."""
        self._measured.close()
        self._told.close()

    def note_measured(self, entries: list[Entry]) -> None:
        """Write readings down that are about to be published."""
        for e in entries:
            stay = _NULL if e.stay_id is None else e.stay_id
            self._measured.write(f"{e.device_no}\t{e.number}\t{e.kind}\t{e.measured_us}\t{e.value!r}\t{stay}\n")
        self._measured.flush()
        self.measured += len(entries)

    def note_told(self, entries: list[Entry]) -> None:
        """Write down that readings were acknowledged."""
        self._told.writelines(f"{e.device_no}\t{e.number}\n" for e in entries)
        self._told.flush()
        self.acknowledged += len(entries)
        if self._on_told is not None:
            self._on_told(entries)


def judge(database_url: str, measured: Path, told: Path) -> tuple[Verdict, list[str]]:
    """Compare the ledger's files with the store.

    Returns
    -------
    tuple
        The counts, and a line for each of the first fifty readings that are not as they must be.
    """
    with psycopg.connect(database_url) as conn:
        conn.execute(_LEDGER)
        for table, path in (("ledger", measured), ("told", told)):
            with (
                conn.cursor() as cursor,
                cursor.copy(f"copy {table} from stdin".encode()) as copy,
                path.open("rb") as f,
            ):
                while block := f.read(1 << 20):
                    copy.write(block)
        conn.execute("analyze ledger, told")
        conn.execute(_JUDGE)
        verdict = conn.cursor(row_factory=class_row(Verdict)).execute(_VERDICT).fetchone()
        worst = [str(row[0]) for row in conn.execute(_WORST).fetchall()]
    if verdict is None:
        raise AssertionError("a count gives a row")
    return verdict, worst


def quarantined(database_url: str) -> dict[str, int]:
    """Return how many rows the quarantine holds for each reason."""
    with psycopg.connect(database_url) as conn:
        rows = conn.execute("select reason, count(*) from quarantine group by 1 order by 1").fetchall()
    return {str(reason): int(count) for reason, count in rows}
