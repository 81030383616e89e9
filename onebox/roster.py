"""Organisations, teams, staff, patients, devices and what was written of them, from a readable file (TOML).

Loading twice changes nothing: an organisation, team, log-in, personal number or device that is there already
stays as it is. `onebox/demo.toml` is an example with every field.
"""

import secrets
import tomllib
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec

from api.passwords import hash_password
from onebox import roster_care, roster_duty
from onebox.roster_care import Telling, Whose
from onebox.roster_duty import ShiftEntry, Tag, Text, UnitEntry, Week
from onebox.roster_story import StoryEntry
from ward import credentials, device_secrets, overlays, plan_documents
from ward.clock import SystemClock
from ward.errors import ConfigError
from ward.overlays import NOTHING, Origin, Overlay
from ward.people import OrganisationId, Role, StaffId, StayId, TeamId
from ward.plan_versions import layers_of, review
from ward.plans import Plan
from ward.store import duty_care, duty_layout, people, plan_versions, plans, proofs
from ward.store.duty_care import CareRow
from ward.store.plan_versions import Owner
from ward.store.pool import Connection, reach
from ward.vitals import Mode

_Id = TypeVar("_Id", OrganisationId, TeamId, StaffId, int)
Programme = Annotated[str, msgspec.Meta(pattern=f"^({'|'.join(plan_documents.names())})$")]
# Patients of a roster have been in care for so long when it is loaded.
IN_CARE = timedelta(days=2)
PersonalNumber = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{8}[0-9A-Z]{2}[0-9]{2}$")]


class OrganisationEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """An organisation and its teams."""

    name: Text
    kind: Literal["region", "municipality"]


class TeamEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """A team of an organisation, what it can do, and its week."""

    organisation: Text
    name: Text
    phone: Text
    competences: tuple[Tag, ...] = ()
    shift: tuple[ShiftEntry, ...] = ()


class StaffEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """Somebody who logs in; without a password one is drawn, told once, and changed at the first log-in."""

    organisation: Text
    username: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    name: Text
    title: Text
    role: Role
    teams: tuple[Text, ...] = ()
    phone: Text | None = None
    language: Literal["sv", "en"] = "sv"
    password: Annotated[str, msgspec.Meta(min_length=8)] | None = None


class PatientEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """A patient, the stay, who answers and the device that is worn; without a secret one is drawn.

    A unit routes the patient, by `needs`, among its teams; without one the `team` answers at all hours. `plan` is what
    the patient's plan differs in from the programme's (docs/plans.md).
    """

    organisation: Text
    team: Text | None = None
    unit: Text | None = None
    needs: tuple[Tag, ...] = ()
    nurse: Text | None = None
    doctor: Text | None = None
    personal_number: PersonalNumber
    given_name: Text
    family_name: Text
    sex: Literal["female", "male", "other", "unknown"]
    phone: str | None = None
    address: Annotated[str, msgspec.Meta(min_length=1, max_length=300)] | None = None
    programme: Programme
    reason: str = ""
    next_step: str = ""
    device: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    device_model: str = ""
    device_secret: Annotated[str, msgspec.Meta(min_length=8)] | None = None
    plan: Overlay = NOTHING


class Roster(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    mode: Mode = Mode.REAL
    organisation: tuple[OrganisationEntry, ...] = ()
    team: tuple[TeamEntry, ...] = ()
    staff: tuple[StaffEntry, ...] = ()
    unit: tuple[UnitEntry, ...] = ()
    patient: tuple[PatientEntry, ...] = ()
    story: tuple[StoryEntry, ...] = ()


def read(path: Path) -> Roster:
    """Read and check a roster.

    Raises
    ------
    ConfigError
        If the file cannot be read, naming the field and what it should be.
    """
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Roster)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path} cannot be used: {error}") from error


async def load(database_url: str, path: Path, *, device_key: str = "") -> list[str]:
    """Enter a roster into the store in one transaction; return what was done, a line each.

    A device's secret that the file leaves out comes from `device_key`, or is drawn where there is none.
    """
    roster = read(path)
    conn = await reach(database_url, "roster")
    async with conn:
        return await enter(conn, roster, SystemClock().now(), device_key=device_key)


