"""A real PostgreSQL for the tests: one embedded server a session, one migrated database a test."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from ward.clock import SystemClock
from ward.store import embedded, migrate

_TEMPLATE = "hemvakt_template"
_ROOM_BYTES = 4 << 30
# A connection that a stopping test broke off in the middle of its log-in holds up the drop of its database so long.
_OPTIONS = {"fsync": "off", "authentication_timeout": "10s"}


@pytest.fixture(scope="session")
def server_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server: `--server`, or one of this session's own, from the wheel, stopped at the end."""
    given: str | None = request.config.getoption("--server")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="hemvakt-test-", dir=_memory()) as folder:
        Path(folder).chmod(0o711)  # the server's own account passes through
        running = embedded.start(Path(folder), options=_OPTIONS)
        try:
            yield running.database_url
        finally:
            running.stop()


def _memory() -> Path | None:
    """Return a file system in memory with room for us, if there is one: a database is copied ten times as quickly."""
    found = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    roomy = found.is_dir() and os.access(found, os.W_OK) and shutil.disk_usage(found).free > _ROOM_BYTES
    return found if roomy else None


def _address(server_url: str, name: str) -> str:
    return f"{server_url.rsplit('/', 1)[0]}/{name}"


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """The name of a migrated database that others are copied from."""
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(_TEMPLATE)))
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(_TEMPLATE)))
    asyncio.run(migrate.migrate(_address(server_url, _TEMPLATE), SystemClock().now()))
    yield _TEMPLATE
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(_TEMPLATE)))


@contextmanager
def fresh_database(server_url: str, template: str) -> Iterator[str]:
    """Make a fresh, migrated database, give its address, and drop it at the end."""
    name = f"test_{os.urandom(6).hex()}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    yield _address(server_url, name)
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def database_url(server_url: str, template: str) -> Iterator[str]:
    """The address of a fresh, migrated database of this test's own."""
    with fresh_database(server_url, template) as address:
        yield address


@pytest.fixture
def empty_url(server_url: str) -> str:
    """The address of a database with nothing in it; it ends with the server."""
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(sql.SQL("drop database if exists {}").format(sql.Identifier("empty")))
        admin.execute(sql.SQL("create database {} template template0").format(sql.Identifier("empty")))
    return _address(server_url, "empty")
