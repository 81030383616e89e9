"""The devices of a fault run: what they say is valid, unique and in the ledger first; nothing is let go too early."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from benchmarks import chaos
from benchmarks.chaos import Fault
from benchmarks.fault_ledger import Ledger
from benchmarks.fault_outbox import KINDS, Counts, Habits, Message, Outbox, value_of
from benchmarks.households import GAP_US, HISTORY, Kit, Worn
from tests.reading import read_vitals
from ward.clock import to_us
from ward.people import DeviceNo, StayId
from ward.vitals import VITALS

NOW_US = to_us(datetime(2026, 11, 22, 10, 0, tzinfo=UTC))
BEGAN_US = NOW_US - to_us(datetime(1970, 1, 1, tzinfo=UTC) + HISTORY)
TIMES = {Fault.KILL_INGEST: 4, Fault.KILL_STORE: 2}
PLAIN = Habits(arrays=0.5, history=0.0, echoes=0.0, bad_elements=0.0, jumps=0.0)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger in the test's folder."""
    made = Ledger(tmp_path)
    yield made
    made.close()


def an_outbox(ledger: Ledger, habits: Habits = PLAIN) -> Outbox:
    """Return the outbox of a device that one patient has worn from the beginning."""
    worn = [Worn(since_us=BEGAN_US, stay_id=StayId(7))]
    kit = Kit(device_id="fault-001", secret="s", device_no=DeviceNo(3), worn=worn)
    return Outbox(kit, habits, ledger, Counts(), Random(1))


def taken(outbox: Outbox) -> Message:
    """Take a message that must be there."""
    message = outbox.take()
    assert message is not None
    return message


def lines_of(path: Path) -> list[list[str]]:
    """Return the fields of a ledger file."""
    return [line.split("\t") for line in path.read_text().splitlines()]


@pytest.mark.parametrize("habits", [PLAIN, Habits()])
def test_every_reading_is_valid_unique_and_in_the_ledger(ledger: Ledger, habits: Habits) -> None:
    """Before anything is taken to be sent, the ledger holds each reading, with a time of its own."""
    outbox = an_outbox(ledger, habits)
    for n in range(200):
        outbox.measure(NOW_US + n)
    lines = lines_of(ledger.measured_path)

    sent = [reading for _ in range(200) for reading in read_vitals(taken(outbox).payload)[0]]
    assert len({(each.kind, each.measured_at) for each in sent}) == len(sent) == len(lines)
    assert {(VITALS[each.kind].code, to_us(each.measured_at), each.value, each.seq) for each in sent} == {
        (int(kind), int(at_us), float(value), int(number)) for _, number, kind, at_us, value, _ in lines
    }


@pytest.mark.parametrize("kind", KINDS)
def test_value_tells_neighbours_apart(kind: object) -> None:
    """The value follows from device and number, is plausible, and is another one next door."""
    found = next(each for each in KINDS if each is kind)
    values = [value_of(found, 3, number) for number in range(500)]

    assert all(VITALS[found].low <= value <= VITALS[found].high for value in values)
    assert all(one != other for one, other in pairwise(values))
    assert value_of(found, 3, 5) != value_of(found, 4, 5)


def test_what_is_not_acknowledged_is_sent_again(ledger: Ledger) -> None:
    """A message whose connection broke is taken again, marked as sent before; an acknowledged one is not."""
    outbox = an_outbox(ledger)
    outbox.measure(NOW_US)
    outbox.measure(NOW_US)
    first, second = taken(outbox), taken(outbox)
    outbox.acknowledged(first)
    outbox.put_back([first, second])

    again = taken(outbox)
    assert (again.key, again.sent) == (second.key, True)
    assert outbox.take() is None
    assert len(outbox) == 1
    assert len(lines_of(ledger.told_path)) == len(first.entries)


def test_second_acknowledgement_counts_for_nothing(ledger: Ledger) -> None:
    """A reading is acknowledged for the first time once."""
    outbox = an_outbox(ledger)
    outbox.measure(NOW_US)
    message = taken(outbox)

    assert outbox.acknowledged(message) == len(message.entries)
    assert outbox.acknowledged(message) == 0


def test_echo_repeats_what_was_acknowledged_with_the_same_value(ledger: Ledger) -> None:
    """A repeat on purpose holds acknowledged readings only, as they were, one of them twice, and adds none."""
    outbox = an_outbox(ledger, Habits(history=0.0, echoes=1.0, bad_elements=0.0, jumps=0.0))
    outbox.measure(NOW_US)
    original = taken(outbox)
    outbox.acknowledged(original)

    echo = taken(outbox)
    known, repeated = read_vitals(original.payload)[0], read_vitals(echo.payload)[0]
    assert echo.echo
    assert all(each in known for each in repeated)
    assert len(repeated) > len({each.seq for each in repeated})
    assert outbox.acknowledged(echo) == 0
    assert len(lines_of(ledger.measured_path)) == len(known)


def test_first_reading_after_an_exchange_is_nobody_s(ledger: Ledger) -> None:
    """After an exchange of kits comes one reading from in between, then those of the new wearer."""
    outbox = an_outbox(ledger)
    outbox.measure(NOW_US)
    until_us = NOW_US + GAP_US
    outbox.kit.worn += [Worn(since_us=until_us, stay_id=None), Worn(since_us=until_us + GAP_US, stay_id=StayId(8))]
    for _ in range(20):
        outbox.measure(NOW_US)

    messages = [taken(outbox) for _ in range(21)]
    assert {each.stay_id for each in messages[0].entries} == {7}
    assert [each.stay_id for message in messages[1:] for each in message.entries].count(None) == 1
    assert {each.stay_id for message in messages[2:] for each in message.entries} == {8}
    assert messages[1].refused == 1


def test_counted_faults_follow_from_the_seed() -> None:
    """A short run has every fault as often as asked, so many readings apart, in an order that the seed decides."""
    steps = chaos.counted(5, TIMES, 100)

    assert [each.after for each in steps] == [100] * 6
    assert sorted(each.fault for each in steps) == [Fault.KILL_INGEST] * 4 + [Fault.KILL_STORE] * 2
    assert steps == chaos.counted(5, TIMES, 100)
    assert steps != chaos.counted(6, TIMES, 100)


def test_timed_faults_follow_from_the_seed() -> None:
    """A long run's faults come in order, within its time, and are the same for the same seed."""
    steps = list(chaos.timed(5, list(Fault), 600.0, 4.0))

    assert steps == list(chaos.timed(5, list(Fault), 600.0, 4.0))
    assert {each.fault for each in steps} == set(Fault)
    assert [each.after for each in steps] == sorted(each.after for each in steps)
    assert steps[-1].after < 600.0
    assert not list(chaos.timed(5, [], 600.0, 4.0))