async def enter(
    conn: Connection,
    roster: Roster,
    now: datetime,
    *,
    device_key: str = "",
    hashed: Callable[[str], str] = hash_password,
) -> list[str]:
    """Enter a roster as of `now`, in the caller's transaction; patients have been in care for two days by then.

    `hashed` makes what the store keeps of the password of staff.
    """
    return await _Loading(conn, now, device_key, hashed).load(roster)


class _Loading:
    """One load: the connection, the present, and the ids found so far by name."""

    def __init__(self, conn: Connection, now: datetime, device_key: str, hashed: Callable[[str], str]) -> None:
        self._conn = conn
        self._hashed = hashed
        self._device_key = device_key
        self._now = now
        self._organisations: dict[str, OrganisationId] = {}
        self._teams: dict[str, TeamId] = {}
        self._staff: dict[str, StaffId] = {}
        self._units: dict[str, int] = {}
        self._patients: dict[str, Whose] = {}
        self._told: list[str] = []

    async def load(self, roster: Roster) -> list[str]:
        """Enter everything, in the order in which one thing needs another."""
        for organisation in roster.organisation:
            await self._organisation(organisation)
        for team in roster.team:
            await self._team(team)
        for member in roster.staff:
            await self._member(member)
        for team in roster.team:
            await self._week(team)
        for unit in roster.unit:
            await self._unit(unit)
        for patient in roster.patient:
            await self._patient(patient, roster.mode)
        for story in roster.story:
            await self._story(story, roster)
        return self._told or ["nothing to do: everything in the file is there already"]

    async def _organisation(self, entry: OrganisationEntry) -> None:
        known = await people.find_organisation(self._conn, entry.name)
        if known is None:
            known = await people.add_organisation(self._conn, name=entry.name, kind=entry.kind)
            self._told.append(f"organisation {entry.name}")
        self._organisations[entry.name] = known

    async def _team(self, entry: TeamEntry) -> None:
        organisation_id = _named(self._organisations, entry.organisation, "organisation")
        known = await people.find_team(self._conn, organisation_id, entry.name)
        if known is None:
            known = await people.add_team(
                self._conn,
                organisation_id=organisation_id,
                name=entry.name,
                phone=entry.phone,
                competences=entry.competences,
            )
            self._told.append(f"team {entry.name}")
        self._teams[entry.name] = known

    async def _member(self, entry: StaffEntry) -> None:
        known = await people.find_staff(self._conn, entry.username)
        if known is not None:
            self._staff[entry.username] = known
            return
        password = entry.password or secrets.token_urlsafe(12)
        staff_id = await people.add_staff(
            self._conn,
            organisation_id=_named(self._organisations, entry.organisation, "organisation"),
            username=entry.username,
            name=entry.name,
            title=entry.title,
            role=entry.role,
            password_hash=self._hashed(password),
            language=entry.language,
            phone=entry.phone,
        )
        if entry.password is None:
            await proofs.require_change(self._conn, entry.username)
        self._staff[entry.username] = staff_id
        for name in entry.teams:
            await people.add_member(self._conn, team_id=_named(self._teams, name, "team"), staff_id=staff_id)
        self._told.append(f"log-in {entry.username}" + ("" if entry.password else f", password {password}"))

    async def _week(self, entry: TeamEntry) -> None:
        week = Week(team_id=self._teams[entry.name], name=entry.name, shifts=entry.shift)
        if await roster_duty.load_week(self._conn, week, self._staff, self._now):
            self._told.append(f"week of {entry.name}")

    async def _unit(self, entry: UnitEntry) -> None:
        organisation_id = _named(self._organisations, entry.organisation, "organisation")
        number, new = await roster_duty.load_unit(self._conn, entry, organisation_id, self._teams, self._now)
        self._units[entry.name] = number
        if new:
            self._told.append(f"unit {entry.name}")

    async def _patient(self, entry: PatientEntry, mode: Mode) -> None:
        if await people.device_exists(self._conn, entry.device):
            return
        started_at = self._now - IN_CARE
        patient_id = await people.add_patient(
            self._conn,
            organisation_id=_named(self._organisations, entry.organisation, "organisation"),
            personal_number=entry.personal_number,
            given_name=entry.given_name,
            family_name=entry.family_name,
            birth_date=_birth_date(entry.personal_number),
            sex=entry.sex,
            phone=entry.phone,
            address=entry.address,
        )
        stay_id = await people.add_stay(
            self._conn,
            patient_id=patient_id,
            programme=entry.programme,
            reason=entry.reason,
            next_step=entry.next_step,
            started_at=started_at,
            mode=mode,
        )
        await self._answering(entry, stay_id, started_at)
        await self._plan(entry, stay_id, started_at)
        self._patients[entry.device] = Whose(
            patient_id=patient_id,
            stay_id=stay_id,
            organisation_id=self._organisations[entry.organisation],
            name=f"{entry.given_name} {entry.family_name}",
            mode=mode,
        )
        secret = entry.device_secret or self._secret(entry.device)
        device_no = await people.add_device(
            self._conn,
            device_id=entry.device,
            secret_sha256=credentials.digest(secret),
            model=entry.device_model,
            mode=mode,
        )
        await people.add_binding(self._conn, device_no=device_no, stay_id=stay_id, from_at=started_at)
        told = "" if entry.device_secret else f", secret {secret}"
        self._told.append(f"patient with device {entry.device}{told}")

    async def _story(self, entry: StoryEntry, roster: Roster) -> None:
        """Tell what was written of a patient who has just been entered; of others it is there already."""
        if entry.device not in {each.device for each in roster.patient}:
            raise ConfigError(f"device {entry.device!r} is named by a story, but no patient of the file wears it")
        whose = self._patients.get(entry.device)
        if whose is not None:
            to = Telling(conn=self._conn, whose=whose, now=self._now, staff=self._staff, teams=self._teams)
            self._told += await roster_care.tell(to, entry)

    async def _answering(self, entry: PatientEntry, stay_id: StayId, started_at: datetime) -> None:
        """Have somebody answer from the first moment of a stay: its unit's routes, or one team."""
        if entry.unit is None:
            team_id = _named(self._teams, entry.team or "", "team")
            await people.add_responsibility(self._conn, stay_id=stay_id, team_id=team_id, from_at=started_at)
            return
        care = CareRow(
            stay_id=stay_id,
            policy_id=_named(self._units, entry.unit, "unit"),
            nurse_id=None if entry.nurse is None else _named(self._staff, entry.nurse, "log-in"),
            doctor_id=None if entry.doctor is None else _named(self._staff, entry.doctor, "log-in"),
            needs=list(entry.needs),
            rev=0,
        )
        await duty_care.save_care(self._conn, care)
        await duty_layout.lay(self._conn, [stay_id], started_at)

    async def _plan(self, entry: PatientEntry, stay_id: StayId, started_at: datetime) -> None:
        """Begin a stay's plan with what the file says of it, if that may be in force as it stands in a file."""
        await plan_versions.lock(self._conn, Owner(stay_id=stay_id))
        found = (await plans.effective(self._conn, [stay_id], self._now))[0]
        layers = layers_of(found.programme, overlays.read_layers(found.plan_layers), Origin.PATIENT)
        said = review(layers, entry.plan, Origin.PATIENT, None, self._now)
        wrong = [f"{each.path}: {each.en}" for each in said.faults] + [f"{each}: needs two names" for each in said.asks]
        if entry.plan != NOTHING:
            wrong += _missed(said.coming)
        if wrong:
            raise ConfigError(f"the plan of the patient with device {entry.device} cannot be used: {'; '.join(wrong)}")
        await plan_versions.begin(self._conn, stay_id, entry.plan, started_at)

    def _secret(self, device_id: str) -> str:
        return credentials.secret_of(self._device_key, device_id, device_secrets.FIRST)


def _missed(coming: Sequence[Plan]) -> list[str]:
    """Return the deteriorations that a plan does not find, in words."""
    from alerting import plan_trial  # noqa: PLC0415 - it brings numpy, which other commands are spared

    cases = {case.name: case for missed in plan_trial.missed_by_each(coming) for case in missed}
    return [f"it does not find in time: {case.title}" for case in cases.values()]


def _named(known: dict[str, _Id], name: str, what: str) -> _Id:
    if name not in known:
        raise ConfigError(f"{what} {name!r} is named but not in the file; it has {', '.join(known) or 'none'}")
    return known[name]


def _birth_date(personal_number: str) -> date:
    """Return the date of birth; a coordination number's day is 60 too high."""
    day = int(personal_number[6:8])
    try:
        return date(int(personal_number[:4]), int(personal_number[4:6]), day - 60 if day > 60 else day)
    except ValueError as error:
        raise ConfigError(f"a personal number does not begin with a date: {error}") from error
