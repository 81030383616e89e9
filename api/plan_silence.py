"""Runs a draft in silence, a patient's or a team's: a back-test without an end, of what the draft says. Nothing rings.

A draft runs once at a time. A team's runs over the stays under which its plan lies, those that come meanwhile too, as
far as who asked may see them. The invariant: what runs is the draft as it is kept, at its own layer.
"""

from datetime import timedelta
from http import HTTPStatus

from starlette.responses import Response

from api.backtest_states import backtest_state
from api.errors import Problem
from api.plan_desk import Desk
from api.replies import reply
from ward.backtests import BacktestId, JobOrigin
from ward.errors import NotFound
from ward.people import StayId
from ward.plan_versions import State
from ward.store import access, backtests
from ward.store.backtests import Order, Reader
from ward.store.plan_versions import Version, stays_of

_BACK = timedelta(minutes=1)
"""A period has a length when it is judged at once."""


async def begin(desk: Desk, number: int) -> Response:
    """Let a draft run in silence from now on; 202 with the back-test, which is the running one where there is one."""
    row = desk.version(number)
    if row.state is not State.DRAFT:
        raise Problem(HTTPStatus.CONFLICT, "Only a draft runs in silence.", more={"reason": "over"})
    running = await backtests.silent(desk.conn, desk.owner, number)
    job = running if running is not None else await _order(desk, row)
    reader = Reader(organisation_id=desk.principal.organisation_id, scope=desk.principal.scope)
    found = await backtests.read(desk.conn, reader, job, desk.now)
    if found is None:
        raise NotFound
    where = {"Location": f"/api/backtests/{found.backtest_id}"}
    return reply(backtest_state(found), status=HTTPStatus.ACCEPTED, headers=where)


async def _order(desk: Desk, row: Version) -> BacktestId:
    order = Order(
        organisation_id=desk.principal.organisation_id,
        staff_id=desk.principal.staff_id,
        name="",
        stays=await _stays(desk),
        from_at=desk.now - _BACK,
        until_at=None,
        plan=row.rules,
        suggest=False,
        layer=desk.origin,
        origin=JobOrigin.SILENT,
        team_id=desk.owner.team_id,
        programme=desk.owner.programme,
        draft=row.version,
    )
    return await backtests.add(desk.conn, order, desk.now)


async def _stays(desk: Desk) -> tuple[StayId, ...]:
    if desk.owner.stay_id is not None:
        return (desk.owner.stay_id,)
    whose = await stays_of(desk.conn, desk.owner, desk.now)
    seen = await access.seen(desk.conn, whose, desk.principal.scope, desk.now)
    if not seen:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Nobody whom you may see has this team's plan.")
    return tuple(sorted(seen))
