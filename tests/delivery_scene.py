"""A ward whose team can be told: alerts that ring on a clock moved by hand, ways that keep what they are given."""

import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.rows import dict_row

from alerting.apply import raise_or_update
from alerting.channels import board
from alerting.deliver import ORDINARY, URGENT, Courier, Delivered, send_due, take_steps
from alerting.letters import Fate, Letter, Refused, Sent
from tests.builders_duty import round_the_clock
from tests.fix_ward import Bed, Ward
from ward.alerts import Alert, Evidence, Family, Finding, Priority
from ward.clock import FakeClock
from ward.people import OrganisationId, Role, StaffId
from ward.store import contact_channels, duty_schedules, listeners, people
from ward.store.pool import connect, pool
from ward.vitals import Mode

NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)


@dataclass
class Postbox:
    """A way out that keeps every letter, and answers with `fates` in turn, then with `Sent`; `dead` never answer."""

    letters: list[Letter] = field(default_factory=list)
    fates: list[Fate] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, letter: Letter) -> Fate:
        """Take a letter."""
        with self._lock:
            self.letters.append(letter)
            if letter.to in self.dead:
                return Refused(reason="no answer")
            return self.fates.pop(0) if self.fates else Sent()


@dataclass
class Scene:
    """What a test has in its hands."""

    ward: Ward
    clock: FakeClock
    courier: Courier
    sms: Postbox
    webhook: Postbox
    console: Postbox

    async def pass_(self) -> tuple[int, Delivered, Delivered]:
        """Do what the loops do once."""
        taken = await take_steps(self.courier.store, self.clock)
        return taken, await send_due(self.courier, URGENT), await send_due(self.courier, ORDINARY)

    async def until(self, at: datetime, every: timedelta = timedelta(seconds=5)) -> None:
        """Let time pass, with a pass of the loops at every so often."""
        while self.clock.now() < at:
            self.clock.set(min(at, self.clock.now() + every))
            await self.pass_()

    async def alarms(self, rules: Iterable[str], priority: Priority) -> None:
        """Raise an alert of each of these rules, technical, in the patients' order of beds."""
        now = self.clock.now()
        async with await connect(self.ward.database_url, "test") as conn:
            for number, rule in enumerate(rules):
                bed = self.ward.beds[number % len(self.ward.beds)]
                await raise_or_update(conn, a_finding(bed, priority, rule, Family.TECHNICAL, now), now)

    async def mode(self, mode: Mode) -> None:
        """Let the ward's stays be of another mode."""
        async with await connect(self.ward.database_url, "test") as conn:
            await conn.execute("delete from binding")
            await conn.execute("update stay set mode = %s", (mode.value,))

    async def alarm(
        self,
        bed: Bed,
        priority: Priority = Priority.HIGH,
        *,
        rule: str = "limit.spo2.low",
        family: Family | None = None,
    ) -> Alert:
        """Raise an alert, with all that belongs to it in its transaction."""
        async with await connect(self.ward.database_url, "test") as conn:
            alert = await raise_or_update(
                conn, a_finding(bed, priority, rule, family, self.clock.now()), self.clock.now()
            )
            assert alert is not None
        return alert

    async def rows(self, query: str, **parameters: object) -> list[dict[str, Any]]:
        """Ask the store."""
        async with await psycopg.AsyncConnection.connect(self.ward.database_url, row_factory=dict_row) as conn:
            return await (await conn.execute(query.encode(), parameters)).fetchall()

    async def outbox(self, channel: str | None = None) -> list[dict[str, Any]]:
        """All notifications, in the order in which they were written."""
        return await self.rows(
            "select * from outbox where %(channel)s::text is null or channel = %(channel)s"
            " order by ring, step, queued_at, channel",
            channel=channel,
        )

    async def steps(self) -> list[tuple[int, int, str, float]]:
        """(ring, step, state, minutes from noon) of every step."""
        found = await self.rows("select * from escalation_step order by alert_id, ring, step")
        return [(row["ring"], row["step"], row["state"], (row["due_at"] - NOON).total_seconds() / 60) for row in found]

    async def listen(self, staff_id: StaffId | None = None) -> None:
        """Have a screen of somebody (the nurse of the ward) say that it listens."""
        heard = listeners.Heard(
            listener_id=uuid4(), staff_id=staff_id or self.ward.nurse_id, heard_at=self.clock.now(), echoed=None
        )
        async with await connect(self.ward.database_url, "test") as conn:
            await listeners.hear(conn, [heard])

    async def telephone(self, staff_id: StaffId, number: str, mode: Mode = Mode.REAL) -> int:
        """Give somebody a telephone."""
        async with await connect(self.ward.database_url, "test") as conn:
            return await contact_channels.add(
                conn, kind="sms", address=number, now=self.clock.now(), staff_id=staff_id, mode=mode
            )


def a_finding(bed: Bed, priority: Priority, rule: str, family: Family | None, at: datetime) -> Finding:
    """Make a finding that is due now."""
    return Finding(
        stay_id=bed.stay_id,
        rule=rule,
        family=family or Family.CLINICAL,
        priority=priority,
        began_at=at,
        due_at=at,
        evidence=Evidence(rule_version=1, text_key="help_button", params={}, inputs=()),
    )


async def add_doctor(ward: Ward, username: str = "doris") -> StaffId:
    """Add a doctor to the ward's team."""
    async with await connect(ward.database_url, "test") as conn:
        row = await (
            await conn.execute("select organisation_id from team where team_id = %s", (ward.team_id,))
        ).fetchone()
        assert row is not None
        doctor = await people.add_staff(
            conn,
            organisation_id=OrganisationId(row[0]),
            username=username,
            name=f"{username.title()} Testdoktor",
            title="Läkare",
            role=Role.DOCTOR,
            password_hash="!",
        )
        await people.add_member(conn, team_id=ward.team_id, staff_id=doctor)
        return doctor


@asynccontextmanager
async def scene(ward: Ward) -> AsyncIterator[Scene]:
    """A ward with a courier, at noon; its nurse is on call round the clock."""
    clock = FakeClock(NOON)
    async with await connect(ward.database_url, "test") as conn:
        known = await (await conn.execute("select from duty_schedule where team_id = %s", (ward.team_id,))).fetchone()
        if known is None:
            await duty_schedules.save_week(conn, ward.team_id, 1, round_the_clock((ward.nurse_id,)), None, NOON)
    sms, webhook, console = Postbox(), Postbox(), Postbox()
    senders = {"board": board.send, "sms": sms.send, "webhook": webhook.send, "console": console.send}
    async with pool(ward.database_url, "test", size=6) as store:
        courier = Courier(store=store, clock=clock, senders=senders, public_url="https://board.example")
        yield Scene(ward=ward, clock=clock, courier=courier, sms=sms, webhook=webhook, console=console)
