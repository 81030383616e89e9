"""What people send to a patient's timeline: entries, readings taken by hand, answers, corrections. Form only.

Sense is checked by `ward.timeline` and `ward.manual`. The invariant: a number is a JSON number and no yes or no, and
nothing that is left out becomes a value.
"""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from api.bodies import Moment
from api.replies import Id, Reason, Text
from ward.effect import DrugClass
from ward.events import MAX_ANSWER, MAX_ANSWERS, MAX_QUESTION, Answer
from ward.manual import Typed
from ward.people import StaffId
from ward.timeline import Change, EntryKind, Medication
from ward.vitals import VITALS, VitalKind

_LONGEST = 4000
Words = Annotated[Text, Field(min_length=1, max_length=_LONGEST, pattern=r"\S")]
Dose = Annotated[Text, Field(max_length=80)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-1e6, le=1e6)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    occurred_at: Moment | None = Field(default=None, description="When it happened; left out: now")


class NoteBody(_Body):
    """Something to know; with `remind_at` something to be reminded of."""

    kind: Literal["note"]
    words: Words
    remind_at: Moment | None = None


class VisitBody(_Body):
    """A visit, done or planned (`occurred_at` ahead)."""

    kind: Literal["visit"]
    words: Words


class MarkBody(_Body):
    """Anything else worth seeing beside the values: a meal, a move, a sensor swapped."""

    kind: Literal["mark"]
    words: Words


class MedicationBody(_Body):
    """A change of medication; `watch` are the vitals to look at instead of those of the class."""

    kind: Literal["medication"]
    drug: Annotated[Text, Field(min_length=1, max_length=120, pattern=r"\S")]
    drug_class: DrugClass
    change: Change
    from_dose: Dose = ""
    to_dose: Dose = ""
    prescriber_id: Id | None = Field(default=None, description="Who ordered it, and gets the report back")
    watch: list[VitalKind] = Field(default=[], max_length=len(VITALS))
    words: Annotated[Text, Field(max_length=_LONGEST)] = ""

    def medication(self) -> Medication:
        """Return it as it is kept."""
        return Medication(
            drug=self.drug.strip(),
            drug_class=self.drug_class,
            change=self.change,
            from_dose=self.from_dose,
            to_dose=self.to_dose,
            prescriber_id=None if self.prescriber_id is None else StaffId(self.prescriber_id),
            watch=tuple(dict.fromkeys(self.watch)),
        )


EntryBody = Annotated[NoteBody | VisitBody | MarkBody | MedicationBody, Field(discriminator="kind")]


class ValueBody(BaseModel):
    """One value; consciousness is a letter of ACVPU, everything else a number. Left out, the unit is the kind's."""

    model_config = ConfigDict(extra="forbid")

    kind: VitalKind
    value: Number | Literal["A", "C", "V", "P", "U"]
    unit: Annotated[Text, Field(max_length=20)] | None = None

    def typed(self) -> Typed:
        """Return it as the rules take it."""
        return Typed(kind=self.kind, value=self.value, unit=self.unit)


class ReadingsBody(_Body):
    """Values that somebody read off, all of one time."""

    values: list[ValueBody] = Field(min_length=1, max_length=len(VITALS))
    words: Annotated[Text, Field(max_length=_LONGEST)] = ""

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({each.kind for each in self.values}) < len(self.values):
            raise ValueError("each kind stands once")
        return self


class GivenAnswer(BaseModel):
    """The answer to one of the day's questions."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[Text, Field(min_length=1, max_length=MAX_QUESTION)]
    answer: StrictBool | Number | Annotated[Text, Field(max_length=MAX_ANSWER)]

    def given(self) -> Answer:
        """Return it as the rules take it."""
        return Answer(question=self.question, answer=self.answer)


class CheckInBody(_Body):
    """Answers to the day's questions, each once."""

    answers: list[GivenAnswer] = Field(min_length=1, max_length=MAX_ANSWERS)

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({each.question for each in self.answers}) < len(self.answers):
            raise ValueError("a check-in answers each question once")
        return self


class ErrorBody(BaseModel):
    """Why an entry was wrong, and what is right instead, of the same kind."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason
    instead: EntryBody | None = None


class ReadBody(BaseModel):
    """Which entries somebody has read."""

    model_config = ConfigDict(extra="forbid")

    event_ids: list[Id] = Field(min_length=1, max_length=500)


def kind_of(body: NoteBody | VisitBody | MarkBody | MedicationBody) -> EntryKind:
    """Return the kind of entry that was sent."""
    return EntryKind(body.kind)


def remind_at(body: NoteBody | VisitBody | MarkBody | MedicationBody) -> datetime | None:
    """Return when to be reminded of it; only a note says so."""
    return body.remind_at if isinstance(body, NoteBody) else None
