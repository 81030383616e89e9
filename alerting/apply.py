"""The one door to alert state: lock, step, save, announce. Evaluation and people come in by it alike.

The caller owns the transaction. Brings no numpy, so that the API can use it. The invariant: what is saved is what
`lifecycle.step` returned for the row that was locked, with the line of its event, in one transaction.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from alerting import telling
from alerting.answers import offer_is_over
from alerting.durations import APART
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
    GoOver,
    KeepClosed,
    Note,
    Offer,
    Raise,
    Record,
    Release,
    Resolve,
    Return,
    Ring,
    Snooze,
    Undo,
)
from alerting.holds import held
from alerting.lifecycle import respond, step
from alerting.observed import Observation, Quiet
from alerting.telling import Ringing
from ward.alerts import Alert, AlertId, Closure, Finding, Hold, Signal
from ward.errors import IllegalTransition, NotFound
from ward.people import StaffId, StayId, TeamId
from ward.store import alert_holds, alerts, duty, duty_batons, duty_schedules
from ward.store.bus import Channel, announce
from ward.store.pool import Coming, Connection

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
    "Settled",
    "Snooze",
    "Undo",
    "apply_event",
    "go_over",
    "hold",
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
    alert = await _come_back(conn, alert, event, now)
    changed, effects = step(alert, event, now)
    if alert.closure is Closure.CLOSED:
        # What is reopened must be the only one: whoever opens another holds this lock too.
        await alert_holds.lock(conn, alert.stay_id, alert.rule)
        if await alerts.lock_open(conn, alert.stay_id, alert.rule) is not None:
            raise IllegalTransition(f"alert {alert_id} was closed, and another has taken its place")
    await _save(conn, changed, effects, now)
    if alert.resolved_at is not None:
        # Opened again: where its patient has gone over meanwhile, it has too.
        before, after = [await duty.holder(conn, alert.stay_id, at) for at in (alert.resolved_at, now)]
        if after.team_id != before.team_id:
            effects = (*effects, *await _bring(conn, [changed], after.team_id, now))
    await _announce(conn, effects)
    return changed


async def _come_back(conn: Connection, alert: Alert, event: Event, now: datetime) -> Alert:
    """Return an alert whose offer has run out to whom it was with, before it is answered or offered anew.

    The next look would do it; who comes in between must not find an offer that is over. It is kept though they are
    refused then, for what they saw has changed.
    """
    if not (isinstance(event, Accept | Decline | Offer) and offer_is_over(alert, now)):
        return alert
    back, effects = step(alert, Return(), now)
    await _save(conn, back, effects, now)
    await _announce(conn, effects)
    return back


async def hold(conn: Connection, alert_id: AlertId) -> None:
    """Keep others from changing an alert until the transaction ends.

    Whoever acts does this before they read the clock and look at who may: what they waited for was earlier.
    """
    await alerts.lock(conn, alert_id)


async def go_over(conn: Connection, stay_id: StayId, before: TeamId, now: datetime) -> list[AlertId]:
    """Have a stay's alerts go over with the patient, where somebody has brought them from `before` to another team.

    What somebody of that team has taken stays with them; what was offered of the patient lapses. The caller holds the
    stay. Returns which alerts went over.
    """
    team_id = (await duty.holder(conn, stay_id, now)).team_id
    if team_id == before:
        return []
    await duty_batons.lapse(conn, stay_id, now)
    there = [each for each in await alerts.lock_all(conn, stay_id) if each.closure is Closure.OPEN]
    effects = await _bring(conn, there, team_id, now)
    await _announce(conn, effects)
    return [effect.alert_id for effect in effects if isinstance(effect, Announce)]


async def _bring(conn: Connection, theirs: Iterable[Alert], team_id: TeamId, now: datetime) -> list[Effect]:
    """Bring open alerts of one stay, locked, to the team that answers by now; return what is to be announced."""
    members = frozenset(each.staff_id for each in (await duty_schedules.members(conn, [team_id]))[team_id])
    effects: list[Effect] = []
    for alert in theirs:
        if not _is_with(alert, team_id, members):
            changed, done = step(alert, GoOver(team_id=team_id), now)
            await _save(conn, changed, done, now)
            effects.extend(done)
    return effects


def _is_with(alert: Alert, team_id: TeamId, members: frozenset[StaffId]) -> bool:
    """Tell whether an alert is a team's already: one of its people has it, or nobody has it nor is offered it."""
    if alert.holder_id is not None:
        return alert.holder_id in members or (alert.signal is Signal.SILENT and alert.offered is None)
    return alert.team_id == team_id and alert.offered is None


