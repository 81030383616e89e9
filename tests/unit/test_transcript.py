"""What the device of a checked scenario says: all of it arrives, as late and as often as the wire has it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from msgspec import structs

from simulator import scenario
from simulator.expectations import Check, Happening, Wire
from simulator.traits import ORDINARY, Traits
from simulator.transcript import Said, kit, transcript
from ward.clock import to_us
from ward.events import DeviceEvent
from ward.vitals import Reading, VitalKind
from ward.waveforms import WaveformBlock
from ward.wire import WireStatus

BEGAN = datetime(2026, 11, 17, 19, tzinfo=UTC)


def said(
    wire: Wire | None = None, traits: Traits = ORDINARY, channels: tuple[str, ...] = (), **more: object
) -> list[Said]:
    """What is said in an hour of a quiet scenario."""
    found = replace(scenario.load("stable_pneumonia"), device=structs.replace(traits, waves=channels))
    check = Check(begins=datetime(2026, 11, 17, 20), hours=1, wire=wire or Wire(), **more)  # type: ignore[arg-type]  # noqa: DTZ001 - the wall's
    return transcript(kit(replace(found, check=check), check, "hv-1", 7), check, BEGAN)


def readings(spoken: list[Said]) -> list[Reading]:
    """The readings of it."""
    return [each.what for each in spoken if isinstance(each.what, Reading)]


def test_what_is_measured_arrives_when_it_is_measured() -> None:
    """With a good network nothing is late."""
    late = [
        each.at_s - (each.what.measured_at - BEGAN).total_seconds() for each in said() if isinstance(each.what, Reading)
    ]

    assert max(map(abs, late)) < 0.001


def test_an_outage_delays_everything_and_loses_nothing() -> None:
    """What is measured without a network comes with its return, with the time at which it was measured."""
    spoken = said(Wire(offline=((10, 40),)))

    assert {_key(each) for each in readings(spoken)} == {_key(each) for each in readings(said())}
    assert [each for each in spoken if 600 <= each.at_s < 2400 and not isinstance(each.what, WireStatus)] == []
    assert any(each.at_s == 2400 for each in spoken)


def test_an_outage_is_told_by_the_will() -> None:
    """The broker says that the device is gone, and the device that it is back."""
    spoken = said(Wire(offline=((10, 40),)))
    states = [(each.at_s, each.what.online) for each in spoken if isinstance(each.what, WireStatus)]

    assert [at_s for at_s, online in states if not online] == [690.0]
    assert (2400.0, True) in states


def test_h19_repeats_and_disorder_add_nothing_new() -> None:
    """Sent twice and out of order, it is the same set of readings."""
    spoken = readings(said(Wire(duplicate=0.3, reorder=0.3)))

    assert len(spoken) > len({_key(each) for each in spoken})
    assert {_key(each) for each in spoken} == {_key(each) for each in readings(said())}
    assert [each.measured_at for each in spoken] != sorted(each.measured_at for each in spoken)


def test_history_comes_at_once() -> None:
    """Readings of the time before arrive at the beginning, at most one a minute of each kind."""
    before = [each for each in readings(said(history_hours=2)) if each.measured_at < BEGAN]

    assert min(each.measured_at for each in before) < BEGAN - timedelta(minutes=119)
    assert 118 <= [each.kind for each in before].count(VitalKind.SPO2) <= 122


def test_a_fall_is_an_event_of_its_minute() -> None:
    """What happens is told when it happens."""
    events = [each for each in said(happens=(Happening(minute=30, kind="fall"),)) if isinstance(each.what, DeviceEvent)]

    assert [each.at_s for each in events] == [1800.0]


def test_curves_come_in_blocks_when_their_ten_seconds_are_over() -> None:
    """Of the minutes that are played every channel sends six blocks a minute, one after the other."""
    spoken = said(waves=((10, 12),), channels=("ecg.patch", "ppg.pleth"))
    blocks = [(each.at_s, each.what) for each in spoken if isinstance(each.what, WaveformBlock)]

    assert len(blocks) == 2 * 2 * 6
    assert {each.lead for _, each in blocks} == {"patch", "pleth"}
    late_s = [at_s - (each.ends_us - to_us(BEGAN)) / 1e6 for at_s, each in blocks]
    assert max(map(abs, late_s)) < 0.01


def test_a_flood_is_what_the_device_measures_and_far_too_much() -> None:
    """In a minute of flood pulse and saturation come ten times a second beside what is measured anyway."""
    more = len(readings(said(Wire(flood=((10, 11),))))) - len(readings(said()))

    assert more == 2 * 600


def test_h07_a_unit_may_be_wrong_from_a_minute_on() -> None:
    """Before it the thermometer sends Celsius, from it on the number of the same temperature in Fahrenheit."""
    values = [
        (each.measured_at, each.value)
        for each in readings(said(traits=Traits(unlabelled={VitalKind.TEMPERATURE: "[degF]"}, unlabelled_since=30)))
        if each.kind is VitalKind.TEMPERATURE
    ]

    assert [value > 90 for _, value in values] == [at >= BEGAN + timedelta(minutes=30) for at, _ in values]
    assert {value > 90 for _, value in values} == {True, False}


def _key(reading: Reading) -> tuple[object, ...]:
    return (reading.kind, reading.measured_at, reading.value)
