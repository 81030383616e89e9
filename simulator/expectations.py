"""What a scenario must make ring, and what it must not: the `[check]` of its file, and the verdict. Pure.

Knows no store and plays nothing (`onebox.scenario_play`). The invariant: whatever rings at medium or high priority is
expected, allowed, or a fault; nothing passes because nobody thought of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Annotated, Final, Literal

import msgspec

from ward.alerts import Priority
from ward.overlays import NOTHING, Overlay
from ward.vitals import VitalKind
from ward.wire import Reason

NONE_REFUSED: Final[Mapping[Reason, int]] = MappingProxyType({})

Minutes = Annotated[float, msgspec.Meta(ge=0)]
Span = tuple[Minutes, Minutes]
PriorityName = Literal["low", "medium", "high"]


class Expected(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A ring that must come: of which rule, how urgent, from and until which minute, how often, told to whom.

    `rule` may have `*`. `at_most` bounds how often the rule rings in all, at whatever priority. `told` is a tag of a
    team that is told at once: a competence (`respiratory`), the kind of its organisation (`municipality`), its name.
    """

    rule: str
    priority: PriorityName
    since: Minutes
    until: Minutes
    at_most: Annotated[int, msgspec.Meta(ge=1)] = 1
    told: str | None = None


class Happening(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """An event that the device tells of: a fall, a press of the help button."""

    minute: Minutes
    kind: Literal["help_button", "fall"]


class Wire(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What the network does: shares of readings sent twice or out of order, and minutes without any network.

    `flood` are minutes in which the device itself measures and sends what it can ten times a second.
    """

    duplicate: float = 0.0
    reorder: float = 0.0
    offline: tuple[Span, ...] = ()
    flood: tuple[Span, ...] = ()


class Check(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """How a scenario is played and what must come of it.

    `begins` is the clock on the wall in Stockholm; `short_hours` plays so much of it in the short set as well;
    `history_hours` of the time before come at the start, a reading a minute, as from a device that was offline. `waves`
    are the minutes in which the curves of its device are played.

    Nothing above low priority may ring before `calm_until`, nothing of `never` ever, nothing of `never_high` at high
    priority, and beside `expects` only what `allows` names. `refuses` are the reasons for which the platform must
    refuse messages; for any other, and where nothing is said, it must refuse none.
    """

    begins: datetime
    hours: Annotated[float, msgspec.Meta(gt=0, le=48)]
    short_hours: float | None = None
    programme: str = "hospital_at_home"
    needs: tuple[str, ...] = ()
    plan: Overlay = NOTHING
    history_hours: float = 0.0
    every_s: dict[VitalKind, float] = {}
    wire: Wire = Wire()
    waves: tuple[Span, ...] = ()
    happens: tuple[Happening, ...] = ()
    calm_until: Minutes = 0.0
    expects: tuple[Expected, ...] = ()
    allows: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    never_high: tuple[str, ...] = ()
    refuses: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang:
    """Once that people were told of an alert: which rule, how urgent, in which minute, and tags of the teams told."""

    rule: str
    priority: Priority
    minute: float
    told: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One demand and what became of it; `seen` says what rang instead, or when."""

    ok: bool
    demand: str
    seen: str


def verdict(
    check: Check, rang: Sequence[Rang], until_min: float, refused: Mapping[Reason, int] = NONE_REFUSED
) -> tuple[Line, ...]:
    """Compare what rang with what was to, as far as `until_min`; what is expected later is not asked for.

    `refused` counts what the platform refused of the device, by reason.
    """
    heard = [each for each in rang if each.minute <= until_min]
    asked = [each for each in check.expects if each.until <= until_min]
    return (*(_met(each, heard) for each in asked), *_unwanted(check, heard), *_refused(check, refused))


def _met(expected: Expected, heard: Sequence[Rang]) -> Line:
    same = [each for each in heard if fnmatchcase(each.rule, expected.rule)]
    urgent = [each for each in same if each.priority is Priority[expected.priority.upper()]]
    early = [each for each in same if each.minute < expected.since]
    timely = [each for each in urgent if expected.since <= each.minute <= expected.until]
    told = expected.told is None or any(expected.told in each.told for each in timely[:1])
    demand = (
        f"{expected.rule} {expected.priority} in {expected.since:g}-{expected.until:g} min, at most {expected.at_most}"
    )
    if expected.told is not None:
        demand += f", told {expected.told}"
    ok = bool(timely) and not early and told and len(same) <= expected.at_most
    return Line(ok=ok, demand=demand, seen=_said(same))


def _unwanted(check: Check, heard: Sequence[Rang]) -> Iterator[Line]:
    """Yield the faults of what nobody asked for; one line that all is well where there is none."""
    known = (*(each.rule for each in check.expects), *check.allows)
    never = [each for each in heard if _any(each.rule, check.never)]
    early = [each for each in heard if each.minute < check.calm_until and each.priority > Priority.LOW]
    other = [each for each in heard if each.priority > Priority.LOW and not _any(each.rule, known)]
    if check.never:
        yield Line(ok=not never, demand=f"never {', '.join(check.never)}", seen=_said(never))
    if check.never_high:
        urgent = [each for each in heard if each.priority is Priority.HIGH and _any(each.rule, check.never_high)]
        yield Line(ok=not urgent, demand=f"never high {', '.join(check.never_high)}", seen=_said(urgent))
    if check.calm_until:
        yield Line(ok=not early, demand=f"calm until minute {check.calm_until:g}", seen=_said(early))
    yield Line(ok=not other, demand="nothing else above low", seen=_said(other))


def _refused(check: Check, refused: Mapping[Reason, int]) -> Iterator[Line]:
    """Yield whether what must be refused was, and what else was."""
    other = {reason: count for reason, count in refused.items() if reason not in check.refuses}
    for reason in check.refuses:
        yield Line(ok=refused.get(reason, 0) > 0, demand=f"refused: {reason}", seen=f"{refused.get(reason, 0)} refused")
    if other:
        seen = ", ".join(f"{reason} {count}" for reason, count in sorted(other.items()))
        yield Line(ok=False, demand="nothing else refused", seen=seen)


def _any(rule: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(rule, pattern) for pattern in patterns)


def _said(rang: Sequence[Rang]) -> str:
    if not rang:
        return "silent"
    first = "; ".join(f"{each.rule} {each.priority.name.lower()} at {each.minute:.0f}" for each in rang[:4])
    return first + (f"; {len(rang) - 4} more" if len(rang) > 4 else "")
