"""Alerts that end because their plan became another one: which of what is over went by the plan, not by the patient.

A rule that the plan has no more says so itself (`Quiet.unasked`). Here is what it still has, with another limit: by the
plan in force it was over before the plan became that, though it was there as long as the one before was in force. The
caller owns the transaction. The invariant: nothing else of what was observed is changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerting.features import StayContext, moment
from alerting.observed import Observation, Quiet
from ward.alerts import Condition, Family
from ward.people import StayId
from ward.store import plans
from ward.store.pool import Connection

_INSTANT = timedelta(microseconds=1)


async def told(
    conn: Connection, stays: Sequence[StayContext], observations: Sequence[Observation], now: datetime
) -> Sequence[Observation]:
    """Return the observations; what went by a change of its stay's plan says so."""
    of = {stay.stay_id: stay for stay in stays}
    changed: dict[StayId, list[datetime]] = {}
    for each in observations:
        if each.stay_id not in changed and _may_be(of[each.stay_id], each):
            changed[each.stay_id] = await _changes(conn, of[each.stay_id], now)
    return [_marked(of[each.stay_id], each, changed) for each in observations] if changed else observations


def _may_be(stay: StayContext, said: Observation) -> bool:
    """Tell whether something ends an alert that is there, and not for what the plan has no more."""
    alert = stay.alerts.get(said.rule)
    return (
        isinstance(said, Quiet)
        and said.since is not None
        and alert is not None
        and alert.condition is Condition.PRESENT
        and alert.family is Family.CLINICAL
    )


async def _changes(conn: Connection, stay: StayContext, now: datetime) -> list[datetime]:
    """Return when the plan may have become another since the stay was last surely looked at."""
    if stay.scored_s is None:
        return []
    return await plans.changes(conn, stay.stay_id, moment(stay.scored_s) - _INSTANT, now + _INSTANT)


def _marked(stay: StayContext, said: Observation, changed: Mapping[StayId, Sequence[datetime]]) -> Observation:
    if not (isinstance(said, Quiet) and said.since is not None and _may_be(stay, said)):
        return said
    since = said.since
    return replace(said, unasked=any(since <= at for at in changed[said.stay_id]))
