"""The embedded store: starts anew or where it was, private, and one owner at a time."""

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from ward.errors import ConfigError
from ward.store import embedded


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder, in a path with spaces, that the server's account can reach."""
    with TemporaryDirectory(prefix="hemvakt test ") as made:
        Path(made).chmod(0o711)
        yield Path(made) / "data folder"


def test_store_survives_a_stop_and_a_kill(folder: Path) -> None:
    """What was committed is there after a clean stop and after SIGKILL of the server."""
    server = embedded.start(folder)
    with psycopg.connect(server.database_url) as conn:
        conn.execute("create table kept as select 1 as n")
    server.stop()
    server = embedded.start(folder)
    try:
        with psycopg.connect(server.database_url) as conn:
            conn.execute("insert into kept values (2)")
        server.child.send_signal(signal.SIGKILL)
        server.child.wait()
        server = embedded.start(folder, port=server.port)

        with psycopg.connect(server.database_url) as conn:
            assert conn.execute("select n from kept order by n").fetchall() == [(1,), (2,)]
    finally:
        server.stop()


def test_store_is_private(folder: Path) -> None:
    """Nobody else may read the data or the password, and no one enters without it."""
    server = embedded.start(folder)
    try:
        for name in ("postgres", "postgres.password", "postgres.log"):
            assert stat.S_IMODE((folder / name).stat().st_mode) & 0o077 == 0
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.database_url, password="wrong")
        assert not list((folder / "postgres").glob(".s.PGSQL*"))
    finally:
        server.stop()


def test_second_owner_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder whose server runs is not started twice, and the message says what to do."""
    monkeypatch.setattr(embedded, "_PREDECESSOR_S", 0.2)
    server = embedded.start(folder)
    try:
        with pytest.raises(ConfigError, match="in use by another Hemvakt"):
            embedded.start(folder)
    finally:
        server.stop()


def test_half_made_folder_is_made_again(folder: Path) -> None:
    """A first start that was interrupted leaves nothing that stops the next."""
    (folder / "postgres.new").mkdir(parents=True)
    (folder / "postgres.new" / "rest").write_text("half")

    server = embedded.start(folder)

    server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs under another account")
def test_parents_of_the_folder_keep_their_permissions(folder: Path) -> None:
    """Starting as root changes no permission outside the data folder, and refuses what it cannot reach."""
    folder.parent.chmod(0o700)
    before = stat.S_IMODE(folder.parent.stat().st_mode)

    with pytest.raises(ConfigError, match="cannot be reached"):
        embedded.start(folder)
    assert stat.S_IMODE(folder.parent.stat().st_mode) == before
    assert embedded.default_data_dir(folder.parent).is_relative_to("/var/lib/hemvakt")
