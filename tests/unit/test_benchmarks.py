"""The measuring sticks themselves: what the load generator writes, and how latencies are made of what was seen."""

import numpy as np
import pytest

from benchmarks import figures
from benchmarks.messages import KINDS, Publisher
from ingest.packet_reader import frame_length, parse
from ingest.packets import V311, Connect, Packet, Publish
from simulator.fleet import packets
from tests.reading import read_vitals
from ward.clock import to_us
from ward.vitals import VITALS

NOW_US = 1_790_000_000_999_999


def a_packet(data: bytes) -> Packet:
    """Parse one whole packet with the product's own reader, which shares no code with the generator."""
    frame = frame_length(data, 1)
    assert frame is not None
    length, body = frame
    assert body + length == len(data)
    return parse(data[0], data[body:], V311)


def test_connect_names_the_device_and_its_secret() -> None:
    """The generator logs in as a device does."""
    packet = a_packet(packets.connect("bench-7", "secret-bench-7"))

    assert isinstance(packet, Connect)
    assert (packet.client_id, packet.username, packet.password) == ("bench-7", "bench-7", b"secret-bench-7")


@pytest.mark.parametrize("readings", [1, 2, 10, 1000])
def test_every_reading_is_valid_and_has_a_time_of_its_own(readings: int) -> None:
    """Whatever the size of a message, all its readings can be stored, and none repeats another."""
    publisher = Publisher("bench-7", readings)
    packets = [a_packet(publisher.next(NOW_US)) for _ in range(5)]

    found = []
    for packet in packets:
        assert isinstance(packet, Publish)
        assert (packet.topic, packet.qos) == ("hemvakt/1/bench-7/vitals", 1)
        good, bad = read_vitals(packet.payload)
        assert bad == []
        found += [(VITALS[each.kind].code, to_us(each.measured_at)) for each in good]
    assert found == publisher.made
    assert [at_us for _, at_us in found] == list(range(NOW_US, NOW_US + 5 * readings))
    assert {code for code, _ in found} == {VITALS[kind].code for kind in KINDS}


def test_reading_is_seen_when_something_as_new_is_shown() -> None:
    """A newer reading of the series stands for an older one; an older one never for a newer; the last was not seen."""
    measured = np.array([1000, 2000, 3000, 9000])
    shown, at = np.array([1000, 3000, 2000]), np.array([1500, 4000, 8000])

    assert figures.first_seen(measured, shown, at).tolist() == [0.5, 2.0, 1.0, np.inf]


def test_nothing_shown_means_never_seen() -> None:
    """Without any message every reading is unseen."""
    nothing = np.empty(0, dtype=np.int64)

    assert figures.first_seen(np.array([1, 2]), nothing, nothing).tolist() == [np.inf, np.inf]


def test_percentile_is_a_value_that_was_measured() -> None:
    """The nearest rank is taken, so that a percentile of few values invents nothing."""
    values = np.array([1.0, 2.0, 3.0, 40.0])

    assert [figures.percentile(values, rank) for rank in (50, 75, 99, 100)] == [2.0, 3.0, 40.0, 40.0]
