"""Whose an order of SpO2 scale 2 is: who makes it whole, what is asked of a new one, how it stands."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ward import overlays, plans, scale_orders
from ward.overlays import Layer, Origin, Overlay
from ward.people import Role, StaffId
from ward.plan_versions import Layers, Refusal, Review, Signing, State, approve, review
from ward.plans import Order, Outside, Way
from ward.scale_orders import ASK, SOON, Doctor, Hand, Standing

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NURSE, DORA, DAVID, GONE = (StaffId(number) for number in range(1, 5))
DOCTORS = {
    each: Doctor(staff_id=each, name=name, title="Läkare", organisation="Testkommunen")
    for each, name in ((DORA, "Dora Provläkare"), (DAVID, "David Provläkare"))
}
LUNGS = Outside(clinic="Lungmottagningen, Provsjukhuset", way=Way.TELEPHONE)


def ordered(**changes: object) -> Order:
    """Return an order of Dora's for a week."""
    order = Order(doctor="Dora Provläkare", doctor_id=DORA, ordered_at=NOW, expires_at=NOW + timedelta(days=7))
    return msgspec.structs.replace(order, **changes)


STAFF = ordered()
ELSEWHERE = ordered(doctor="Lova Lungläkare", doctor_id=None, outside=LUNGS)
UNNAMED = ordered(doctor="Omar", doctor_id=None)


def looked_at(
    change: Overlay,
    by: StaffId | None,
    standing: Overlay | None = None,
    now: datetime = NOW,
    *,
    temporary: bool = False,
) -> Review:
    """Say what a change would be over what stands, as somebody who writes it."""
    layer = [] if standing is None else [Layer(origin=Origin.PATIENT, version=1, rules=overlays.raw(standing))]
    layers = Layers(programme="copd", standing=tuple(layer))
    until = now + timedelta(days=1) if temporary else None
    return review(layers, change, Origin.PATIENT, until, now, Hand(by=by, doctors=DOCTORS))


def scale_2(order: Order) -> Overlay:
    """Ask for scale 2 by an order."""
    return Overlay(spo2_scale=2, scale_2_order=order)


@pytest.mark.parametrize(
    ("order", "by", "asks"),
    [
        (STAFF, DORA, ()),
        (STAFF, NURSE, (ASK,)),
        (STAFF, DAVID, (ASK,)),
        (STAFF, None, (ASK,)),
        (ELSEWHERE, NURSE, (ASK,)),
        (ELSEWHERE, None, (ASK,)),
        (ELSEWHERE, DORA, ()),
    ],
)
@pytest.mark.parametrize("temporary", [False, True])
def test_h15_order_waits_until_a_doctor_has_put_their_name_to_it(
    order: Order, by: StaffId | None, asks: tuple[str, ...], *, temporary: bool
) -> None:
    """Only the doctor whose order it is writes it alone; one from outside any doctor who cares for the patient."""
    said = looked_at(scale_2(order), by, temporary=temporary)

    assert (said.faults, said.asks) == ((), asks)
    assert said.state is (State.AWAITING if asks else State.IN_FORCE)


@pytest.mark.parametrize(
    ("order", "paths"),
    [
        (UNNAMED, ["doctor_id"]),
        (ordered(doctor_id=GONE), ["doctor_id"]),
        (ordered(doctor_id=NURSE), ["doctor_id"]),
        (ordered(outside=LUNGS), ["outside"]),
        (msgspec.structs.replace(ELSEWHERE, outside=Outside(clinic=" ", way=Way.LETTER)), ["outside.clinic"]),
        (msgspec.structs.replace(ELSEWHERE, doctor="x" * 201), ["doctor"]),
        (msgspec.structs.replace(ELSEWHERE, doctor="\u202eLova"), ["doctor"]),
        (msgspec.structs.replace(ELSEWHERE, outside=Outside(clinic="a\nb", way=Way.LETTER)), ["outside.clinic"]),
    ],
)
@pytest.mark.parametrize("scale", [1, 2])
def test_h15_order_names_a_doctor_who_can_be_asked(order: Order, paths: list[str], scale: int) -> None:
    """A name that nobody could check, somebody who is no doctor of the patient's, and an empty clinic are refused."""
    change = Overlay(spo2_scale=2 if scale == 2 else 1, scale_2_order=order)

    assert [each.path for each in looked_at(change, DORA).faults] == [f"{ASK}.{name}" for name in paths]
    assert all(each.sv and each.en for each in looked_at(change, DORA).faults)


@pytest.mark.parametrize("order", [STAFF, ELSEWHERE, UNNAMED])
def test_order_that_is_in_force_is_kept_beside_another_change(order: Order) -> None:
    """Who changes a limit signs no order anew: one that is kept word for word goes on, whoever it was written by."""
    kept = Overlay(spo2_scale=2, scale_2_order=order, news2_rise=2)

    assert (looked_at(kept, NURSE, scale_2(order)).faults, looked_at(kept, NURSE, scale_2(order)).asks) == ((), ())


