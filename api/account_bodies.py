"""What is sent and told of accounts: one body for each kind that can be added, and an account as operators see it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from typing_extensions import TypedDict

from api.replies import Id, Text
from ward.access.permissions import GRANTED
from ward.access.principals import Capacity, Kind
from ward.people import PatientId, Role, TeamId
from ward.store.access_tokens import TokenRow
from ward.store.accounts import AccountRow, NewAccount, NewPatient, NewRelative, NewStaff, NewSystem

SYSTEM_PERMISSIONS = sorted(each.value for each, given in GRANTED.items() if Capacity.SYSTEM in given)
"""What a system can be given at all; the table of permissions says it."""


def _small(text: object) -> object:
    return text.strip().lower() if isinstance(text, str) else text


Username = Annotated[str, BeforeValidator(_small), Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Name = Annotated[Text, Field(min_length=1, max_length=200, pattern=r"\S")]
Language = Literal["sv", "en"]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StaffBody(_Body):
    """A member of staff of the operator's own organisation."""

    kind: Literal["staff"]
    username: Username
    name: Name
    title: Name
    role: Role
    language: Language = "sv"
    phone: Text | None = Field(default=None, max_length=50)
    team_ids: list[Id] = Field(default_factory=list, max_length=100)

    def new(self) -> NewStaff:
        """Return it as the store takes it."""
        return NewStaff(
            username=self.username,
            name=self.name,
            title=self.title,
            role=self.role,
            language=self.language,
            phone=self.phone,
            team_ids=[TeamId(each) for each in self.team_ids],
        )


class PatientBody(_Body):
    """A patient of the organisation; without a user name they log in at a provider alone."""

    kind: Literal["patient"]
    patient_id: Id
    username: Username | None = None
    language: Language = "sv"

    def new(self) -> NewAccount:
        """Return it as the store takes it."""
        return NewPatient(patient_id=PatientId(self.patient_id), username=self.username, language=self.language)


class RelativeBody(_Body):
    """A relative, to whom a patient may then open something."""

    kind: Literal["relative"]
    username: Username | None = None
    name: Name
    language: Language = "sv"

    def new(self) -> NewAccount:
        """Return it as the store takes it."""
        return NewRelative(username=self.username, name=self.name, language=self.language)


class SystemBody(_Body):
    """Another system; it comes in by a token."""

    kind: Literal["system"]
    name: Name
    permissions: list[Annotated[str, Field(json_schema_extra={"enum": list[object](SYSTEM_PERMISSIONS)})]] = Field(
        min_length=1, max_length=100
    )

    def new(self) -> NewAccount:
        """Return it as the store takes it."""
        return NewSystem(name=self.name, permissions=self.permissions)


AccountBody = Annotated[StaffBody | PatientBody | RelativeBody | SystemBody, Field(discriminator="kind")]


class TokenBody(_Body):
    """A token for a system: what it is for, and for how long."""

    name: Name
    days: int = Field(default=365, ge=1, le=730)


class IdentityBody(_Body):
    """Who the account is at the provider: the value of the first claim of `HEMVAKT_OIDC_CLAIM`, or of `claim`."""

    subject: Text = Field(min_length=1, max_length=255)
    claim: Text | None = Field(default=None, min_length=1, max_length=100)


class ManagedAccount(TypedDict):
    """An account; a patient is named by number alone. `sessions` are those in force."""

    account_id: int
    kind: Literal["staff", "patient", "relative", "system"]
    username: str | None
    name: str
    role: Literal["nurse", "doctor", "clinician", "operator"] | None
    patient_id: int | None
    permissions: list[str]
    has_password: bool
    must_change_password: bool
    disabled_at: datetime | None
    sessions: int


class AccountPage(TypedDict):
    """A page of accounts in the order in which they were added; `next` is the cursor of the following one."""

    items: list[ManagedAccount]
    next: str | None


class Reset(TypedDict):
    """A one-time secret: who has it sets the account's password until then. Told once."""

    secret: str
    expires_at: datetime


class Added(TypedDict):
    """An account that is new, and how its person sets a first password; None for a repeat, and without a user name."""

    account: ManagedAccount
    reset: Reset | None


class TokenState(TypedDict):
    """A token of a system, known by its first letters."""

    token_id: int
    prefix: str
    name: str
    made_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class GivenToken(TypedDict):
    """A token that is new. `secret` is the whole of it, told once; None for a repeat."""

    token: TokenState
    secret: str | None


class Tokens(TypedDict):
    """Every token that an account was given, the newest first."""

    items: list[TokenState]


def account_state(row: AccountRow) -> ManagedAccount:
    """Return an account as it is told."""
    return ManagedAccount(
        account_id=row.account_id,
        kind=Kind(row.kind).value,
        username=row.username,
        name=row.name,
        role=None if row.role is None else Role(row.role).value,
        patient_id=row.patient_id,
        permissions=row.permissions,
        has_password=row.has_password,
        must_change_password=row.must_change,
        disabled_at=row.disabled_at,
        sessions=row.sessions,
    )


def token_state(row: TokenRow) -> TokenState:
    """Return a token as it is told."""
    return TokenState(
        token_id=row.token_id,
        prefix=row.prefix,
        name=row.name,
        made_at=row.made_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
