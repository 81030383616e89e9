"""`/metrics`: figures for Prometheus about alarms on their way. Words of the platform, nothing of a patient.

The text format is written by hand: a dozen gauges read from the store need no library, and no state of this process.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.context import context_of
from ward.selfcheck import Waiting, Walk
from ward.store import listeners, outbox_reads, selfchecks, suppressions
from ward.store.borrow import borrow
from ward.store.outbox_reads import Backlog

router = APIRouter(tags=["health"])
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LATELY = timedelta(days=1)
_WAIT_S = 2.0


class Figures(NamedTuple):
    """What the store says."""

    wrongly_held: int
    screens: int
    backlog: list[Backlog]
    fates: dict[tuple[str, str], int]
    waiting: Waiting
    walk: Walk | None


@router.get("/metrics", response_class=PlainTextResponse)
async def get_metrics(request: Request) -> Response:
    """Give the figures; where the store does not answer there are none, and the scrape fails."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool, wait_s=_WAIT_S) as conn:
        figures = Figures(
            wrongly_held=await suppressions.wrongly_held(conn),
            screens=await listeners.count(conn, now),
            backlog=await outbox_reads.backlog(conn),
            fates=await outbox_reads.fates(conn, now - _LATELY),
            waiting=await selfchecks.waiting(conn),
            walk=await selfchecks.newest_ended(conn),
        )
    return PlainTextResponse("\n".join(lines(figures, now)) + "\n", media_type=MEDIA_TYPE)


def lines(figures: Figures, now: datetime) -> Iterator[str]:
    """Yield the lines of the text format."""
    yield from _gauge(
        "alerts_suppressed_top_priority",
        "Findings of high priority, or not technical, that were ever held back; it is 0",
        [({}, figures.wrongly_held)],
    )
    yield from _gauge("screens_listening", "Screens that can be heard now", [({}, figures.screens)])
    yield from _gauge(
        "notifications_waiting",
        "Notifications that wait to be sent, or to be tried again",
        [({"channel": each.channel}, each.waiting) for each in figures.backlog],
    )
    yield from _gauge(
        "notifications_day",
        "Notifications of the last day by what became of them",
        [({"channel": channel, "state": state}, count) for (channel, state), count in sorted(figures.fates.items())],
    )
    yield from _gauge(
        "escalation_overdue_seconds",
        "How long the oldest step that is due has been waiting",
        [({}, _late(figures.waiting.step_due_at, now))],
    )
    yield from _gauge(
        "urgent_overdue_seconds",
        "How long the oldest notification of high priority has been waiting",
        [({}, _late(figures.waiting.urgent_due_at, now))],
    )
    if figures.walk is not None:
        yield from _walk(figures.walk, now)


def _walk(walk: Walk, now: datetime) -> Iterator[str]:
    yield from _gauge(
        "selfcheck_ok", "Whether the newest synthetic alert came through", [({}, int(walk.fault is None))]
    )
    yield from _gauge(
        "selfcheck_age_seconds", "Time since it began", [({}, round((now - walk.started_at).total_seconds(), 1))]
    )
    legs = {
        "alerting": walk.alerted_at,
        "outbox": walk.queued_at,
        "delivery": walk.sent_at,
        "screen": walk.screened_at,
    }
    yield from _gauge(
        "selfcheck_leg_seconds",
        "Time from its beginning to each leg that it reached",
        [({"leg": leg}, (at - walk.started_at).total_seconds()) for leg, at in legs.items() if at is not None],
    )


def _late(due_at: datetime | None, now: datetime) -> float:
    return 0.0 if due_at is None else max(0.0, round((now - due_at).total_seconds(), 1))


def _gauge(name: str, says: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> Iterator[str]:
    yield f"# HELP hemvakt_{name} {says}"
    yield f"# TYPE hemvakt_{name} gauge"
    for labels, value in samples:
        inside = ",".join(f'{key}="{text}"' for key, text in labels.items())
        yield f"hemvakt_{name}{{{inside}}} {value}" if inside else f"hemvakt_{name} {value}"
