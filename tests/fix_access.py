"""One patient and everybody who may or may not see them: the scene of the authorisation tests.

The patient is of Testkommunen, and `anna`'s team answers. Three teams answered earlier in the stay: `elsa`'s of another
organisation, to which the patient consents; `frida`'s of a third, to which not; `gun`'s, which the patient has blocked.
`bea` and `hedda` work in a team that never cared for the patient; `hedda` has opened them in an emergency.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from api.auth import digest, expiry
from tests.fix_api import TRUSTED, House, Served, alarm, serving
from tests.fix_ward import Bed
from ward.access.permissions import GRANTED
from ward.access.principals import AccountId, Actor, Capacity, Opened
from ward.clock import FakeClock, SystemClock
from ward.duty.baton import Baton
from ward.duty.schedule import Override
from ward.people import OrganisationId, Role, StaffId, TeamId
from ward.store import (
    access_tokens,
    backtests,
    contact_channels,
    duty_batons,
    duty_care,
    duty_handovers,
    duty_schedules,
    emergencies,
    invitations,
    people,
    quarantine,
    relatives,
    sessions,
    sharing,
)
from ward.store.access_tokens import NewToken
from ward.store.backtests import Order
from ward.store.invitations import NewInvitation
from ward.store.pool import Connection, connect
from ward.store.quarantine import Refused
from ward.store.sharing import Against

SECRET = "hemligt om patienten"
"""Stands in all that is written of the patient: nobody reads it who may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The house with its people, and the id of everything that belongs to the patient (`ids`, by path parameter)."""

    house: House
    ids: dict[str, str]
    organisations: dict[str, OrganisationId]
    teams: dict[str, TeamId]

    @property
    def database_url(self) -> str:
        """The store."""
        return self.house.database_url

    @property
    def bed(self) -> Bed:
        """The patient whom all is about."""
        return self.house.ward.beds[0]


def bearer(username: str) -> dict[str, str]:
    """Return the headers of somebody's open session."""
    return {"Authorization": f"Bearer session-of-{username}"}


async def _log_in(conn: Connection, username: str) -> AccountId:
    now = SystemClock().now()
    account = await sessions.find_account(conn, username)
    assert account is not None
    await sessions.open_session(
        conn,
        token_sha256=digest(f"session-of-{username}"),
        account_id=account.account_id,
        now=now,
        expires_at=expiry(now, now),
    )
    return account.account_id


async def add_person(
    conn: Connection, organisation_id: OrganisationId, username: str, role: Role, team_id: TeamId | None
) -> tuple[StaffId, AccountId]:
    """Add a member of staff who is logged in."""
    staff_id = await people.add_staff(
        conn,
        organisation_id=organisation_id,
        username=username,
        name=f"{username.title()} Provsson",
        title="Prov",
        role=role,
        password_hash="!",
    )
    if team_id is not None:
        await people.add_member(conn, team_id=team_id, staff_id=staff_id)
    return staff_id, await _log_in(conn, username)


async def add_account(
    conn: Connection,
    kind: str,
    username: str,
    *,
    patient_id: int | None = None,
    organisation_id: int | None = None,
    permissions: Collection[str] = (),
) -> AccountId:
    """Add a patient, a relative or a system that is logged in."""
    await conn.execute(
        "insert into account (kind, username, name, patient_id, organisation_id, permissions)"
        " values (%s, %s, %s, %s, %s, %s)",
        (kind, username, f"{username.title()} Provsson", patient_id, organisation_id, sorted(permissions)),
    )
    return await _log_in(conn, username)


