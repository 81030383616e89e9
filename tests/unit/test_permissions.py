"""The table of permissions: what is not granted is denied, and a route for staff asks for what staff alone have."""

import typing

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute

from api.app import create_app
from api.auth import Door
from tests.integration.test_api_sessions import _leaves
from ward.access.permissions import GRANTED, Permission, may
from ward.access.principals import (
    AccountId,
    Capacity,
    Kind,
    Opened,
    Opening,
    PatientPrincipal,
    Principal,
    RelativePrincipal,
    Scope,
    StaffPrincipal,
    SystemPrincipal,
)
from ward.people import OrganisationId, PatientId, Role, StaffId, TeamId
from ward.settings import Settings

ME = AccountId(1)
TOKEN = bytes(32)
STAFF = frozenset(Capacity(role.value) for role in Role)


def a_nurse(role: Role = Role.NURSE) -> StaffPrincipal:
    """A member of staff."""
    return StaffPrincipal(
        account_id=ME,
        token_sha256=TOKEN,
        staff_id=StaffId(1),
        role=role,
        organisation_id=OrganisationId(1),
        team_ids=(TeamId(4),),
    )


def a_system(*permissions: str) -> SystemPrincipal:
    """Another system."""
    return SystemPrincipal(
        account_id=ME, token_sha256=TOKEN, organisation_id=OrganisationId(1), permissions=frozenset(permissions)
    )


OPENING = Opening(patient_id=PatientId(7), opens=frozenset({Opened.VALUES}))
OTHERS: list[Principal] = [
    PatientPrincipal(account_id=ME, token_sha256=TOKEN, patient_id=PatientId(7)),
    RelativePrincipal(account_id=ME, token_sha256=TOKEN, openings=(OPENING,)),
    a_system(),
]


def _staff_doors(app: FastAPI) -> list[tuple[str, Door]]:
    """The doors whose route takes whoever comes through for a member of staff."""
    found = []
    for route in _leaves(app.routes):
        if not isinstance(route, APIRoute | APIWebSocketRoute):
            continue
        hints = typing.get_type_hints(route.endpoint)
        staff = any(hint is StaffPrincipal for hint in hints.values())
        doors = [each.call for each in route.dependant.dependencies if isinstance(each.call, Door)]
        found += [(route.path, door) for door in doors if staff]
    return found


def test_every_permission_says_to_whom_it_is_given() -> None:
    """The table has a line for each permission, and every kind of principal that there is has a capacity."""
    assert set(GRANTED) == set(Permission)
    assert {role.value for role in Role} | {kind.value for kind in Kind} - {"staff"} == set(Capacity)


def test_routes_for_staff_ask_for_what_staff_alone_have() -> None:
    """Whoever comes through a door of such a route is a member of staff, as its code believes."""
    doors = _staff_doors(create_app(Settings(database_url="postgresql://nowhere")))

    assert len(doors) > 40
    assert [(path, door.permission) for path, door in doors if not GRANTED[door.permission] <= STAFF] == []


@pytest.mark.parametrize("somebody", OTHERS, ids=lambda each: each.capacity.value)
def test_whoever_is_no_staff_may_do_nothing_that_is_of_the_ward(somebody: Principal) -> None:
    """Patients, relatives and systems are denied what the table gives to staff alone."""
    for permission, granted in GRANTED.items():
        if granted <= STAFF:
            assert not may(somebody, permission)


def test_a_system_needs_the_permission_of_its_own_account_too() -> None:
    """What the table grants to systems is still denied to one whose account does not name it."""
    assert not may(a_system(), Permission.OWN_SESSION)
    assert may(a_system("session.own"), Permission.OWN_SESSION)
    assert not may(a_system("alerts.act"), Permission.ALERTS_ACT)


def test_scope_is_what_each_kind_may_see() -> None:
    """Staff see their teams' patients, a patient themselves, a relative who opened, a system its organisation's."""
    patient, relative, system = OTHERS

    assert a_nurse().scope == Scope(team_ids=(TeamId(4),))
    assert a_nurse(Role.OPERATOR).scope == Scope()
    assert system.scope == Scope(organisation_id=OrganisationId(1))
    assert patient.scope.patient_ids == (7,)
    assert relative.scope.patient_ids == (7,)
    assert relative.scope.organisation_id is None
