"""The statements of `docs/operating.md`, run against a real store as an operator would paste them."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from onebox.environment import PROJECT
from tests.fix_ward import Ward

pytestmark = pytest.mark.integration
PAGE = Path(__file__).resolve().parents[2] / "docs" / "operating.md"
BLOCKS: list[str] = re.findall(r"^```sql\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def _for(ward: Ward, text: str) -> bytes:
    """Return a block with the page's device and stay replaced by the first bed's device and the second bed's stay."""
    worn, free = ward.beds[0], ward.beds[1]
    return text.replace("'kit-17'", f"'{worn.device_id}'").replace(" 42,", f" {free.stay_id},").encode()


def _one(text: str) -> str:
    (found,) = [block for block in BLOCKS if text in block]
    return found


def test_quarantine_can_be_looked_at(ward: Ward) -> None:
    """The page's questions to the quarantine are good SQL."""
    with psycopg.connect(ward.database_url) as conn:
        for statement in _one("from quarantine").split(";"):
            if statement.strip():
                conn.execute(statement.encode())


def test_h26_lost_device_is_revoked(ward: Ward) -> None:
    """The page's statement for a lost device revokes that one alone."""
    revoke, _ = _one("revoked_at").split("begin;")
    with psycopg.connect(ward.database_url, autocommit=True) as conn:
        conn.execute(_for(ward, revoke))
        rows = conn.execute("select device_id from device where revoked_at is not null").fetchall()

    assert rows == [(ward.beds[0].device_id,)]


def test_h06_device_moves_to_another_patient(ward: Ward) -> None:
    """The page's statements end the old binding at the instant at which the new one begins, and tell ingest."""
    _, move = _one("update binding").split("begin;")
    own = "from binding where device_no = %s order by lower(period)"
    with psycopg.connect(ward.database_url, autocommit=True) as conn:
        version = conn.execute("select version from registry_version").fetchone()
        conn.execute(b"begin;" + _for(ward, move))
        rows = conn.execute(
            f"select stay_id, lower(period), upper(period) {own}".encode(), (ward.beds[0].device_no,)
        ).fetchall()

        assert [row[0] for row in rows] == [ward.beds[0].stay_id, ward.beds[1].stay_id]
        assert rows[0][2] == rows[1][1]
        assert rows[1][2] is None
        assert conn.execute("select version from registry_version").fetchone() != version


def _commands(heading: str) -> list[list[str]]:
    """Return the commands of ours in the shell blocks of a section, as arguments."""
    text = PAGE.read_text(encoding="utf-8")
    start = text.index(f"# {heading}\n")
    section = re.split(r"^#+ ", text[start + 2 :], maxsplit=1, flags=re.MULTILINE)[0]
    blocks = re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert [line for line in lines if not line.startswith("./hemvakt ")] == []
    return [shlex.split(line, comments=True)[1:] for line in lines]


def _do(ward: Ward, folder: Path, arguments: list[str], typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command of the page on the test's store; databases beside it have names of the test's own."""
    name = ward.database_url.rpartition("/")[2]
    return subprocess.run(
        [sys.executable, str(PROJECT / "hemvakt.py"), *(each.replace("hemvakt_", f"{name}_") for each in arguments)],
        cwd=folder, env={**os.environ, "HEMVAKT_DATABASE_URL": ward.database_url},  # noqa: TID251 - handed on
        input=typed, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_backup_brings_back_what_was_there(ward: Ward, tmp_path: Path) -> None:
    """The page's commands save a store, rehearse, and bring it back after something was lost, when one says yes."""
    (save,), drill, (restore,) = _commands("Backup and upgrade"), _commands("Restore drill"), _commands("Restore")
    count = "select count(*) from plan"
    saved = _do(ward, tmp_path, save)
    with psycopg.connect(ward.database_url, autocommit=True) as conn:
        conn.execute("delete from plan")
    rehearsed = [_do(ward, tmp_path, each) for each in drill]
    with psycopg.connect(ward.database_url) as conn:
        assert conn.execute(count.encode()).fetchone() == (0,)
    declined, restored = _do(ward, tmp_path, restore, "n\n"), _do(ward, tmp_path, restore, "y\n")
    kept = re.search(r"--forget (\S+)", restored.stdout)
    assert kept is not None
    forgotten = _do(ward, tmp_path, ["restore", "--forget", kept[1], "--yes"])

    assert [each.returncode for each in (saved, *rehearsed, declined, restored, forgotten)] == [0] * 6
    assert "0 readings, schema 0" in saved.stdout
    assert "plans" in rehearsed[0].stdout
    assert "Nothing has changed." in declined.stdout
    with psycopg.connect(ward.database_url) as conn:
        assert conn.execute(count.encode()).fetchone() == (len(ward.beds),)
        left = conn.execute("select count(*) from pg_database where datname like current_database() || '\\_%'")
        assert left.fetchone() == (0,)


def test_check_is_as_the_page_says(ward: Ward, tmp_path: Path) -> None:
    """Each form of the check runs, and its exit code says that no service has run here."""
    done = [_do(ward, tmp_path, arguments) for arguments in _commands("Is all well?")]

    assert [each.returncode for each in done] == [1, 1, 1]
    assert "fail   ingest: has never run" in done[0].stdout
    assert '"healthy":false' in done[1].stdout
    assert [each.stderr for each in done] == ["", "", ""]


def test_record_is_exported_as_the_page_says(ward: Ward, tmp_path: Path) -> None:
    """The page's command for a patient's record writes one."""
    (command,) = _commands("A patient's record")

    assert _do(ward, tmp_path, command).returncode == 0
    assert (tmp_path / "record.zip").stat().st_size > 0
