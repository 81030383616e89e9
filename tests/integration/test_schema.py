"""`ward/store/schema.sql` is the sum of the migrations: read it to know the tables, change it by a migration only.

It is what `pg_dump` says of a migrated store, without what differs from day to day (the partitions by
time, the tool's own settings and comments).
"""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from ward.store import embedded, migrate

pytestmark = pytest.mark.integration
SCHEMA = Path(migrate.__file__).with_name("schema.sql")
_HEAD = """\
-- The whole schema of the store on plain PostgreSQL: the sum of migrations/, made from a migrated store and proved
-- equal to it by tests/integration/test_schema.py. Never edited by hand, never applied: `hemvakt migrate` applies
-- the migrations. Partitions by time are left out. With TimescaleDB `reading` is a hypertable, `rollup_…` are views.
"""
_NOISE = re.compile(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*)\n", re.MULTILINE)


def _dump(database_url: str) -> str:
    """Return the schema of a database as text that is the same for the same schema."""
    program = embedded._programs(None) / "pg_dump"
    options = ["--schema-only", "--no-owner", "--no-privileges", "--exclude-table=*_20[0-9][0-9]*"]
    done = subprocess.run([program, *options, database_url], capture_output=True, text=True, check=True)
    return _HEAD + "\n" + re.sub(r"\n{2,}", "\n\n", _NOISE.sub("", done.stdout)).strip() + "\n"


@pytest.fixture(autouse=True)
def _plain(database_url: str) -> None:
    """Skip on TimescaleDB and on older servers: `schema.sql` is plain PostgreSQL in the words of the embedded one."""
    with psycopg.connect(database_url) as conn:
        if conn.execute("select from pg_extension where extname = 'timescaledb'").fetchone() is not None:
            pytest.skip("schema.sql is that of plain PostgreSQL")
        major = conn.info.server_version // 10_000
    if major != embedded._version(embedded._programs(None) / "postgres"):
        pytest.skip(f"PostgreSQL {major} says the same schema in other words")


def test_schema_file_is_current(database_url: str, golden: Callable[[Path, str], None]) -> None:
    """schema.sql says what a store looks like after every migration."""
    golden(SCHEMA, _dump(database_url))


def test_schema_file_is_complete(empty_url: str) -> None:
    """An empty database that is given schema.sql has the very schema that schema.sql states."""
    with psycopg.connect(empty_url, autocommit=True) as conn:
        conn.execute(SCHEMA.read_bytes())

    assert _dump(empty_url) == SCHEMA.read_text(encoding="utf-8")


def test_schema_file_names_no_day(database_url: str) -> None:
    """A migrated store has partitions for days, and the schema file does not tell on which day it was made."""
    with psycopg.connect(database_url) as conn:
        row = conn.execute("select count(*) from pg_class where relname ~ '^reading_[0-9]{8}$'").fetchone()

    assert row is not None
    assert row[0] > 0
    assert re.search(r"reading_[0-9]", SCHEMA.read_text(encoding="utf-8")) is None
