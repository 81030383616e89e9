"""What people do to a plan, a patient's or a team's: look, save, draft, sign, withdraw; each in one transaction.

What may be done is said by `ward.plan_versions`. The invariant: nothing is saved that has a fault or that was not
reviewed against the very layers it will lie over, and every deed is in the audit with who did it and why.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

import msgspec
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api import plan_trial
from api.bodies import Why
from api.context import context_of
from api.errors import Problem
from api.once import once
from api.plan_states import CardState, OverlayDocument, card_state, fault_states, version_state
from api.preconditions import revision
from api.replies import Instant, reply
from ward import overlays, scale_orders
from ward.access.principals import StaffPrincipal
from ward.clock import Clock
from ward.errors import NotFound
from ward.overlays import Layer, Origin, Overlay
from ward.people import PatientId, StaffId, StayId, TeamId
from ward.plan_checks import Fault
from ward.plan_versions import (
    Exchange,
    Layers,
    Refusal,
    Review,
    Signing,
    State,
    approve,
    as_they_end,
    review,
    withdraw,
    withdrawal,
)
from ward.plans import Order, Plan
from ward.scale_orders import Doctor, Hand
from ward.store import audit, backtests, plans
from ward.store import plan_versions as kept
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.idempotency import Key
from ward.store.plan_versions import Change, Owner, Version
from ward.store.pool import Connection

_ANSWERS: Mapping[Refusal, tuple[HTTPStatus, str]] = {
    Refusal.OVER: (HTTPStatus.CONFLICT, "This version is settled or over already."),
    Refusal.OWN: (HTTPStatus.FORBIDDEN, "The second signature is another person's than the author's."),
    Refusal.NOT_DOCTOR: (
        HTTPStatus.FORBIDDEN,
        "A doctor signs what loosens a hard limit, turns to comfort care or brings an order of scale 2.",
    ),
    Refusal.NOT_ORDERING: (HTTPStatus.FORBIDDEN, "The doctor who is named confirms the order of scale 2, nobody else."),
    Refusal.NOT_CARING: (HTTPStatus.FORBIDDEN, "A doctor who cares for the patient confirms an order of scale 2."),
    Refusal.OVERTAKEN: (HTTPStatus.CONFLICT, "The plan has changed since this was written. Write it anew."),
}


class Wish(Why):
    """A change of a plan. `meant` names the oddities (their paths) that are meant as they are."""

    overlay: OverlayDocument
    meant: list[str] = Field(default_factory=list, max_length=200)


class Saving(Wish):
    """A change that is to be in force; with `until` it lies over the standing overlay until then."""

    until: Instant | None = None


class Promotion(Why):
    """What makes a draft a change that is to be in force."""

    meant: list[str] = Field(default_factory=list, max_length=200)
    until: Instant | None = None


class Withdrawal(Why):
    """Why a version is withdrawn. `meant` names what is found no more without it (the paths), and is meant so."""

    meant: list[str] = Field(default_factory=list, max_length=2000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """What lies over the plan that is changed: what speaks against the change, and what their plans would be."""

    faults: Sequence[Fault] = ()
    plans: Sequence[tuple[str, Plan]] = ()


NOTHING_OVER = Over()


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One plan at one instant: whose, its layers in force, its versions, its revision, and who looks.

    `doctors` are those who care for its patient: an order of scale 2 is one of theirs, or one answers for it.
    """

    conn: Connection
    principal: StaffPrincipal
    now: datetime
    owner: Owner
    origin: Origin
    layers: Layers
    versions: Sequence[Version]
    rev: int
    patient_id: PatientId | None = None
    doctors: Mapping[StaffId, Doctor] = field(default_factory=dict)

    def version(self, number: int) -> Version:
        """Return a version; raises NotFound if there is none."""
        found = next((row for row in self.versions if row.version == number), None)
        if found is None:
            raise NotFound
        return found

    def review(self, overlay: Overlay, until: datetime | None, by: StaffId | None = None) -> Review:
        """Say what a change would be; `by` is who wrote it, where that is not who looks."""
        hand = Hand(by=by or self.principal.staff_id, doctors=self.doctors)
        return review(self.layers, overlay, self.origin, until, self.now, hand)

    def read(self, document: OverlayDocument) -> Overlay:
        """Read the overlay of a request, and write the name of the doctor whose order it brings; raises `Problem`."""
        overlay = read_overlay(document)
        order = overlay.scale_2_order
        if not isinstance(order, Order):
            return overlay
        standing = overlays.fold(self.layers.programme, [*self.layers.below, *self.layers.standing]).plan
        named = scale_orders.signed_by_name(order, standing.scale_2_order, self.doctors)
        return msgspec.structs.replace(overlay, scale_2_order=named)


