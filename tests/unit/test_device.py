"""What is peculiar about a device: its clock, its units, its cuff, who wears it, and the blocks it sends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from simulator import device, device_waves, scenario
from simulator.device import Kit
from simulator.device_waves import block_of
from simulator.expectations import Check, Happening
from simulator.physiology import Baseline, Body
from simulator.traits import Traits, Wearer
from simulator.transcript import kit, transcript
from simulator.waves.channels import BLOCK_S, CHANNELS
from ward.errors import ConfigError
from ward.events import DeviceEvent
from ward.formats import waveform
from ward.vitals import Reading, VitalKind
from ward.wire import WireStatus

BEGAN = datetime(2026, 11, 17, 19, tzinfo=UTC)
CHECK = Check(begins=datetime(2026, 11, 17, 20), hours=1, happens=(Happening(minute=50, kind="fall"),))  # noqa: DTZ001 - the wall's


def worn(traits: Traits) -> Kit:
    """A device of these peculiarities on a quiet person."""
    found = scenario.load("stable_pneumonia")
    return kit(replace(found, device=traits), CHECK, "hv-1", 7)


def readings(traits: Traits, kind: VitalKind) -> list[tuple[float, Reading]]:
    """What of a kind arrives within an hour, and at which second."""
    said = transcript(worn(traits), CHECK, BEGAN)
    return [(each.at_s, each.what) for each in said if isinstance(each.what, Reading) and each.what.kind is kind]


def test_wrong_clock_is_in_what_is_told_and_in_nothing_else() -> None:
    """A clock that drifts, and is an hour ahead for ten minutes: values come when measured, and say another time."""
    found = readings(Traits(drift_ppm=1000, jumps=((30, 3600.0), (40, 0.0))), VitalKind.SPO2)
    right = readings(Traits(), VitalKind.SPO2)
    ahead = np.array([(each.measured_at - BEGAN).total_seconds() - at_s for at_s, each in found])
    at_s = np.array([at_s for at_s, _ in found])

    assert [(at_s, each.value) for at_s, each in found] == [(at_s, each.value) for at_s, each in right]
    jumped = (at_s >= 1800) & (at_s < 2400)
    assert np.abs(ahead - at_s / 1000 - 3600 * jumped).max() < 0.002
    (fall,) = (
        each.what
        for each in transcript(worn(Traits(jumps=((0, 90.0),))), CHECK, BEGAN)
        if isinstance(each.what, DeviceEvent)
    )
    assert fall.occurred_at == BEGAN + timedelta(minutes=51.5)


def test_unit_that_is_not_named_gives_another_number() -> None:
    """Degrees Fahrenheit are sent as if they were Celsius, pounds as kilograms."""
    unlabelled = Traits(unlabelled={VitalKind.TEMPERATURE: "[degF]", VitalKind.WEIGHT: "lb"})
    for kind, factor, offset in ((VitalKind.TEMPERATURE, 1.8, 32.0), (VitalKind.WEIGHT, 1 / 0.45359237, 0.0)):
        wrong, right = (readings(each, kind)[0][1].value for each in (unlabelled, Traits()))

        assert wrong == pytest.approx(right * factor + offset, abs=0.06)


def test_swapped_kit_measures_somebody_else() -> None:
    """From minute 20 to 40 the numbers are another person's; before and after they are unchanged."""
    other = Wearer(since=20, until=40, seed=99, baseline={"heart_rate": 118.0, "mobility": 0.0})
    swapped, own = (readings(each, VitalKind.HEART_RATE) for each in (Traits(worn_by=(other,)), Traits()))
    inside = [value.value for at_s, value in swapped if 1200 <= at_s < 2400]

    assert np.mean(inside) == pytest.approx(118, abs=8)
    outside = [each for each in swapped if not 1200 <= each[0] < 2400]
    assert outside == [each for each in own if not 1200 <= each[0] < 2400]


