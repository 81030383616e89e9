"""A real PostgreSQL for the tests: one embedded server a session, one migrated database a test."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from ward.clock import SystemClock
from ward.store import embedded, migrate

_TEMPLATE = "hemvakt_template"


@pytest.fixture(scope="session")
def server() -> Iterator[embedded.Server]:
    """A PostgreSQL server of this session's own, from the wheel, stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="hemvakt-test-") as folder:
        Path(folder).chmod(0o711)  # the server's own account passes through
        running = embedded.start(Path(folder), options={"fsync": "off"})
        try:
            yield running
        finally:
            running.stop()


def _address(server: embedded.Server, name: str) -> str:
    return server.database_url.removesuffix("/hemvakt") + f"/{name}"


@pytest.fixture(scope="session")
def template(server: embedded.Server) -> str:
    """The name of a migrated database that others are copied from."""
    with psycopg.connect(server.database_url, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(_TEMPLATE)))
    asyncio.run(migrate.migrate(_address(server, _TEMPLATE), SystemClock().now()))
    return _TEMPLATE


@pytest.fixture
def database_url(server: embedded.Server, template: str) -> Iterator[str]:
    """The address of a fresh, migrated database of this test's own."""
    name = f"test_{os.urandom(6).hex()}"
    with psycopg.connect(server.database_url, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template)))
    yield _address(server, name)
    with psycopg.connect(server.database_url, autocommit=True) as admin:
        admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
