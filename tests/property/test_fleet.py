"""A fleet of simulated devices: what is said of messages and of chance holds for any of them."""

import itertools
from datetime import timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.packet_reader import frame_length, parse
from ingest.packets import V311, Connect, Publish, Subscribe
from simulator.faults import Faults
from simulator.fleet import chaos, packets
from simulator.fleet.people import ILL_PULSE, KINDS, Crowd, Illness
from simulator.fleet.tally import Latencies
from tests.reading import read_vitals

SHARE = st.floats(0, 1)
SWITCHES = st.builds(
    Faults, drop=SHARE, duplicate=SHARE, delay=SHARE, delay_s=st.floats(0.1, 600), reorder=SHARE, cut=SHARE, flood=SHARE
)
AT_MS = 1_790_000_000_000


@settings(deadline=None)
@given(SWITCHES, st.integers(0, 2**40), st.integers(1, 500), st.lists(st.integers(0, 300), max_size=4))
def test_fate_is_the_same_however_fates_are_asked_for(
    switches: Faults, seed: int, devices: int, cuts: list[int]
) -> None:
    """A message's fate follows from the seed and its number alone, and keeps to what the switches allow."""
    edges = [0, *sorted(cuts), 300]
    parts = [each for a, b in itertools.pairwise(edges) for each in chaos.fates(switches, seed, devices, a, b - a)]
    told = list(itertools.islice(chaos.each_fate(switches, seed, devices), 300))

    assert parts == chaos.fates(switches, seed, devices, 0, 300) == told
    assert all(0 <= each.held_s <= switches.delay_s for each in told)
    assert {each.copies for each in told} <= {1, 2, chaos.FLOOD}
    flooding = [{told[n].copies == chaos.FLOOD for n in range(device, 300, devices)} for device in range(devices)]
    assert all(len(each) <= 1 for each in flooding)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**40))
def test_shares_come_out_as_asked_for(seed: int) -> None:
    """Of twenty thousand messages as many meet each fate as the switches say, and at rest none does."""
    switches = Faults(drop=0.1, duplicate=0.2, delay=0.3, reorder=0.05, cut=0.02, skew=timedelta(seconds=9), skewed=0.1)
    found = chaos.fates(switches, seed, 100, 0, 20_000)
    ahead = np.array(chaos.ahead_ms(switches, seed, 20_000))

    for share, happened in (
        (0.1, [each.dropped for each in found]),
        (0.2, [each.copies > 1 for each in found]),
        (0.3, [each.held_s > 0 for each in found]),
        (0.05, [each.behind for each in found]),
        (0.02, [each.cut for each in found]),
        (0.1, (ahead == 9000).tolist()),
    ):
        assert abs(np.mean(happened) - share) < 0.02
    assert set(ahead.tolist()) == {0, 9000}
    assert set(chaos.fates(Faults(), seed, 100, 0, 100)) == {chaos.WHOLE}


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(1, packets.PACKETS), st.data())
def test_packets_are_read_as_they_were_written(payloads: list[bytes], number: int, data: st.DataObject) -> None:
    """However the bytes come, the packets are whole and in order, and the endpoint's own reader understands them."""
    sent = [packets.connect("kit-1", "secret"), packets.subscribe("a/b")]
    sent += [packets.again(packets.publish("a/å", each, number)) for each in payloads]
    stream = b"".join(sent)
    cut = data.draw(st.integers(0, len(stream)))

    found, tail = [], b""
    for part in (stream[:cut], stream[cut:]):
        tail, done = tail + part, 0
        for first, body, end in packets.frames(tail):
            found.append((first, body))
            done = end
        tail = tail[done:]

    assert tail == b""
    understood = [parse(first, body, V311) for first, body in found]
    assert [type(each) for each in understood] == [Connect, Subscribe, *([Publish] * len(payloads))]
    assert [each.payload for each in understood if isinstance(each, Publish)] == payloads
    assert all(each.dup and each.packet_id == number for each in understood if isinstance(each, Publish))
    assert [frame_length(each, 1) is not None for each in sent] == [True] * len(sent)


@settings(deadline=None)
@given(st.integers(0, 2**40), st.integers(0, 199), st.integers(0, 5000), st.integers(1, 60), st.floats(0, 7200))
def test_values_can_all_be_stored(seed: int, device: int, number: int, readings: int, t_s: float) -> None:
    """Any message is valid, repeats no reading within itself, and its pulse is that of the ill when its patient is."""
    crowd = Crowd(seed, 200, Illness(share=0.2))
    good, bad = read_vitals(crowd.payload(device, number, t_s, AT_MS, readings))

    assert bad == []
    assert len({(each.kind, each.measured_at) for each in good}) == len(good) == readings
    pulses = {each.value == ILL_PULSE for each in good if each.kind is KINDS[0]}
    rings = crowd.rings(device, number, t_s, readings)
    assert pulses == (set() if rings is None else {rings})


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**40), st.integers(1, 100))
def test_the_ill_fall_ill_as_often_as_is_said(seed: int, percent: int) -> None:
    """As many of every hundred as the share says are ill for as long as is said in each round, and at first nobody."""
    illness = Illness(share=percent / 100, every_s=100, lasts_s=20, begins_s=30)
    crowd = Crowd(seed, 200, illness)
    seconds = np.arange(0, 330)
    ill = np.array([[crowd.ill(device, float(t_s)) for t_s in seconds] for device in range(0, 200, 3)])

    assert not ill[:, :30].any()
    assert set(ill[:, 130:230].sum(axis=1).tolist()) <= {0, 20}
    assert sum(crowd.ill(device, 130.0 + t_s) for device in range(200) for t_s in range(0, 100, 20)) == 2 * percent


@given(st.lists(st.floats(1e-6, 100), min_size=1, max_size=200), st.sampled_from([50, 95, 99, 100]))
def test_percentiles_are_true_to_a_percent(times: list[float], rank: int) -> None:
    """Latencies kept in cells give the nearest-rank percentile to within a cell."""
    latencies = Latencies()
    for each in times:
        latencies.add(each)
    exact_ms = float(np.percentile(times, rank, method="inverted_cdf")) * 1e3

    found = latencies.percentile_ms(rank)
    assert found is not None
    assert abs(found - exact_ms) <= 0.006 * exact_ms + 0.001