def test_nothing_is_measured_of_a_device_that_is_off_the_body() -> None:
    """Taken off, it is still there and says how it is; neither vital signs nor curves come until it is put on again."""
    off = worn(Traits(off=((10, 20),), waves=("ecg.II", "accel.z")))
    seen = {each.t_s for each in device.samples(off, 0.0, 3600.0) if each.kind is VitalKind.RESP_RATE}
    states = [each for each in transcript(off, CHECK, BEGAN) if isinstance(each.what, WireStatus)]

    assert not any(600 <= at_s < 1200 for at_s in seen)
    assert {each.what.online for each in states if isinstance(each.what, WireStatus)} == {True}
    assert device_waves.stretches(off, 900.0) == []
    ecg, accel = device_waves.stretches(off, 595.0)
    samples = np.frombuffer(ecg.samples, "<i2")
    assert samples[:1250].any()
    assert not samples[1250:].any()
    assert np.frombuffer(accel.samples, "<i2")[125:].any()


def test_cuff_on_the_arm_of_the_oximeter_hides_the_pulse() -> None:
    """While the cuff inflates there is neither SpO2 nor a pulse wave; on the other arm there are both."""
    traits = Traits(cuff_arm="oximeter", cuff_s=45, waves=("ppg.pleth",))
    squeezing, free = worn(traits), worn(Traits(waves=("ppg.pleth",)))
    pressure_s = next(each.t_s for each in device.samples(free, 60.0, 3600.0) if each.kind is VitalKind.SYSTOLIC)
    during = (pressure_s - 44.0, pressure_s - 0.1)

    for each, there in ((squeezing, False), (free, True)):
        kinds = {sample.kind for sample in device.samples(each, *during)}
        assert (VitalKind.SPO2 in kinds) is there
        (wave,) = device_waves.stretches(each, pressure_s - 30.0)
        assert np.frombuffer(wave.samples, "<i2").any() == there
    spo2 = [each.t_s for each in device.samples(squeezing, 0.0, 3600.0) if each.kind is VitalKind.SPO2]
    assert max(after - before for before, after in pairwise(spo2)) == pytest.approx(60.0)


def test_new_firmware_is_told_with_the_next_status() -> None:
    """The version of a status is the one that runs at its minute."""
    said = transcript(worn(Traits(firmware="0.9", updates=((30, "1.0"),))), CHECK, BEGAN)
    told = [each.what.firmware for each in said if isinstance(each.what, WireStatus)]

    assert told == ["0.9"] * 30 + ["1.0"] * 30


def test_blocks_of_every_channel_are_one_curve_that_the_wire_takes() -> None:
    """Blocks follow each other without a gap, are decoded as they were, and do not clip."""
    all_of_it = Kit(
        device_id="hv-1",
        body=Body(seed=3, baseline=Baseline(mobility=1.0)),
        traits=Traits(waves=tuple(CHANNELS)),
    )
    first, second = (device_waves.stretches(all_of_it, at_s) for at_s in (50.0, 50.0 + BLOCK_S))

    assert len(first) == len(CHANNELS)
    for one, next_one in zip(first, second, strict=True):
        blocks = [block_of(each, BEGAN + timedelta(seconds=each.t_s)) for each in (one, next_one)]
        assert waveform.decode(waveform.encode(blocks[0])).blocks == [blocks[0]]
        assert blocks[0].ends_us == blocks[1].measured_us
        assert np.abs(np.frombuffer(one.samples, "<i2").astype(int)).max() < 32_767


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('waves = ["ecg.IX"]', "unknown ecg.IX; expected ecg.I"),
        ('unlabelled = { temperature = "K" }', "unlabelled.temperature is 'K'; expected one of Cel"),
        ("off = [[20, 10]]", "ends before it begins: 20 to 10"),
        ("jumps = [[20, 1], [10, 2]]", "jumps must go forward"),
        ("[[device.worn_by]]\nsince = 1\nuntil = 2\nbaseline = { pulse = 1 }", "unknown pulse"),
        ('cuff_arm = "left"', "Invalid enum value 'left'"),
    ],
)
def test_mistake_in_a_device_is_named(tmp_path: Path, text: str, fault: str) -> None:
    """What cannot be is refused with the place and what was expected."""
    (tmp_path / "one.toml").write_text(f'title = "x"\n[device]\n{text}\n')

    with pytest.raises(ConfigError, match=fault.replace(".", r"\.")):
        scenario.load("one", tmp_path)