async def _answered_before(conn: Connection, bed: Bed, own: TeamId, before: Collection[TeamId], at: datetime) -> None:
    """Let other teams answer for six hours each, before the one that answers now."""
    await conn.execute("delete from responsibility where stay_id = %s", (bed.stay_id,))
    for number, team_id in enumerate(before):
        begin = at + number * timedelta(hours=6)
        await people.add_responsibility(
            conn, stay_id=bed.stay_id, team_id=team_id, from_at=begin, until=begin + timedelta(hours=6)
        )
    begin = at + len(before) * timedelta(hours=6)
    await people.add_responsibility(conn, stay_id=bed.stay_id, team_id=own, from_at=begin)


async def _staff(conn: Connection, house: House, home: OrganisationId) -> tuple[dict, dict, dict]:  # type: ignore[type-arg]
    away = await people.find_organisation(conn, "Annanregionen")
    assert away is not None
    third = await people.add_organisation(conn, name="Tredjekommunen", kind="municipality")
    organisations = {"home": home, "away": away, "third": third}
    teams = {"own": house.ward.team_id, "away": house.other_team}
    for name, organisation_id in (("other", home), ("evening", home), ("fifth", home), ("third", third)):
        teams[name] = await people.add_team(conn, organisation_id=organisation_id, name=f"Team {name}", phone="000")
    accounts = {}
    for username, role, place, team in (
        ("bea", Role.NURSE, "home", "other"),
        ("hedda", Role.NURSE, "home", "other"),
        ("gun", Role.NURSE, "home", "evening"),
        ("frida", Role.NURSE, "third", "third"),
        ("ivar", Role.DOCTOR, "home", "own"),
        ("kim", Role.CLINICIAN, "home", "own"),
    ):
        _, accounts[username] = await add_person(conn, organisations[place], username, role, teams[team])
    for username in ("anna", "elsa", "oskar"):
        accounts[username] = await _log_in(conn, username)
    return organisations, teams, accounts


async def _others(conn: Connection, house: House, home: OrganisationId) -> dict[str, AccountId]:
    """Add the patient, another patient, two relatives and two systems."""
    granted = [permission.value for permission, to in GRANTED.items() if Capacity.SYSTEM in to]
    return {
        "tolvan": await add_account(conn, "patient", "tolvan", patient_id=house.ward.beds[0].patient_id),
        "elva": await add_account(conn, "patient", "elva", patient_id=house.ward.beds[1].patient_id),
        "maja": await add_account(conn, "relative", "maja"),
        "olle": await add_account(conn, "relative", "olle"),
        "journal": await add_account(conn, "system", "journal", organisation_id=home, permissions=granted),
        "arkiv": await add_account(conn, "system", "arkiv", organisation_id=home),
    }


async def _furnish(house: House) -> Scene:
    now = SystemClock().now()
    bed = house.ward.beds[0]
    async with await connect(house.database_url, "test") as conn:
        home = await people.find_organisation(conn, "Testkommunen")
        assert home is not None
        organisations, teams, accounts = await _staff(conn, house, home)
        accounts |= await _others(conn, house, home)
        before = [teams["away"], teams["third"], teams["evening"]]
        await _answered_before(conn, bed, teams["own"], before, house.ward.admitted_at)
        patient = accounts["tolvan"]
        consent = await sharing.give(conn, bed.patient_id, organisations["away"], patient, now)
        block = await sharing.block(conn, bed.patient_id, Against(team_id=teams["evening"]), patient, now)
        opened = await relatives.open_to(conn, bed.patient_id, accounts["maja"], list(Opened), patient, now)
        closed = await relatives.open_to(conn, bed.patient_id, accounts["olle"], list(Opened), patient, now)
        await relatives.close(conn, bed.patient_id, closed, patient, now)
        whose = await emergencies.in_care(conn, bed.patient_id, now)
        assert whose is not None
        opening = await emergencies.open_patient(conn, whose, accounts["hedda"], "Hittad medvetslös", now)
        invited = NewInvitation(
            patient_id=bed.patient_id,
            code_sha256=bytes(32),
            name="Prov Närstående",
            language="sv",
            opens=[Opened.VALUES],
            made_by=patient,
            expires_at=now + timedelta(days=1),
        )
        ids: dict[str, int | None] = {"invitation_id": await invitations.make(conn, invited, now)}
        ids |= {"consent_id": consent, "block_id": block, "access_id": opened, "opening_id": opening}
        ids |= await _things(conn, house, organisations["home"], teams, now)
        ids |= await _written(conn, house, now)
        ids |= await _bystander(conn, home, accounts["oskar"], now)
    ids |= {"stay_id": bed.stay_id, "alert_id": await alarm(house, bed), "patient_id": bed.patient_id, "version": 1}
    return Scene(
        house=house,
        ids={name: str(each) for name, each in ids.items()} | {"device_id": bed.device_id},
        organisations=organisations,
        teams=teams,
    )


