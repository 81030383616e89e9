"""What in a unit's access log deserves a second look. Pure: entries in, anomalies out; nobody is accused.

The rules are the project's proposal: the law asks for systematic and recurring control of the log, not for these.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

MANY_PATIENTS = 20
MANY_TIMES_COLLEAGUES = 3
MANY_REFUSED = 5


class Oddity(StrEnum):
    """Why an entry deserves a second look."""

    SAME_NAME = "same_family_name"
    NOT_IN_CARE = "not_in_care"
    OTHER_TEAM = "other_team"
    EMERGENCY = "emergency"
    MANY = "many_patients"
    REFUSED = "many_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at one patient, with what tells whether it is odd. `own_team`: a team of theirs answered then."""

    access_id: int
    account_id: int
    role: str
    name: str
    patient_id: int
    family_name: str
    in_care: bool
    own_team: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """How often one person was refused, in these entries, at how many people."""

    account_id: int
    access_ids: Sequence[int]
    attempts: int
    patients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """Entries of one person that are odd for one reason.

    `looks` is how many looks they stand for, or refused attempts; `patients` how many people they are about.
    """

    oddity: Oddity
    account_id: int
    access_ids: tuple[int, ...]
    looks: int
    patients: int


def anomalies(looks: Sequence[Look], refused: Iterable[Refusals] = ()) -> list[Anomaly]:
    """Return what is odd, the most patients first."""
    groups: dict[tuple[Oddity, int], list[Look]] = defaultdict(list)
    for look in looks:
        for oddity in _oddities(look):
            groups[oddity, look.account_id].append(look)
    for account_id, many in _many(looks):
        groups[Oddity.MANY, account_id] = many
    found = [
        Anomaly(
            oddity=oddity,
            account_id=account_id,
            access_ids=tuple(sorted({look.access_id for look in group})),
            looks=len({look.access_id for look in group}),
            patients=len({look.patient_id for look in group}),
        )
        for (oddity, account_id), group in groups.items()
    ]
    found += [_often(each) for each in refused if each.attempts >= MANY_REFUSED]
    return sorted(found, key=lambda each: (-each.patients, each.oddity, each.account_id))


def _often(refused: Refusals) -> Anomaly:
    return Anomaly(
        oddity=Oddity.REFUSED,
        account_id=refused.account_id,
        access_ids=tuple(refused.access_ids),
        looks=refused.attempts,
        patients=refused.patients,
    )


def _oddities(look: Look) -> Iterable[Oddity]:
    if look.why == "emergency":
        yield Oddity.EMERGENCY
    if look.name.casefold().split()[-1:] == [look.family_name.casefold()]:
        yield Oddity.SAME_NAME
    if not look.in_care:
        yield Oddity.NOT_IN_CARE
    elif not look.own_team and look.why == "care":
        yield Oddity.OTHER_TEAM


def _many(looks: Sequence[Look]) -> Iterable[tuple[int, list[Look]]]:
    """Yield who looked at far more people than those in the same role did."""
    by_account: dict[int, list[Look]] = defaultdict(list)
    for look in looks:
        by_account[look.account_id].append(look)
    patients = {account_id: len({look.patient_id for look in group}) for account_id, group in by_account.items()}
    for account_id, group in by_account.items():
        role = group[0].role
        others = [
            patients[each] for each, theirs in by_account.items() if each != account_id and theirs[0].role == role
        ]
        usual = median(others) if others else 0
        if patients[account_id] > max(MANY_PATIENTS, MANY_TIMES_COLLEAGUES * usual):
            yield account_id, group
