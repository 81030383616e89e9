"""The three that are measured: the floor, our endpoint, and our broker door, each as real processes on a fresh store.

The invariant: whoever is yielded has stored a reading that came in by its own door, so that nothing that follows
waits for a subscription, a partition or a first connection.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import psycopg

from api import passwords
from benchmarks import floor, load
from benchmarks.rig import PROJECT, Child, NotReady, Rig, accepts, python
from ward import credentials
from ward.clock import SystemClock
from ward.overlays import NOTHING
from ward.people import OrganisationId, PatientId, Role, TeamId
from ward.store import embedded, migrate, people, plan_versions
from ward.store.pool import Connection, connect
from ward.vitals import VITALS, VitalKind

NURSE, PASSWORD = "bench", "a-password-for-measuring"
DEVICE, SECRET = "bench-{}", "secret-bench-{}"
_WARM_S = 20.0
# What people have who are well: the middle, and how far from it at most.
_CALM = {
    VitalKind.HEART_RATE: (72.0, 6.0),
    VitalKind.SPO2: (97.0, 1.5),
    VitalKind.RESP_RATE: (15.0, 2.5),
    VitalKind.TEMPERATURE: (36.9, 0.3),
    VitalKind.SYSTOLIC: (128.0, 9.0),
}


class Name(StrEnum):
    """Who is measured."""

    FLOOR = "floor"
    ENDPOINT = "endpoint"
    BROKER = "broker door"


class Extent(StrEnum):
    """How much of it runs: what stores, or everything up to the screen."""

    INGEST = "ingest"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A contender that is ready.

    `patients[n]` wears device n + 1 (nobody at the floor); `counted` is how many readings its store held to begin with.
    """

    name: Name
    database_url: str
    mqtt_port: int
    web_port: int
    children: tuple[Child, ...]
    patients: tuple[PatientId, ...]
    counted: int

    def stored(self) -> int:
        """Return how many readings the store holds."""
        return count(self.database_url, self.name)

    def bytes_per_reading(self) -> float:
        """Return what a stored reading takes on disk, its key index included."""
        table = "vit" if self.name is Name.FLOOR else "reading"
        parts = f"select sum(pg_total_relation_size(relid)) from pg_partition_tree('{table}')"  # noqa: S608 - one of two
        query = f"select coalesce(({parts}), pg_total_relation_size('{table}'))"
        with psycopg.connect(self.database_url) as conn:
            row = conn.execute(query.encode()).fetchone()
        return float(row[0]) / self.stored() if row else 0.0

    def log_tails(self) -> str:
        """Return the last words of its processes, for when something went wrong."""
        return "\n".join(
            f"--- {each.name}\n" + "\n".join(each.log.read_text(errors="replace").splitlines()[-5:])
            for each in self.children
        )


def count(database_url: str, name: Name) -> int:
    """Return how many readings a contender's store holds."""
    table = "vit" if name is Name.FLOOR else "reading"
    with psycopg.connect(database_url) as conn:
        row = conn.execute(f"select count(*) from {table}".encode()).fetchone()  # noqa: S608 - one of two tables
    return int(row[0]) if row else 0


@contextmanager
def contender(
    rig: Rig, name: Name, extent: Extent, devices: int, workers: int = 1, past_minutes: int = 0
) -> Iterator[Running]:
    """Start a contender for so many devices and warm it up; stop it at the end.

    `workers` is how many of our ingest processes share the broker's subscription; an endpoint is one. With
    `past_minutes` ours finds so many minutes of calm readings in its store, one of each kind a minute.
    """
    with ExitStack() as stack:
        database_url = stack.enter_context(rig.database(f"bench_{time.monotonic_ns()}"))
        web_port = embedded.free_port()
        children: list[Child] = []
        patients: list[PatientId] = []
        if name is Name.ENDPOINT:
            mqtt_port = embedded.free_port()
        else:
            mqtt_port, broker = stack.enter_context(rig.broker())
            children.append(broker)
        if name is Name.FLOOR:
            _create_floor(database_url)
            parts = _floor_parts(database_url, mqtt_port, web_port, extent)
        else:
            patients = asyncio.run(admit(database_url, devices, past_minutes))
            parts = _our_parts(database_url, name, mqtt_port, web_port, extent, workers)
        children += [
            stack.enter_context(rig.running(each, command, environment, ready))
            for each, command, environment, ready in parts
        ]
        yield Running(
            name=name,
            database_url=database_url,
            mqtt_port=mqtt_port,
            web_port=web_port,
            children=tuple(children),
            patients=tuple(patients),
            counted=_warm_up(database_url, name, mqtt_port, devices),
        )


_Part = tuple[str, list[str], dict[str, str], Callable[[], bool]]


