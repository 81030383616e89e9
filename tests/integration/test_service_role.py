"""The services' account can do the services' work, and can only add to the logs: by privilege, not by promise."""

import asyncio
import itertools
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.fix_api import House, alarm, measure, serving
from tests.fix_kit import seated
from ward.clock import SystemClock
from ward.settings import Settings
from ward.store import audit_seals, partitions, service_role, upkeep
from ward.store.checks import log
from ward.store.checks.finding import Level
from ward.store.keep import Keep
from ward.store.pool import connect
from ward.store.service_role import LOGS, NAME
from ward.vitals import VitalKind

PASSWORD = "service-account-of-a-test"


async def _settle(database_url: str) -> None:
    async with await connect(database_url, "test") as conn:
        await service_role.create(conn, PASSWORD)
        assert await service_role.settle(conn)


@pytest.fixture
def service_url(house: House) -> Iterator[str]:
    """The address of the house's store for its services."""
    asyncio.run(_settle(house.database_url))
    address = urlsplit(house.database_url)
    yield address._replace(netloc=f"{NAME}:{PASSWORD}@{address.hostname}:{address.port}").geturl()
    with psycopg.connect(house.database_url) as conn:
        conn.execute(f"reassign owned by {NAME} to current_user")
        conn.execute(f"drop owned by {NAME}")
        conn.execute(f"drop role {NAME}")


TIMES = dict(zip(LOGS, ("at", "at", "sealed_at", "reviewed_at"), strict=True))
FORBIDDEN = (
    "delete from {}",
    "update {} set {key} = {key}",
    "truncate {} cascade",
    "alter table {} disable trigger audit_is_kept",
    "drop trigger audit_is_kept on {}",
    "drop table {} cascade",
    "alter table {} owner to current_user",
)


def test_services_cannot_touch_what_is_logged(service_url: str) -> None:
    """Nothing that would alter or remove an entry, or what guards it, is allowed to the services' account."""
    with psycopg.connect(service_url, autocommit=True) as conn:
        for table, deed in itertools.product(LOGS, FORBIDDEN):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(deed.format(table, key=TIMES[table]).encode())


def test_services_cannot_rise(service_url: str) -> None:
    """The account cannot switch triggers off, become another, or make one."""
    with psycopg.connect(service_url, autocommit=True) as conn:
        for deed in ("set session_replication_role = replica", "set role hemvakt", "create role x"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(deed.encode())


def test_services_work_with_it(house: House, service_url: str) -> None:
    """The api serves, logs and seals; readings are stored; upkeep makes, rolls and drops its parts."""

    async def work() -> None:
        await measure(house, house.ward.beds[0], VitalKind.SPO2, 95)
        await alarm(house, house.ward.beds[0])
        async with (
            serving(service_url, settings=Settings(database_url=service_url, http_port=0)) as served,
            seated(house, served, "anna") as nurse,
        ):
            answer = await nurse.get("/api/patients/1")
            assert answer.status_code == 200, answer.text
        async with await connect(service_url, "test") as conn:
            assert await audit_seals.seal(conn, SystemClock().now()) is None or await audit_seals.newest(conn)
            await partitions.ahead(conn, SystemClock().now())
        async with await connect(service_url, "test", autocommit=True) as conn:
            report = await upkeep.run(conn, SystemClock().now(), Keep.of(Settings(database_url=service_url)))
            assert report is not None

    asyncio.run(work())


@pytest.mark.parametrize(("whose", "level"), [("owner", Level.WARN), ("service", Level.OK)])
def test_check_names_services_that_could_alter_the_log(
    house: House, service_url: str, whose: str, level: Level
) -> None:
    """A service that runs with the owner's account is pointed out; one with its own is not."""

    async def look() -> Level:
        url = house.database_url if whose == "owner" else service_url
        async with (
            await connect(url, "api") as running,
            await connect(house.database_url, "check", autocommit=True) as conn,
        ):
            await running.execute("select 1")
            (found,) = await log.guarded(conn, SystemClock().now())
        return found.level

    assert asyncio.run(look()) is level
