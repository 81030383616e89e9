"""What several routes are sent: why something is done, and how the person at the bedside was told apart."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.replies import Instant, Reason
from ward.association import Identifier

_FIRST_YEAR, _LAST_YEAR = 1900, 2199


def _shown_by_calendars(at: datetime) -> datetime:
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise ValueError(f"a time lies between {_FIRST_YEAR} and {_LAST_YEAR}")
    return at


Moment = Annotated[Instant, AfterValidator(_shown_by_calendars)]
"""An instant of a year that every calendar and the store can show."""


def _twelve(number: str) -> str:
    return number.replace("-", "").upper()


PersonalNumber = Annotated[
    str, Field(pattern=r"^[0-9]{8}-?[0-9A-Za-z]{2}[0-9]{2}$", examples=["19121212-1212"]), AfterValidator(_twelve)
]
"""A personal number of twelve characters, with or without its sign; only ever in a body, never in a path or query."""


class Why(BaseModel):
    """Why something is done."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class SecondIdentifier(BaseModel):
    """What the person at the bedside says of themselves: one of the two."""

    model_config = ConfigDict(extra="forbid")

    birth_date: date | None = None
    last_four: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{4}$")] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.birth_date is None) == (self.last_four is None):
            raise ValueError("give birth_date or last_four, one of them")
        return self

    def identifier(self) -> Identifier:
        """Return it as the rules take it."""
        return Identifier(birth_date=self.birth_date, last_four=self.last_four)
