"""Medicines, oxygen and standing up: what they do to a body, and how soon."""

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from simulator import scenario
from simulator.course import Change, Course, Target, added
from simulator.drugs import ACTIONS, Dose, Drug, added_by, height_s, left_by
from simulator.noise import Floats
from simulator.physiology import Baseline, Body, vitals_at
from simulator.traits import Traits
from simulator.waves.channels import CHANNELS
from ward.errors import ConfigError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scenarios.md"
Table = Callable[[Path, str, list[str]], None]
MINUTE = np.arange(0.0, 24 * 3600.0, 60.0)
ALWAYS = Change(target=Target.TEMPERATURE, points=((0.0, 2.0),))


def changed(of: str, *doses: Dose, changes: tuple[Change, ...] = (), **usual: float) -> Floats:
    """Return by how much a vital sign differs with the doses, each minute of a day."""
    body = Body(seed=2, baseline=Baseline(mobility=0.0, **usual), course=Course(changes=changes))
    given = replace(body, course=Course(changes=changes, doses=doses))
    after: Floats = getattr(vitals_at(given, MINUTE), of) - getattr(vitals_at(body, MINUTE), of)
    return after


@pytest.mark.parametrize(
    ("drug", "dose", "of", "most", "height_h"),
    [
        (Drug.FUROSEMIDE, 40, "systolic", (-5, -3), (0.7, 2.5)),
        (Drug.MORPHINE, 10, "resp_rate", (-2.5, -1.2), (0.5, 2.5)),
        (Drug.MORPHINE, 80, "resp_rate", (-9, -6), (0.5, 2.5)),
        (Drug.METOPROLOL, 50, "heart_rate", (-9, -7), (1.0, 3.0)),
        (Drug.PARACETAMOL, 1000, "temperature", (-1.3, -1.0), (1.0, 3.0)),
        (Drug.PARACETAMOL, 1000, "heart_rate", (-12, -9), (1.0, 3.0)),
    ],
)
def test_dose_has_its_response_with_its_delay(
    drug: Drug, dose: float, of: str, most: tuple[float, float], height_h: tuple[float, float]
) -> None:
    """A usual dose does what is known of it, at its hour, and nothing before it is taken."""
    after = changed(of, Dose(drug=drug, at_s=3600.0, dose=dose), changes=(ALWAYS,))

    assert not after[:61].any()
    assert most[0] <= after.min() <= most[1]
    assert height_h[0] <= MINUTE[after.argmin()] / 3600 - 1 <= height_h[1]
    assert abs(after[-1]) < 0.15 * abs(after.min())


def test_water_that_has_left_stays_away() -> None:
    """A diuretic takes weight for good, two of them more, and gives back half of what wet lungs lacked."""
    one, two = (changed("weight", *(Dose(drug=Drug.FUROSEMIDE, at_s=0.0, dose=40.0),) * count) for count in (1, 2))
    wet = changed(
        "spo2",
        Dose(drug=Drug.FUROSEMIDE, at_s=0.0, dose=40.0),
        changes=(Change(target=Target.SPO2, points=((0.0, -6.0),)),),
    )

    assert -1.3 < one[-1] < -0.9
    assert np.all(np.diff(one) <= 0)
    assert two[-1] == pytest.approx(2 * one[-1])
    assert wet[-1] == pytest.approx(3.0, abs=0.2)


def test_naloxone_lifts_the_opioid_and_wears_off_first() -> None:
    """Breathing is back within a quarter of an hour, and slower again hours later; the illness is not touched."""
    opioid = Dose(drug=Drug.MORPHINE, at_s=0.0, dose=120.0)
    course = Course(doses=(opioid, Dose(drug=Drug.NALOXONE, at_s=3600.0, dose=0.4)))
    slowed = added(course, Target.RESP_RATE, MINUTE)

    assert slowed[60] < -8
    assert slowed[75] > -2.5
    assert slowed[60 + 180] < slowed[75] - 2
    assert left_by(course.doses, Target.RESP_RATE, MINUTE).tolist() == [1.0] * len(MINUTE)


def test_antibiotic_cures_over_days() -> None:
    """Nothing is to be seen after two hours, half of it after two days, nearly all after five."""
    left = left_by(
        (Dose(drug=Drug.ANTIBIOTIC, at_s=0.0, dose=1.0),), Target.HEART_RATE, np.array([2, 48, 120]) * 3600.0
    )

    assert left[0] > 0.97
    assert 0.2 < left[1] < 0.6
    assert left[2] < 0.2


