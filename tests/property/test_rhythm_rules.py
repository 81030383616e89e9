"""What must hold of rules over waveforms wherever the features are cut, and whoever is judged together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.features import Batch
from alerting.rules import rhythm, sensors
from alerting.signal.quality import Reason
from alerting.tracks import Track, in_force
from tests.builders_alerting import NOW_S
from tests.builders_waves import a_row, ward_of
from ward.wave_features import FeatureRow, Strip, WaveFeature
from ward.wave_features import Verdict as Checked

NAN = float("nan")
EVENTS = (
    WaveFeature.PAUSE,
    WaveFeature.ASYSTOLE,
    WaveFeature.VENTRICULAR_RUN,
    WaveFeature.VENTRICULAR_TACHYCARDIA,
    WaveFeature.TACHYCARDIA,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Some minutes in which every ten seconds are alike: what of them there is, and one event at their beginning."""

    cells: int
    quality: float | None
    off: bool
    af: float
    event: tuple[WaveFeature, Checked | None] | None


periods = st.builds(
    Period,
    cells=st.integers(1, 40),
    quality=st.sampled_from([0.9, 0.1, None]),
    off=st.booleans(),
    af=st.sampled_from([0.1, 0.9, 0.9, NAN]),
    event=st.none() | st.tuples(st.sampled_from(EVENTS), st.sampled_from([*Checked, None])),
)
courses = st.lists(periods, min_size=1, max_size=9)


def rows_of(course: Sequence[Period]) -> list[FeatureRow]:
    """Turn periods into the features of ten seconds after ten seconds, the last of which end now."""
    made: list[FeatureRow] = []
    ago_s = 10.0 * sum(each.cells for each in course)
    for each in course:
        for number in range(each.cells):
            ago_s -= 10
            if each.quality is None:
                continue
            reasons = int(Reason.LEAD_OFF) if each.off else 0
            both = (WaveFeature.ECG_QUALITY, WaveFeature.PPG_QUALITY)
            made += [a_row(feature, ago_s, each.quality, reasons=reasons) for feature in both]
            made.append(a_row(WaveFeature.AF, ago_s, each.af))
            if number == 0 and each.event is not None:
                made.append(_event(*each.event, ago_s))
    return made


def _event(feature: WaveFeature, checked: Checked | None, ago_s: float) -> FeatureRow:
    from_us = round((NOW_S - ago_s - 7) * 1e6)
    strip = Strip(lead="II", from_us=from_us, to_us=from_us + 5_000_000, beats=5, verdict=checked)
    return a_row(feature, ago_s, 5.0, strip=strip)


def judged(batch: Batch) -> dict[str, Track]:
    """Every track over waveforms."""
    return {**rhythm.judge(batch), **sensors.judge(batch)}


def verdicts(track: Track, at_s: float, stay: int = 0) -> int:
    """What holds of a stay at an instant."""
    row = int(in_force(track, at_s)[stay])
    return 0 if row < 0 else int(track.verdict[row])


def until(rows: Sequence[FeatureRow], at_s: float) -> list[FeatureRow]:
    """What was measured by then."""
    return [row for row in rows if row.at_us <= at_s * 1e6]


@given(course=courses, back_cells=st.integers(0, 150))
@settings(max_examples=60)
def test_rules_over_waveforms_are_causal(course: list[Period], back_cells: int) -> None:
    """What is said until an instant is the same whether later features are known or not."""
    rows, at_s = rows_of(course), NOW_S - 10.0 * back_cells
    whole, before = judged(ward_of(rows)), judged(ward_of(until(rows, at_s)))

    for rule, track in whole.items():
        known, early = track.from_s <= at_s, before[rule].from_s <= at_s
        np.testing.assert_array_equal(track.from_s[known], before[rule].from_s[early], err_msg=rule)
        np.testing.assert_array_equal(track.verdict[known], before[rule].verdict[early], err_msg=rule)
        np.testing.assert_array_equal(track.began_s[known], before[rule].began_s[early], err_msg=rule)


@given(course=courses, back_cells=st.integers(0, 150))
@settings(max_examples=60)
def test_rules_over_waveforms_look_back_no_further_than_they_say(course: list[Period], back_cells: int) -> None:
    """Features older than the look-back change nothing of what is said."""
    rows, at_s = rows_of(course), NOW_S - 10.0 * back_cells
    back_s = max(rhythm.LOOK_BACK_S, sensors.LOOK_BACK_S)
    recent = [row for row in rows if row.at_us > (at_s - back_s) * 1e6]
    whole, short = judged(ward_of(rows)), judged(ward_of(recent))

    assert {rule: verdicts(track, at_s) for rule, track in whole.items()} == {
        rule: verdicts(track, at_s) for rule, track in short.items()
    }


@given(courses_of=st.lists(courses, min_size=2, max_size=3))
@settings(max_examples=40)
def test_stays_are_judged_apart(courses_of: list[list[Period]]) -> None:
    """What is said of a stay does not depend on whom it is judged with."""
    together = judged(ward_of(*(rows_of(each) for each in courses_of)))

    for stay, course in enumerate(courses_of):
        alone = judged(ward_of(rows_of(course)))
        for rule, track in together.items():
            mine = slice(int(track.offsets[stay]), int(track.offsets[stay + 1]))
            np.testing.assert_array_equal(track.from_s[mine], alone[rule].from_s, err_msg=rule)
            np.testing.assert_array_equal(track.verdict[mine], alone[rule].verdict, err_msg=rule)
            np.testing.assert_array_equal(track.began_s[mine], alone[rule].began_s, err_msg=rule)