async def _things(
    conn: Connection, house: House, home: OrganisationId, teams: dict[str, TeamId], now: datetime
) -> dict[str, int | None]:
    """Add one of each thing that a path may name; return their numbers."""
    bed, own = house.ward.beds[0], teams["own"]
    refused = Refused(
        received_at=now,
        device_id=bed.device_id,
        topic=f"hemvakt/1/{bed.device_id}/vitals",
        reason="no_binding",
        detail="",
        index=None,
        payload=b"{}",
    )
    await quarantine.insert(conn, [refused])
    entry = await (await conn.execute("select max(quarantine_id) from quarantine")).fetchone()
    binding = await (await conn.execute("select binding_id from binding where stay_id = %s", (bed.stay_id,))).fetchone()
    assert entry is not None
    assert binding is not None
    order = Order(
        organisation_id=home,
        staff_id=house.anna,
        name="",
        stays=(bed.stay_id,),
        from_at=house.ward.admitted_at,
        until_at=now,
        plan="{}",
        suggest=False,
    )
    baton = Baton(
        stay_id=bed.stay_id,
        rev=1,
        to_team=teams["fifth"],
        to_staff=None,
        offered_by=house.anna,
        offered_at=now,
        expires_at=now + timedelta(hours=1),
        held_until=now + timedelta(hours=9),
        note="",
    )
    exception = Override(from_at=now + timedelta(days=3), until=now + timedelta(days=4), crew=None)
    return {
        "quarantine_id": entry[0],
        "binding_id": binding[0],
        "backtest_id": await backtests.add(conn, order, now),
        "baton_id": await duty_batons.offer(conn, baton),
        "team_id": own,
        "override_id": await duty_schedules.add_override(conn, own, exception, "Prov", house.anna, now),
        "handover_id": await duty_handovers.give(conn, own, house.ward.nurse_id, "", [], {}, now),
        "channel_id": await contact_channels.add(conn, kind="sms", address="+46700000000", now=now, team_id=own),
        "own_channel_id": await contact_channels.add(
            conn, kind="sms", address="+46700000001", now=now, staff_id=house.anna
        ),
        "unit_id": await duty_care.add_policy(conn, organisation_id=home, name="Enheten", base_team_id=own),
    }


