"""The statements of `docs/operating.md`, run against a real store as an operator would paste them."""

import re
import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.fix_ward import Ward
from ward.store import embedded

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


def test_backup_brings_back_what_was_there(ward: Ward, tmp_path: Path) -> None:
    """The page's commands save a store, and bring it back after something was lost."""
    save, restore = re.findall(
        r"^```sh\n((?:bin=|\"\$bin).*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    database = ward.database_url.rpartition("/")[2]
    (tmp_path / "url").write_text(ward.database_url, encoding="utf-8")

    def run(commands: str) -> None:
        own = re.sub(r"^bin=.*$", f"bin='{embedded._programs(None)}'", commands, flags=re.MULTILINE)
        own = re.sub(r"\bhemvakt\b(?!\.dump)", database, own.replace(".hemvakt/up/database_url", "url"))
        subprocess.run(["sh", "-euc", f"store=$(cat url)\n{own}"], cwd=tmp_path, check=True)

    run(save)
    with psycopg.connect(ward.database_url, autocommit=True) as conn:
        conn.execute("delete from plan")
    run(f"bin=\n{restore}")

    with psycopg.connect(ward.database_url) as conn:
        assert conn.execute("select count(*) from plan").fetchone() == (len(ward.beds),)
        assert conn.execute("select current_database()").fetchone() == (database,)