@asynccontextmanager
async def transaction(request: Request) -> AsyncIterator[tuple[Connection, Clock]]:
    """Yield a connection in a transaction, and the clock: whoever waits for a lock reads it after that."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        yield conn, context.clock


def read_overlay(document: OverlayDocument) -> Overlay:
    """Read the overlay of a request; raises `Problem` (422), naming the field, if it is none."""
    try:
        return overlays.decode(json.dumps(document).encode())
    except (msgspec.DecodeError, TypeError) as error:
        fault = Fault(path="overlay", sv=f"går inte att läsa: {error}", en=f"cannot be read: {error}")
        raise _refused((fault,), ()) from error


def expect(desk: Desk, if_match: str | None) -> None:
    """Raise `Problem` unless the plan is as whoever asks saw it."""
    if revision(if_match) != desk.rev:
        raise Problem(HTTPStatus.CONFLICT, "The plan has changed since you saw it.", more={"rev": desk.rev})


def _refused(faults: Sequence[Fault], oddities: Sequence[Fault]) -> Problem:
    lines = "; ".join(f"{each.path}: {each.en}" for each in (*faults, *oddities))
    detail = f"The plan cannot be saved: {lines}" if faults else f"Is this meant? Name it in `meant`: {lines}"
    more = {"faults": fault_states(faults), "oddities": fault_states(oddities)}
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, more=more)


async def save(desk: Desk, overlay: Overlay, body: Saving | Promotion, over: Over = NOTHING_OVER) -> int:
    """Save a change and return its number: in force at once, or awaiting a second signature.

    Raises `Problem` (422) with all that speaks against it, the deteriorations included that would be found no more.
    """
    said = desk.review(overlay, body.until)
    odd = [each for each in said.oddities if each.path not in body.meant]
    if said.faults or over.faults or odd:
        raise _refused((*said.faults, *over.faults), odd)
    if lost := await _lost(said, over):
        raise _refused(lost, ())
    change = Change(
        overlay=overlay,
        state=said.state,
        author_id=desk.principal.staff_id,
        reason=body.reason,
        at=desk.now,
        until=body.until,
        asks=said.asks,
    )
    number = await kept.add(desk.conn, desk.owner, change)
    await _note(desk, Action.PLAN_SAVED, number, body.reason, state=said.state.value, asks=list(said.asks))
    return number


async def _lost(said: Review, over: Over) -> tuple[Fault, ...]:
    """Return the deteriorations that would not be found any more, now or once something temporary has ended."""
    return await plan_trial.missed([*(("", each) for each in said.coming), *over.plans])


async def draft(desk: Desk, overlay: Overlay, body: Wish, over: Over = NOTHING_OVER) -> int:
    """Keep a draft, which is in force nowhere, and return its number; one with a fault is refused."""
    said = desk.review(overlay, None)
    if said.faults or over.faults:
        raise _refused((*said.faults, *over.faults), ())
    change = Change(
        overlay=overlay, state=State.DRAFT, author_id=desk.principal.staff_id, reason=body.reason, at=desk.now
    )
    number = await kept.add(desk.conn, desk.owner, change)
    await _note(desk, Action.PLAN_DRAFTED, number, body.reason)
    return number


async def drafted(desk: Desk, overlay: Overlay, body: Wish, key: Key | None, over: Over = NOTHING_OVER) -> Response:
    """Keep a draft and answer with it: 201, or 200 with the one that the same request has kept before."""
    done = await once(desk.conn, key, desk.now, lambda: draft(desk, overlay, body, over))
    return await answer(desk, done.number, done.status)


async def promote(desk: Desk, number: int, body: Promotion, over: Over = NOTHING_OVER) -> int:
    """Save what a draft says as a change; the draft is withdrawn and runs in silence no more."""
    row = desk.version(number)
    if row.state is not State.DRAFT:
        raise _problem(Refusal.OVER)
    promoted = await save(desk, overlays.decode(row.rules), body, over)
    await kept.withdraw(desk.conn, desk.owner, row, desk.principal.staff_id, desk.now)
    await backtests.end_draft(desk.conn, desk.owner, number, desk.now)
    return promoted


async def sign(desk: Desk, number: int, reason: str, over: Over = NOTHING_OVER) -> None:
    """Give the second signature to a version, which is in force from now on."""
    row = desk.version(number)
    overlay = overlays.decode(row.rules)
    refusal = approve(row.state, row.author_id, _signing(desk, row, overlay))
    if refusal is None and row.valid_until is not None and row.valid_until <= desk.now:
        refusal = Refusal.OVER
    if refusal is not None:
        raise _problem(refusal)
    said = desk.review(overlay, row.valid_until, row.author_id)
    if not set(said.asks) <= set(row.asks):  # what it was written over has gone: more is asked of it by now
        raise _problem(Refusal.OVERTAKEN)
    if faults := (*said.faults, *over.faults) or await _lost(said, over):
        raise _refused(faults, ())
    await kept.approve(desk.conn, desk.owner, row, desk.principal.staff_id, desk.now)
    await _note(desk, Action.PLAN_APPROVED, number, reason, asks=list(row.asks))


def _signing(desk: Desk, row: Version, overlay: Overlay) -> Signing:
    """Return who would sign a version, and the order that it asks their name for."""
    newest = max((each.version for each in desk.versions if each.in_force(desk.now)), default=0)
    order = overlay.scale_2_order if scale_orders.ASK in row.asks else None
    return Signing(
        by=desk.principal.staff_id,
        role=desk.principal.role,
        newest=row.version > newest,
        order=order if isinstance(order, Order) else None,
        doctors=desk.doctors,
    )


async def take_back(desk: Desk, number: int, body: Withdrawal, over: Sequence[tuple[str, Exchange]] = ()) -> None:
    """Withdraw a version; what was in force gives way to what is below it.

    Raises `Problem` (422) with the deteriorations that are found with it and not without it, until who withdraws says
    that this is meant: nobody is kept from going back. `over` is what it changes for who has something over it.
    """
    row = desk.version(number)
    refusal = withdraw(row.state)
    if refusal is not None:
        raise _problem(refusal)
    own = withdrawal(desk.layers.all, desk.origin, number, desk.layers.programme)
    lost = await _losses([*(("", each) for each in own), *over])
    if unsaid := [each for each in lost if each.path not in body.meant]:
        raise _refused((), unsaid)
    await kept.withdraw(desk.conn, desk.owner, row, desk.principal.staff_id, desk.now)
    await backtests.end_draft(desk.conn, desk.owner, number, desk.now)
    await _note(desk, Action.PLAN_WITHDRAWN, number, body.reason, lost=[each.path for each in lost])


async def _losses(exchanges: Sequence[tuple[str, Exchange]]) -> tuple[Fault, ...]:
    """Return what is found no more; that it could not be tried is one thing to be meant among others."""
    try:
        return await plan_trial.lost(exchanges)
    except Problem:
        return (plan_trial.UNTRIED,)


async def saved(desk: Desk, number: int) -> Response:
    """Answer with a version that was just saved: 202 where it waits for a second signature."""
    row = await _read(desk, number)
    return await answer(desk, number, HTTPStatus.ACCEPTED if row.state is State.AWAITING else HTTPStatus.OK)


async def answer(desk: Desk, number: int, status: HTTPStatus) -> Response:
    """Answer with a version as it now is, and the plan's new revision."""
    row = await _read(desk, number)
    rev = await kept.revision(desk.conn, desk.owner)
    return reply(version_state(row, desk.now), headers={"ETag": f'"{rev}"'}, status=status)


