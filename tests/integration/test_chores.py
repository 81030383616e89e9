"""Certificates, backups and rehearsals on a real store: who does them tells, and the operator hears in time."""

import asyncio
import ssl
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from alerting import selfcheck
from api import page_certificate
from onebox import backup, health, restore
from tests.fix_api import House, serving
from tests.fix_digest import fill
from tests.fix_tls import Authority
from tests.fix_ward import Ward
from tests.writer_bench import rows
from ward import tls
from ward.chores import Chores, Deed, Ending, Kind, due
from ward.clock import FakeClock, SystemClock
from ward.errors import ConfigError, MaintenanceFailed
from ward.settings import Settings
from ward.store import chores, databases, programs
from ward.store.keep import Keep
from ward.store.pool import connect, pool

pytestmark = pytest.mark.integration
DAY = timedelta(days=1)
NOW = SystemClock().now()


def known(url: str, now: datetime = NOW) -> Chores:
    """Return what a store knows."""

    async def ask() -> Chores:
        async with await connect(url, "test") as conn:
            return await chores.read(conn, now)

    return asyncio.run(ask())


def tell(url: str, *endings: Ending, at: datetime = NOW) -> None:
    """Tell a store of certificates."""

    async def say() -> None:
        async with await connect(url, "test") as conn:
            await chores.seen(conn, endings, at)

    asyncio.run(say())


def change(url: str, statement: str) -> None:
    """Change something."""
    with psycopg.connect(url) as conn:
        conn.execute(statement.encode())


@pytest.fixture
def full(ward: Ward) -> Ward:
    """A ward with something in every table."""
    fill(ward)
    return ward


@pytest.fixture
def drill(server_url: str, database_url: str) -> Iterator[str]:
    """The name of a database for a rehearsal, gone at the end with what was kept beside the store."""
    name = databases.name_of(database_url)
    yield f"{name}_drill"
    with psycopg.connect(server_url, autocommit=True) as admin:
        for (other,) in admin.execute("select datname from pg_database where datname like %s", (f"{name}_%",)):
            admin.execute(f'drop database "{other}" with (force)'.encode())


def test_backup_and_rehearsal_are_remembered(full: Ward, drill: str, tmp_path: Path) -> None:
    """The store knows when it was backed up and when that was restored beside it, and of which instant that was."""
    url, file = full.database_url, tmp_path / "ward.dump"

    made = backup.make(url, file)
    restore.rehearse(url, file, drill)

    told = {run.deed: run for run in known(url).good}
    newest = rows(url, "select max(received_at) from reading")[0][0]
    assert (told[Deed.BACKUP].size_bytes, told[Deed.BACKUP].readings) == (made.size_bytes, made.readings)
    assert (told[Deed.REHEARSAL].readings, told[Deed.REHEARSAL].as_of) == (made.readings, newest)
    assert NOW <= told[Deed.BACKUP].began_at <= told[Deed.BACKUP].ended_at <= told[Deed.REHEARSAL].began_at
    assert rows(databases.other(url, drill), "select count(*) from backup_run") == [(0,)]


