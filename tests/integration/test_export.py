"""Everything about one patient: all of it, nobody else's, private, and of one instant."""

import csv
import io
import json
import os
import stat
import subprocess
import sys
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from onebox import export
from onebox.environment import PROJECT
from onebox.readme import FILES
from tests.fix_digest import fill
from tests.fix_ward import Ward
from tests.integration.test_waveforms import DAY, LATER, SIGNAL, a_block, add, in_store, rows_of
from ward.errors import ConfigError, NotFound
from ward.fhir import codes
from ward.store.pool import Connection
from ward.store.waveform_compaction import compact

pytestmark = pytest.mark.integration
fhir_model: Any = import_module("fhir.resources.R4B").get_fhir_model_class  # its types would be checked with ours


@pytest.fixture
def full(ward: Ward) -> Ward:
    """A ward with something in every table."""
    fill(ward)
    return ward


def change(ward: Ward, statement: str) -> None:
    """Change something."""
    with psycopg.connect(ward.database_url) as conn:
        conn.execute(statement.encode())


def exported(ward: Ward, folder: Path, bed: int = 1, **limits: datetime) -> dict[str, str]:
    """Export a patient; return the text of each file."""
    out = folder / "record"
    given = str(ward.beds[bed].patient_id)
    export.run(ward.database_url, given, out, limits.get("start"), limits.get("end"))
    return {path.name: path.read_text(encoding="utf-8") for path in out.iterdir()}


def table(files: dict[str, str], name: str) -> list[dict[str, str]]:
    """Read a CSV file."""
    return list(csv.DictReader(io.StringIO(files[name], newline="")))


def observations(files: dict[str, str]) -> list[dict[str, object]]:
    """Read the Observations."""
    return [json.loads(line) for line in files["observations.ndjson"].splitlines()]


def test_export_holds_everything_of_the_patient(full: Ward, tmp_path: Path) -> None:
    """Each table has as many lines as the store has rows of this patient, and the Observations as many readings."""
    files = exported(full, tmp_path)

    counts = {name: len(table(files, name)) for name in files if name.endswith(".csv")}
    assert counts == {
        "readings.csv": 600, "scores.csv": 20, "alerts.csv": 1, "alert_events.csv": 2, "stays.csv": 1,
        "teams.csv": 1, "bindings.csv": 1, "quarantine.csv": 1, "device_events.csv": 1, "notifications.csv": 1,
        "timeline.csv": 1,
    }  # fmt: skip
    assert len(observations(files)) == 600
    assert len(files["scores.ndjson"].splitlines()) == 20
    assert [each["version"] for each in json.loads(files["plans.json"])["versions"]] == [1]


def test_h06_export_holds_nothing_of_anybody_else(full: Ward, tmp_path: Path) -> None:
    """Neither another patient's number nor another device or stay is in any file."""
    files = exported(full, tmp_path)
    everything = "".join(files.values())

    mine, others = full.beds[1], (full.beds[0], full.beds[2])
    assert "194001019802" in everything
    assert [number for number in ("194001019801", "194001019803") if number in everything] == []
    assert [each.device_id for each in others if f"{each.device_id}" in everything] == []
    assert {line["stay_id"] for line in table(files, "readings.csv")} == {str(mine.stay_id)}


def test_h06_refused_message_of_a_shared_device_is_withheld(full: Ward, tmp_path: Path) -> None:
    """What a device sent that another patient has worn too is named, but not shown: it may be the other's."""
    change(
        full,
        "update binding set period = tstzrange(lower(period), now() - interval '1 day') where stay_id = 3;"
        "insert into binding (device_no, stay_id, period)"
        " select device_no, 2, tstzrange(now() - interval '1 hour', null) from binding where stay_id = 3",
    )

    own, shared = sorted(table(exported(full, tmp_path), "quarantine.csv"), key=lambda line: line["device_id"])

    assert (own["device_id"], own["detail"], own["payload"]) == ("hv-2", "spo2 20", "e30=")
    assert (shared["device_id"], shared["detail"], shared["payload"]) == ("hv-3", "", "")
    assert shared["payload_sha256"] == own["payload_sha256"]