@pytest.mark.parametrize("drug", list(Drug))
def test_more_of_a_drug_does_more_and_never_jumps(drug: Drug) -> None:
    """Twice the dose does at least as much at every instant, and a minute changes little."""
    for target in Target:
        usual = ACTIONS[drug].usual
        one, two = (
            np.abs(added_by((Dose(drug=drug, at_s=60.0, dose=each * usual),), target, MINUTE)) for each in (1, 2)
        )
        left = [left_by((Dose(drug=drug, at_s=60.0, dose=each * usual),), target, MINUTE) for each in (1, 2)]

        assert np.all(two >= one)
        assert np.all(left[1] <= left[0])
        assert np.abs(np.diff(one)).max() <= 0.12 * max(one.max(), 1e-9)


def test_oxygen_gives_back_a_part_of_what_is_lacking() -> None:
    """Two litres more close half of the gap where the lungs answer, and change nothing where nothing is lacking."""
    ill = Change(target=Target.SPO2, points=((0.0, -10.0),))
    oxygen = Change(target=Target.OXYGEN_FLOW, points=((0.0, 2.0),))
    spo2 = {
        given: vitals_at(
            Body(seed=1, baseline=Baseline(mobility=0.0, oxygen_response=0.35), course=Course(changes=given)), MINUTE
        ).spo2
        for given in ((), (oxygen,), (ill,), (ill, oxygen))
    }

    assert (spo2[ill, oxygen] - spo2[(ill,)]).mean() == pytest.approx(5.0, abs=0.7)
    assert abs((spo2[(oxygen,)] - spo2[()]).mean()) < 0.4


def test_pressure_falls_on_standing_up_where_it_does() -> None:
    """Who loses pressure on their feet loses it while they move, and the pulse answers."""
    body = Body(seed=3, baseline=Baseline(mobility=0.9))
    dry = replace(body, baseline=replace(body.baseline, orthostatic_drop=30.0))
    before, after = vitals_at(body, MINUTE), vitals_at(dry, MINUTE)
    moving, resting = before.activity > 0.4, before.activity < 1e-6

    assert np.median((after.systolic - before.systolic)[moving]) < -20
    assert np.median((after.heart_rate - before.heart_rate)[moving]) > 8
    assert abs(np.median((after.systolic - before.systolic)[resting])) < 1


def test_doses_are_read_from_a_scenario(tmp_path: Path) -> None:
    """A dose stands in the file as a person would write it; an unknown drug is named with those there are."""
    text = 'title = "x"\n[course]\n[[course.doses]]\ndrug = "{}"\nat_s = 600\ndose = 40\n'
    (tmp_path / "one.toml").write_text(text.format("furosemide"))
    (tmp_path / "two.toml").write_text(text.format("water"))

    assert scenario.load("one", tmp_path).course.doses == (Dose(drug=Drug.FUROSEMIDE, at_s=600.0, dose=40.0),)
    with pytest.raises(ConfigError, match="water"):
        scenario.load("two", tmp_path)


def test_page_names_what_a_file_may_say(golden_table: Table) -> None:
    """The page of scenarios has the drugs as they act, and every word that a file may have."""
    rows = ["| drug | usual dose | most after | adds then (at most) | takes of what the illness adds | for good |"]
    rows.append("|---|---|---|---|---|---|")
    for drug, action in ACTIONS.items():
        adds = [f"{target} {usual:+g} ({most:+g})" for target, (usual, most) in action.adds.items()]
        takes = [f"{target} {share:.0%}" for target, share in action.takes.items()]
        takes += [f"{other} {share:.0%}" for other, share in action.counters.items()]
        stays = [f"{target} {size:+g}" for target, size in action.lasting.items()]
        stays += [f"{target} {share:.0%} less" for target, share in action.mends.items()]
        cells = [", ".join(each) or "–" for each in (adds, takes, stays)]
        after = f"{height_s(action) / 3600:.1f} h"
        rows.append(f"| `{drug}` | {action.usual:g} {action.unit} | {after} | {' | '.join(cells)} |")

    golden_table(PAGE, "drugs", rows)
    text = PAGE.read_text(encoding="utf-8")
    words = [each.name for each in fields(Baseline)] + [each.name for each in msgspec.structs.fields(Traits)]
    words += [*CHANNELS, "atrial_fibrillation", "ventricular_run", "ventricular_ectopy", "sensor_noise"]
    assert [word for word in words if f"`{word}`" not in text and f"[device.{word}]" not in text] == []
