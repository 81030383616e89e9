"""What duty routes are sent: weeks, exceptions, routes, offers, hand-overs.

Checked here for form, by `ward.duty.checks` for sense.
"""

from datetime import date, time
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.bodies import Why
from api.replies import Id, Instant, Text
from ward.duty.durations import LONGEST_OFFER
from ward.duty.holidays import Day
from ward.duty.routing import Policy, Route
from ward.duty.schedule import MONDAY, Override, Schedule, Shift, Window
from ward.people import StaffId, TeamId

_LONGEST_MIN = int(LONGEST_OFFER.total_seconds()) // 60
Tag = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A need or competence: `respiratory`, `palliative`, `doctor`, …"""


def _whole_minute(at: time) -> time:
    if at.tzinfo is not None or at.second or at.microsecond:
        raise ValueError("a time on the wall is hours and minutes, as 07:30")
    return at


WallTime = Annotated[time, AfterValidator(_whole_minute)]
Name = Annotated[Text, Field(min_length=1, max_length=80)]


class WindowBody(BaseModel):
    """Hours of some kinds of day, by the clock on the wall."""

    model_config = ConfigDict(extra="forbid")

    days: frozenset[Day] = Field(min_length=1)
    starts: WallTime
    ends: WallTime

    def window(self) -> Window:
        """Return it as the rules take it."""
        return Window(days=self.days, starts=self.starts, ends=self.ends)


class ShiftBody(WindowBody):
    """A watch that comes back."""

    name: Name
    crews: list[list[Id]] = Field(default=[], max_length=60)
    turn_days: int = Field(default=7, ge=1, le=366)


class ScheduleBody(BaseModel):
    """A team's whole week."""

    model_config = ConfigDict(extra="forbid")

    anchor: date = MONDAY
    shifts: list[ShiftBody] = Field(max_length=30)

    def schedule(self) -> Schedule:
        """Return it as the rules take it."""
        return Schedule(
            anchor=self.anchor,
            shifts=tuple(
                Shift(
                    name=each.name,
                    window=each.window(),
                    crews=tuple(tuple(StaffId(staff) for staff in crew) for crew in each.crews),
                    turn_days=each.turn_days,
                )
                for each in self.shifts
            ),
        )


class OverrideBody(Why):
    """An exception; without `crew` nobody is on duty, with an empty one the team is without anybody's name."""

    from_at: Instant
    until: Instant
    crew: list[Id] | None = Field(default=None, max_length=60)

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.until <= self.from_at:
            raise ValueError("an exception ends after it begins")
        return self

    def override(self) -> Override:
        """Return it as the rules take it."""
        crew = None if self.crew is None else tuple(StaffId(each) for each in self.crew)
        return Override(from_at=self.from_at, until=self.until, crew=crew)


class RouteBody(BaseModel):
    """One line of a unit's routes: a team or a competence, in these hours, for who has all these needs."""

    model_config = ConfigDict(extra="forbid")

    window: WindowBody | None = None
    needs: frozenset[Tag] = frozenset()
    team_id: Id | None = None
    competence: Tag | None = None

    def route(self) -> Route:
        """Return it as the rules take it."""
        return Route(
            window=None if self.window is None else self.window.window(),
            needs=self.needs,
            team_id=None if self.team_id is None else TeamId(self.team_id),
            competence=self.competence,
        )


class RoutingBody(BaseModel):
    """A unit's routes and its round-the-clock team."""

    model_config = ConfigDict(extra="forbid")

    base_team_id: Id
    routes: list[RouteBody] = Field(max_length=60)

    def policy(self) -> Policy:
        """Return it as the rules take it."""
        return Policy(base_team_id=TeamId(self.base_team_id), routes=tuple(each.route() for each in self.routes))


class UnitBody(RoutingBody):
    """A new unit."""

    name: Name


class CareBody(BaseModel):
    """What routes a patient: the unit, the needs, the named nurse and doctor."""

    model_config = ConfigDict(extra="forbid")

    unit_id: Id | None = None
    needs: frozenset[Tag] = Field(default=frozenset(), max_length=20)
    nurse_id: Id | None = None
    doctor_id: Id | None = None


class OfferBody(BaseModel):
    """To whom a patient is offered, how long the offer stands, and until when it would hold."""

    model_config = ConfigDict(extra="forbid")

    team_id: Id
    staff_id: Id | None = None
    stands_min: int | None = Field(default=None, ge=1, le=_LONGEST_MIN)
    held_until: Instant | None = None
    note: Text = Field(default="", max_length=2000)


class AnswerBody(BaseModel):
    """Which offer is answered."""

    model_config = ConfigDict(extra="forbid")

    baton_id: Id


class HandedBody(BaseModel):
    """What is said of one patient."""

    model_config = ConfigDict(extra="forbid")

    patient_id: Id
    note: Text = Field(max_length=2000)


class HandoverBody(BaseModel):
    """What the shift that ends says of the team's patients."""

    model_config = ConfigDict(extra="forbid")

    note: Text = Field(default="", max_length=4000)
    patients: list[HandedBody] = Field(default=[], max_length=500)


class TakeBody(BaseModel):
    """Which patients are taken over; without a list all of them."""

    model_config = ConfigDict(extra="forbid")

    patient_ids: list[Id] | None = Field(default=None, min_length=1, max_length=500)
