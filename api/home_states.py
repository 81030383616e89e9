"""What a patient's own page is sent, and what staff write for it. Pure; times are aware UTC."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from api.bodies import Moment
from api.live.messages import VitalState
from api.replies import Text
from ward.access.principals import Opened
from ward.duty.watch_week import WatchWeek
from ward.lamp import Lamp
from ward.questions import Question
from ward.store.homes import Named, Seen, Step, StepRow

_Line = Annotated[Text, Field(max_length=300)]


class StepBody(BaseModel):
    """The next step, in words that the patient reads: what, when, who does it, whom to turn to, when we look again."""

    model_config = ConfigDict(extra="forbid")

    what: Annotated[Text, Field(min_length=1, max_length=500, pattern=r"\S")]
    at: Moment | None = None
    who: _Line = ""
    turn_to: _Line = ""
    check_at: Moment | None = None

    def step(self) -> Step:
        """Return it as it is kept."""
        return Step(what=self.what, at=self.at, who=self.who, turn_to=self.turn_to, check_at=self.check_at)


class NextStepState(TypedDict):
    """The next step; `rev` is for If-Match, 0 where nobody has written one."""

    rev: int
    what: str
    at: datetime | None
    who: str
    turn_to: str
    check_at: datetime | None
    written_at: datetime | None
    written_by: str | None


class LampState(TypedDict):
    """Whether the patient is watched now, and what is said beside it."""

    light: Literal["watched", "partly", "not_watched"]
    why: list[Literal["nobody_on_duty", "no_values", "some_values", "comfort_care", "alarms_in_doubt"]]
    sv: str
    en: str


class WatchLine(TypedDict):
    """A line of the week."""

    sv: str
    en: str


class WatchWeekState(TypedDict):
    """When somebody who can be reached answers, in the coming week; `always` where that is at every hour of it."""

    always: bool
    lines: list[WatchLine]


class SeenState(TypedDict):
    """Who of the staff last looked at the values, and when; unnamed to whom the contacts are not open."""

    at: datetime
    name: str
    title: str


class HomeContact(TypedDict):
    """Somebody to turn to; a number where there is one."""

    role: Literal["team", "nurse", "doctor", "advice", "emergency"]
    name: str
    title: str
    phone: str | None


class QuestionState(TypedDict):
    """One of the day's questions."""

    question: str
    form: Literal["yes_no", "number", "choice"]
    sv: str
    en: str
    choices: list[str]
    least: float
    most: float


class VisitState(TypedDict):
    """A visit that is planned."""

    at: datetime
    words: str


class HomeState(TypedDict):
    """What a patient's own page needs. A relative gets what the patient has opened; the rest is null or empty."""

    server_time: datetime
    patient_id: int
    given_name: str
    lamp: LampState
    week: WatchWeekState
    seen: SeenState | None
    next_step: NextStepState | None
    visits: list[VisitState]
    contacts: list[HomeContact]
    vitals: dict[str, VitalState] | None
    questions: list[QuestionState]
    answered_at: datetime | None


class HomeMessage(TypedDict):
    """The whole page, as it is now."""

    type: Literal["home"]
    seq: int
    home: HomeState


class HomeHeartbeat(TypedDict):
    """Nothing has changed, and we would know. After ten seconds without any message nothing is shown as live."""

    type: Literal["heartbeat"]
    seq: int
    server_time: datetime


HomeLiveMessage = HomeMessage | HomeHeartbeat


def lamp_state(lamp: Lamp) -> LampState:
    """Return the lamp."""
    return {"light": lamp.light.value, "why": [each.value for each in lamp.why], "sv": lamp.sv, "en": lamp.en}


def week_state(week: WatchWeek) -> WatchWeekState:
    """Return the week."""
    return {"always": week.always, "lines": [{"sv": each.sv, "en": each.en} for each in week.lines]}


def step_state(row: StepRow | None) -> NextStepState:
    """Return the next step; an empty one of revision 0 where nobody has written any."""
    if row is None:
        return {
            "rev": 0,
            "what": "",
            "at": None,
            "who": "",
            "turn_to": "",
            "check_at": None,
            "written_at": None,
            "written_by": None,
        }
    return {
        "rev": row.rev,
        "what": row.what,
        "at": row.at,
        "who": row.who,
        "turn_to": row.turn_to,
        "check_at": row.check_at,
        "written_at": row.written_at,
        "written_by": row.staff_name,
    }


def seen_state(seen: Seen | None, opened: Collection[Opened]) -> SeenState | None:
    """Return who last looked; to whom the contacts are not open, when alone."""
    if seen is None:
        return None
    named = Opened.CONTACTS in opened
    return {"at": seen.at, "name": seen.name if named else "", "title": seen.title if named else ""}


def question_state(each: Question) -> QuestionState:
    """Return a question."""
    return {
        "question": each.question,
        "form": each.form.value,
        "sv": each.sv,
        "en": each.en,
        "choices": list(each.choices),
        "least": each.least,
        "most": each.most,
    }


def contacts(team: str, phone: str, named: list[Named]) -> list[HomeContact]:
    """Return whom to turn to: the team that answers, who is named, and what is always there."""
    found: list[HomeContact] = [{"role": "team", "name": team, "title": "", "phone": phone or None}]
    for each in named:
        role: Literal["nurse", "doctor"] = "doctor" if each.role == "doctor" else "nurse"
        found.append({"role": role, "name": each.name, "title": each.title, "phone": None})
    found.append({"role": "advice", "name": "1177", "title": "", "phone": "1177"})
    found.append({"role": "emergency", "name": "112", "title": "", "phone": "112"})
    return found
