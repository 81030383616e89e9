"""The configuration that we ship, in a real mosquitto: who may do what, and that nothing is dropped in silence."""

import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.line import Line, Platform
from tests.broker_peer import Connect, Peer, until
from tests.fix_broker import Shipped, program
from ward.clock import from_us
from ward.events import DeviceEvent, EventKind
from ward.formats import waveform
from ward.store.embedded import free_port
from ward.vitals import Reading, VitalKind
from ward.waveforms import WaveformBlock, WaveKind
from ward.wire import MAX_PAYLOAD_BYTES, Leaf, topic

pytestmark = pytest.mark.broker

MANY = 5_500
PLAIN = topic("+", Leaf.VITALS)
SHARED = f"$share/ingest/{PLAIN}"
CURVE = WaveformBlock(
    kind=WaveKind.ECG,
    lead="II",
    measured_us=1_795_255_200_000_000,
    fs_hz=250.0,
    unit="mV",
    scale=0.005,
    offset=0.0,
    samples=bytes(5000),
)
NO_MATCHING_SUBSCRIBERS = 0x10


def numbers(count: int) -> list[bytes]:
    """Return so many payloads that can be told apart."""
    return [str(number).encode() for number in range(count)]


def away(connect: Connect, port: int, user: str | None = "ingest", pattern: str = SHARED) -> None:
    """Let an ingest subscribe with a session that lasts, and go away."""
    ingest = connect(port, user, session="ingest-1")
    ingest.subscribe(pattern)
    ingest.close()


def back(connect: Connect, port: int, expected: int, user: str | None = "ingest") -> Peer:
    """Let that ingest come back and take what waits for it."""
    ingest: Peer = connect(port, user, session="ingest-1")
    until(lambda: len(ingest.received) >= expected)
    return ingest


def test_broker_refuses_who_has_no_name(shipped: Shipped, connect: Connect) -> None:
    """Nobody connects without a user name and a password of an account."""
    shipped.add("hv-1")

    assert connect(shipped.port, None).refused is True
    assert connect(shipped.port, "hv-3").refused is True
    assert connect(shipped.port, "hv-1", "wrong").refused is True
    assert connect(shipped.port, "hv-1").refused is False


def test_h26_device_writes_under_its_own_topics_only(shipped: Shipped, connect: Connect) -> None:
    """What a device publishes reaches ingest's shared subscription; under another's topics it is refused."""
    shipped.add("hv-1")
    ingest = connect(shipped.port, "ingest")
    ingest.subscribe(SHARED)

    assert connect(shipped.port, "hv-1").publish(topic("hv-2", Leaf.VITALS), b"foreign") is False
    assert connect(shipped.port, "hv-1").publish(topic("hv-1", Leaf.VITALS), b"own") is True
    assert until(lambda: ingest.heard)
    assert ingest.heard == [("hemvakt/1/hv-1/vitals", b"own")]


def test_device_reads_its_own_answers_only(shipped: Shipped, connect: Connect) -> None:
    """Ingest answers each device; a device that listens to everybody's answers hears its own."""
    shipped.add("hv-1")
    ingest, device = connect(shipped.port, "ingest"), connect(shipped.port, "hv-1")
    device.subscribe("hemvakt/1/#")

    assert ingest.publish(topic("hv-2", Leaf.REJECTS), b"theirs") is True
    assert ingest.publish(topic("hv-1", Leaf.REJECTS), b"ours") is True
    assert until(lambda: device.heard)
    assert device.heard == [("hemvakt/1/hv-1/rejects", b"ours")]


@pytest.mark.parametrize("leaf", [Leaf.CONFIG, Leaf.REJECTS])
def test_device_does_not_write_what_it_is_told(shipped: Shipped, connect: Connect, leaf: Leaf) -> None:
    """What ingest tells a device is ingest's to write."""
    shipped.add("hv-1")

    assert connect(shipped.port, "hv-1").publish(topic("hv-1", leaf), b"{}") is False


def test_device_does_not_touch_the_accounts(shipped: Shipped, connect: Connect) -> None:
    """The plugin's control topic is closed to devices."""
    shipped.add("hv-1")

    assert connect(shipped.port, "hv-1").publish("$CONTROL/dynamic-security/v1", b'{"commands":[]}') is False