def test_failure_is_remembered_until_it_is_mended(full: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup that fails is told with its kind of fault and no word of what was in it; a good one ends that."""
    url, file = full.database_url, tmp_path / "ward.dump"
    with pytest.raises(ConfigError):
        backup.make(url, tmp_path / "no folder" / "ward.dump")
    (failed,) = due(known(url), SystemClock().now())
    with monkeypatch.context() as patch:
        patch.setattr(programs, "fitting", lambda _name, _server: Path("/bin/false"))
        with pytest.raises(MaintenanceFailed):
            backup.make(url, file)
    (broken,) = due(known(url), SystemClock().now())
    backup.make(url, file)

    assert (failed.what, failed.urgent) == (Deed.BACKUP, True)
    assert "failed (ConfigError); there has never been a backup" in failed.said
    assert "failed (MaintenanceFailed)" in broken.said
    assert due(known(url), SystemClock().now()) == []


def test_failed_rehearsal_is_remembered(full: Ward, drill: str, tmp_path: Path) -> None:
    """A file that cannot be restored is urgent: there is no backup that helps."""
    file = tmp_path / "ward.dump"
    file.write_bytes(b"PGDMP and no more")

    with pytest.raises(ConfigError):
        restore.rehearse(full.database_url, file, drill)

    assert [(each.what, each.urgent) for each in due(known(full.database_url), NOW)] == [(Deed.REHEARSAL, True)]


def test_restored_store_knows_what_was_done(full: Ward, drill: str, tmp_path: Path) -> None:
    """What takes the store's place is older than its backup, and knows of it all the same."""
    url, file = full.database_url, tmp_path / "ward.dump"
    backup.make(url, file)
    backup.make(url, file, over=True)
    before = known(url)

    assert drill.startswith(restore.replace(url, file, lambda _lines: True).split("_before_")[0])  # type: ignore[union-attr]

    assert known(url).good == before.good
    assert rows(url, "select count(*) from backup_run") == [(2,)]


def test_store_of_an_older_version_can_be_backed_up(full: Ward, tmp_path: Path) -> None:
    """Where there is no place to remember it, a backup is made all the same."""
    change(full.database_url, "drop table backup_run")

    assert backup.make(full.database_url, tmp_path / "ward.dump").readings == 1800


def test_backup_of_another_program_counts(full: Ward) -> None:
    """Whoever backs up by other means says so, and is not alarmed."""
    change(full.database_url, "update migration set applied_at = now() - interval '30 days'")
    assert [each.what for each in due(known(full.database_url), NOW)] == [Deed.BACKUP, Deed.LISTS]

    assert backup.elsewhere(full.database_url).startswith("noted: ")

    found = due(known(full.database_url, SystemClock().now()), SystemClock().now())
    assert [each.what for each in found] == [Deed.LISTS]


def test_certificates_count_while_they_are_in_use(ward: Ward) -> None:
    """A process that has stopped raises no alarm, nor a device that was shut out or that has been away for long."""
    url, (first, second, third) = ward.database_url, (bed.device_id for bed in ward.beds)
    soon = NOW + 3 * DAY
    tell(url, Ending(kind=Kind.ENDPOINT, holder="gone", ends_at=soon), at=NOW - timedelta(minutes=20))
    tell(url, Ending(kind=Kind.DEVICE, holder=third, ends_at=soon), at=NOW - 36 * DAY)
    tell(
        url,
        Ending(kind=Kind.ENDPOINT, holder="here", ends_at=NOW + 300 * DAY),
        *(Ending(kind=Kind.DEVICE, holder=each, ends_at=soon) for each in (first, second)),
    )
    with psycopg.connect(url) as conn:
        conn.execute("update device set revoked_at = now() where device_id = %s", (first,))

    assert [(each.kind, each.holder) for each in known(url).endings] == [
        (Kind.DEVICE, second),
        (Kind.ENDPOINT, "here"),
    ]
    tell(url, Ending(kind=Kind.DEVICE, holder=second, ends_at=NOW + 700 * DAY))
    assert due(known(url), NOW) == []


def test_check_readiness_and_figures_say_the_same(house: House) -> None:
    """What ends soon is in `check` with what to do, in the figures, and in readiness, which stays what it is."""
    url, now = house.database_url, SystemClock().now()
    tell(url, Ending(kind=Kind.ENDPOINT, holder="a", ends_at=now + 6.5 * DAY), at=now)
    change(url, "update migration set applied_at = now() - interval '30 hours'")

    async def ask() -> tuple[str, str]:
        async with serving(url) as served, served.client() as client:
            ready = (await client.get("/readyz")).json()["checks"]["chores"]
            return ready, (await client.get("/metrics")).text

    found = asyncio.run(health.check(url, Keep.of(Settings())))
    ready, figures = asyncio.run(ask())

    told = {each.what: (each.level.value, each.said, each.todo) for each in found}
    day = f"{now + 6.5 * DAY:%Y-%m-%d}"
    said = f"the endpoint's certificate ends {day}, in 6 days"
    assert told["certificates"] == ("fail", said, "renew it: docs/certificates.md")
    assert told["backup"][:2] == ("warn", "there has never been a backup of this store, which is 30 h old")
    assert told["rehearsal"][:2] == ("ok", "none yet; the store is 30 h old")
    assert told["fallback_lists"][:2] == ("warn", "no fallback lists have ever been made")
    assert ready == "ok, but due: endpoint, backup, fallback_lists"
    ends = (now + 6.5 * DAY).timestamp()
    assert any(
        line.startswith('hemvakt_certificate_ends_timestamp_seconds{of="endpoint"}')
        and float(line.split()[1]) == pytest.approx(ends)
        for line in figures.splitlines()
    )


def test_operator_is_reminded_once_a_day(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due is told once, what is due besides when it comes, and all of it again the next day."""
    url, said = ward.database_url, list[str]()
    clock, seconds = FakeClock(NOW), [1e6]
    monkeypatch.setattr("alerting.selfcheck.time.monotonic", lambda: seconds[0])

    async def look(watch: selfcheck.Watch, *, later_s: float) -> None:
        seconds[0] += later_s
        await watch._tell_chores()

    async def whole() -> None:
        async with pool(url, "test", size=1) as store:
            watch = selfcheck.Watch(
                store=store,
                clock=clock,
                every=timedelta(minutes=5),
                alarm=lambda _what: None,
                signal=lambda: None,
                remind=said.append,
            )
            await look(watch, later_s=0)
            async with await connect(url, "test") as conn:
                await chores.seen(conn, [Ending(kind=Kind.PAGE, holder="a", ends_at=NOW + 20 * DAY)], NOW)
            await look(watch, later_s=30)
            await look(watch, later_s=30)
            async with await connect(url, "test") as conn:
                await conn.execute("update migration set applied_at = now() - interval '30 hours'")
            await look(watch, later_s=30)
            await look(watch, later_s=86_400)

    asyncio.run(whole())

    page, backed = f"the page's certificate ends {NOW + 20 * DAY:%Y-%m-%d}, in 20 days", "there has never been a backup"
    assert [each.split(" of this store")[0] for each in said] == [page, backed, f"{page}; {backed}"]


def test_page_is_looked_at_as_people_see_it(authority: Authority) -> None:
    """The end of a certificate is read where people come in, be it one that nobody believes; plain HTTP has none."""

    async def ends() -> datetime | None:
        server = await asyncio.start_server(
            lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=authority.files().context()
        )
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await page_certificate.ends(f"https://127.0.0.1:{port}/")

    assert asyncio.run(ends()) == tls.ends_of(authority.certificate)
    assert asyncio.run(page_certificate.run("http://127.0.0.1:1/", None, SystemClock())) is None  # type: ignore[arg-type]


def test_page_that_does_not_speak_tls_is_told() -> None:
    """What cannot be looked at is an error that the loop tells of, not a certificate without an end."""

    async def ends() -> datetime | None:
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
        async with server:
            return await page_certificate.ends(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    with pytest.raises(OSError):  # noqa: PT011 - whichever way the peer goes
        asyncio.run(ends())


def test_first_end_in_a_file_counts(authority: Authority, tmp_path: Path) -> None:
    """A chain ends with its first certificate; a file that holds none has no end."""
    short = tmp_path / "short.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    files = ["-subj", "/CN=x", "-keyout", str(tmp_path / "short.key"), "-out", str(short)]
    subprocess.run([*made, *files], check=True, capture_output=True)
    both = tmp_path / "both.pem"
    both.write_bytes(authority.certificate.read_bytes() + short.read_bytes())

    assert tls.ends_of(both) == tls.ends_of(short)
    assert tls.ends_of(short) == tls.ends_of_peer(ssl.PEM_cert_to_DER_cert(short.read_text()))
    assert tls.ends_of(authority.key) is None
    assert tls.ends_of(tmp_path / "none.pem") is None
