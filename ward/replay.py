"""What a board showed of an alert at each moment of the past: folded from the lines of the alert's life. Pure.

Nothing acts on this; it is for looking back at a night. One thing is not to be had from the lines: whether an episode
that was found again while its alert was over rang anew (it is taken to have rung). The invariant: the last moment of an
alert that is closed is that it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ward.alerts import AlertState, Condition, Family, Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an alert's life; `who` did it, by name; `until` as in `ward.alerts.AlertEvent`."""

    at: datetime
    kind: str
    who: str | None
    priority: Priority | None
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What was shown from `at` on: `seen_by` has seen it, `held_by` has taken it, by name."""

    at: datetime
    state: AlertState
    priority: Priority
    condition: Condition
    seen_by: str | None
    held_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Handling:
    rings: bool = True
    quieted: bool = False
    closed: bool = False
    offered: bool = False
    seen_by: str | None = None
    held_by: str | None = None

    @property
    def state(self) -> AlertState:
        if self.closed:
            return AlertState.RESOLVED
        unheld = not self.quieted and self.held_by is None
        return AlertState.OPEN if self.rings or unheld else AlertState.ACKNOWLEDGED


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    family: Family
    priority: Priority
    worst: Priority
    condition: Condition = Condition.PRESENT
    now: _Handling = _Handling()
    before: _Handling = _Handling()

    @property
    def latches(self) -> bool:
        """Whether it stays until somebody has seen it, though its condition is gone; as `alerting.condition` has it."""
        return self.worst is Priority.HIGH or (self.worst is Priority.MEDIUM and self.family is Family.CLINICAL)


_UNDOABLE = frozenset({"acknowledged", "claimed", "released", "offered", "accepted", "declined", "snoozed", "resolved"})
_RINGS_AGAIN = frozenset({"lapsed", "resumed", "escalated", "worsened"})
_BACK = frozenset({"returned", "declined"})


def moments(family: Family, lines: Iterable[Line], resolved_at: datetime | None) -> tuple[Moment, ...]:
    """Return what was shown of an alert, one moment for each line of its life, the oldest first.

    Parameters
    ----------
    lines
        The whole life from its first line, in order; it may end before the alert does.
    resolved_at
        When it was closed, by a person or by itself; None while it is open.
    """
    found = []
    frame: _Frame | None = None
    for line in lines:
        frame = _begun(family, line) if frame is None else _after(frame, line)
        if resolved_at is not None and line.at >= resolved_at:
            frame = replace(frame, now=replace(frame.now, closed=True, rings=False))
        found.append(_moment(frame, line.at))
    return tuple(found)


def _begun(family: Family, line: Line) -> _Frame:
    priority = line.priority or Priority.LOW
    frame = _Frame(family=family, priority=priority, worst=priority)
    if line.until is None:
        return frame
    return replace(frame, condition=Condition.CLEARED, now=_Handling(rings=False))


def _moment(frame: _Frame, at: datetime) -> Moment:
    return Moment(
        at=at,
        state=frame.now.state,
        priority=frame.priority,
        condition=frame.condition,
        seen_by=frame.now.seen_by,
        held_by=frame.now.held_by,
    )


def _after(frame: _Frame, line: Line) -> _Frame:
    if line.kind == "undone":
        return replace(frame, now=frame.before)
    kept = replace(frame, before=frame.now) if line.kind in _UNDOABLE else frame
    ruled = _by_rules(kept, line)
    return replace(ruled, now=_handled(ruled, kept, line))


def _by_rules(frame: _Frame, line: Line) -> _Frame:
    """Return what rules and time make of the condition and the priority."""
    conditions = {
        "cleared": Condition.CLEARING,
        "settled": Condition.CLEARED,
        "recurred": Condition.PRESENT,
    }
    priority = line.priority or frame.priority
    return replace(
        frame,
        priority=priority,
        worst=max(frame.worst, priority),
        condition=conditions.get(line.kind, frame.condition),
    )


def _handled(frame: _Frame, before: _Frame, line: Line) -> _Handling:
    """Return who has it, and whether it rings; `before` is what the line found."""
    now, who = frame.now, line.who
    changed = {
        "acknowledged": replace(now, rings=False, quieted=True, seen_by=who),
        "snoozed": replace(now, rings=False, quieted=True, seen_by=who),
        "offered": replace(now, offered=True),
        "claimed": replace(now, rings=False, quieted=True, offered=False, seen_by=who, held_by=who),
        "accepted": replace(now, rings=False, quieted=True, offered=False, seen_by=who, held_by=who),
        "released": replace(_ringing(now), offered=False, held_by=None),
        "returned": replace(now, offered=False),
        "declined": replace(now, offered=False),
        "settled": replace(now, rings=now.rings and frame.latches, quieted=False),
        "resolved": replace(now, rings=False, closed=True),
        "ended": replace(now, rings=False, closed=True),
        "went_over": _gone_over(now, frame.condition),
    }
    rings = (
        line.kind in _RINGS_AGAIN
        or (line.kind in _BACK and frame.condition is not Condition.CLEARED)
        or (line.kind == "recurred" and _is_anew(frame, before))
    )
    kept = changed.get(line.kind, now)
    return _ringing(kept) if rings else kept


def _gone_over(now: _Handling, condition: Condition) -> _Handling:
    """Return what somebody had, or had been offered, as the other team finds it."""
    over = condition is Condition.CLEARED
    if now.held_by is not None and over and not now.rings:
        return replace(now, offered=False)
    free = replace(now, offered=False, held_by=None)
    return _ringing(free) if (now.held_by is not None or now.offered) and not over else free


def _is_anew(frame: _Frame, before: _Frame) -> bool:
    """Tell whether what is back rings: after it had gone for good, or worse than it was."""
    gone = before.condition is Condition.CLEARED
    worse = before.condition is Condition.CLEARING and frame.priority > before.priority
    return frame.family is Family.REQUEST or gone or worse


def _ringing(now: _Handling) -> _Handling:
    return replace(now, rings=True, quieted=False, seen_by=None)
