"""What has been written of a roster's patients before it is loaded: the `[[story]]` entries of the file. Values alone.

Times are hours from the load, so that a demo is of the same age whenever it is begun: -20 is twenty hours ago, 3 lies
ahead. How a story is entered: `onebox.roster_care`.
"""

from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec

from onebox.roster_duty import Text
from ward.access.principals import Opened
from ward.alerts import Action, Cause, Outcome
from ward.effect import DrugClass
from ward.events import Answer
from ward.outcomes import Consequence, Disposition
from ward.timeline import Change
from ward.vitals import VitalKind

Hours = Annotated[float, msgspec.Meta(ge=-47.0, le=24.0 * 90)]
Behind = Annotated[float, msgspec.Meta(ge=-47.0, le=0.0)]
Username = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Language = Literal["sv", "en"]


class NoteEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """A note, who wrote it and who has read it."""

    hours: Behind
    by: Username
    words: Text
    read_by: tuple[Username, ...] = ()


class VisitEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """A visit, done or planned."""

    hours: Hours
    by: Username
    words: Text


class MarkEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """Anything else worth seeing beside the values."""

    hours: Behind
    by: Username
    words: Text


class ReportEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """The report of what a change did to who prescribed it, sent at `hours`; `answer` where they have answered."""

    hours: Behind
    by: Username
    answer: Literal["ok", "adjust"] | None = None
    note: str = ""
    answered_hours: Behind = 0.0


class MedicationEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """A change of medication; `report` where its effect has been reported."""

    hours: Behind
    by: Username
    prescriber: Username
    drug: Text
    drug_class: DrugClass
    change: Change
    from_dose: str = ""
    to_dose: str = ""
    words: str = ""
    report: ReportEntry | None = None


class ReadingsEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """Values that somebody read off and typed in, in the kinds' own units; without `by` the patient did."""

    hours: Behind
    by: Username | None = None
    values: Annotated[dict[VitalKind, float], msgspec.Meta(min_length=1)]
    words: str = ""


class CheckInEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """The patient's answers to the day's questions."""

    hours: Behind
    answers: Annotated[dict[str, str | float | bool], msgspec.Meta(min_length=1)]

    def given(self) -> tuple[Answer, ...]:
        """Return them as they are kept."""
        return tuple(Answer(question=question, answer=answer) for question, answer in self.answers.items())


class StepEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """The next step, in words that the patient reads."""

    by: Username
    what: Text
    hours: Hours
    who: str = ""
    turn_to: str = ""
    check_hours: Hours


class LookEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """Somebody of the team has looked at the values."""

    hours: Behind
    by: Username


class SignedEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """The round before the coming free days is signed for, with this plan."""

    by: Username
    plan: Text


class LogInEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """The patient logs in; without a password one is drawn, told once, and changed at the first log-in."""

    username: Username
    language: Language = "sv"
    password: Annotated[str, msgspec.Meta(min_length=8)] | None = None


class RelativeEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """A relative who logs in, and what the patient has opened to them; the password as a patient's."""

    username: Username
    name: Text
    language: Language = "sv"
    password: Annotated[str, msgspec.Meta(min_length=8)] | None = None
    opens: Annotated[tuple[Opened, ...], msgspec.Meta(min_length=1)]


class AlertEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """An alert of an earlier stay, so many hours before its end, and what it came to; `limit` is below which."""

    hours: Annotated[float, msgspec.Meta(ge=-60.0 * 24, le=-0.25)]
    kind: VitalKind
    limit: float
    value: float
    by: Username
    outcome: Outcome
    cause: Cause
    action: Action
    consequence: Consequence | None = None


class EarlierEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """An earlier stay of the same patient, which ended so many days ago."""

    team: Text
    programme: Text
    reason: str
    ended_days_ago: Annotated[int, msgspec.Meta(ge=3, le=365)]
    days: Annotated[int, msgspec.Meta(ge=3, le=60)]
    disposition: Disposition
    by: Username
    alert: tuple[AlertEntry, ...] = ()


class StoryEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """What has been written of the patient who wears a device, and who logs in."""

    device: Text
    note: tuple[NoteEntry, ...] = ()
    visit: tuple[VisitEntry, ...] = ()
    mark: tuple[MarkEntry, ...] = ()
    medication: tuple[MedicationEntry, ...] = ()
    readings: tuple[ReadingsEntry, ...] = ()
    check_in: tuple[CheckInEntry, ...] = ()
    step: StepEntry | None = None
    look: tuple[LookEntry, ...] = ()
    signed: SignedEntry | None = None
    log_in: LogInEntry | None = None
    relative: tuple[RelativeEntry, ...] = ()
    earlier: tuple[EarlierEntry, ...] = ()


def instant(hours: float, now: datetime) -> datetime:
    """Return when something was or will be, to the whole minute: people write no seconds."""
    return (now + timedelta(hours=hours)).replace(second=0, microsecond=0)