@pytest.mark.parametrize("order", [STAFF, ELSEWHERE])
@pytest.mark.parametrize("changed", [{"expires_at": NOW + timedelta(days=8)}, {"ordered_at": NOW - timedelta(days=1)}])
def test_h15_order_that_is_prolonged_is_a_new_one(order: Order, changed: dict[str, datetime]) -> None:
    """Whoever makes an order longer, or says that it was given at another time, writes a new order."""
    other = scale_2(msgspec.structs.replace(order, **changed))

    assert looked_at(other, NURSE, scale_2(order)).asks == (ASK,)


def test_h15_order_under_a_free_name_is_not_prolonged_and_turns_nothing_on() -> None:
    """What was ordered before it was checked whose it is goes on as it is, and does nothing that it did not do."""
    longer = scale_2(msgspec.structs.replace(UNNAMED, expires_at=NOW + timedelta(days=8)))
    waiting = Overlay(spo2_scale=1, scale_2_order=UNNAMED)

    assert [each.path for each in looked_at(longer, DORA, scale_2(UNNAMED)).faults] == [f"{ASK}.doctor_id"]
    assert [each.path for each in looked_at(scale_2(UNNAMED), DORA, waiting).faults] == [f"{ASK}.doctor_id"]


def test_order_that_has_run_out_hinders_no_other_change() -> None:
    """Scale 1 is used by then: a limit can be changed without anybody tidying up first; a new order that has is not."""
    later = STAFF.expires_at
    kept = Overlay(spo2_scale=2, scale_2_order=STAFF, news2_rise=2)

    assert looked_at(kept, NURSE, scale_2(STAFF), later).faults == ()
    assert [each.path for each in looked_at(scale_2(STAFF), DORA, None, later).faults] == [ASK]


@pytest.mark.parametrize(
    ("order", "by", "role", "refusal"),
    [
        (STAFF, DORA, Role.DOCTOR, None),
        (STAFF, DAVID, Role.DOCTOR, Refusal.NOT_ORDERING),
        (STAFF, GONE, Role.DOCTOR, Refusal.NOT_CARING),
        (STAFF, StaffId(9), Role.NURSE, Refusal.NOT_DOCTOR),
        (STAFF, NURSE, Role.NURSE, Refusal.OWN),
        (ELSEWHERE, DAVID, Role.DOCTOR, None),
        (ELSEWHERE, GONE, Role.DOCTOR, Refusal.NOT_CARING),
        (ELSEWHERE, StaffId(9), Role.CLINICIAN, Refusal.NOT_DOCTOR),
        (UNNAMED, DORA, Role.DOCTOR, Refusal.NOT_ORDERING),
    ],
)
def test_h15_order_is_confirmed_by_its_doctor(order: Order, by: StaffId, role: Role, refusal: Refusal | None) -> None:
    """The named doctor confirms and nobody else; an order from outside any doctor who cares for the patient."""
    signing = Signing(by=by, role=role, newest=True, order=order, doctors=DOCTORS)

    assert approve(State.AWAITING, NURSE, signing) is refusal


def test_name_is_the_store_s() -> None:
    """Whatever name a request has, the order bears the doctor's; what is kept is not renamed when a doctor is."""
    wrong = ordered(doctor="Omar")

    assert scale_orders.signed_by_name(wrong, None, DOCTORS).doctor == "Dora Provläkare"
    assert scale_orders.signed_by_name(wrong, wrong, DOCTORS) == wrong
    assert scale_orders.signed_by_name(ELSEWHERE, None, DOCTORS) == ELSEWHERE
    assert scale_orders.signed_by_name(ordered(doctor_id=GONE), None, DOCTORS).doctor_id == GONE


def test_order_says_before_its_end_that_it_ends() -> None:
    """It holds, ends soon, and is over in the instant that it runs out."""
    end = STAFF.expires_at
    instants = (NOW, end - SOON - timedelta(seconds=1), end - SOON, end - timedelta(seconds=1), end)

    assert [scale_orders.standing(STAFF, at) for at in instants] == [
        Standing.HOLDS, Standing.HOLDS, Standing.ENDING, Standing.ENDING, Standing.OVER,
    ]  # fmt: skip


def test_order_of_before_is_read_as_it_was_kept() -> None:
    """An overlay with a free name is read, watches as it did, and is written again as it was."""
    kept = (
        '{"spo2_scale":2,"scale_2_order":{"doctor":"Omar","ordered_at":"2026-11-20T12:00:00Z",'
        '"expires_at":"2026-11-27T12:00:00Z"}}'
    )
    found = overlays.effective("copd", f'[{{"origin":"patient","version":1,"rules":{kept}}}]', NOW)

    assert overlays.encode(overlays.decode(kept)) == kept
    assert (found.faults, found.plan.spo2_scale, found.plan.scale_2_order) == ((), 2, UNNAMED)
    assert plans.template("copd").scale_2_order is None
