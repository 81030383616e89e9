"""The store's own promises, on a real PostgreSQL."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from ward.errors import ConfigError
from ward.store import migrate
from ward.store.pool import connect, pool

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    """A second migration finds everything applied."""
    assert asyncio.run(migrate.migrate(database_url, NOW)) == []


def test_altered_migration_is_refused(database_url: str) -> None:
    """A store whose history differs from this program's is not touched."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute("update migration set sha256 = 'other' where number = 1")

    with pytest.raises(ConfigError, match="0001_people"):
        asyncio.run(migrate.migrate(database_url, NOW))


def test_no_statement_is_compiled_where_the_server_would(database_url: str) -> None:
    """On a server that compiles statements by default ours run as they are, in every pool and connection."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        name = conn.info.dbname
        conn.execute(sql.SQL("alter database {} set jit = on").format(sql.Identifier(name)))
        conn.execute(sql.SQL("alter database {} set jit_above_cost = 0").format(sql.Identifier(name)))

    async def asked() -> list[object]:
        async with (
            await connect(database_url, "test") as conn,
            pool(database_url, "test", size=1) as store,
            store.connection() as other,
        ):
            return [await (await each.execute("show jit")).fetchone() for each in (conn, other)]

    assert asyncio.run(asked()) == [("off",), ("off",)]


def _patient(conn: psycopg.Connection) -> tuple[int, int]:
    conn.execute("insert into organisation (name, kind) values ('Testregionen', 'region')")
    row = conn.execute(
        "insert into patient (organisation_id, personal_number, given_name, family_name, birth_date, sex)"
        " select organisation_id, '191212121212', 'Tolvan', 'Testsson', '1912-12-12', 'male' from organisation"
        " returning patient_id"
    ).fetchone()
    assert row is not None
    with conn.transaction():
        stay = conn.execute(
            "insert into stay (patient_id, programme, period) values (%s, 'hospital_at_home', tstzrange(%s, null))"
            " returning stay_id",
            (row[0], NOW),
        ).fetchone()
        assert stay is not None
        conn.execute(
            "with t as (insert into team (organisation_id, name, phone) select organisation_id, 'Testteamet', '000'"
            " from organisation returning team_id) insert into responsibility (stay_id, team_id, period)"
            " select %s, team_id, tstzrange(%s, null) from t",
            (stay[0], NOW),
        )
    return row[0], stay[0]


def test_h06_a_device_has_one_wearer_at_a_time(database_url: str) -> None:
    """Two bindings of one device that overlap in time are refused by the schema."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        _, stay_id = _patient(conn)
        conn.execute("insert into device (device_id, secret_sha256) values ('hv-1', sha256('x'))")
        bind = "insert into binding (device_no, stay_id, period) select device_no, %s, tstzrange(%s, %s) from device"
        conn.execute(bind, (stay_id, NOW, NOW + timedelta(hours=2)))

        with pytest.raises(psycopg.errors.ExclusionViolation):
            conn.execute(bind, (stay_id, NOW + timedelta(hours=1), None))
        conn.execute(bind, (stay_id, NOW + timedelta(hours=2), None))


def test_a_patient_has_one_stay_at_a_time(database_url: str) -> None:
    """A second stay inside the first is refused by the schema."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        patient_id, _ = _patient(conn)

        with pytest.raises(psycopg.errors.ExclusionViolation):
            conn.execute(
                "insert into stay (patient_id, programme, period) values (%s, 'copd', tstzrange(%s, null))",
                (patient_id, NOW + timedelta(days=1)),
            )