def test_export_holds_every_sample_once(full: Ward, tmp_path: Path) -> None:
    """Waveforms come in pieces of ten minutes, whole ones and compacted ones alike, and nobody else's."""
    blocks = [a_block(number) for number in (*range(70), *range(80, 90))]  # a bit more than ten minutes, and a gap

    async def store(conn: Connection) -> None:
        await add(conn, rows_of(full.beds[1], blocks[:62]))
        await compact(conn, LATER, 100)
        await add(conn, [*rows_of(full.beds[1], blocks[62:]), *rows_of(full.beds[0], blocks[:3])])

    in_store(full, store)
    told = [json.loads(line) for line in exported(full, tmp_path)["waveforms.ndjson"].splitlines()]

    samples = [np.array(each["valueSampledData"]["data"].split(), np.int16) for each in told]
    expected = [SIGNAL[begin * 2500 : end * 2500] for begin, end in ((0, 60), (60, 70), (80, 90))]
    assert [each["effectivePeriod"]["start"] for each in told] == [
        codes.instant(DAY + timedelta(seconds=10 * begin)) for begin in (0, 60, 80)
    ]
    for got, wanted in zip(samples, expected, strict=True):
        np.testing.assert_array_equal(got, wanted)
    sampled = told[0]["valueSampledData"]
    assert (sampled["period"], sampled["factor"], sampled["origin"]["value"]) == (4.0, 0.00488, 0.0)
    assert {each["subject"]["reference"] for each in told} == {f"Patient/{full.beds[1].patient_id}"}
    for each in told:
        fhir_model("Observation").model_validate(each)


def test_waveforms_of_the_time_that_was_asked_for(full: Ward, tmp_path: Path) -> None:
    """With limits, the samples from the first until before the second are there, also out of the middle of a block."""

    async def store(conn: Connection) -> None:
        await add(conn, rows_of(full.beds[1], [a_block(number) for number in range(3)]))

    in_store(full, store)
    start, end = DAY + timedelta(seconds=5), DAY + timedelta(seconds=25)
    (told,) = exported(full, tmp_path, start=start, end=end)["waveforms.ndjson"].splitlines()

    samples = np.array(json.loads(told)["valueSampledData"]["data"].split(), np.int16)
    np.testing.assert_array_equal(samples, SIGNAL[5 * 250 : 25 * 250])


def test_csv_and_fhir_tell_the_same(full: Ward, tmp_path: Path) -> None:
    """Every usable reading has the same value, unit and time in both forms."""
    files = exported(full, tmp_path)

    lines = {
        (line["loinc"], line["measured_at"], float(line["value"]), line["unit"])
        for line in table(files, "readings.csv")
    }
    told = set()
    for each in observations(files):
        code, quantity = each["code"], each["valueQuantity"]
        assert isinstance(code, dict)
        assert isinstance(quantity, dict)
        told.add((code["coding"][0]["code"], each["effectiveDateTime"], quantity["value"], quantity["code"]))
    assert told == lines
    assert len(told) == 600


def test_bundle_is_whole_and_its_references_lead_somewhere(full: Ward, tmp_path: Path) -> None:
    """The Bundle is JSON with every resource once, and whatever it or an Observation refers to is in it."""
    files = exported(full, tmp_path)
    bundle = json.loads(files["patient.json"])

    names = [f"{each['resource']['resourceType']}/{each['resource']['id']}" for each in bundle["entry"]]
    assert len(names) == len(set(names))
    assert {name.partition("/")[0] for name in names} == {
        "Patient", "Organization", "Encounter", "CareTeam", "Device", "DeviceUseStatement", "DetectedIssue",
    }  # fmt: skip
    assert [each["fullUrl"] for each in bundle["entry"]] == [f"{codes.OWN}/{name}" for name in names]
    referred = {part.partition('"')[0] for text in files.values() for part in text.split('"reference":"')[1:]}
    assert referred - set(names) == set()
    assert "Syremättnad 84 % under gränsen 88 %" in files["patient.json"]


def test_only_the_time_that_was_asked_for(full: Ward, tmp_path: Path) -> None:
    """With limits, what was measured from the first until before the second is there, and nothing else."""
    with psycopg.connect(full.database_url) as conn:
        rows = conn.execute(
            "select measured_at from reading where stay_id = 2 and kind = 1 order by measured_at"
        ).fetchall()
    files = exported(full, tmp_path, start=rows[10][0], end=rows[20][0])

    told = sorted({line["measured_at"] for line in table(files, "readings.csv")})
    assert len(table(files, "readings.csv")) == 30
    assert told[0] == codes.instant(rows[10][0])
    assert told[-1] == codes.instant(rows[19][0])
    assert len(observations(files)) == 30
    assert f"{rows[10][0]:%Y-%m-%d %H:%M}Z" in files["README.txt"]


