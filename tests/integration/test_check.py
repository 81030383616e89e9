"""`hemvakt check` on a real store: silent about a good one, and each inconsistency is found."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta

import psycopg
import pytest

from onebox import health
from tests.fix_digest import fill
from tests.fix_ward import Ward
from ward.clock import FakeClock, SystemClock
from ward.settings import Settings
from ward.store import upkeep
from ward.store.checks import schema, server, services
from ward.store.checks.finding import Finding, Level
from ward.store.keep import Keep
from ward.store.pool import connect

pytestmark = pytest.mark.integration
KEEP = Keep.of(Settings())
# The tests' own server is quick instead of safe; a machine's disk and room are its own.
OF_THE_MACHINE = {"settings", "disk", "connections"}


# When the store was filled: what is told in seconds is counted from then, however long a machine takes to look.
THEN = "(select max(reported_at) from device_status)"


@pytest.fixture
def full(ward: Ward) -> Ward:
    """A ward with something in every table, all of it in order."""
    fill(ward)
    change(ward, "delete from evaluation_request")
    asyncio.run(keep_up(ward))
    return ward


async def keep_up(ward: Ward) -> None:
    """Do what ingest does beside its work, to the end."""
    async with await connect(ward.database_url, "test", autocommit=True) as conn:
        while not ((report := await upkeep.run(conn, filled(ward).now(), KEEP)) and report.finished):
            pass


def filled(ward: Ward) -> FakeClock:
    """Return a clock that stands still at the time at which the store was filled."""
    with psycopg.connect(ward.database_url) as conn:
        (at,) = conn.execute(f"select {THEN}".encode()).fetchone() or (None,)
    assert at is not None
    return FakeClock(at)


def change(ward: Ward, statement: str) -> None:
    """Break something, past what the schema forbids, at the time at which the store was filled."""
    with psycopg.connect(ward.database_url) as conn:
        conn.execute(statement.replace("now()", THEN).encode())


def look(ward: Ward, *, deep: bool = False) -> tuple[Finding, ...]:
    """Run the whole check."""
    return asyncio.run(health.check(ward.database_url, KEEP, deep=deep, clock=filled(ward)))


def wrong(found: Sequence[Finding], level: Level = Level.FAIL) -> list[str]:
    """Return what was found wrong, without what is the machine's own."""
    return [each.what for each in found if each.level is level and each.what not in OF_THE_MACHINE]


def said(found: Sequence[Finding], what: str) -> str:
    """Return what is said of one thing."""
    return " / ".join(each.said for each in found if each.what == what)


@pytest.mark.parametrize("deep", [False, True])
def test_good_store_is_well(full: Ward, deep: bool) -> None:  # noqa: FBT001 - two ways to look
    """Of a store in order nothing is said but ok, whether some readings are looked at or all."""
    found = look(full, deep=deep)

    assert wrong(found) == []
    assert wrong(found, Level.WARN) == []
    assert "all 1,800 belong" in said(found, "readings") if deep else "180 of the newest" in said(found, "readings")


