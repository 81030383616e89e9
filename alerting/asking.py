"""What is asked for a pass beside readings: requests, the day's answers, and what several devices of one stay say.

Not here: judging them (`rules.requests`, `rules.checkins`, `rules.identity`). The caller owns the transaction. The
invariant: what is asked for is taken up by an alert or, a calm check-in, written down as judged, once.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from alerting.features import Heard, Request, StayContext, seconds
from alerting.rules import checkins
from alerting.rules.identity import DISAGREE
from ward.events import EventKind
from ward.people import StayId
from ward.store import device_events
from ward.store import heard as heard_rows
from ward.store.pool import Connection
from ward.vitals import BY_CODE, VITALS

Asked = Sequence[device_events.Unhandled]


async def ask(conn: Connection, stays: Sequence[StayContext], now: datetime) -> tuple[list[StayContext], Asked]:
    """Give each stay its requests, its last answers, and what its devices measured if it wears several."""
    ids = [stay.stay_id for stay in stays]
    asked = await device_events.unhandled(conn, ids)
    answered = await device_events.answered(conn, ids)
    wanted: dict[StayId, list[Request]] = {}
    for event in asked:
        wanted.setdefault(event.stay_id, []).append(_request(event))
    heard = await _heard(conn, [stay.stay_id for stay in stays if len(stay.devices) > 1], now)
    found = []
    for stay in stays:
        last_at, own, devices = answered.get(stay.stay_id), wanted.get(stay.stay_id), heard.get(stay.stay_id)
        answered_s = None if last_at is None else seconds(last_at)
        found.append(
            stay
            if last_at is None and own is None and devices is None
            else replace(stay, requests=tuple(own or ()), answered_s=answered_s, heard=tuple(devices or ()))
        )
    return found, asked


async def take_up(conn: Connection, stays: Sequence[StayContext], asked: Asked, now: datetime) -> None:
    """Write down which alert each request of these stays has led to, and that the check-ins of theirs were judged."""
    own = {stay.stay_id: stay for stay in stays}
    mine = [each for each in asked if each.stay_id in own]
    await device_events.take_up(conn, [each for each in mine if checkins.calls(own[each.stay_id], _request(each))])
    await device_events.judged(conn, mine, now)


def _request(event: device_events.Unhandled) -> Request:
    return Request(
        kind=EventKind(event.kind),
        device_id=event.device_id,
        occurred_s=seconds(event.occurred_at),
        received_s=seconds(event.received_at),
        answers=event.read_answers(),
    )


async def _heard(conn: Connection, stay_ids: Sequence[StayId], now: datetime) -> dict[StayId, list[Heard]]:
    found: dict[StayId, list[Heard]] = {}
    for row in await heard_rows.lately(conn, stay_ids, [VITALS[kind].code for kind in DISAGREE], now):
        heard = Heard(
            kind=BY_CODE[row.kind].kind,
            device_id=row.device_id,
            mean=row.mean,
            count=row.count,
            first_s=seconds(row.first_at),
            last_s=seconds(row.last_at),
        )
        found.setdefault(row.stay_id, []).append(heard)
    return found