def _create_floor(database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        conn.execute(floor.SCHEMA)


def _floor_parts(database_url: str, mqtt_port: int, web_port: int, extent: Extent) -> list[_Part]:
    command = python("-m", "benchmarks.floor")
    parts: list[_Part] = [("floor-ingest", [*command, "ingest", str(mqtt_port), database_url], {}, lambda: True)]
    if extent is Extent.WHOLE:
        web = [*command, "web", str(web_port), database_url]
        parts.append(("floor-web", web, {}, lambda: accepts(web_port)))
    return parts


def _our_parts(
    database_url: str, name: Name, mqtt_port: int, web_port: int, extent: Extent, workers: int
) -> list[_Part]:
    command = python(str(PROJECT / "hemvakt.py"))
    environment = {
        "HEMVAKT_DATABASE_URL": database_url,
        "HEMVAKT_MQTT_PORT": str(mqtt_port),
        "HEMVAKT_MQTT_DEVICE_RATE": "1000000",  # a few connections stand for many devices
        "HEMVAKT_HTTP_PORT": str(web_port),
        "HEMVAKT_MQTT_URL": "" if name is Name.ENDPOINT else f"mqtt://127.0.0.1:{mqtt_port}",
    }
    parts: list[_Part] = [
        ("ingest", [*command, "ingest"], {**environment, "HEMVAKT_INSTANCE": str(n)}, lambda: accepts(mqtt_port))
        for n in range(1, workers + 1)
    ]
    if extent is Extent.WHOLE:
        parts.append(("alerting", [*command, "alerting"], environment, lambda: _hears(database_url)))
        parts.append(("api", [*command, "api"], environment, lambda: accepts(web_port)))
    return parts


def _hears(database_url: str) -> bool:
    """Tell whether alerting has begun: both of its processes listen."""
    with psycopg.connect(database_url) as conn:
        row = conn.execute(
            "select count(distinct application_name) = 2 from pg_stat_activity where datname = current_database()"
            " and application_name in ('hemvakt-alerting-hints', 'hemvakt-rush-hints')"
        ).fetchone()
    return bool(row and row[0])


def _warm_up(database_url: str, name: Name, mqtt_port: int, devices: int) -> int:
    """Publish from every device until a reading is stored, then let all of them arrive."""
    deadline = time.monotonic() + _WARM_S
    least = 3 * devices + count(database_url, name)
    while True:
        plan = load.Plan(
            host="127.0.0.1", port=mqtt_port, device=DEVICE, secret=SECRET,
            devices=devices, messages=3 * devices, readings=1, window=1, rate=0,
        )  # fmt: skip
        asyncio.run(load.run(plan))
        held = settle(database_url, name, least=least, patience_s=2.0)
        if held >= least:
            return held
        if time.monotonic() > deadline:
            raise NotReady(f"{name} has stored {held} of {least} readings")


def settle(database_url: str, name: Name, *, least: int, patience_s: float) -> int:
    """Wait until the store holds `least` readings, or nothing has come for `patience_s`; return how many it holds.

    Counting costs the store time that storing could use, so it counts again only when about half of the rest is in.
    """
    held, began, since = count(database_url, name), time.monotonic(), time.monotonic()
    first = held
    while held < least and time.monotonic() - since < patience_s:
        pace = max(1.0, (held - first) / (time.monotonic() - began))
        time.sleep(min(0.5, max(0.02, (least - held) / pace / 2)))
        now = count(database_url, name)
        if now != held:
            held, since = now, time.monotonic()
    return held


async def admit(database_url: str, devices: int, past_minutes: int = 0) -> list[PatientId]:
    """Fill a fresh store with a ward: a nurse who can log in, and a patient for every device, with a past."""
    at = SystemClock().now() - timedelta(minutes=1 + past_minutes)
    await migrate.migrate(database_url, at)
    async with await connect(database_url, "bench") as conn:
        organisation_id = await people.add_organisation(conn, name="Mätkommunen", kind="municipality")
        team_id = await people.add_team(conn, organisation_id=organisation_id, name="Mätteamet", phone="000")
        staff_id = await people.add_staff(
            conn,
            organisation_id=organisation_id,
            username=NURSE,
            name="Mia Mätsköterska",
            title="Sjuksköterska",
            role=Role.NURSE,
            password_hash=passwords.hash_password(PASSWORD),
        )
        await people.add_member(conn, team_id=team_id, staff_id=staff_id)
        found = [await _bed(conn, organisation_id, team_id, number, at) for number in range(1, devices + 1)]
        if past_minutes:
            await migrate.ensure_partitions(conn, sorted({at.date(), SystemClock().now().date()}))
            await _measured(conn, at)
        return found


async def _measured(conn: Connection, since: datetime) -> None:
    """Store a calm past: each minute until now a reading of each kind of every stay."""
    for kind, (value, spread) in _CALM.items():
        await conn.execute(
            "insert into reading (stay_id, kind, measured_at, device_no, value, received_at, validity, quality)"
            " select stay_id, %s, t, device_no, %s + %s * (random() + random() - 1), t, 0, 95 from binding,"
            " generate_series(%s::timestamptz, %s, '1 minute') t",
            (VITALS[kind].code, value, spread, since, SystemClock().now()),
        )
    await conn.execute(
        "insert into latest_reading select distinct on (stay_id, kind) * from reading"
        " order by stay_id, kind, measured_at desc"
    )
    await conn.commit()
    await conn.execute("analyze")


async def _bed(
    conn: Connection, organisation_id: OrganisationId, team_id: TeamId, number: int, at: datetime
) -> PatientId:
    birth = date(1930, 1, 1) + timedelta(days=number)
    patient_id = await people.add_patient(
        conn,
        organisation_id=organisation_id,
        personal_number=f"{birth:%Y%m%d}98{number % 100:02d}",
        given_name="Testa",
        family_name=f"Testsson {number}",
        birth_date=birth,
        sex="female",
    )
    stay_id = await people.add_stay(
        conn, patient_id=patient_id, programme="hospital_at_home", reason="", next_step="", started_at=at
    )
    await people.add_responsibility(conn, stay_id=stay_id, team_id=team_id, from_at=at)
    await plan_versions.begin(conn, stay_id, NOTHING, at)
    secret = credentials.digest(SECRET.format(number))
    device_no = await people.add_device(conn, device_id=DEVICE.format(number), secret_sha256=secret)
    await people.add_binding(conn, device_no=device_no, stay_id=stay_id, from_at=at)
    return patient_id


def now_text() -> str:
    """Return the present to the minute, for the head of a table."""
    return f"{SystemClock().now().astimezone(UTC):%Y-%m-%d %H:%M} UTC"
