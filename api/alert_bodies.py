"""What people send when they do something about an alert."""

from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.replies import Id, Reason, Text
from ward.alerts import Action, Cause, Outcome

Word = TypeVar("Word", Outcome, Cause)

_LONGEST_PAUSE_MIN = 24 * 60


class Note(BaseModel):
    """What to write beside an act."""

    model_config = ConfigDict(extra="forbid", strict=True)

    note: Text | None = Field(default=None, max_length=2000)


class Remark(BaseModel):
    """A note of its own."""

    model_config = ConfigDict(extra="forbid", strict=True)

    note: Text = Field(min_length=1, max_length=2000, pattern=r"\S")


class Pause(BaseModel):
    """For how long nobody wants to hear it, and why."""

    model_config = ConfigDict(extra="forbid", strict=True)

    minutes: int = Field(ge=1, le=_LONGEST_PAUSE_MIN)
    reason: Reason


class Recipient(BaseModel):
    """Who is asked to take it: a person, or anybody of a team; without `team`, in the name of the alert's own team."""

    model_config = ConfigDict(extra="forbid", strict=True)

    team: Id | None = None
    staff: Id | None = None
    note: Text | None = Field(default=None, max_length=2000)


def _not_the_systems(word: Word) -> Word:
    """Refuse the words by which the platform itself closes an alert when its stay ends."""
    if word in {Outcome.STAY_ENDED, Cause.STAY_ENDED}:
        raise ValueError("an alert is closed with its stay by the platform alone")
    return word


class Closing(BaseModel):
    """What the alert turned out to be, what had caused it, and what was done."""

    model_config = ConfigDict(extra="forbid")

    outcome: Annotated[Outcome, AfterValidator(_not_the_systems)]
    cause: Annotated[Cause, AfterValidator(_not_the_systems)] | None = None
    action: Action | None = None
    note: Text | None = Field(default=None, max_length=2000)
