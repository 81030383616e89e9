"""A hub with a few stays and alerts, for the tests of the live stream; nothing here is a test."""

import itertools
import json
from datetime import UTC, date, datetime
from typing import Any

from api.live.board import Board
from api.live.hub import Client, Hub
from ward.access.principals import Scope
from ward.alerts import AlertId
from ward.people import OrganisationId, PatientId, StaffId, StayId, TeamId
from ward.store.alert_reads import AlertRow
from ward.store.tiles import Seat
from ward.vitals import VITALS, VitalKind

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HERE = Scope(organisation_id=OrganisationId(1), team_ids=())
ELSEWHERE = Scope(organisation_id=OrganisationId(2), team_ids=())
BORROWED = Scope(organisation_id=OrganisationId(2), team_ids=(TeamId(11),))


def a_seat(stay: int, organisation: int = 1, team: int = 11) -> Seat:
    """A stay in progress."""
    return Seat(
        stay_id=StayId(stay),
        patient_id=PatientId(stay),
        personal_number="191212121212",
        given_name="Tolvan",
        family_name="Testsson",
        birth_date=date(1912, 12, 12),
        sex="male",
        programme="hospital_at_home",
        reason="",
        next_step="",
        mode="demo",
        team_id=TeamId(team),
        team_name="Laget",
        team_phone="000",
        organisation_id=OrganisationId(organisation),
        plan_layers="[]",
        controller_id=OrganisationId(organisation),
        seen_by=[TeamId(team)],
        protected=False,
    )


def an_alert(alert: int, rev: int = 1, state: str = "open", organisation: int = 1) -> AlertRow:
    """An alert of stay 1."""
    return AlertRow(
        alert_id=AlertId(alert),
        stay_id=StayId(1),
        patient_id=PatientId(1),
        rule="limit.spo2.low",
        family="clinical",
        priority=3,
        worst=3,
        state=state,
        condition="present",
        signal="silent" if state == "resolved" else "ringing",
        responsibility="unassigned",
        rev=rev,
        began_at=NOW,
        opened_at=NOW,
        changed_at=NOW,
        cleared_at=None,
        unasked=False,
        acknowledged_at=None,
        acknowledged_by=StaffId(5),
        acknowledged_name="Anna",
        acknowledged_title="Sjuksköterska",
        signal_until=None,
        pause_reason=None,
        holder_id=None,
        holder_name=None,
        holder_title=None,
        held_since=None,
        offered_team_id=None,
        offered_team_name=None,
        offered_staff_id=None,
        offered_name=None,
        offered_title=None,
        offered_by=None,
        offered_until=None,
        undo_by=None,
        undo_at=None,
        resolved_at=None,
        resolved_by=None,
        resolved_name=None,
        resolved_title=None,
        outcome=None,
        cause=None,
        action=None,
        recurrences=0,
        evidence={"rule_version": 1, "text_key": "of.a.newer.program", "params": {}, "inputs": []},
        given_name="Tolvan",
        family_name="Testsson",
        birth_date=date(1912, 12, 12),
        personal_number="191212121212",
        team_id=TeamId(11),
        team_name="Laget",
        team_phone="000",
        controller_id=OrganisationId(organisation),
        seen_by=[TeamId(11)],
        answering_organisation=OrganisationId(organisation),
        protected=False,
    )


class Stage:
    """A hub with three stays here and one elsewhere, and what its clients take."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.board.set_seats([a_seat(1), a_seat(2), a_seat(3), a_seat(4, organisation=2, team=22)], NOW.date())
        self.board.loaded = True
        self.hub.journal.swept(NOW)
        self.woken = 0

    @property
    def board(self) -> Board:
        """The hub's board."""
        return self.hub.board

    def wake(self) -> None:
        """Count how often a client is woken."""
        self.woken += 1

    def join(
        self, scope: Scope = HERE, since: int | None = None, stream: str | None = None, token: bytes = b"t"
    ) -> Client:
        """Let somebody in; `since` is a number of this hub unless another stream is named."""
        return self.hub.join(scope, token, since, stream or self.hub.journal.stream, self.wake)

    def measure(self, stay: int, value: float) -> None:
        """Let a reading come in."""
        row = (StayId(stay), VITALS[VitalKind.SPO2].code, value, NOW, NOW, 0, 97)
        self.hub.publish_tiles(self.board.set_latest([row]), NOW)

    def alarm(self, alert: int, rev: int = 1, state: str = "open", organisation: int = 1) -> None:
        """Let an alert change."""
        held = self.board.set_alert(an_alert(alert, rev, state, organisation), NOW.date())
        if held is not None:
            self.hub.publish_alert(held)

    def take(self, client: Client) -> list[dict[str, Any]]:
        """What a client gets to send now, but who is present."""
        return [message for message in self.take_all(client) if message["type"] != "presence"]

    def take_all(self, client: Client) -> list[dict[str, Any]]:
        """What a client gets to send now."""
        return [json.loads(text) for text in client.take(self.hub, NOW)]


def unbroken(messages: list[dict[str, Any]]) -> bool:
    """Whether each message names the one before it, and numbers rise; a heartbeat may repeat the last."""
    return all(
        later["prev"] == former["seq"] and (later["seq"] > former["seq"] or later["type"] == "heartbeat")
        for former, later in itertools.pairwise(messages)
    )


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    """The types of messages, in order."""
    return [message["type"] for message in messages]
