"""A ward whose patients are routed: a day team, a round-the-clock team, and a lung team of another organisation."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import pytest

from alerting import duty as alerting_duty
from api.auth import digest, expiry
from tests.builders_duty import NOON, office_hours, round_the_clock
from tests.fix_ward import Ward, admit
from ward.clock import FakeClock
from ward.duty.routing import Route
from ward.people import OrganisationId, Role, StaffId, StayId, TeamId
from ward.store import duty_care, duty_layout, duty_schedules, people, sessions
from ward.store.duty_care import CareRow
from ward.store.pool import Connection, connect, pool

_Given = TypeVar("_Given")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """The ward at `NOON`, when the day team (`anna`) is on duty; `natt` is of the base, `lunga` of the lung team."""

    ward: Ward
    unit_id: int
    day: TeamId
    base: TeamId
    lungs: TeamId
    anna: StaffId
    natt: StaffId
    lunga: StaffId

    @property
    def url(self) -> str:
        """The store."""
        return self.ward.database_url

    @property
    def stay(self) -> StayId:
        """The first patient's."""
        return self.ward.beds[0].stay_id

    def within(self, work: Callable[[Connection], Awaitable[_Given]]) -> _Given:
        """Do something in one transaction of a process that knows nothing of what was before."""

        async def run() -> _Given:
            async with await connect(self.url, "test") as conn:
                return await work(conn)

        return asyncio.run(run())

    def sweep(self, at: datetime) -> int:
        """Let the loop of a process that has just begun do what is due at a time; return the most of one kind."""

        async def run() -> int:
            async with pool(self.url, "test", size=1) as store:
                return await alerting_duty.sweep(store, FakeClock(at))

        return asyncio.run(run())


def token(username: str) -> str:
    """Return the token of somebody's open session."""
    return f"session-of-{username}"


async def _member(conn: Connection, organisation_id: OrganisationId, username: str, role: Role) -> StaffId:
    staff_id = await people.add_staff(
        conn,
        organisation_id=organisation_id,
        username=username,
        name=f"{username.title()} Provsson",
        title="Prov",
        role=role,
        password_hash="!",
    )
    until = expiry(NOON, NOON)
    account = await sessions.find_account(conn, username)
    assert account is not None
    await sessions.open_session(
        conn, token_sha256=digest(token(username)), account_id=account.account_id, now=NOON, expires_at=until
    )
    return staff_id


async def _furnish(database_url: str) -> Unit:
    ward = await admit(database_url, 3, NOON)
    async with await connect(database_url, "test") as conn:
        home = await people.find_organisation(conn, "Testkommunen")
        assert home is not None
        away = await people.add_organisation(conn, name="Provregionen", kind="region")
        base = await people.add_team(conn, organisation_id=home, name="Dygnet runt", phone="112")
        lungs = await people.add_team(conn, organisation_id=away, name="Andningsteamet", phone="113")
        await conn.execute("update team set competences = '{respiratory}' where team_id = %s", (lungs,))
        anna = await _member(conn, home, "anna", Role.NURSE)
        natt = await _member(conn, home, "natt", Role.NURSE)
        lunga = await _member(conn, away, "lunga", Role.DOCTOR)
        await _member(conn, home, "oskar", Role.OPERATOR)
        for team_id, staff_id, week in (
            (ward.team_id, anna, office_hours((anna,))),
            (base, natt, round_the_clock((natt,))),
            (lungs, lunga, office_hours((lunga,))),
        ):
            await people.add_member(conn, team_id=team_id, staff_id=staff_id)
            await duty_schedules.save_week(conn, team_id, 1, week, None, NOON)
        routes = (Route(needs=frozenset({"respiratory"}), competence="respiratory"), Route(team_id=ward.team_id))
        unit_id = await duty_care.add_policy(
            conn, organisation_id=home, name="Närsjukvård", base_team_id=base, routes=routes
        )
        assert unit_id is not None
        for bed in ward.beds:
            care = CareRow(stay_id=bed.stay_id, policy_id=unit_id, nurse_id=anna, doctor_id=lunga, needs=[], rev=0)
            assert await duty_care.save_care(conn, care)
        assert (await duty_layout.lay(conn, [bed.stay_id for bed in ward.beds], NOON)).count == len(ward.beds)
    return Unit(ward=ward, unit_id=unit_id, day=ward.team_id, base=base, lungs=lungs, anna=anna, natt=natt, lunga=lunga)


@pytest.fixture
def unit(database_url: str) -> Unit:
    """A ward whose three patients are routed."""
    return asyncio.run(_furnish(database_url))