LOOSE_BINDINGS = """
alter table binding drop constraint binding_int8range_period_excl;
insert into binding (device_no, stay_id, period)
select device_no, (select max(stay_id) from stay), period from binding order by device_no limit 1
"""
LOOSE_TEAMS = """
alter table responsibility drop constraint responsibility_int8range_period_excl;
insert into responsibility select * from responsibility where stay_id = 2
"""
LOOSE_STAYS = """
alter table stay drop constraint stay_int8range_period_excl;
set session_replication_role = replica;
insert into stay (patient_id, programme, period) select patient_id, programme, period from stay where stay_id = 3
"""
NOBODY = "set session_replication_role = replica; delete from responsibility where stay_id = 2"
NO_TEAM = "set session_replication_role = replica; update alert set team_id = 99 where stay_id = 1"
NO_ROOM = """
do $$ declare each text; begin
    for each in select inhrelid::regclass from pg_inherits where inhparent = 'reading'::regclass order by 1 desc limit 8
    loop execute 'drop table ' || each; end loop;
end $$;
delete from latest_reading
"""
NO_STORE = """
update service_heartbeat set detail = jsonb_build_object('held', 7, 'store_down_since', now() - interval '1 hour')
where service = 'ingest'
"""
SILENT = "update service_heartbeat set beat_at = now() - interval '1 minute' where service = 'ingest'"
WAITING = """
insert into evaluation_request
select stay_id, measured_at from reading where stay_id = 2 and kind = 3 order by measured_at limit 1
"""
UNSEEN = """
insert into wave_request values (2, now() - interval '1 hour', now());
insert into wave_due (stay_id, looked_at) values (2, now() - interval '6 minutes')
"""
UNREADABLE = "insert into wave_due (stay_id, due_at) values (3, now() + interval '4 minutes')"
NOT_WORN = "update binding set period = tstzrange(lower(period), now() - interval '2 hours') where stay_id = 2"
NO_STAY = "update reading set stay_id = 77 where stay_id = 1; update latest_reading set stay_id = 77 where stay_id = 1"
OTHERS = "update reading set device_no = 2 where stay_id = 1; update latest_reading set device_no = 2 where stay_id = 1"
EARLIER = """
update latest_reading set measured_at = measured_at - interval '10 seconds' where stay_id = 2 and kind = 2
"""
GONE = """
delete from reading r using latest_reading l
where (r.stay_id, r.kind, r.measured_at) = (l.stay_id, l.kind, l.measured_at) and l.stay_id = 1
"""
BROKEN_INDEX = "update pg_index set indisvalid = false where indexrelid = 'alert_team'::regclass"
FAULTS = [
    # What was done, what is found, and what is said of it.
    ("delete from migration where number = 5", "schema", "0005_evaluated_by missing"),
    ("update migration set sha256 = 'x' where number = 2", "schema", "0002_readings is not this program's"),
    ("insert into migration values (9999, 'later', 'x', now())", "schema", "later is not this program's"),
    ("alter table stay drop constraint stay_int8range_period_excl", "rules", "stay: nothing keeps periods"),
    ("alter table binding disable trigger binding_changed", "rules", "trigger binding_changed missing or off"),
    ("drop index alert_one_open", "rules", "unique index alert_one_open missing"),
    (BROKEN_INDEX, "rules", "index alert_team not valid"),
    ("alter table alert add constraint late check (rev > 9) not valid", "rules", "alert.late never validated"),
    (LOOSE_BINDINGS, "periods", "binding: periods overlap for device_no 1"),
    (LOOSE_TEAMS, "periods", "responsibility: periods overlap for stay_id 2"),
    (LOOSE_STAYS, "periods", "stay: periods overlap for patient_id 3"),
    (NOBODY, "responsibility", "no team answers for stay 2"),
    ("delete from evaluation_due where stay_id = 3", "watched", "stay 3 not on the list"),
    (NO_TEAM, "alerts", "has no team or no stay"),
    ("select setval('alert_id_seq', 1)", "numbers", "alert.alert_id would be given twice"),
    ("select setval('stay_stay_id_seq', 1)", "numbers", "stay.stay_id would be given twice"),
    (SILENT, "ingest", "60 s ago"),
    ("delete from service_heartbeat where service = 'alerting'", "alerting", "has never run"),
    (NO_STORE, "ingest", "has not reached the store for 36"),
    (
        "update evaluation_due set evaluated_by = 1, due_at = now() - interval '10 minutes'",
        "evaluation",
        "600 s behind; 3 stays due",
    ),
    (WAITING, "evaluation", "0 stays due, 1 with something new"),
    (UNSEEN, "waveforms", "1 stays have waveforms that nobody has looked at for 300 s"),
    (UNREADABLE, "waveforms", "those of stays 3 could not be read"),
    (NOT_WORN, "readings", "stay 2 has readings of a device that was not worn then"),
    (NO_STAY, "readings", "stay 77 has readings"),
    (OTHERS, "readings", "stay 1 has readings"),
    ("update latest_reading set value = 12 where stay_id = 3 and kind = 1", "latest", "stay 3: what stands"),
    (EARLIER, "latest", "stay 2: what stands"),
    (GONE, "latest", "stay 1: what stands"),
]


@pytest.mark.parametrize(("statement", "what", "words"), FAULTS, ids=[f"{each[1]}-{each[2][:24]}" for each in FAULTS])
def test_inconsistency_is_found(full: Ward, statement: str, what: str, words: str) -> None:
    """Each thing that cannot be is found, named by its identifiers, with what to do."""
    change(full, statement)

    found = look(full)

    assert what in wrong(found)
    assert words in said(found, what)
    assert all(each.todo for each in found if each.level is not Level.OK)
    assert not health.healthy(found)


ONE_OF_OTHERS = """
update reading set device_no = 2
where stay_id = 1 and kind = 1 and measured_at = (select min(measured_at) from reading)
"""
ONE_OF_NOBODY = """
insert into reading
select 88, kind, measured_at - interval '1 day', device_no, value, received_at, 0, null
from latest_reading where stay_id = 1
"""
DEEP = [
    (ONE_OF_OTHERS, "readings", "stay 1 has readings"),
    (ONE_OF_NOBODY, "readings", "stay 88 has readings"),
    ("delete from latest_reading where stay_id = 2 and kind = 1", "latest", "stay 2: what stands"),
]


@pytest.mark.parametrize(("statement", "what", "words"), DEEP, ids=[each[2] for each in DEEP])
def test_h06_one_wrong_reading_among_all_is_found(full: Ward, statement: str, what: str, words: str) -> None:
    """With --deep a single old reading under the wrong patient, or a latest reading that is missing, is found."""
    change(full, statement)

    found = look(full, deep=True)

    assert what in wrong(found)
    assert words in said(found, what)