async def _read(desk: Desk, number: int) -> Version:
    return next(row for row in await kept.versions(desk.conn, desk.owner) if row.version == number)


def _problem(refusal: Refusal) -> Problem:
    status, detail = _ANSWERS[refusal]
    return Problem(status, detail, reason=refusal)


async def _note(desk: Desk, action: Action, number: int, reason: str, **detail: object) -> None:
    whose = {} if desk.owner.stay_id else {"team_id": desk.owner.team_id, "programme": desk.owner.programme}
    deed = Deed(
        action=action,
        patient_id=desk.patient_id,
        stay_id=desk.owner.stay_id,
        reason=reason,
        detail={"version": number, **whose, **detail},
    )
    await audit.write(desk.conn, desk.principal.actor, deed, desk.now)


async def lay_over(desk: Desk, team: Layers, team_id: TeamId, reason: str) -> None:
    """Have a patient's overlays lie over another team's; raises `Problem` (422) with what speaks against it."""
    own = [*desk.layers.standing, *desk.layers.temporary]
    layers = [*team.all, *own]
    if found := overlays.fold(desk.layers.programme, layers).faults:
        raise _refused(found, ())
    coming = [("", overlays.fold(desk.layers.programme, each).plan) for each in as_they_end(layers)]
    if lost := await plan_trial.missed(coming):
        raise _refused(lost, ())
    if desk.owner.stay_id is None:
        raise AssertionError("only a patient's overlays lie over a team's")
    await kept.name_team(desk.conn, desk.owner.stay_id, team_id, desk.now)
    await _note(desk, Action.PLAN_TEAM_NAMED, 0, reason, team_id=team_id)


async def card_of(conn: Connection, stay_id: StayId, rule: str, now: datetime) -> CardState | None:
    """Return what applies when a rule speaks of a stay, by the plan in force."""
    found = await plans.effective(conn, [stay_id], now)
    return card_state(overlays.folded(found[0].programme, found[0].plan_layers).plan, rule) if found else None


def team_layers(programme: str, rows: Sequence[Version], now: datetime) -> Layers:
    """Return what of a team's versions, the newest first, is in force."""
    in_force = [
        Layer(origin=Origin.TEAM, version=row.version, rules=msgspec.Raw(row.rules.encode()), until=row.valid_until)
        for row in reversed(rows)
        if row.in_force(now)
    ]
    return Layers(
        programme=programme,
        standing=tuple([each for each in in_force if each.until is None][-1:]),
        temporary=tuple(each for each in in_force if each.until is not None),
    )
