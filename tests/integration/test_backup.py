"""Backup and restore on a real PostgreSQL: everything comes back, nothing is half done, services find their way."""

import asyncio
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from onebox import backup, restore
from tests.fix_digest import FILLED, digests, fill
from tests.fix_ward import Ward
from tests.writer_bench import Bench, a_reading
from ward.errors import ConfigError, MaintenanceFailed
from ward.store import databases, programs
from ward.store.borrow import borrow
from ward.store.pool import pool

pytestmark = pytest.mark.integration
# Numbers go on and sessions end, so that nobody acts upon another thing than the one they saw. When it was backed up
# goes on too: a backup cannot know of itself.
CHANGED_BY_DESIGN = {"registry_version", "session", "backup_run"}


class Operator:
    """Answers the question, and remembers what was said before it."""

    def __init__(self, *, agrees: bool) -> None:
        self.agrees = agrees
        self.told: Sequence[str] = ()

    def __call__(self, lines: Sequence[str]) -> bool:
        """Answer."""
        self.told = lines
        return self.agrees


@pytest.fixture
def full(ward: Ward) -> Ward:
    """A ward with something in every table."""
    fill(ward)
    return ward


@pytest.fixture(autouse=True)
def _tidy(server_url: str, database_url: str) -> Iterator[None]:
    """Remove what was kept beside a test's database."""
    yield
    name = databases.name_of(database_url)
    with psycopg.connect(server_url, autocommit=True) as admin:
        for (other,) in admin.execute("select datname from pg_database where datname like %s", (f"{name}_%",)):
            admin.execute(f'drop database "{other}" with (force)'.encode())


def databases_beside(database_url: str) -> list[str]:
    """Return the names of the databases that begin with this one's."""
    with psycopg.connect(database_url) as conn:
        query = "select datname from pg_database where datname like current_database() || '%%' order by 1"
        return [row[0] for row in conn.execute(query.replace("%%", "%").encode())]


def server_major(database_url: str) -> int:
    """Return the server's major version."""
    with psycopg.connect(database_url) as conn:
        return conn.info.server_version // 10_000


def change(database_url: str, statement: str) -> None:
    """Change something."""
    with psycopg.connect(database_url) as conn:
        conn.execute(statement.encode())


def test_everything_comes_back(full: Ward, tmp_path: Path) -> None:
    """After a restore every table holds what it held when the backup was made, whatever was done since."""
    url, file = full.database_url, tmp_path / "ward.dump"
    before = digests(url)
    made = backup.make(url, file)
    change(url, "delete from plan; delete from reading where kind = 1; update patient set family_name = 'Fel'")
    change(url, "insert into login_failure values ('x', 1, now())")

    kept = restore.replace(url, file, Operator(agrees=True))

    assert {name for name, (rows, _) in before.items() if rows} >= FILLED | {
        "patient",
        "stay",
        "binding",
        "plan",
        "team",
    }
    assert made.readings == before["reading"][0] == 1800
    after = digests(url)
    assert {name for name in before if after[name] != before[name]} == CHANGED_BY_DESIGN
    assert after["session"] == (0, "")
    assert databases_beside(url) == [databases.name_of(url), kept]
    assert digests(databases.other(url, kept or ""))["login_failure"][0] == 2


