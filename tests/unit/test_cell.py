"""The parts of a run of a whole cell that decide: what is done when, what a patient measures, what counts as a gap."""

import ssl
from collections import Counter
from itertools import pairwise
from random import Random

from benchmarks import cell_plan
from benchmarks.cell_boards import Alert, Board, Message, Tile, Vital
from benchmarks.cell_patients import ILLNESSES, Patient
from benchmarks.cell_plan import SEVERAL, Blow, Plan
from benchmarks.cell_wounds import Wounds
from benchmarks.fault_ledger import Entry
from benchmarks.households import Kit, Worn
from ward.people import DeviceNo, StayId
from ward.vitals import VitalKind


def a_plan(seed: int = 1) -> Plan:
    """A quarter of an hour with a fault every ten seconds."""
    return Plan(seed=seed, seconds=900, gap_s=10, devices=60, rate=0.5, boards=2)


def a_patient() -> Patient:
    """Somebody who will have too little oxygen at once."""
    kit = Kit(device_id="d", secret="s", device_no=DeviceNo(7), worn=[Worn(since_us=0, stay_id=StayId(3))])
    return Patient(kit=kit, illness=ILLNESSES[0])


def a_board() -> Board:
    """A board that has the snapshot with number 10: stay 3, no alerts."""
    board = Board(port=0, trust=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), username="", password="")
    assert board.take(Message(type="snapshot", seq=10, stream="s", patients=[Tile(stay_id=3, vitals={})]))
    return board


def an_alert(rev: int, state: str = "open") -> Alert:
    """An alert of stay 3."""
    return Alert(alert_id=1, stay_id=3, rule="limit.spo2.low", rev=rev, state=state)


def test_plan_follows_from_its_seed_and_leaves_nobody_out() -> None:
    """The same seed gives the same faults, each kind about as often as another, and some at once."""
    steps = list(cell_plan.steps(a_plan()))
    alone = Counter(step.kind for step in steps)

    assert steps == list(cell_plan.steps(a_plan()))
    assert steps != list(cell_plan.steps(a_plan(seed=2)))
    assert set(alone) == {*map(str, Blow), SEVERAL}
    assert max(alone[each] for each in Blow) - min(alone[each] for each in Blow) <= 1
    assert all(before.at_s < after.at_s < 900 for before, after in pairwise(steps))


def test_who_falls_ill_says_so_at_once_and_to_the_end() -> None:
    """Before the moment every sign is calm; the first reading after it is of what they are ill with, for good."""
    patient, rng = a_patient(), Random(1)
    calm = [patient.course(rng, 7, n, 100 + n) for n in range(50)]
    assert patient.expected is None
    patient.fall_ill(1000)
    first = patient.course(rng, 7, 50, 1000)
    late = [patient.course(rng, 7, n, 500) for n in range(51, 101)]
    after = [patient.course(rng, 7, n, 1000 + n) for n in range(101, 200)]

    assert min(value for kind, value in [*calm, *late] if kind is VitalKind.SPO2) >= 96
    assert first[0] is VitalKind.SPO2
    assert max(value for kind, value in [first, *after] if kind is VitalKind.SPO2) < 80
    assert patient.expected == (3, "limit.spo2.low")


def test_board_notes_a_message_that_it_missed() -> None:
    """A `prev` that names another message than the last one is a gap, and the socket is of no more use."""
    board = a_board()

    assert board.take(Message(type="alert", seq=12, prev=10, alert=an_alert(1)))
    assert board.counts.gaps == 0
    assert not board.take(Message(type="alert", seq=15, prev=13, alert=an_alert(2)))
    assert board.counts.gaps == 1
    assert board.shows()[0] == {1: (1, "open")}


def test_board_goes_on_where_it_was() -> None:
    """After `resumed` for its own stays it keeps what it has; for other stays it asks for everything anew."""
    board = a_board()
    board.take(Message(type="alert", seq=12, prev=10, alert=an_alert(2)))

    assert board.take(Message(type="resumed", seq=20, stays=[3]))
    assert board.take(Message(type="alert", seq=21, prev=20, alert=an_alert(1)))  # once more, and older
    assert board.take(
        Message(type="vitals", seq=22, prev=21, stay_id=3, vitals={"spo2": Vital(value=91, measured_at="t")})
    )
    assert board.shows() == ({1: (2, "open")}, {(3, "spo2"): "t"})
    assert not board.take(Message(type="resumed", seq=30, stays=[3, 4]))
    assert board.counts.refused == 1


def test_readings_flow_again_when_every_device_was_told() -> None:
    """What was measured before the fault does not count, and one device that hears nothing holds it open."""

    def told(device_no: int, measured_us: int) -> list[Entry]:
        return [Entry(device_no=device_no, number=1, kind=1, measured_us=measured_us, value=1.0, stay_id=3)]

    wounds = Wounds(frozenset({1, 2}))
    wounds.add("store", 100, None)
    wounds.told(told(1, 100))
    wounds.told(told(2, 99))
    held = wounds.all[0].flowing_s
    wounds.told(told(2, 101))

    assert held is None
    assert wounds.all[0].flowing_s is not None
