"""The one door to alert state: lock, step, save, announce. Evaluation and people come in by it alike.

The caller owns the transaction. Brings no numpy, so that the API can use it. The invariant: what is saved is what
`lifecycle.step` returned for the row that was locked, with the line of its event, in one transaction.
"""

from collections.abc import Iterable
from datetime import datetime

from alerting import telling
from alerting.events import (
    Acknowledge,
    Announce,
    Clear,
    Ease,
    Effect,
    Event,
    Lapse,
    Raise,
    Record,
    Recur,
    Resolve,
    Worsen,
)
from alerting.lifecycle import respond, step
from alerting.observed import Observation
from ward.alerts import Alert, AlertId, Finding
from ward.errors import NotFound
from ward.people import StayId
from ward.store import alerts
from ward.store.bus import Channel, announce
from ward.store.pool import Connection

__all__ = [
    "Acknowledge",
    "Clear",
    "Ease",
    "Event",
    "Lapse",
    "Recur",
    "Resolve",
    "Worsen",
    "apply_event",
    "raise_or_update",
    "settle",
]


async def apply_event(conn: Connection, alert_id: AlertId, event: Event, now: datetime) -> Alert:
    """Apply what a person did to an alert, and announce it.

    Raises
    ------
    NotFound
        If there is no such alert.
    Conflict
        If the person saw another `rev`.
    IllegalTransition
        If the event is not allowed in the alert's state.
    """
    alert = await alerts.lock(conn, alert_id)
    if alert is None:
        raise NotFound(f"alert {alert_id}")
    changed, effects = step(alert, event, now)
    await _save(conn, changed, effects, now)
    await _announce(conn, effects)
    return changed


async def raise_or_update(conn: Connection, finding: Finding, now: datetime) -> Alert | None:
    """Bring a finding to its alert, opening one if there is none; return it if it changed. Announces it."""
    changed, effects = await _settle_one(conn, finding.stay_id, finding.rule, finding, now)
    await _announce(conn, effects)
    return changed


async def settle(
    conn: Connection, open_alerts: Iterable[Alert], observations: Iterable[Observation], now: datetime
) -> list[Alert]:
    """Bring an evaluation to the alerts, and return those that changed. Announces them all at once.

    Parameters
    ----------
    open_alerts : the evaluated stays' alerts that were not resolved when they were read, without a lock
    observations : at most one for each stay and rule
    """
    observed = {(each.stay_id, each.rule): each for each in observations}
    known = {(alert.stay_id, alert.rule): alert for alert in open_alerts}
    changed: list[Alert] = []
    effects: list[Effect] = []
    for key in sorted(observed.keys() | known.keys()):
        observation, alert = observed.get(key), known.get(key)
        if alert is not None and respond(alert, observation, now) is None:
            continue
        if alert is None and not isinstance(observation, Finding):
            continue
        one, done = await _settle_one(conn, *key, observation, now)
        effects.extend(done)
        if one is not None:
            changed.append(one)
    await _announce(conn, effects)
    return changed


async def _settle_one(
    conn: Connection, stay_id: StayId, rule: str, observation: Observation | None, now: datetime
) -> tuple[Alert | None, list[Effect]]:
    """Lock the alert of a stay and rule, and take every event that is due, each saved with its line."""
    alert = await alerts.lock_open(conn, stay_id, rule)
    effects: list[Effect] = []
    changed = None
    if alert is None and isinstance(observation, Finding):
        opening = Raise(
            alert_id=await alerts.next_id(conn),
            team_id=await alerts.responsible_team(conn, stay_id, now),
            finding=observation,
        )
        raised, done = step(None, opening, now)
        if await alerts.add(conn, raised):
            await _record(conn, raised, done, now)
            return raised, list(done)
        # Somebody else has opened it since we looked.
        alert = await alerts.lock_open(conn, stay_id, rule)
    while alert is not None and (event := respond(alert, observation, now)) is not None:
        alert, done = step(alert, event, now)
        await _save(conn, alert, done, now)
        effects.extend(done)
        changed = alert
    return changed, effects


async def _save(conn: Connection, alert: Alert, effects: Iterable[Effect], now: datetime) -> None:
    await alerts.save(conn, alert)
    await _record(conn, alert, effects, now)


async def _record(conn: Connection, alert: Alert, effects: Iterable[Effect], now: datetime) -> None:
    for effect in effects:
        if isinstance(effect, Record):
            await alerts.append(conn, alert.stay_id, effect.event)
    await telling.carry_out(conn, alert, effects, now)


async def _announce(conn: Connection, effects: Iterable[Effect]) -> None:
    ids = sorted({effect.alert_id for effect in effects if isinstance(effect, Announce)})
    await announce(conn, Channel.ALERTS, ids)