def test_backup_is_private_and_whole(full: Ward, tmp_path: Path) -> None:
    """The file can be read by its owner alone, stands under its name only when whole, and says what is in it."""
    file = tmp_path / "a ward.dump"

    made = backup.make(full.database_url, file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["a ward.dump"]
    assert made.size_bytes == file.stat().st_size > 10_000
    assert made.schema == "0005_evaluated_by" or made.schema > "0005"
    assert f"{made.size_bytes:,} bytes" in made.said()


def test_backup_replaces_nothing_unasked(full: Ward, tmp_path: Path) -> None:
    """A file that is there stays as it is, unless it is to be replaced."""
    file = tmp_path / "ward.dump"
    file.write_text("precious")

    with pytest.raises(ConfigError, match="--force"):
        backup.make(full.database_url, file)
    assert file.read_text() == "precious"
    assert backup.make(full.database_url, file, over=True).size_bytes == file.stat().st_size
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_failed_backup_leaves_nothing(server_url: str, full: Ward, tmp_path: Path) -> None:
    """A dump that cannot be finished, or holds no store of ours, leaves no file and keeps the old one."""
    file = tmp_path / "ward.dump"
    file.write_text("yesterday's")

    with pytest.raises(MaintenanceFailed, match="HEMVAKT_DATABASE_URL"):
        backup.make(databases.other(server_url, "postgres"), file, over=True)
    assert [path.name for path in tmp_path.iterdir()] == ["ward.dump"]
    assert file.read_text() == "yesterday's"
    with pytest.raises(ConfigError, match="cannot be written"):
        backup.make(full.database_url, tmp_path / "missing" / "ward.dump")


def test_password_is_on_no_command_line(full: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The password of the store goes into the program's environment, and is in none of its arguments."""
    password = str(psycopg.conninfo.conninfo_to_dict(full.database_url).get("password", ""))
    seen = tmp_path / "arguments"
    fake = tmp_path / "pg_dump"
    real = programs.fitting("pg_dump", server_major(full.database_url))
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" "env=$PGPASSWORD" > "{seen}"\nexec "{real}" "$@"\n')
    fake.chmod(0o755)
    (tmp_path / "pg_restore").symlink_to(real.with_name("pg_restore"))
    monkeypatch.setattr(programs, "fitting", lambda _name, _server: fake)
    (tmp_path / "out").mkdir()

    backup.make(full.database_url, tmp_path / "out" / "ward.dump")

    *arguments, environment = seen.read_text().splitlines()
    assert environment == f"env={password}"
    assert not password or password not in " ".join(arguments)


def test_rows_in_an_error_are_not_repeated() -> None:
    """What a program says of its failure is told, without the lines in which PostgreSQL quotes a patient's row."""
    script = "echo 'pg_restore: error: duplicate key'; echo 'DETAIL:  Key (personal_number)=(194001019801)';"
    script += " echo 'CONTEXT:  COPY patient, line 1'"

    with pytest.raises(MaintenanceFailed, match=r"code 3\):\npg_restore: error: duplicate key$"):
        asyncio.run(programs.run(Path("/bin/sh"), ["-c", f"({script}) >&2; exit 3"], {}))


def test_missing_program_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a program as new as the server the text says which is needed and which are here."""
    older = [programs.Program(version=15, path=Path("/usr/bin/pg_dump"))]
    monkeypatch.setattr(programs, "installed", lambda _name: older)

    assert programs.fitting("pg_dump", 15) == Path("/usr/bin/pg_dump")
    with pytest.raises(ConfigError, match="pg_dump of version 18 or newer is needed; found here: 15"):
        programs.fitting("pg_dump", 18)


def test_operator_is_told_what_would_be_lost(full: Ward, tmp_path: Path) -> None:
    """Before the swap it says how many readings the backup has not, and which doors it would open again."""
    url, file = full.database_url, tmp_path / "ward.dump"
    backup.make(url, file)
    change(
        url,
        "insert into reading select stay_id, 4, measured_at, device_no, 37, now(), 0, null from reading"
        " where kind = 3 and quality = 20; update device set revoked_at = now() where device_id = 'hv-2'",
    )
    operator, before = Operator(agrees=False), digests(url)

    kept = restore.replace(url, file, operator)

    readings = next(line for line in operator.told if line.startswith("readings"))
    assert readings.split()[1:4] == ["1,920", "1,800", "120"]
    assert operator.told[-1].endswith("let in again by it: hv-2")
    assert kept is None
    assert digests(url) == before
    assert databases_beside(url) == [databases.name_of(url)]


def test_rehearsal_leaves_the_store_alone(full: Ward, tmp_path: Path) -> None:
    """A backup is restored beside the store in use, whose contents do not change, and is the same there."""
    url, file = full.database_url, tmp_path / "ward.dump"
    backup.make(url, file)
    name = f"{databases.name_of(url)}_drill"

    restored = restore.rehearse(url, file, name)

    assert restored.migrated == []
    there, here = digests(databases.other(url, name)), digests(url)
    assert {table for table in here if there[table] != here[table]} == {"backup_run"}
    with pytest.raises(ConfigError, match="already"):
        restore.rehearse(url, file, name)
    assert databases_beside(url) == [databases.name_of(url), name]
    assert digests(url) == here


def test_numbers_are_never_given_twice(full: Ward, tmp_path: Path) -> None:
    """After a restore new alerts, devices and registry versions have numbers beyond all that were ever given."""
    url, file = full.database_url, tmp_path / "ward.dump"
    backup.make(url, file)
    change(url, "select setval('alert_id_seq', 70), setval('stay_stay_id_seq', 90)")
    change(url, "update registry_version set version = 5000")

    restore.replace(url, file, Operator(agrees=True))

    with psycopg.connect(url) as conn:
        row = conn.execute("select nextval('alert_id_seq'), nextval('stay_stay_id_seq'), version from registry_version")
        alert, stay, version = row.fetchone() or (0, 0, 0)
    assert alert > 70
    assert stay > 90
    assert version > 5000


@pytest.mark.parametrize("damage", ["cut", "text", "other"])
def test_bad_backup_changes_nothing(server_url: str, full: Ward, tmp_path: Path, damage: str) -> None:
    """A file that is cut off, no dump, or a dump of something else is refused, and nothing is left of the attempt."""
    url, file = full.database_url, tmp_path / "ward.dump"
    if damage == "text":
        file.write_text("no dump")
    elif damage == "cut":
        backup.make(url, file)
        os.truncate(file, file.stat().st_size * 2 // 3)
    else:
        where, secret = programs.address(server_url, "postgres")
        dump = programs.fitting("pg_dump", server_major(server_url))
        asyncio.run(programs.run(dump, ["-Fc", f"--file={file}", f"--dbname={where}"], secret))
    before = digests(url)

    with pytest.raises((ConfigError, MaintenanceFailed)):
        restore.replace(url, file, Operator(agrees=True))
    assert digests(url) == before
    assert databases_beside(url) == [databases.name_of(url)]


def test_backup_of_a_newer_program_is_refused(full: Ward, tmp_path: Path) -> None:
    """A backup with a migration that this program does not know is not put in place."""
    url, file = full.database_url, tmp_path / "ward.dump"
    change(url, "insert into migration values (9999, '9999_to_come', 'x', now())")
    backup.make(url, file)

    with pytest.raises(ConfigError, match="9999_to_come"):
        restore.replace(url, file, Operator(agrees=True))
    assert databases_beside(url) == [databases.name_of(url)]


def test_account_without_rights_is_told_which(server_url: str, full: Ward, tmp_path: Path) -> None:
    """Who may not make databases, or does not own the store, gets a sentence that says what to grant."""
    name, role = databases.name_of(full.database_url), f"role_{os.urandom(4).hex()}"
    file = tmp_path / "ward.dump"
    backup.make(full.database_url, file)
    mine = psycopg.conninfo.make_conninfo(full.database_url, user=role, password="pw")
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f"create role {role} login password 'pw'".encode())
        try:
            with pytest.raises(ConfigError, match=f"alter role {role} createdb"):
                restore.replace(mine, file, Operator(agrees=True))
            admin.execute(f"alter role {role} createdb".encode())
            with pytest.raises(ConfigError, match=f"does not own the database {name}"):
                restore.replace(mine, file, Operator(agrees=True))
        finally:
            admin.execute(f"drop role {role}".encode())


def test_h22_services_find_the_restored_store(full: Ward, tmp_path: Path) -> None:
    """A service with open connections finds the restored store after the swap, and none of its requests fails."""
    url, file = full.database_url, tmp_path / "ward.dump"
    backup.make(url, file)
    change(url, "delete from plan")

    async def serve() -> list[int]:
        async with pool(url, "test", size=3) as connections:
            async with borrow(connections) as one, borrow(connections) as two, borrow(connections) as three:
                for each in (one, two, three):
                    await each.execute("select 1")
            await asyncio.to_thread(restore.replace, url, file, Operator(agrees=True))
            found = []
            for _ in range(4):
                async with borrow(connections, wait_s=30) as conn:  # a busy machine takes its time to connect
                    row = await (await conn.execute("select count(*) from plan")).fetchone()
                    found.append(row[0] if row else 0)
            return found

    assert asyncio.run(serve()) == [3, 3, 3, 3]


async def _publish(bench: Bench, stopping: asyncio.Event) -> None:
    """Publish pairs of readings, each pair one message, as fast as they are stored."""
    while not stopping.is_set():
        at = a_reading()["measured_at"]
        pair = [{"kind": kind, "value": 90, "measured_at": at} for kind in ("spo2", "heart_rate")]
        bench.put("hemvakt/1/hv-1/vitals", pair)
        await bench.until(lambda: bench.inbox.held < 20)
        await asyncio.sleep(0)


def test_h21_backup_and_restore_beside_a_running_ingest(ward: Ward, tmp_path: Path) -> None:
    """A backup holds whole transactions while readings come in; after a swap ingest goes on in the restored store."""
    url, file = ward.database_url, tmp_path / "ward.dump"
    operator, stopping = Operator(agrees=True), asyncio.Event()

    async def story() -> tuple[backup.Made, str | None, int]:
        bench = Bench(url)
        working = [asyncio.create_task(bench.writer.run()), asyncio.create_task(_publish(bench, stopping))]
        await bench.until(lambda: len(bench.door.acknowledged) > 50)
        made = await asyncio.to_thread(backup.make, url, file)
        after_backup = len(bench.door.acknowledged)
        await bench.until(lambda: len(bench.door.acknowledged) > after_backup + 50)
        kept = await asyncio.to_thread(restore.replace, url, file, operator)
        after_swap = len(bench.door.acknowledged)
        await bench.until(lambda: len(bench.door.acknowledged) > after_swap + 50)
        stopping.set()
        await bench.settled()
        for task in working:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        return made, kept, len(bench.door.acknowledged)

    made, kept, acknowledged = asyncio.run(story())

    pairs = "select count(*) filter (where kind = 1), count(*) filter (where kind = 3) from reading"
    newest = "select max(measured_at) = (select max(measured_at) from latest_reading) from reading"
    with psycopg.connect(url) as here, psycopg.connect(databases.other(url, kept or "")) as there:
        now, old = here.execute(pairs.encode()).fetchone(), there.execute(pairs.encode()).fetchone()
        assert here.execute(newest.encode()).fetchone() == there.execute(newest.encode()).fetchone() == (True,)
        either = "select count(*) from reading where kind = 1 and measured_at > %s"
        last = there.execute("select max(measured_at) from reading").fetchone()
        after = here.execute(either.encode(), last).fetchone()
    assert made.readings > 100
    assert made.readings % 2 == 0
    assert now is not None
    assert old is not None
    assert after is not None
    assert now[0] == now[1] == made.readings // 2 + after[0]
    assert old[0] == old[1]
    # Nothing acknowledged is in neither of the two; what was stored but not yet acknowledged at the swap came again.
    assert old[0] + after[0] >= acknowledged