OVER = "update stay set period = tstzrange(lower(period), now() - interval '25 hours') where stay_id = 1"
HOLDING = "update service_heartbeat set detail = '{\"held\": 5000}' where service = 'ingest'"
# What the schema refuses since 0008, and a store whose constraint somebody has taken away may hold all the same.
OTHER_MODE = (
    "alter table binding drop constraint binding_mode_of_device; update device set mode = 'demo' where device_no = 2"
)
WARNINGS = [
    ("delete from team_member", "responsibility", "nobody can log in for team"),
    (OTHER_MODE, "modes", "device hv-2 is worn in a stay of another mode"),
    (HOLDING, "ingest", "5000 messages"),
    ("update evaluation_due set evaluated_by = 1, due_at = now() - interval '90 seconds'", "evaluation", "90 s behind"),
    (OVER, "alerts", "is open although the stay ended"),
]


@pytest.mark.parametrize(("statement", "what", "words"), WARNINGS, ids=[each[2] for each in WARNINGS])
def test_what_is_worth_a_look_does_not_fail(full: Ward, statement: str, what: str, words: str) -> None:
    """What is odd and not wrong is a warning, with what to do."""
    change(full, statement)

    found = look(full)

    assert what in wrong(found, Level.WARN)
    assert words in said(found, what)


def test_unsafe_settings_are_named(server_url: str, full: Ward) -> None:
    """A server that may lose what it has acknowledged is a fault; one that only cannot be archived is a warning."""

    async def ask() -> list[Finding]:
        async with await connect(full.database_url, "test", autocommit=True) as conn:
            await conn.execute("set synchronous_commit = off")
            return list(await server.settings(conn, SystemClock().now()))

    found = asyncio.run(ask())

    assert Level.FAIL in {each.level for each in found if "synchronous_commit is off" in each.said}
    # A server from before PostgreSQL 18 is made without checksums, unless somebody asked for them.
    assert all(each.todo.startswith(("set ", "stop the server, run pg_checksums")) for each in found)


def test_missing_partitions_are_found(full: Ward) -> None:
    """A table that has no division for the hours to come is a fault; one that divides itself needs none."""
    with psycopg.connect(full.database_url) as conn:
        row = conn.execute("select relkind from pg_class where oid = 'reading'::regclass").fetchone()
    divided = row == ("p",)
    if divided:
        change(full, NO_ROOM)

    found = look(full)

    assert ("partitions" in wrong(found)) is divided
    assert ("reading has room until" in said(found, "partitions")) is divided


def test_partitions_run_out_with_a_warning_first(full: Ward) -> None:
    """Before the divisions of a table run out it is said, as a warning at three days and a fault at half a day."""

    async def ask(ahead: timedelta) -> list[Finding]:
        async with await connect(full.database_url, "test", autocommit=True) as conn:
            return list(await schema.partitions(conn, SystemClock().now() + ahead))

    for days, level in ((0, Level.OK), (6, Level.WARN), (8, Level.FAIL)):
        found = asyncio.run(ask(timedelta(days=days)))

        told = {each.level for each in found if each.said.startswith("reading has")}
        assert told <= {level}  # none where the table divides itself


def test_unknown_time_of_waiting_is_no_lag(full: Ward) -> None:
    """A request whose reading came just now is no lag, however long ago it was measured."""
    change(full, "update reading set received_at = now() where stay_id = 1")
    change(full, "insert into evaluation_request select 1, min(measured_at) from reading where stay_id = 1")

    async def ask() -> list[Finding]:
        async with await connect(full.database_url, "test", autocommit=True) as conn:
            return list(await services.lag(conn, filled(full).now()))

    assert [each.level for each in asyncio.run(ask())] == [Level.OK]


def test_lost_store_is_said_in_a_sentence() -> None:
    """A store that does not answer is one fault, with what to look at."""
    found = asyncio.run(health.check("postgresql://nobody@127.0.0.1:1/nothing", KEEP))

    assert [(each.level, each.what) for each in found] == [(Level.FAIL, "store")]
    assert "HEMVAKT_DATABASE_URL" in found[0].todo


def test_monitoring_reads_json(full: Ward) -> None:
    """The JSON says whether all is well, and has every finding with level, subject, words and remedy."""
    change(full, NOBODY)

    told = json.loads(health.as_json(look(full)))

    assert told["healthy"] is False
    assert {"level": "fail", "what": "responsibility", "said": "no team answers for stay 2",
            "todo": "give each a team"} in told["findings"]  # fmt: skip


def test_findings_name_nobody(full: Ward) -> None:
    """No finding holds a name, a personal number or a value."""
    for statement in (NOBODY, "update reading set stay_id = 77", "delete from evaluation_due"):
        change(full, statement)
    text = "\n".join(health.lines(look(full, deep=True)))

    assert "fail   responsibility: no team answers for stay" in text
    assert "       -> give each a team" in text
    assert not [word for word in ("Testa", "Testsson", "19400101", "Nora") if word in text]