async def raise_or_update(conn: Connection, finding: Finding, now: datetime) -> Alert | None:
    """Bring a finding to its alert, opening one if there is none; return it if it changed. Announces it."""
    changed, effects = await _settle_one(conn, finding.stay_id, finding.rule, finding, now)
    await _announce(conn, effects)
    return changed


Key = tuple[StayId, str]
"""A stay and a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The alerts that changed, and the stays of which somebody has changed an alert since it was looked at."""

    changed: tuple[Alert, ...]
    overtaken: frozenset[StayId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Questions that the opening of an alert needs answered, asked before it is known whether one is opened."""

    opening: Coming
    chain: Coming


async def ask(conn: Connection, stay_id: StayId, rule: str, now: datetime) -> Asked:
    """Ask beforehand, within a pipeline, what `settle` needs to open an alert of a stay and rule.

    Nothing may be written, and nothing else be asked for so, between this and `settle`.
    """
    opening = await alerts.ask_opening(conn, stay_id, rule, now)
    return Asked(opening=opening, chain=await telling.ask_chain(conn, stay_id, now))


async def settle(
    conn: Connection,
    in_force: Iterable[Alert],
    observations: Iterable[Observation],
    now: datetime,
    asked: Mapping[Key, Asked] = MappingProxyType({}),
) -> Settled:
    """Bring an evaluation to the alerts. Announces all that changed at once.

    What has changed since it was looked at stays as it is: the observation may be older than what is known by now, and
    would undo it. Whoever observes looks at those stays again. Within a pipeline what is written goes with the next
    question, instead of waiting for an answer each.

    Parameters
    ----------
    in_force : what `alerts.in_force` said of the evaluated stays, read without a lock
    observations : at most one for each stay and rule
    asked : what was asked beforehand for some of them
    """
    observed = {(each.stay_id, each.rule): each for each in observations}
    known = {(alert.stay_id, alert.rule): alert for alert in in_force}
    changed: list[Alert] = []
    effects: list[Effect] = []
    overtaken: set[StayId] = set()
    for key in sorted(observed.keys() | known.keys()):
        before, observation = known.get(key), observed.get(key)
        if _nothing_to_do(before, observation, now):
            continue
        if before is not None and _looked_before(before, now) and _is_better(observation, before):
            overtaken.add(key[0])
            continue
        settled = await _settle_known(conn, key, before, observation, now, asked.get(key))
        if settled is None:
            overtaken.add(key[0])
            continue
        one, done = settled
        effects.extend(done)
        if one is not None:
            changed.append(one)
    await _announce(conn, effects)
    return Settled(changed=tuple(changed), overtaken=frozenset(overtaken))


def _looked_before(alert: Alert, now: datetime) -> bool:
    """Tell whether somebody who looked at `now` did so before an alert was last told; a clock put back says nothing."""
    return timedelta(0) < alert.changed_at - now < APART


def _is_better(observation: Observation | None, alert: Alert) -> bool:
    """Tell whether an observation makes less of an alert: whoever looked before it was last told cannot know that."""
    if isinstance(observation, Finding):
        return observation.ended_at is None and observation.priority < alert.priority
    return isinstance(observation, Quiet)


def _nothing_to_do(alert: Alert | None, observation: Observation | None, now: datetime) -> bool:
    """Return whether a look without a lock is enough to know that nothing changes."""
    if alert is None:
        return not isinstance(observation, Finding)
    if alert.closure is Closure.CLOSED:
        return observation is None
    return respond(alert, observation, now) is None


_Change = tuple[Alert | None, list[Effect]]
"""What an alert is after a change, None where nothing has changed, and what is still to be done about it."""


async def _settle_known(
    conn: Connection,
    key: Key,
    before: Alert | None,
    observation: Observation | None,
    now: datetime,
    asked: Asked | None,
) -> _Change | None:
    """Bring an observation to the alert that it was made beside; None where that is another by now."""
    if before is not None and before.closure is Closure.OPEN:
        alert = await alerts.lock_open(conn, *key)
        if alert is None or alert.rev != before.rev:
            return None
        return await _follow(conn, alert, observation, now)
    opened = await _open(conn, key, observation, now, asked)
    if opened is not None:
        return opened
    # Nothing was opened: it is held, or somebody else has opened one since.
    return None if await alerts.lock_open(conn, *key) is not None else (None, [])


async def _settle_one(
    conn: Connection, stay_id: StayId, rule: str, observation: Observation | None, now: datetime
) -> _Change:
    """Bring an observation to the alert of a stay and rule, whichever that is."""
    alert = await alerts.lock_open(conn, stay_id, rule)
    if alert is None:
        opened = await _open(conn, (stay_id, rule), observation, now)
        if opened is not None:
            return opened
        # Nothing was opened, unless somebody else has done it since we looked.
        alert = await alerts.lock_open(conn, stay_id, rule)
    return (None, []) if alert is None else await _follow(conn, alert, observation, now)


async def _follow(conn: Connection, alert: Alert, observation: Observation | None, now: datetime) -> _Change:
    """Take every event that is due of an alert that is locked, each saved with its line."""
    effects: list[Effect] = []
    changed = None
    while (event := respond(alert, observation, now)) is not None:
        alert, done = step(alert, event, now)
        await _save(conn, alert, done, now)
        effects.extend(done)
        changed = alert
    return changed, effects


async def _open(
    conn: Connection, key: Key, observation: Observation | None, now: datetime, asked: Asked | None = None
) -> _Change | None:
    """Open the alert of a finding, if there is one to be opened: it is not held, and it was not told before."""
    if observation is None:
        return None
    opening = await alerts.answer_opening(asked.opening if asked else await alerts.ask_opening(conn, *key, now), *key)
    if opening.hold is not None and await _is_held(conn, opening.hold, observation, now):
        return None
    if not isinstance(observation, Finding):
        return None
    if observation.ended_at is not None and await alerts.was_told(conn, observation):
        return None
    event = Raise(alert_id=opening.alert_id, team_id=opening.team_id, finding=observation)
    raised, done = step(None, event, now)
    rings = any(isinstance(each, Ring) for each in done)
    # Few answers to wait for, one after the other: whom to tell is asked before, and while, the alert is added.
    chain = await telling.chain(conn, raised, now, asked.chain if asked else None) if rings else ()
    added = await alerts.add(conn, raised)
    ringing = await telling.prepare(conn, raised, chain, now) if rings else None
    if not await alerts.is_new(added):
        return None
    await _carry_out(conn, raised, done, now, ringing)
    return raised, list(done)


async def _is_held(conn: Connection, hold: Hold, observation: Observation, now: datetime) -> bool:
    """Return whether a person has closed this episode; write down what the observation says of that."""
    kept = held(hold, observation, now)
    if kept is None:
        await alert_holds.end(conn, hold.stay_id, hold.rule)
    elif kept != hold:
        await alert_holds.keep(conn, kept)
    return kept is not None


async def _save(conn: Connection, alert: Alert, effects: Iterable[Effect], now: datetime) -> None:
    await alerts.save(conn, alert)
    await _carry_out(conn, alert, effects, now)


async def _carry_out(
    conn: Connection, alert: Alert, effects: Iterable[Effect], now: datetime, ringing: Ringing | None = None
) -> None:
    """Write what a step asks for beside the alert itself, in its transaction."""
    for effect in effects:
        if isinstance(effect, Record):
            await alerts.append(conn, alert.stay_id, effect.event)
        elif isinstance(effect, KeepClosed):
            await alert_holds.keep(conn, effect.hold)
        elif isinstance(effect, EndHold):
            await alert_holds.end(conn, effect.stay_id, effect.rule)
    await telling.carry_out(conn, alert, effects, now, ringing)


async def _announce(conn: Connection, effects: Iterable[Effect]) -> None:
    ids = sorted({effect.alert_id for effect in effects if isinstance(effect, Announce)})
    await announce(conn, Channel.ALERTS, ids)
