"""The judge of the fault runs sees every way in which a store can differ from what the devices were told."""

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from benchmarks import fault_ledger
from benchmarks.fault_ledger import Entry, Ledger, Verdict
from tests.fix_ward import Ward
from ward.clock import SystemClock, from_us, to_us

NOTHING_WRONG: dict[str, int] = {}


def an_entry(ward: Ward, number: int, *, nobody: bool = False) -> Entry:
    """Return a reading of the first bed's device, of so many minutes ago."""
    at = SystemClock().now().replace(microsecond=number) - timedelta(minutes=number)
    bed = ward.beds[0]
    stay_id = None if nobody else bed.stay_id
    return Entry(
        device_no=bed.device_no, number=number, kind=3, measured_us=to_us(at), value=90.5 + number, stay_id=stay_id
    )


def store(ward: Ward, entry: Entry, *, stay_id: int | None = None, value: float | None = None) -> None:
    """Put a reading into the store, and what is newest of its stay and kind beside it."""
    row = (
        entry.stay_id if stay_id is None else stay_id,
        entry.kind,
        from_us(entry.measured_us),
        entry.device_no,
        entry.value if value is None else value,
        from_us(entry.measured_us),
    )
    columns = "(stay_id, kind, measured_at, device_no, value, received_at, validity) values (%s, %s, %s, %s, %s, %s, 0)"
    with psycopg.connect(ward.database_url) as conn:
        conn.execute(f"insert into reading {columns}".encode(), row)
        conn.execute(
            f"insert into latest_reading as l {columns} on conflict (stay_id, kind) do update"
            " set measured_at = greatest(l.measured_at, excluded.measured_at)".encode(),
            row,
        )


def judged(ward: Ward, folder: Path, measured: list[Entry], told: list[Entry]) -> Verdict:
    """Return the verdict on a ledger."""
    ledger = Ledger(folder)
    ledger.note_measured(measured)
    ledger.note_told(told)
    ledger.close()
    return fault_ledger.judge(ward.database_url, ledger.measured_path, ledger.told_path)[0]


def test_store_that_holds_what_was_promised_is_well(ward: Ward, tmp_path: Path) -> None:
    """What was acknowledged is there once; what was not may be there or not; nobody's is nowhere."""
    entries = [an_entry(ward, number, nobody=number == 4) for number in range(1, 5)]
    store(ward, entries[0])
    store(ward, entries[1])

    verdict = judged(ward, tmp_path, entries, [entries[0], entries[0], entries[3]])

    assert verdict.faults() == NOTHING_WRONG
    assert (verdict.published, verdict.acknowledged, verdict.stored, verdict.never) == (4, 2, 2, 1)


def test_missing_reading_is_seen(ward: Ward, tmp_path: Path) -> None:
    """A reading that was acknowledged and is not stored is missing."""
    entries = [an_entry(ward, 1), an_entry(ward, 2)]
    store(ward, entries[0])

    assert judged(ward, tmp_path, entries, entries).faults() == {"missing": 1}


def test_reading_under_another_patient_is_seen(ward: Ward, tmp_path: Path) -> None:
    """A reading that lies under a stay whose it was not is under the wrong patient, acknowledged or not."""
    entry = an_entry(ward, 1)
    store(ward, entry, stay_id=ward.beds[1].stay_id)

    assert judged(ward, tmp_path, [entry], []).faults() == {"wrong_patient": 1}


def test_nobody_s_reading_in_the_store_is_seen(ward: Ward, tmp_path: Path) -> None:
    """A reading of a moment at which nobody wore the device must not be anybody's."""
    entry = an_entry(ward, 1, nobody=True)
    store(ward, entry, stay_id=ward.beds[0].stay_id)

    assert judged(ward, tmp_path, [entry], [entry]).faults() == {"wrong_patient": 1}


def test_doubled_reading_is_seen(ward: Ward, tmp_path: Path) -> None:
    """A reading that lies under two stays is stored twice, and once of it under the wrong patient."""
    entry = an_entry(ward, 1)
    store(ward, entry)
    store(ward, entry, stay_id=ward.beds[1].stay_id)

    assert judged(ward, tmp_path, [entry], [entry]).faults() == {"doubled": 1, "wrong_patient": 1}


def test_altered_reading_is_seen(ward: Ward, tmp_path: Path) -> None:
    """A value that is another than the device's is wrong."""
    entry = an_entry(ward, 1)
    store(ward, entry, value=entry.value + 0.5)

    assert judged(ward, tmp_path, [entry], [entry]).faults() == {"wrong_value": 1}


def test_reading_that_nobody_published_is_seen(ward: Ward, tmp_path: Path) -> None:
    """What is stored and in no ledger is unknown."""
    store(ward, an_entry(ward, 1))

    assert judged(ward, tmp_path, [], []).faults() == {"unknown": 1}


def test_newest_value_that_is_not_the_newest_is_seen(ward: Ward, tmp_path: Path) -> None:
    """The newest value of a kind that lags behind the readings is stale."""
    entry = an_entry(ward, 1)
    store(ward, entry)
    with psycopg.connect(ward.database_url) as conn:
        conn.execute("update latest_reading set measured_at = measured_at - interval '1 second'")

    assert judged(ward, tmp_path, [entry], [entry]).faults() == {"stale_latest": 1}


@pytest.mark.parametrize(("reason", "faults"), [("conflict", {"conflicts": 1}), ("wrong_unit", NOTHING_WRONG)])
def test_repeat_taken_for_a_conflict_is_seen(ward: Ward, tmp_path: Path, reason: str, faults: dict[str, int]) -> None:
    """A conflict in the quarantine is a fault, for no device of a run ever contradicts itself."""
    with psycopg.connect(ward.database_url) as conn:
        conn.execute(
            "insert into quarantine (received_at, topic, reason, detail, payload, payload_sha256, payload_bytes)"
            " values (now(), 't', %s, '', '', '', 0)",
            (reason,),
        )

    assert judged(ward, tmp_path, [], []).faults() == faults
