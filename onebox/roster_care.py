"""Enters the stories of a roster: what has been written of its patients, who logs in for them, and earlier stays.

By the same functions as the API's routes, so that what a story says is what people could have written. The effect of a
change of medication and the risk of a round are computed, never stated. The caller owns the transaction.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerting import apply
from api.passwords import hash_password
from api.routes.effects import effect_of
from api.routes.rounds import Round, items_of
from onebox.roster_story import (
    AlertEntry,
    CheckInEntry,
    EarlierEntry,
    LogInEntry,
    LookEntry,
    MarkEntry,
    MedicationEntry,
    NoteEntry,
    ReadingsEntry,
    RelativeEntry,
    ReportEntry,
    SignedEntry,
    StepEntry,
    StoryEntry,
    VisitEntry,
    instant,
)
from ward.access.permissions import Permission
from ward.access.principals import AccountId, Kind
from ward.alerts import Evidence, Family, Finding, Input, Priority
from ward.duty import working_days
from ward.errors import ConfigError
from ward.events import DeviceEvent, EventKind
from ward.manual import BY_HAND, BY_PATIENT, BY_STAFF, Refused, Typed, settle
from ward.overlays import NOTHING
from ward.people import OrganisationId, PatientId, StaffId, StayId, TeamId
from ward.store import (
    accesses,
    care_events,
    device_events,
    effects,
    homes,
    manual_readings,
    outcomes,
    people,
    plan_versions,
    proofs,
    relatives,
    rounds,
    tiles,
)
from ward.store.accesses import Access
from ward.store.care_events import Entry
from ward.store.effects import NewReport
from ward.store.homes import Step
from ward.store.pool import Connection
from ward.store.rounds import Signed
from ward.timeline import Author, ByHand, EntryKind, Medication
from ward.vitals import VITALS, Mode

_Written = NoteEntry | VisitEntry | MarkEntry | MedicationEntry
_KINDS = {NoteEntry: EntryKind.NOTE, VisitEntry: EntryKind.VISIT, MarkEntry: EntryKind.MARK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """The patient whom a story is about, and the stay in progress."""

    patient_id: PatientId
    stay_id: StayId
    organisation_id: OrganisationId
    name: str
    mode: Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """The telling of one story: into which store, as of when, and whom its names mean."""

    conn: Connection
    whose: Whose
    now: datetime
    staff: Mapping[str, StaffId]
    teams: Mapping[str, TeamId]

    def at(self, hours: float) -> datetime:
        """Return when something was or will be."""
        return instant(hours, self.now)

    def staff_id(self, username: str) -> StaffId:
        """Return who logs in by this name.

        Raises
        ------
        ConfigError
            If the file has nobody of that name.
        """
        if username not in self.staff:
            raise ConfigError(f"log-in {username!r} is named in the story of {self.whose.name} but not in the file")
        return self.staff[username]

    def team_id(self, name: str) -> TeamId:
        """Return the team of this name; `ConfigError` where the file has none."""
        if name not in self.teams:
            raise ConfigError(f"team {name!r} is named in the story of {self.whose.name} but not in the file")
        return self.teams[name]


async def tell(to: Telling, story: StoryEntry) -> list[str]:
    """Enter one story; return the log-ins that were made, a line each."""
    for readings in story.readings:
        await _readings(to, readings)
    written: list[_Written] = [*story.note, *story.visit, *story.mark, *story.medication]
    for entry in sorted(written, key=lambda each: each.hours):
        await _entry(to, entry)
    for check_in in story.check_in:
        await _check_in(to, check_in)
    for look in story.look:
        await _look(to, look)
    if story.step is not None:
        await _step(to, story.step)
    for earlier in story.earlier:
        await _earlier(to, earlier)
    if story.signed is not None:
        await _sign(to, story.signed)
    return await _log_ins(to, story)


async def _entry(to: Telling, entry: _Written) -> None:
    at, by = to.at(entry.hours), to.staff_id(entry.by)
    medication = None
    if isinstance(entry, MedicationEntry):
        medication = Medication(
            drug=entry.drug,
            drug_class=entry.drug_class,
            change=entry.change,
            from_dose=entry.from_dose,
            to_dose=entry.to_dose,
            prescriber_id=to.staff_id(entry.prescriber),
        )
    new = Entry(
        stay_id=to.whose.stay_id,
        kind=_KINDS.get(type(entry), EntryKind.MEDICATION),
        occurred_at=at,
        author=Author.STAFF,
        staff_id=by,
        words=entry.words,
        medication=medication,
    )
    number = await care_events.add(to.conn, new, min(at, to.now))
    if isinstance(entry, NoteEntry):
        for reader in entry.read_by:
            await care_events.read(to.conn, to.whose.stay_id, [number], to.staff_id(reader), at + timedelta(minutes=20))
    if isinstance(entry, MedicationEntry) and entry.report is not None:
        await _report(to, number, to.staff_id(entry.prescriber), entry.report)


async def _report(to: Telling, event_id: int, prescriber_id: StaffId, entry: ReportEntry) -> None:
    at = to.at(entry.hours)
    found = await effect_of(to.conn, to.whose.stay_id, event_id, at)
    new = NewReport(
        stay_id=to.whose.stay_id,
        event_id=event_id,
        prescriber_id=prescriber_id,
        sent_by=to.staff_id(entry.by),
        line_sv=found.page["sv"],
        line_en=found.page["en"],
        report={"effects": found.page["effects"]},
    )
    number = await effects.send(to.conn, new, at)
    if entry.answer is not None:
        then = to.at(entry.answered_hours)
        await effects.answer(to.conn, prescriber_id, number, 1, entry.answer, entry.note, then)


async def _look(to: Telling, entry: LookEntry) -> None:
    """Enter a look where the patient reads it: on their page, and in the log of who has looked."""
    staff_id, at = to.staff_id(entry.by), to.at(entry.hours)
    await homes.look(to.conn, to.whose.stay_id, staff_id, at)
    look = Access(
        at=at,
        actor=await accesses.staff(to.conn, staff_id),
        permission=Permission.PATIENTS_READ.value,
        method="GET",
        path="/api/patients/{patient_id}/vitals",
        why="care",
        patient_ids=(to.whose.patient_id,),
    )
    await accesses.write(to.conn, [look])


async def _readings(to: Telling, entry: ReadingsEntry) -> None:
    at = to.at(entry.hours)
    staff_id = None if entry.by is None else to.staff_id(entry.by)
    author, allowed = (Author.PATIENT, BY_PATIENT) if staff_id is None else (Author.STAFF, BY_STAFF)
    values: list[ByHand] = []
    for kind, value in entry.values.items():
        settled = settle(Typed(kind=kind, value=value), allowed)
        if isinstance(settled, Refused):
            raise ConfigError(f"the story of {to.whose.name} cannot be told: {settled.en}")
        values.append(settled)
    new = Entry(
        stay_id=to.whose.stay_id,
        kind=EntryKind.READINGS,
        occurred_at=at,
        author=author,
        staff_id=staff_id,
        words=entry.words,
        values=tuple(values),
    )
    await care_events.add(to.conn, new, at)
    if not await manual_readings.add(to.conn, to.whose.stay_id, values, at, author, at):
        raise ConfigError(f"the story of {to.whose.name} has two values of one kind and time")


async def _check_in(to: Telling, entry: CheckInEntry) -> None:
    at = to.at(entry.hours)
    event = DeviceEvent(kind=EventKind.CHECK_IN, occurred_at=at, answers=entry.given())
    row = device_events.EventRow(stay_id=to.whose.stay_id, device_no=BY_HAND, received_at=at, event=event)
    await device_events.insert(to.conn, [row])


async def _step(to: Telling, entry: StepEntry) -> None:
    new = Step(
        what=entry.what,
        at=to.at(entry.hours),
        who=entry.who,
        turn_to=entry.turn_to,
        check_at=to.at(entry.check_hours),
    )
    await homes.save_step(to.conn, to.whose.stay_id, 0, new, to.staff_id(entry.by), to.now)


async def _sign(to: Telling, entry: SignedEntry) -> None:
    """Sign for the patient in the round of the team that answers now, at the risk that is known."""
    team_id = next(each.team_id for each in await tiles.read_seats(to.conn, to.now) if each.stay_id == to.whose.stay_id)
    stretch = working_days.ahead(to.now)
    items = await items_of(Round(conn=to.conn, team_id=team_id, stretch=stretch, now=to.now))
    new = Signed(
        stay_id=to.whose.stay_id,
        rev=0,
        staff_id=to.staff_id(entry.by),
        staff_name="",
        signed_at=to.now,
        plan=entry.plan,
        risk=next(each["risk"] for each in items if each["stay_id"] == to.whose.stay_id),
    )
    await rounds.sign(to.conn, team_id, to.whose.stay_id, stretch.until, new, to.now)


async def _earlier(to: Telling, entry: EarlierEntry) -> None:
    """Enter an earlier stay with its alerts, what they led to, and where the patient went."""
    ended_at = to.at(-24.0 * entry.ended_days_ago)
    started_at = ended_at - timedelta(days=entry.days)
    stay_id = await people.add_stay(
        to.conn,
        patient_id=to.whose.patient_id,
        programme=entry.programme,
        reason=entry.reason,
        next_step="",
        started_at=started_at,
        ended_at=ended_at,
        mode=to.whose.mode,
    )
    await people.add_responsibility(
        to.conn, stay_id=stay_id, team_id=to.team_id(entry.team), from_at=started_at, until=ended_at
    )
    await plan_versions.begin(to.conn, stay_id, NOTHING, started_at)
    for alert in entry.alert:
        await _alert(to, stay_id, alert, instant(alert.hours, ended_at))
    await outcomes.save_outcome(to.conn, stay_id, 0, entry.disposition, to.staff_id(entry.by), ended_at)


async def _alert(to: Telling, stay_id: StayId, entry: AlertEntry, at: datetime) -> None:
    """Raise an alert as it was and close it a quarter of an hour later."""
    unit = VITALS[entry.kind].unit
    numbers: dict[str, str | float | int | None] = {
        "kind": entry.kind.value,
        "limit": entry.limit,
        "value": entry.value,
        "unit": unit,
        "duration_s": 60.0,
    }
    measured = Input(kind=entry.kind.value, value=entry.value, unit=unit, measured_at=at)
    finding = Finding(
        stay_id=stay_id,
        rule=f"limit.{entry.kind.value}.low",
        family=Family.CLINICAL,
        priority=Priority.MEDIUM,
        began_at=at,
        due_at=at,
        evidence=Evidence(rule_version=1, text_key="limit.low", params=numbers, inputs=(measured,), judged_at=at),
    )
    raised = await apply.raise_or_update(to.conn, finding, at)
    if raised is None:
        raise ConfigError(f"the story of {to.whose.name} has two alerts of one kind at once")
    by, closed_at = to.staff_id(entry.by), at + timedelta(minutes=15)
    closing = apply.Resolve(by=by, rev=raised.rev, outcome=entry.outcome, cause=entry.cause, action=entry.action)
    closed = await apply.apply_event(to.conn, raised.alert_id, closing, closed_at)
    if entry.consequence is not None:
        await outcomes.save_consequence(to.conn, closed.alert_id, 0, entry.consequence, by, closed_at)


async def _log_ins(to: Telling, story: StoryEntry) -> list[str]:
    """Add the patient's log-in and their relatives', and open to these what the patient opens."""
    if story.log_in is None:
        if story.relative:
            raise ConfigError(f"the story of {to.whose.name} has a relative, but no patient who opens anything")
        return []
    told, patient = await _account(to, story.log_in, Kind.PATIENT, to.whose.name)
    lines = [told]
    for each in story.relative:
        told, relative = await _account(to, each, Kind.RELATIVE, each.name)
        await relatives.open_to(to.conn, to.whose.patient_id, relative, each.opens, patient, to.now)
        lines.append(told)
    return lines


async def _account(to: Telling, entry: LogInEntry | RelativeEntry, kind: Kind, name: str) -> tuple[str, AccountId]:
    if await people.username_exists(to.conn, entry.username):
        raise ConfigError(f"log-in {entry.username!r} exists already")
    password = entry.password or secrets.token_urlsafe(12)
    account_id = await people.add_account(
        to.conn,
        kind=kind,
        username=entry.username,
        name=name,
        password_hash=hash_password(password),
        language=entry.language,
        patient_id=to.whose.patient_id if kind is Kind.PATIENT else None,
        kept_by=to.whose.organisation_id if kind is Kind.RELATIVE else None,
    )
    if entry.password is None:
        await proofs.require_change(to.conn, entry.username)
    told = "" if entry.password else f", password {password}"
    return f"log-in {entry.username} ({kind.value}){told}", account_id