def test_default_configuration_drops(tmp_path: Path, connect: Connect) -> None:
    """Mosquitto as it comes keeps 1,000 messages for an ingest that is away, and has acknowledged all of them."""
    port = free_port()
    (tmp_path / "conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    with (tmp_path / "log").open("w") as sink:
        process = subprocess.Popen([program("mosquitto"), "-c", tmp_path / "conf"], stdout=sink, stderr=sink)
    try:
        assert until(lambda: "running" in (tmp_path / "log").read_text())
        away(connect, port, None)
        connect(port, None).publish_many(topic("hv-1", Leaf.VITALS), numbers(MANY))

        kept = back(connect, port, 1000, None)
        kept.publish(topic("hv-1", Leaf.VITALS), b"last")

        assert until(lambda: (topic("hv-1", Leaf.VITALS), b"last") in kept.heard)
        assert len(kept.heard) == 1001
    finally:
        process.terminate()
        process.wait(60)


def test_h01_nothing_is_dropped_while_ingest_is_away(shipped: Shipped, connect: Connect) -> None:
    """With what we ship all wait, in their order and at QoS 1, also over a stop and a start of the broker."""
    shipped.add("hv-1")
    away(connect, shipped.port)
    connect(shipped.port, "hv-1").publish_many(topic("hv-1", Leaf.VITALS), numbers(MANY))
    shipped.stop()
    shipped.start()

    ingest = back(connect, shipped.port, MANY)

    assert [payload for _, payload in ingest.heard] == numbers(MANY)
    assert {message.qos for message in ingest.received} == {1}


@pytest.mark.parametrize("ending", ["stop", "kill"])
@pytest.mark.parametrize(("pattern", "taken"), [(PLAIN, [b"after"]), (SHARED, [])], ids=["alone", "shared"])
def test_broker_that_comes_back(
    shipped: Shipped, connect: Connect, ending: str, pattern: str, taken: list[bytes]
) -> None:
    """What was saved waits again; what comes before ingest is back waits for one that is alone, not for a group.

    Mosquitto 2.0 does not write shared subscriptions to its disk. It says so to who publishes: 'no matching
    subscribers' is the reason code of its acknowledgement in MQTT 5.
    """
    shipped.add("hv-1")
    away(connect, shipped.port, pattern=pattern)
    connect(shipped.port, "hv-1").publish_many(topic("hv-1", Leaf.VITALS), numbers(500))
    shipped.signal(signal.SIGUSR1)  # save now, as every autosave_interval seconds
    assert until((shipped.folder / "mosquitto.db").exists)
    getattr(shipped, ending)()
    shipped.start()
    device = connect(shipped.port, "hv-1")
    device.publish(topic("hv-1", Leaf.VITALS), b"after")

    ingest = back(connect, shipped.port, 500 + len(taken))

    assert [payload for _, payload in ingest.heard] == [*numbers(500), *taken]
    assert [reason.value for reason in device.acked.values()] == [0 if taken else NO_MATCHING_SUBSCRIBERS]


def test_too_large_message_reaches_ingest(shipped: Shipped, connect: Connect) -> None:
    """A message that is larger than ingest takes is not cut off on the way: ingest keeps and answers it."""
    shipped.add("hv-1")
    ingest, device = connect(shipped.port, "ingest"), connect(shipped.port, "hv-1")
    ingest.subscribe(SHARED)

    assert device.publish(topic("hv-1", Leaf.VITALS), bytes(MAX_PAYLOAD_BYTES + 1)) is True
    assert until(lambda: ingest.received)
    assert len(ingest.received[0].payload) == MAX_PAYLOAD_BYTES + 1


def test_simulated_device_keeps_what_nobody_has(shipped: Shipped, connect: Connect) -> None:
    """A device holds what nobody subscribes to or what finds no network, curves too, and sends it when it can."""
    shipped.add("hv-1")
    readings = [
        Reading(kind=VitalKind.SPO2, value=90.0 + number, measured_at=from_us(1_795_255_200_000_000 + number))
        for number in range(3)
    ]
    line = Line(Platform(url=f"mqtt://127.0.0.1:{shipped.port}"), "hv-1", "secret-hv-1")
    told = connect(shipped.port, "hv-1")
    told.subscribe(topic("hv-1", Leaf.STATUS))
    line.switch_on(80)
    try:
        assert until(lambda: told.received)
        line.put(readings[:1])
        line.put(readings[1:2])
        assert until(lambda: line._nobody_has_it)
        assert line.waiting == 2
        ingest = connect(shipped.port, "ingest")
        ingest.subscribe(PLAIN)
        for leaf in (Leaf.WAVEFORM, Leaf.EVENT):
            ingest.subscribe(topic("+", leaf))
        line.put(readings[2:])
        assert until(lambda: line.waiting == 0)
        heard = b"".join(body for _, body in ingest.heard)
        assert [value for value in (b"90", b"91", b"92") if value in heard] == [b"90", b"91", b"92"]

        before = len(ingest.heard)
        line.lose()
        assert until(lambda: any(b'"online":false' in body for _, body in told.heard))
        fell = DeviceEvent(kind=EventKind.FALL, occurred_at=from_us(CURVE.measured_us))
        line.put(readings[:1], [CURVE, replace(CURVE, measured_us=CURVE.ends_us)], [fell])
        assert line.waiting == 4
        line.switch_on(79, "1.3.0")
        assert until(lambda: line.waiting == 0)
        curves = [body for name, body in ingest.heard if name.endswith("/waveform")]
        assert curves == [waveform.encode(CURVE), waveform.encode(replace(CURVE, measured_us=CURVE.ends_us))]
        assert ingest.heard[before][0] == topic("hv-1", Leaf.EVENT)
        assert until(lambda: any(b"1.3.0" in body for _, body in told.heard))
    finally:
        line.switch_off()
