"""The one door to alert state: lock, step, save, announce. Evaluation and people come in by it alike.

The caller owns the transaction. Brings no numpy, so that the API can use it. The invariant: what is saved is what
`lifecycle.step` returned for the row that was locked, with the line of its event, in one transaction.
"""

from collections.abc import Iterable
from datetime import datetime

from alerting import telling
from alerting.events import (
    Accept,
    Acknowledge,
    Announce,
    Claim,
    Decline,
    Effect,
    EndHold,
    Escalate,
    Event,
    FromPeople,
    KeepClosed,
    Note,
    Offer,
    Raise,
    Record,
    Release,
    Resolve,
    Snooze,
    Undo,
)
from alerting.holds import held
from alerting.lifecycle import respond, step
from alerting.observed import Observation
from ward.alerts import Alert, AlertId, Closure, Finding
from ward.errors import IllegalTransition, NotFound
from ward.people import StayId
from ward.store import alert_holds, alerts
from ward.store.bus import Channel, announce
from ward.store.pool import Connection

__all__ = [
    "Accept",
    "Acknowledge",
    "Claim",
    "Decline",
    "Escalate",
    "Event",
    "FromPeople",
    "Note",
    "Offer",
    "Release",
    "Resolve",
    "Snooze",
    "Undo",
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
    if alert.closure is Closure.CLOSED:
        # What is reopened must be the only one: whoever opens another holds this lock too.
        await alert_holds.lock(conn, alert.stay_id, alert.rule)
        if await alerts.lock_open(conn, alert.stay_id, alert.rule) is not None:
            raise IllegalTransition(f"alert {alert_id} was closed, and another has taken its place")
    await _save(conn, changed, effects, now)
    await _announce(conn, effects)
    return changed


async def raise_or_update(conn: Connection, finding: Finding, now: datetime) -> Alert | None:
    """Bring a finding to its alert, opening one if there is none; return it if it changed. Announces it."""
    changed, effects = await _settle_one(conn, finding.stay_id, finding.rule, finding, now)
    await _announce(conn, effects)
    return changed


async def settle(
    conn: Connection, in_force: Iterable[Alert], observations: Iterable[Observation], now: datetime
) -> list[Alert]:
    """Bring an evaluation to the alerts, and return those that changed. Announces them all at once.

    Parameters
    ----------
    in_force : what `alerts.in_force` said of the evaluated stays, read without a lock
    observations : at most one for each stay and rule
    """
    observed = {(each.stay_id, each.rule): each for each in observations}
    known = {(alert.stay_id, alert.rule): alert for alert in in_force}
    changed: list[Alert] = []
    effects: list[Effect] = []
    for key in sorted(observed.keys() | known.keys()):
        observation = observed.get(key)
        if _nothing_to_do(known.get(key), observation, now):
            continue
        one, done = await _settle_one(conn, *key, observation, now)
        effects.extend(done)
        if one is not None:
            changed.append(one)
    await _announce(conn, effects)
    return changed


def _nothing_to_do(alert: Alert | None, observation: Observation | None, now: datetime) -> bool:
    """Return whether a look without a lock is enough to know that nothing changes."""
    if alert is None:
        return not isinstance(observation, Finding)
    if alert.closure is Closure.CLOSED:
        return observation is None
    return respond(alert, observation, now) is None


async def _settle_one(
    conn: Connection, stay_id: StayId, rule: str, observation: Observation | None, now: datetime
) -> tuple[Alert | None, list[Effect]]:
    """Lock the alert of a stay and rule, and take every event that is due, each saved with its line."""
    alert = await alerts.lock_open(conn, stay_id, rule)
    if alert is None:
        opened = await _open(conn, stay_id, rule, observation, now)
        if opened is not None:
            return opened
        # Nothing was opened, unless somebody else has done it since we looked.
        alert = await alerts.lock_open(conn, stay_id, rule)
    effects: list[Effect] = []
    changed = None
    while alert is not None and (event := respond(alert, observation, now)) is not None:
        alert, done = step(alert, event, now)
        await _save(conn, alert, done, now)
        effects.extend(done)
        changed = alert
    return changed, effects


async def _open(
    conn: Connection, stay_id: StayId, rule: str, observation: Observation | None, now: datetime
) -> tuple[Alert, list[Effect]] | None:
    """Open the alert of a finding, if there is one to be opened: it is not held, and it was not told before."""
    if observation is None or await _is_held(conn, stay_id, rule, observation, now):
        return None
    if not isinstance(observation, Finding):
        return None
    if observation.ended_at is not None and await alerts.was_told(conn, observation):
        return None
    team_id = await alerts.responsible_team(conn, stay_id, now)
    opening = Raise(alert_id=await alerts.next_id(conn), team_id=team_id, finding=observation)
    raised, done = step(None, opening, now)
    if not await alerts.add(conn, raised):
        return None
    await _carry_out(conn, raised, done, now)
    return raised, list(done)


async def _is_held(conn: Connection, stay_id: StayId, rule: str, observation: Observation, now: datetime) -> bool:
    """Return whether a person has closed this episode; write down what the observation says of that."""
    hold = await alert_holds.lock(conn, stay_id, rule)
    if hold is None:
        return False
    kept = held(hold, observation, now)
    if kept is None:
        await alert_holds.end(conn, stay_id, rule)
    elif kept != hold:
        await alert_holds.keep(conn, kept)
    return kept is not None


async def _save(conn: Connection, alert: Alert, effects: Iterable[Effect], now: datetime) -> None:
    await alerts.save(conn, alert)
    await _carry_out(conn, alert, effects, now)


async def _carry_out(conn: Connection, alert: Alert, effects: Iterable[Effect], now: datetime) -> None:
    """Write what a step asks for beside the alert itself, in its transaction."""
    for effect in effects:
        if isinstance(effect, Record):
            await alerts.append(conn, alert.stay_id, effect.event)
        elif isinstance(effect, KeepClosed):
            await alert_holds.keep(conn, effect.hold)
        elif isinstance(effect, EndHold):
            await alert_holds.end(conn, effect.stay_id, effect.rule)
    await telling.carry_out(conn, alert, effects, now)


async def _announce(conn: Connection, effects: Iterable[Effect]) -> None:
    ids = sorted({effect.alert_id for effect in effects if isinstance(effect, Announce)})
    await announce(conn, Channel.ALERTS, ids)
