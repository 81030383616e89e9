"""Households for a fault run: two patients, two devices, and kits that change wearers while readings are on their way.

The invariant: nobody measures during an exchange, so whose a reading is follows from when it was measured, without
asking the store. Between the two wearers lies a moment at which a device is nobody's.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import psycopg

from ward import credentials
from ward.clock import Clock, from_us, to_us
from ward.overlays import NOTHING
from ward.people import DeviceNo, OrganisationId, StayId, TeamId
from ward.store import migrate, people, plan_versions
from ward.store.pool import Connection, connect

DEVICE, SECRET = "fault-{:03d}", "secret-fault-{:03d}"
HISTORY = timedelta(days=3)
GAP_US = 1000
_AGAIN_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Worn:
    """From when a device was whose; None: nobody's."""

    since_us: int
    stay_id: StayId | None


@dataclass(slots=True, kw_only=True)
class Kit:
    """A device and everybody who wore it, oldest first, as the household knows it."""

    device_id: str
    secret: str
    device_no: DeviceNo
    worn: list[Worn]

    def stay_at(self, at_us: int) -> StayId | None:
        """Return who wore it at an instant."""
        for each in reversed(self.worn):
            if each.since_us <= at_us:
                return each.stay_id
        return None


@dataclass(slots=True, kw_only=True)
class Household:
    """Two kits that may be exchanged; `still` is set while nobody exchanges them, and measuring waits for it."""

    kits: tuple[Kit, Kit]
    still: asyncio.Event = field(default_factory=asyncio.Event)
    exchanges: int = 0

    async def exchange(self, database_url: str, clock: Clock) -> None:
        """Give each the other's kit, and come back when the store knows; a lost store is tried again."""
        self.still.clear()
        until_us = to_us(clock.now()) + GAP_US  # an array's last readings are some microseconds ahead
        since_us = until_us + GAP_US
        wearers = [kit.worn[-1].stay_id for kit in self.kits][::-1]
        while True:
            try:
                await self._bind(database_url, wearers, until_us, since_us)
            except (psycopg.Error, OSError):
                await asyncio.sleep(_AGAIN_S)
                continue
            break
        for kit, stay_id in zip(self.kits, wearers, strict=True):
            kit.worn += [Worn(since_us=until_us, stay_id=None), Worn(since_us=since_us, stay_id=stay_id)]
        self.exchanges += 1
        self.still.set()

    async def _bind(self, database_url: str, wearers: list[StayId | None], until_us: int, since_us: int) -> None:
        """End both bindings and begin the others in one transaction; once only, also when a commit was not heard of."""
        until, since = from_us(until_us), from_us(since_us)
        async with await connect(database_url, "exchange") as conn:
            for kit, stay_id in zip(self.kits, wearers, strict=True):
                if stay_id is None:
                    raise AssertionError("the last wearer is somebody")
                ended = await conn.execute(
                    "update binding set period = tstzrange(lower(period), %s)"
                    " where device_no = %s and upper_inf(period) and lower(period) < %s",
                    (until, kit.device_no, until),
                )
                if ended.rowcount:
                    await people.add_binding(conn, device_no=kit.device_no, stay_id=stay_id, from_at=since)


async def admit(database_url: str, devices: int, clock: Clock) -> list[Household]:
    """Fill a fresh store with so many devices, an even number, two a household."""
    at = clock.now() - HISTORY
    await migrate.migrate(database_url, clock.now())
    async with await connect(database_url, "faults") as conn:
        organisation_id = await people.add_organisation(conn, name="Felkommunen", kind="municipality")
        team_id = await people.add_team(conn, organisation_id=organisation_id, name="Felteamet", phone="000")
        kits = [await _kit(conn, organisation_id, team_id, number, at) for number in range(1, devices + 1)]
    households = [Household(kits=(kits[n], kits[n + 1])) for n in range(0, devices, 2)]
    for each in households:
        each.still.set()
    return households


async def _kit(conn: Connection, organisation_id: OrganisationId, team_id: TeamId, number: int, at: datetime) -> Kit:
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
    device_id, secret = DEVICE.format(number), SECRET.format(number)
    device_no = await people.add_device(conn, device_id=device_id, secret_sha256=credentials.digest(secret))
    await people.add_binding(conn, device_no=device_no, stay_id=stay_id, from_at=at)
    return Kit(
        device_id=device_id,
        secret=secret,
        device_no=device_no,
        worn=[Worn(since_us=to_us(at), stay_id=stay_id)],
    )