async def _written(conn: Connection, house: House, now: datetime) -> dict[str, int | None]:
    """Add what is written of the patient, each with `SECRET` in its words; return the numbers."""
    asked = {"stay": house.ward.beds[0].stay_id, "anna": house.anna, "now": now, "until": now + timedelta(hours=1)}
    asked |= {"team": house.ward.team_id, "secret": SECRET}
    await conn.execute("update stay set reason = %(secret)s where stay_id = %(stay)s", asked)
    await conn.execute(
        "insert into next_step (stay_id, rev, what, staff_id, written_at) values (%(stay)s, 1, %(secret)s, %(anna)s,"
        " %(now)s)",
        asked,
    )
    await conn.execute(
        "insert into weekend_round (stay_id, ends_at, rev, team_id, staff_id, signed_at, plan, risk)"
        " values (%(stay)s, %(until)s, 1, %(team)s, %(anna)s, %(now)s, %(secret)s, 0)",
        asked,
    )
    made = await conn.execute(
        "with e as (insert into care_event (stay_id, kind, occurred_at, written_at, author, staff_id, words)"
        " values (%(stay)s, 'note', %(now)s, %(now)s, 'staff', %(anna)s, %(secret)s) returning stay_id, event_id),"
        " r as (insert into effect_report"
        " (stay_id, event_id, prescriber_id, sent_by, sent_at, line_sv, line_en, report)"
        " select stay_id, event_id, %(anna)s, %(anna)s, %(now)s, %(secret)s, %(secret)s, '{}' from e"
        " returning report_id),"
        " c as (insert into ambulance_card (stay_id, token_sha256, made_by, made_at, expires_at, reason)"
        " values (%(stay)s, decode(repeat('00', 32), 'hex'), %(anna)s, %(now)s, %(until)s, %(secret)s)"
        " returning card_id)"
        " select event_id, report_id, card_id from e, r, c",
        asked,
    )
    row = await made.fetchone()
    assert row is not None
    return dict(zip(("event_id", "report_id", "card_id"), row, strict=True))


async def _bystander(
    conn: Connection, home: OrganisationId, operator: AccountId, now: datetime
) -> dict[str, int | None]:
    """Add an account that asks nothing, with a session and a token of its own; return their numbers."""
    account_id = await add_account(conn, "system", "kassa", organisation_id=home)
    found = await conn.execute("select session_id from session where account_id = %s", (account_id,))
    session = await found.fetchone()
    until = now + timedelta(days=1)
    token = NewToken(account_id=account_id, token_sha256=bytes(32), prefix="hvt_prov", name="Prov", expires_at=until)
    actor = Actor(account_id=operator, capacity=Capacity.OPERATOR, organisation_id=home)
    assert session is not None
    return {
        "account_id": account_id,
        "session_id": session[0],
        "token_id": await access_tokens.give(conn, token, actor, now),
    }


@pytest.fixture
def scene(house: House) -> Scene:
    """The patient, and everybody who may or may not see them."""
    return asyncio.run(_furnish(house))


def browser(served: Served, username: str | None) -> httpx.AsyncClient:
    """Return a client that acts as somebody, or as nobody."""
    headers = {} if username is None else bearer(username)
    return httpx.AsyncClient(base_url=served.url, headers=headers, timeout=60, verify=TRUSTED)


Visit = Callable[[Served, FakeClock], Awaitable[None]]


def on(scene: Scene, visit: Visit) -> None:
    """Do something with a server whose clock stands still."""
    clock = FakeClock(SystemClock().now())

    async def whole() -> None:
        async with serving(scene.database_url, clock) as served:
            await visit(served, clock)

    asyncio.run(whole())


async def ask(served: Served, username: str, method: str, path: str, body: object = None) -> httpx.Response:
    """Ask something as somebody."""
    async with browser(served, username) as client:
        return await client.request(method, path, json={} if body is None and method != "GET" else body)


async def tell(served: Served, username: str, method: str, path: str, body: object = None) -> Any:
    """Ask something as somebody who is let in; return what was answered."""
    answer = await ask(served, username, method, path, body)
    assert answer.status_code < 300, answer.text
    return answer.json()


def page(bed: Bed, *parts: str) -> str:
    """Return the path of something of a patient."""
    return "/".join((f"/api/patients/{bed.patient_id}", *parts))


def audited(scene: Scene, action: str) -> list[tuple[Any, ...]]:
    """Return (account's name, patient, reason, detail as text) of what the audit holds of an action."""
    with psycopg.connect(scene.database_url) as conn:
        return conn.execute(
            "select c.username, a.patient_id, a.reason, a.detail::text from audit a join account c using (account_id)"
            " where a.action = %s order by a.audit_id",
            (action,),
        ).fetchall()
