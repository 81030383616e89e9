"""Reads what a team's fallback list is made of, as the team itself sees it, and makes the PDF beside the event loop.

The invariant: on the list stands whom the team may see (`ward.store.access`) and answers for now or before the list
runs out; nobody is on it by a reader's own right, so whoever prints it prints the same.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from api.fallback_list import GOOD_FOR, Language, Listed, Spoken, Turn, printed
from api.live.alert_messages import evidence_of, sentence
from ward import overlays
from ward.access.principals import Scope
from ward.alerts import AlertState
from ward.duty import coverage
from ward.duty.coverage import Cell, Colour
from ward.people import PatientId, StaffId, StayId
from ward.store import alert_reads, duty_layout, duty_schedules, duty_watch, fallback_lists, tiles
from ward.store.alert_reads import WantedAlerts
from ward.store.duty_schedules import TeamRow
from ward.store.pool import Connection
from ward.store.tiles import Seat, Wanted

_PAGE = 500
_MOST_ALERTS = 5000
_OPEN = (AlertState.OPEN.value, AlertState.ACKNOWLEDGED.value)
_TURNS = 3  # now, the next shift, and the one after


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamList:
    """What stands on a team's list, as of when."""

    team: TeamRow
    patients: tuple[Listed, ...]
    made_at: datetime
    language: Language

    @property
    def patient_ids(self) -> list[PatientId]:
        """Whose data it shows."""
        return [each.seat.patient_id for each in self.patients]


async def pdf(made: TeamList) -> bytes:
    """Return a list as PDF."""
    from api import fallback_pdf  # noqa: PLC0415 - the library is large, and few processes ever print

    words = printed(made.team.name, made.patients, made.made_at, made.language)
    return await asyncio.to_thread(fallback_pdf.draw, words)


async def read(conn: Connection, team: TeamRow, now: datetime, language: Language) -> TeamList:
    """Read what a team's list is made of."""
    scope = Scope(team_ids=(team.team_id,))
    cells = await _cells(conn, await _seats(conn, scope, now), now)
    kept = [seat for seat, ahead in cells if team.team_id in {seat.team_id, *(cell.team_id for cell in ahead)}]
    stays = [seat.stay_id for seat in kept]
    changes = await tiles.read_tiles(conn, stays, now)
    reached = await fallback_lists.reached(conn, stays)
    spoken = await _alerts(conn, scope, now, language)
    turns = await _turns(conn, {seat.stay_id: ahead for seat, ahead in cells})
    scores = {row.stay_id: row for row in changes.scores}
    patients = tuple(
        Listed(
            seat=seat,
            reached=reached[seat.stay_id],
            plan=overlays.effective(seat.programme, seat.plan_layers, now).plan,
            latest=tuple(row for row in changes.latest if row[0] == seat.stay_id),
            score=scores.get(seat.stay_id),
            alerts=tuple(spoken.get(seat.stay_id, ())),
            turns=turns[seat.stay_id],
        )
        for seat in kept
    )
    return TeamList(team=team, patients=patients, made_at=now, language=language)


async def _seats(conn: Connection, scope: Scope, now: datetime) -> list[Seat]:
    found = await tiles.find_seats(conn, Wanted(scope=scope, limit=_PAGE), now)
    page = found
    while len(page) == _PAGE:
        page = await tiles.find_seats(conn, Wanted(scope=scope, after=page[-1].patient_id, limit=_PAGE), now)
        found = [*found, *page]
    return found


async def _cells(conn: Connection, seats: list[Seat], now: datetime) -> list[tuple[Seat, tuple[Cell, ...]]]:
    until = now + GOOD_FOR
    duty = await duty_schedules.on_duty(conn, now, until)
    reach = await duty_watch.reach(conn)
    laid = await duty_layout.all_ahead(conn, [seat.stay_id for seat in seats], now)
    return [(seat, coverage.cells(laid.get(seat.stay_id, []), duty, reach, now, until)) for seat in seats]


async def _alerts(conn: Connection, scope: Scope, now: datetime, language: Language) -> Mapping[StayId, list[Spoken]]:
    """Return the alerts that are not closed, the most urgent first."""
    rows = await alert_reads.find_alerts(conn, WantedAlerts(scope=scope, states=_OPEN, limit=_MOST_ALERTS), now)
    found: dict[StayId, list[Spoken]] = {}
    for row in sorted(rows, key=lambda each: (-each.priority, each.opened_at)):
        words = sentence(row.rule, evidence_of(row.evidence), language)
        found.setdefault(row.stay_id, []).append(Spoken(row=row, words=words))
    return found


async def _turns(conn: Connection, cells: Mapping[StayId, tuple[Cell, ...]]) -> Mapping[StayId, tuple[Turn, ...]]:
    """Return who answers for each stay, in the order of time."""
    teams = {row.team_id: row for row in await duty_schedules.teams(conn)}
    on_call = {cell.on_call for ahead in cells.values() for cell in ahead if cell.on_call is not None}
    people = await fallback_lists.phones(conn, sorted(on_call))
    return {
        stay_id: tuple(_turn(cell, teams[cell.team_id], people) for cell in ahead[:_TURNS])
        for stay_id, ahead in cells.items()
    }


def _turn(cell: Cell, team: TeamRow, people: Mapping[StaffId, tuple[str, str | None]]) -> Turn:
    name, phone = people.get(cell.on_call, (None, None)) if cell.on_call is not None else (None, None)
    return Turn(
        until=cell.until,
        team=team.name,
        team_phone=team.phone,
        on_call=name,
        on_call_phone=phone,
        reached=cell.colour is not Colour.NOBODY,
    )
