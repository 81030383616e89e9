"""How much a patient may need somebody over free days, and why: what a round before them looks at. Pure.

A risk is a sum of points, one line for each reason, so that a list can be sorted and argued with. It is no score of any
guideline: reasons and points are the project's proposals, to be confirmed by who is clinically responsible. The
invariant: a patient whose data are missing is never at the end of the list for want of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ward.duty import wallclock
from ward.duty.coverage import Cell, Colour
from ward.plans import Order

LATELY: Final = timedelta(hours=72)
"""How far back alerts and changes of medication are counted."""
ANSWERS_AFTER: Final = timedelta(hours=26)
"""How long after the last answers of one who answers they are missed."""
LOW_BATTERY_PCT: Final = 50.0
EMPTY_BATTERY_PCT: Final = 20.0
RISE: Final = 2
MANY_ALERTS: Final = 3


class Reason(StrEnum):
    """Why somebody may be needed."""

    NEWS2_HIGH = "news2_high"
    NEWS2_MEDIUM = "news2_medium"
    NEWS2_SINGLE = "news2_single"
    NEWS2_UNKNOWN = "news2_unknown"
    TREND = "trend"
    ALERT_HIGH = "alert_high"
    ALERT_OPEN = "alert_open"
    ALERTS_MANY = "alerts_many"
    NO_COVER = "no_cover"
    NO_DEVICE = "no_device"
    OFFLINE = "offline"
    BATTERY_EMPTY = "battery_empty"
    BATTERY_LOW = "battery_low"
    PLAN_EXPIRES = "plan_expires"
    ORDER_EXPIRES = "order_expires"
    ORDER_OVER = "order_over"
    ORDER_UNNAMED = "order_unnamed"
    PLAN_WAITS = "plan_waits"
    INPUTS_MISSING = "inputs_missing"
    ANSWERS_MISSING = "answers_missing"
    MEDICATION = "medication"
    REPORT_OPEN = "report_open"
    REMINDER = "reminder"
    NO_NEXT_STEP = "no_next_step"


POINTS: Final = MappingProxyType(
    {
        Reason.NEWS2_HIGH: 40,
        Reason.NEWS2_MEDIUM: 25,
        Reason.NEWS2_SINGLE: 15,
        Reason.NEWS2_UNKNOWN: 25,
        Reason.TREND: 15,
        Reason.ALERT_HIGH: 30,
        Reason.ALERT_OPEN: 15,
        Reason.ALERTS_MANY: 10,
        Reason.NO_COVER: 35,
        Reason.NO_DEVICE: 25,
        Reason.OFFLINE: 25,
        Reason.BATTERY_EMPTY: 15,
        Reason.BATTERY_LOW: 5,
        Reason.PLAN_EXPIRES: 15,
        Reason.ORDER_EXPIRES: 15,
        Reason.ORDER_OVER: 15,
        Reason.ORDER_UNNAMED: 15,
        Reason.PLAN_WAITS: 15,
        Reason.INPUTS_MISSING: 10,
        Reason.ANSWERS_MISSING: 10,
        Reason.MEDICATION: 10,
        Reason.REPORT_OPEN: 5,
        Reason.REMINDER: 5,
        Reason.NO_NEXT_STEP: 5,
    }
)
_WORDS: Final = MappingProxyType(
    {
        Reason.NEWS2_HIGH: ("NEWS2 kan vara {n}", "NEWS2 may be {n}"),
        Reason.NEWS2_MEDIUM: ("NEWS2 kan vara {n}", "NEWS2 may be {n}"),
        Reason.NEWS2_SINGLE: ("3 poäng för en enda NEWS2-parameter", "3 points for a single NEWS2 parameter"),
        Reason.NEWS2_UNKNOWN: ("NEWS2 är inte känt", "NEWS2 is not known"),
        Reason.TREND: ("NEWS2 har stigit med {n} på ett dygn", "NEWS2 has risen by {n} in a day"),
        Reason.ALERT_HIGH: ("öppet larm av hög prioritet", "open alert of high priority"),
        Reason.ALERT_OPEN: ("öppna larm: {n}", "open alerts: {n}"),
        Reason.ALERTS_MANY: ("{n} larm på tre dygn", "{n} alerts in three days"),
        Reason.NO_COVER: ("ingen kan nås från {at}", "nobody can be reached from {at}"),
        Reason.NO_DEVICE: ("ingen utrustning bärs", "no device is worn"),
        Reason.OFFLINE: ("utrustningen saknar kontakt", "the device is out of contact"),
        Reason.BATTERY_EMPTY: ("batteri {n} %", "battery {n} %"),
        Reason.BATTERY_LOW: ("batteri {n} %", "battery {n} %"),
        Reason.PLAN_EXPIRES: ("gränser upphör {at}", "limits expire {at}"),
        Reason.ORDER_EXPIRES: (
            "ordinationen av SpO₂-skala 2 går ut {at}",
            "the order of SpO₂ scale 2 runs out {at}",
        ),
        Reason.ORDER_OVER: (
            "ordinationen av SpO₂-skala 2 gick ut {at}: skala 1 används",
            "the order of SpO₂ scale 2 ran out {at}: scale 1 is used",
        ),
        Reason.ORDER_UNNAMED: (
            "ordinationen av SpO₂-skala 2 är inte bekräftad av någon läkare",
            "no doctor has confirmed the order of SpO₂ scale 2",
        ),
        Reason.PLAN_WAITS: (
            "ändringar av planen som väntar på en läkares underskrift: {n}",
            "changes of the plan that wait for a doctor's signature: {n}",
        ),
        Reason.INPUTS_MISSING: ("NEWS2 saknar {n} värden", "NEWS2 lacks {n} values"),
        Reason.ANSWERS_MISSING: ("dagens frågor är obesvarade", "the day's questions are unanswered"),
        Reason.MEDICATION: ("läkemedel ändrat på tre dygn", "medication changed within three days"),
        Reason.REPORT_OPEN: (
            "effektrapport utan svar från förskrivaren",
            "effect report not answered",
        ),
        Reason.REMINDER: ("påminnelse {at}", "reminder {at}"),
        Reason.NO_NEXT_STEP: ("nästa steg är inte skrivet", "the next step is not written"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a stay when the round is made. None: not known, or there is none.

    `score_high` is the upper bound of NEWS2 now, `score_high_before` a day ago; `missing` counts its inputs that are
    missing or stale; `plan_change_at` is when limits in force run out by themselves; `order` that of SpO2 scale 2 where
    that is asked for; `waiting` counts the versions of the plan that wait for a signature.
    """

    score_high: int | None
    score_high_before: int | None
    single_three: bool
    missing: int
    open_alerts: int
    worst_open: int
    alerts_lately: int
    worn: int
    online: int
    battery_pct: float | None
    plan_change_at: datetime | None
    order: Order | None
    waiting: int
    answered_at: datetime | None
    medications: int
    open_reports: int
    remind_at: datetime | None
    has_next_step: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One reason with its points, in words of both languages."""

    reason: Reason
    points: int
    sv: str
    en: str


def reasons(facts: Facts, cells: Iterable[Cell], until: datetime, now: datetime) -> tuple[Found, ...]:
    """Return why somebody may be needed until `until`, the weightiest first; `cells` are who answers until then."""
    found = [*_score(facts), *_alerts(facts), *_devices(facts), *_plan(facts, until, now), *_dated(facts, until, now)]
    open_cell = next((cell for cell in cells if cell.colour is Colour.NOBODY), None)
    if open_cell is not None:
        found.append(_said(Reason.NO_COVER, at=open_cell.from_at))
    if facts.medications:
        found.append(_said(Reason.MEDICATION))
    if facts.open_reports:
        found.append(_said(Reason.REPORT_OPEN))
    if not facts.has_next_step:
        found.append(_said(Reason.NO_NEXT_STEP))
    return tuple(sorted(found, key=lambda each: (-each.points, each.reason)))


def risk(found: Iterable[Found]) -> int:
    """Return the points together."""
    return sum(each.points for each in found)


def _score(facts: Facts) -> Iterable[Found]:
    if facts.score_high is None:
        yield _said(Reason.NEWS2_UNKNOWN)
        return
    if facts.score_high >= 7:
        yield _said(Reason.NEWS2_HIGH, facts.score_high)
    elif facts.score_high >= 5:
        yield _said(Reason.NEWS2_MEDIUM, facts.score_high)
    elif facts.single_three:
        yield _said(Reason.NEWS2_SINGLE)
    if facts.score_high_before is not None and facts.score_high - facts.score_high_before >= RISE:
        yield _said(Reason.TREND, facts.score_high - facts.score_high_before)
    if facts.missing:
        yield _said(Reason.INPUTS_MISSING, facts.missing)


def _alerts(facts: Facts) -> Iterable[Found]:
    if facts.worst_open >= 3:
        yield _said(Reason.ALERT_HIGH)
    elif facts.open_alerts:
        yield _said(Reason.ALERT_OPEN, facts.open_alerts)
    if facts.alerts_lately >= MANY_ALERTS:
        yield _said(Reason.ALERTS_MANY, facts.alerts_lately)


def _devices(facts: Facts) -> Iterable[Found]:
    if not facts.worn:
        yield _said(Reason.NO_DEVICE)
        return
    if not facts.online:
        yield _said(Reason.OFFLINE)
    if facts.battery_pct is not None and facts.battery_pct <= LOW_BATTERY_PCT:
        reason = Reason.BATTERY_EMPTY if facts.battery_pct <= EMPTY_BATTERY_PCT else Reason.BATTERY_LOW
        yield _said(reason, round(facts.battery_pct))


def _plan(facts: Facts, until: datetime, now: datetime) -> Iterable[Found]:
    if facts.plan_change_at is not None and facts.plan_change_at < until:
        yield _said(Reason.PLAN_EXPIRES, at=facts.plan_change_at)
    if facts.waiting:
        yield _said(Reason.PLAN_WAITS, facts.waiting)
    order = facts.order
    if order is None:
        return
    if order.expires_at <= now:
        yield _said(Reason.ORDER_OVER, at=order.expires_at)
        return
    if order.expires_at < until:
        yield _said(Reason.ORDER_EXPIRES, at=order.expires_at)
    if not order.is_named:
        yield _said(Reason.ORDER_UNNAMED)


def _dated(facts: Facts, until: datetime, now: datetime) -> Iterable[Found]:
    if facts.remind_at is not None and facts.remind_at < until:
        yield _said(Reason.REMINDER, at=facts.remind_at)
    if facts.answered_at is not None and now - facts.answered_at > ANSWERS_AFTER:
        yield _said(Reason.ANSWERS_MISSING)


def _said(reason: Reason, n: int | None = None, at: datetime | None = None) -> Found:
    when = "" if at is None else f"{wallclock.wall(at):%Y-%m-%d %H:%M}"
    sv, en = (each.format(n=n, at=when) for each in _WORDS[reason])
    return Found(reason=reason, points=POINTS[reason], sv=sv, en=en)