def test_record_is_private_and_appears_whole(full: Ward, tmp_path: Path) -> None:
    """Nobody else may read a folder or ZIP file, both hold the same, and a page says what each file is."""
    given = str(full.beds[0].patient_id)
    for name in ("record", "record.zip"):
        export.run(full.database_url, given, tmp_path / name, None, None)
    folder, archive = tmp_path / "record", tmp_path / "record.zip"

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["record", "record.zip"]
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        assert set(opened.namelist()) == {path.name for path in folder.iterdir()} == set(FILES)
        assert opened.read("readings.csv") == (folder / "readings.csv").read_bytes()
    assert set(FILES) == {output.name for output in export.OUTPUTS}


def test_formula_in_a_note_is_only_text(full: Ward, tmp_path: Path) -> None:
    """A note that a spreadsheet would take for a formula is quoted, and reads the same otherwise."""
    notes = [line["note"] for line in table(exported(full, tmp_path), "alert_events.csv")]

    assert notes == ["", '\'=ringer hem, "åter" kl 10;']


@pytest.mark.parametrize("given", ["194001019802", "19400101-9802", " 19400101-9802\n"])
def test_personal_number_finds_the_patient(full: Ward, tmp_path: Path, given: str) -> None:
    """A personal number, with or without its sign, is as good as the id."""
    found = export.run(full.database_url, given, tmp_path / "record", None, None)

    assert found == full.beds[1].patient_id


@pytest.mark.parametrize(("given", "error"), [("999", NotFound), ("Testa", ConfigError), ("194001019899", NotFound)])
def test_unknown_patient_leaves_nothing(full: Ward, tmp_path: Path, given: str, error: type[Exception]) -> None:
    """Who is not there, or is named otherwise, is an error in words, and no folder or file is left."""
    for name in ("record", "record.zip"):
        with pytest.raises(error):
            export.run(full.database_url, given, tmp_path / name, None, None)

    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(full: Ward, tmp_path: Path) -> None:
    """A folder or file that is there stays as it is."""
    (tmp_path / "record.zip").write_text("precious")

    with pytest.raises(ConfigError, match="there already"):
        export.run(full.database_url, "1", tmp_path / "record.zip", None, None)
    assert (tmp_path / "record.zip").read_text() == "precious"


def test_command_takes_no_personal_number_as_argument(full: Ward, tmp_path: Path) -> None:
    """A personal number is read from standard input; as an argument it is refused and not repeated."""
    environment = {**os.environ, "HEMVAKT_DATABASE_URL": full.database_url}  # noqa: TID251 - handed on

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(PROJECT / "hemvakt.py"), "export", *arguments],
            input="19400101-9802\n", env=environment, cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip

    refused, done = command("19400101-9802", "--out", "a"), command("-", "--out", "b.zip", "--to", "2100-01-01")

    assert (refused.returncode, "hemvakt export -" in refused.stderr) == (2, True)
    assert "19400101" not in f"{refused.stderr}{refused.stdout}{done.stdout}{done.stderr}"
    assert (done.returncode, [path.name for path in tmp_path.iterdir()]) == (0, ["b.zip"])
    assert f"patient {full.beds[1].patient_id} is in b.zip" in done.stdout


def test_long_record_needs_little_memory(full: Ward, tmp_path: Path) -> None:
    """The whole of a long record is never in memory: five times as many readings need about as much of it."""

    def peak(name: str) -> int:
        tracemalloc.start()
        export.run(full.database_url, "1", tmp_path / name, None, None)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    many = "select 1, 6, timestamptz '{day}' + n * interval '1 second', 1, 120, now(), 0, null"
    day = datetime.now(UTC).date()  # noqa: TID251 - a day that has a partition
    grow = f"insert into reading {many.format(day=day)} from generate_series(1, {{count}}) n on conflict do nothing"
    change(full, grow.format(count=4_000))
    short = peak("short.zip")
    change(full, grow.format(count=20_000))
    long = peak("long.zip")

    assert long < 1.2 * short
