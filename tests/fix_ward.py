"""A small ward in a test's own database: an organisation, a team, a nurse, and patients with devices."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from ward import credentials
from ward.clock import SystemClock
from ward.overlays import NOTHING
from ward.people import DeviceNo, PatientId, Role, StaffId, StayId, TeamId
from ward.store import people, plan_versions
from ward.store.pool import Connection, connect
from ward.vitals import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """One patient with one device, whose secret is `secret-` and its id."""

    patient_id: PatientId
    stay_id: StayId
    device_no: DeviceNo
    device_id: str

    @property
    def secret(self) -> str:
        """The device's secret."""
        return f"secret-{self.device_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ward:
    """A ward that has been admitted to the store."""

    database_url: str
    team_id: TeamId
    nurse_id: StaffId
    beds: tuple[Bed, ...]
    admitted_at: datetime


async def admit_bed(conn: Connection, organisation_id: int, team_id: TeamId, number: int, at: datetime) -> Bed:
    """Admit one patient with a device of their own; `number` tells them apart."""
    patient_id = await people.add_patient(
        conn,
        organisation_id=organisation_id,  # type: ignore[arg-type] # the test's own number
        personal_number=f"19400101{980 + number // 10:03d}{number % 10}",
        given_name="Testa",
        family_name=f"Testsson {number}",
        birth_date=datetime(1940, 1, 1, tzinfo=at.tzinfo).date(),
        sex="female",
    )
    stay_id = await people.add_stay(
        conn, patient_id=patient_id, programme="hospital_at_home", reason="", next_step="", started_at=at
    )
    await people.add_responsibility(conn, stay_id=stay_id, team_id=team_id, from_at=at)
    await plan_versions.begin(conn, stay_id, NOTHING, at)
    device_id = f"hv-{number}"
    device_no = await people.add_device(
        conn, device_id=device_id, secret_sha256=credentials.digest(f"secret-{device_id}"), mode=Mode.REAL
    )
    await people.add_binding(conn, device_no=device_no, stay_id=stay_id, from_at=at)
    return Bed(patient_id=patient_id, stay_id=stay_id, device_no=device_no, device_id=device_id)


async def admit(database_url: str, beds: int, at: datetime | None = None) -> Ward:
    """Fill a fresh database with a ward of so many beds, admitted two days before `at` (now)."""
    admitted_at = (at or SystemClock().now()) - timedelta(days=2)
    conn = await connect(database_url, "test")
    async with conn:
        organisation_id = await people.add_organisation(conn, name="Testkommunen", kind="municipality")
        team_id = await people.add_team(conn, organisation_id=organisation_id, name="Testteamet", phone="000")
        nurse_id = await people.add_staff(
            conn,
            organisation_id=organisation_id,
            username="nora",
            name="Nora Testsköterska",
            title="Sjuksköterska",
            role=Role.NURSE,
            password_hash="!",
        )
        await people.add_member(conn, team_id=team_id, staff_id=nurse_id)
        made = [await admit_bed(conn, organisation_id, team_id, number, admitted_at) for number in range(1, beds + 1)]
    return Ward(
        database_url=database_url, team_id=team_id, nurse_id=nurse_id, beds=tuple(made), admitted_at=admitted_at
    )


@pytest.fixture
def ward(database_url: str) -> Ward:
    """A ward of three beds."""
    return asyncio.run(admit(database_url, 3))
