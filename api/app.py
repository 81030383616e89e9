"""Puts the application together: routes, gate, errors, the store's pool and the live feed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from api import beats, document, errors, methods, page_certificate, pages
from api.attempts import Attempted, Refusals
from api.auth import principal_of
from api.context import Context
from api.figures import Figures, families
from api.gate import Gate, secured
from api.live import doubts, schema, socket
from api.live.feed import Feed
from api.live.hub import Hub
from api.live.listening import Listening
from api.live.presence import Presence
from api.oidc.provider import Provider
from api.pace import Pace
from api.routes import (
    access_log,
    access_reviews,
    account_access,
    accounts,
    alert_acts,
    alerts,
    ambulance,
    audit,
    backtests,
    bindings,
    burden,
    by_hand,
    channels,
    chores,
    coverage,
    devices,
    effects,
    emergencies,
    escalations,
    fallback_lists,
    fhir,
    handovers,
    health,
    help_calls,
    home,
    home_live,
    invitations,
    kinds_by_hand,
    measuring,
    metrics,
    offers,
    opened,
    orders,
    outcomes,
    patients,
    plan_limits,
    plans,
    quarantine,
    relatives,
    replay,
    responsibility,
    rounds,
    routing,
    schedules,
    search,
    session,
    session_factor,
    session_list,
    session_oidc,
    session_proofs,
    sharing,
    shifts,
    team_plans,
    teams,
    timeline,
    transfers,
    vitals,
    waveforms,
)
from api.timing import Timed
from api.witness import Witness, Witnessed
from ward import log
from ward.access.principals import Scope
from ward.clock import Clock, SystemClock
from ward.settings import Settings
from ward.store.figures import Teller
from ward.store.pool import looks, pool
from ward.store.sessions import SessionRow

_CONNECTIONS = 8
_AGAIN_S = 1.0


def create_app(settings: Settings, *, clock: Clock | None = None, built: Path = pages.BUILT) -> FastAPI:
    """Return the application; its life opens the pool and follows the store. `built` is the folder of the page."""
    hub = Hub()
    counted = Figures()
    time = clock or SystemClock()
    store = pool(settings.database_url, "api", size=_CONNECTIONS)
    reading = looks(settings.database_url, "api-looks", size=_CONNECTIONS)
    context = Context(
        settings=settings,
        clock=time,
        pool=store,
        looks=reading,
        hub=hub,
        feed=Feed(settings.database_url, hub, time, _scope_of, counted.shown),
        listening=Listening(store, time),
        witness=Witness(store, reading, time),
        refusals=Refusals(store, time),
        presence=Presence(store, time),
        figures=counted,
        pace=Pace(settings.account_rate),
        teller=Teller(service="api", clock=time, families=lambda: families(counted)),
        provider=Provider(settings, time) if settings.oidc_issuer else None,
    )
    app = FastAPI(
        title="Hemvakt",
        version="0.1.0",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_life,
    )
    app.state.context = context
    errors.install(app)
    # An address is compared with one route after the other: what every open page asks for comes first.
    busiest = (search, vitals, patients, alerts, alert_acts, session)
    people = (plans, orders, team_plans, measuring, waveforms, backtests, plan_limits, burden, escalations)
    resources = (
        timeline,
        by_hand,
        effects,
        home,
        home_live,
        rounds,
        ambulance,
        outcomes,
        replay,
        kinds_by_hand,
        help_calls,
    )
    duty = (teams, schedules, routing, handovers, shifts, fallback_lists, responsibility, coverage, transfers, offers)
    whose = (emergencies, sharing, relatives, invitations, opened)
    kit = (channels, devices, bindings, quarantine)
    logs = (audit, access_log, access_reviews)
    entry = (session_oidc, session_factor, session_proofs, session_list, accounts, account_access)
    parts = (*busiest, *whose, *people, *resources, *duty, *kit, *entry, *logs, fhir, health, chores, metrics, socket)
    # Not `include_router`: nothing of a part changes here, and each included one would be made anew and asked twice.
    for router in (*(part.router for part in parts), pages.router(built)):
        app.router.routes.extend(router.routes)
    app.add_middleware(Witnessed, witness=context.witness)
    app.add_middleware(Attempted, refusals=context.refusals)
    app.add_middleware(
        Gate,
        headers=secured(https=settings.secure_cookies),
        allowed=lambda path: methods.allowed(app.routes, path),
    )
    app.add_middleware(Timed, figures=counted)
    schema.install(app)
    document.install(app)
    return app


def _scope_of(row: SessionRow) -> Scope:
    return principal_of(row).scope


@contextlib.asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    context: Context = app.state.context
    await context.pool.open(wait=False)
    await context.looks.open(wait=False)
    work: dict[str, Callable[[], Awaitable[None]]] = {
        "feed": context.feed.run,
        "listening": context.listening.run,
        "presence": context.presence.run,
        "seals": context.witness.seal_on,
        "witness": context.witness.run,
        "refusals": context.refusals.run,
        "figures": partial(context.teller.run, context.pool),
        "doubts": partial(doubts.run, context.hub.board, context.pool, context.clock),
        "beats": partial(beats.run, context.feed, context.pool, context.clock),
        "page-certificate": partial(page_certificate.run, context.settings.public_url, context.pool, context.clock),
    }
    running = [asyncio.create_task(_kept(name, each), name=name) for name, each in work.items()]
    try:
        yield
    finally:
        context.hub.close_all()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await context.pool.close()
        await context.looks.close()


async def _kept(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do a piece of work that has no end; begin it anew when it breaks: nobody would see that it is missing."""
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - whatever it has met, people rely on it
            log.get().error("task_failed", task=name, error=type(error).__name__, exc_info=error)
        else:
            return
        await asyncio.sleep(_AGAIN_S)
