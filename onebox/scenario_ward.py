"""The ward in which scenarios are checked: the demo's teams, weeks and routes, and one invented patient a scenario.

Needs a database with the schema and nothing in it. A patient's plan is entered as signed by two names where it asks for
them, so that comfort care can be played.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from onebox import roster
from simulator import transcript
from simulator.device import Kit
from simulator.expectations import Check
from simulator.scenario import Scenario
from ward.clock import to_us
from ward.errors import ConfigError
from ward.overlays import NOTHING
from ward.people import StayId
from ward.plan_versions import State
from ward.store import people, plan_versions, registry
from ward.store.pool import Connection
from ward.vitals import Mode

_PEOPLE = Path(__file__).parent / "demo.toml"
_UNIT = "Närsjukvård Exempelköping"
_ORGANISATION = "Exempelköpings kommun"
_AUTHOR, _SIGNER = "anna", "omar"
_LOCAL = ZoneInfo("Europe/Stockholm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A scenario in the ward: its device, and the stay of its patient."""

    scenario: Scenario
    check: Check
    worn: Kit
    stay_id: StayId


def check_of(scenario: Scenario) -> Check:
    """Return how a scenario is checked.

    Raises
    ------
    ConfigError
        If its file does not say.
    """
    if scenario.check is None:
        raise ConfigError(f"the scenario {scenario.name} has no [check]: it says nothing of what must ring")
    return scenario.check


def began(check: Check) -> datetime:
    """Return the instant at which a check begins."""
    return check.begins.replace(tzinfo=_LOCAL)


async def furnish(conn: Connection, scenarios: Sequence[Scenario], now: datetime) -> list[Part]:
    """Enter the ward and a patient for each scenario, all of which begin at `now`, in the caller's transaction."""
    checks = [check_of(each) for each in scenarios]
    longest = timedelta(hours=max(each.history_hours for each in checks))
    admitted_at = min(now, now - longest + roster.IN_CARE)
    staffed = roster.read(_PEOPLE)
    patients = tuple(_patient(number, each) for number, each in enumerate(checks, 1))
    ward = roster.Roster(
        mode=Mode.DEMO,
        organisation=staffed.organisation,
        team=staffed.team,
        staff=staffed.staff,
        unit=staffed.unit,
        patient=patients,
    )
    await roster.enter(conn, ward, admitted_at, hashed=_unhashed)
    parts = []
    devices = await registry.devices(conn)
    for number, (scenario, check) in enumerate(zip(scenarios, checks, strict=True), 1):
        stay_id = devices[_device(number)].stay_at(to_us(now))
        if stay_id is None:
            raise AssertionError("a patient of the ward wears a device")
        await _sign(conn, stay_id, check, admitted_at)
        worn = transcript.kit(scenario, check, _device(number), _seed(scenario.name))
        parts.append(Part(scenario=scenario, check=check, worn=worn, stay_id=stay_id))
    return parts


def _unhashed(_password: str) -> str:
    """Return what no password fits: nobody logs in here, and hashing takes its time by intent."""
    return "!"


def _device(number: int) -> str:
    return f"sc-{number:03d}"


def _seed(name: str) -> int:
    """Return a scenario's own seed: the same body whichever others are played beside it."""
    return int.from_bytes(name.encode()) % 1_000_003


def _patient(number: int, check: Check) -> roster.PatientEntry:
    return roster.PatientEntry(
        organisation=_ORGANISATION,
        unit=_UNIT,
        needs=check.needs,
        personal_number=f"19400101{980 + number // 10:03d}{number % 10}",
        given_name="Tolvan",
        family_name=f"Testsson {number}",
        sex="female",
        programme=check.programme,
        device=_device(number),
        device_secret=f"scenario-{number}",
    )


async def _sign(conn: Connection, stay_id: StayId, check: Check, at: datetime) -> None:
    """Put the patient's own plan in force, with both names."""
    if check.plan == NOTHING:
        return
    author, signer = await people.find_staff(conn, _AUTHOR), await people.find_staff(conn, _SIGNER)
    if author is None or signer is None:
        raise AssertionError("the demo's people are entered before the plans of its patients")
    owner = plan_versions.Owner(stay_id=stay_id)
    change = plan_versions.Change(
        overlay=check.plan, state=State.AWAITING, author_id=author, reason="scenario", at=at, asks=("goals",)
    )
    number = await plan_versions.add(conn, owner, change)
    version = next(each for each in await plan_versions.versions(conn, owner) if each.version == number)
    await plan_versions.approve(conn, owner, version, signer, at)
