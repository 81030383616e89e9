"""Carries out that an alert rings or is hushed, in the transaction that changed it: steps and notifications are rows.

Nothing is sent here: `alerting.deliver` sends what the rows say. The invariants: an alert that rings has its first
notifications written with it, and an alert that is hushed has no step and no notification left to come. The caller
holds the lock of the alert.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from alerting import escalation
from alerting.addressing import JUST_NOW, NO_SCREEN, WEBHOOK, Audience, notifications
from alerting.events import Advance, Effect, Hush, Record, Ring
from ward import log
from ward.alerts import Alert, Priority
from ward.duty.chain import once
from ward.duty.contact import Chain, Contact, Why
from ward.people import StayId
from ward.store import audiences, duty, escalations, outbox
from ward.store.borrow import LOST, back, mark
from ward.store.escalations import FrozenStep, Reached
from ward.store.pool import Coming, Connection

# Events after which the telling of what had been answered begins with the first level; else it goes on.
_BEGINS = frozenset({"raised", "recurred", "went_over"})
ASKED, RINGS_ANEW = "asked", "rings_anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """The steps of a ring, and those whom the first of them tells."""

    steps: tuple[FrozenStep, ...]
    audience: Audience


async def carry_out(
    conn: Connection, alert: Alert, effects: Iterable[Effect], now: datetime, ringing: Ringing | None = None
) -> None:
    """Carry out the `Ring`, `Hush` and `Advance` of one step of an alert's life; other effects are the caller's.

    Whoever did something to the alert has seen what they were sent of it. `ringing` is what `prepare` returned for a
    new alert, where it was asked for beforehand.
    """
    effects = tuple(effects)
    lines = [each.event for each in effects if isinstance(each, Record)]
    kind = lines[-1].kind if lines else ""
    for effect in effects:
        match effect:
            case Ring():
                await _ring(conn, ringing or await _anew(conn, alert, now, goes_on=kind not in _BEGINS), alert, now)
            case Hush():
                await hush(conn, alert, now, kind)
            case Advance():
                await escalate(conn, alert, now)
            case _:
                pass
    for line in lines:
        if line.staff_id is not None:
            await outbox.seen(conn, alert.stay_id, alert.alert_id, line.staff_id, now)


async def _ring(conn: Connection, ringing: Ringing, alert: Alert, now: datetime) -> None:
    """Freeze the steps of a new ring, and tell the first level with it."""
    await escalations.freeze(conn, ringing.steps, taken_at=now)
    await _tell(conn, alert, ringing.steps[0], ringing.audience, now)


async def _anew(conn: Connection, alert: Alert, now: datetime, *, goes_on: bool) -> Ringing:
    """Return how an alert rings that may have rung before; what is still to come of that is taken back.

    Where something is still to come nobody has answered yet: then it goes on, however often it comes back.
    """
    before = await escalations.reached(conn, alert.stay_id, alert.alert_id)
    goes_on = goes_on or before.next_at is not None
    if before.ring:
        await hush(conn, alert, now, RINGS_ANEW)
    found = await chain(conn, alert, now)
    return await prepare(conn, alert, found, now, before if goes_on else escalations.Reached(ring=before.ring, level=1))


async def prepare(
    conn: Connection, alert: Alert, found: Chain, now: datetime, before: Reached = escalations.NOBODY_TOLD
) -> Ringing:
    """Return how an alert rings now, by whom there is to tell and where it stood before."""
    policy = escalation.POLICIES[alert.priority]
    planned = escalation.steps(policy, found, now, reached=before.level, waited_for=before.next_at)
    steps = tuple(
        FrozenStep(
            stay_id=alert.stay_id,
            alert_id=alert.alert_id,
            ring=before.ring + 1,
            number=each.number,
            level=each.level,
            priority=alert.priority.value,
            due_at=each.due_at,
            contacts=each.contacts,
            again=each.again,
        )
        for each in planned
    )
    return Ringing(steps=steps, audience=await _audience(conn, alert, steps[0], now))


async def ask_chain(conn: Connection, stay_id: StayId, now: datetime) -> Coming:
    """Ask whom to tell, within a pipeline, so that other questions can go with it; the answer is for `chain`."""
    await mark(conn)
    return await duty.ask_chain(conn, stay_id, now)


async def chain(conn: Connection, alert: Alert, now: datetime, asked: Coming | None = None) -> Chain:
    """Return whom to tell; where that cannot be found out, the alert's own team: an alert is never held up by it.

    Nothing may have been written since it was asked.
    """
    found = await _found(conn, alert, now, asked)
    return found or ((Contact(team_id=alert.team_id, staff_id=None, why=Why.TEAM),),)


async def _found(conn: Connection, alert: Alert, now: datetime, asked: Coming | None = None) -> Chain:
    """Return whom there is to tell now; nobody where that cannot be found out."""
    try:
        asked = asked or await ask_chain(conn, alert.stay_id, now)
        return await duty.answer_chain(asked, alert.stay_id, now, escalation.needs(alert))
    except LOST:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a schedule, somebody must be told
        await back(conn)
        log.get().error("chain_failed", alert=alert.alert_id, error=type(error).__name__, exc_info=error)
        return ()


async def hush(conn: Connection, alert: Alert, now: datetime, reason: str) -> None:
    """Take back what is still to come; the steps first, since a step makes notifications."""
    await escalations.cancel(conn, alert.stay_id, alert.alert_id, now, reason)
    await outbox.cancel(conn, alert.stay_id, alert.alert_id, now, reason)


async def escalate(conn: Connection, alert: Alert, now: datetime) -> None:
    """Let the next step come now, because a person asks for it."""
    await escalations.pull(conn, alert.stay_id, alert.alert_id, now, ASKED)


async def fire(conn: Connection, alert: Alert, step: FrozenStep, now: datetime) -> None:
    """Take one step, and tell whom it names and who answers by now; what was taken or taken back tells nobody."""
    if not await escalations.take(conn, step, now):
        return
    told, found = await escalations.told(conn, step), await _found(conn, alert, now)
    by_now = escalation.by_now(step.level, step.contacts, found, told, last=bool(step.again))
    taken = replace(step, contacts=by_now.contacts)
    audience = await _audience(conn, alert, taken, now)
    if step.again is not None and await _reaches_nobody(conn, alert, taken, audience, now):
        # There is nobody further to tell, and it would come again and again to nobody: all are told once more.
        taken = replace(step, contacts=once(each for level in (by_now.contacts, *found) for each in level))
        audience = await _audience(conn, alert, taken, now)
    if taken.contacts != step.contacts:
        await escalations.tells(conn, taken)
    await _tell(conn, alert, taken, audience, now, by_now.again)


async def _reaches_nobody(conn: Connection, alert: Alert, step: FrozenStep, audience: Audience, now: datetime) -> bool:
    """Tell whether no way leads to those of a step, or none did when it came the last time; a webhook is no person."""
    made = notifications(alert, step, audience._replace(just_told=()), now)
    told = any(each.state != "failed" for each in made if each.channel != WEBHOOK)
    return not told or await escalations.untold(conn, step)


async def _tell(
    conn: Connection,
    alert: Alert,
    step: FrozenStep,
    audience: Audience,
    now: datetime,
    again: tuple[Contact, ...] | None = None,
) -> None:
    """Write the notifications of a step, and where nobody can be told, let the next one come at once.

    `again` are those whom it tells when it comes back, where they are others.
    """
    made = notifications(alert, step, audience, now)
    await outbox.queue(conn, made, now)
    # The first to be told is of the team that answers now; the alert may have been opened for another one.
    answers = step.contacts[0].team_id
    if step.number == 1 and answers not in audience.listening and alert.priority is not Priority.LOW:
        await escalations.skip(conn, step, NO_SCREEN)
        await escalations.pull(conn, alert.stay_id, alert.alert_id, now, NO_SCREEN)
    elif not audience.just_told and all(each.state == "failed" for each in made):
        await escalations.pull_untold(conn, alert.stay_id, alert.alert_id, step.ring, step.number, now)
    if step.again is not None:
        coming = replace(step, number=step.number + 1, due_at=now + step.again, contacts=again or step.contacts)
        await escalations.freeze(conn, [coming])


async def _audience(conn: Connection, alert: Alert, step: FrozenStep, now: datetime) -> Audience:
    asked = audiences.Asked(
        stay_id=alert.stay_id,
        alert_id=alert.alert_id,
        ring=step.ring,
        staff={contact.staff_id for contact in step.contacts if contact.staff_id is not None},
        teams={alert.team_id, *(contact.team_id for contact in step.contacts)},
        just_now=JUST_NOW,
    )
    found = await audiences.read(conn, asked, now)
    return Audience(mode=found.mode, ways=found.ways, listening=found.listening, just_told=found.just_told)
