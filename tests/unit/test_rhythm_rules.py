"""What is said of rhythm and sensors, over time: from features of ten seconds each."""

from collections.abc import Sequence

import numpy as np
import pytest

from alerting.evaluate import evaluate
from alerting.features import Batch, Signal
from alerting.rules import rhythm, sensors
from alerting.rules.cells import KEEP_S
from alerting.signal.quality import Reason
from alerting.tracks import Track, Verdict, in_force
from alerting.words import text
from tests.builders_alerting import NOW_S, a_plan, an_alert
from tests.builders_waves import a_row, good_ecg, waved
from ward.alerts import Finding, Priority
from ward.plans import Goals, Rhythm
from ward.wave_features import FeatureRow, Strip, WaveFeature
from ward.wave_features import Verdict as Checked

NAN = float("nan")


def said(track: Track, ago_s: float = 0.0) -> Verdict:
    """What a track says so long before now."""
    row = int(in_force(track, NOW_S - ago_s)[0])
    return Verdict.UNKNOWN if row < 0 else Verdict(int(track.verdict[row]))


def a_strip(ago_s: float, lasts_s: float, checked: Checked | None = Checked.CONFIRMED) -> Strip:
    """Make a strip of lead II that begins so long before now."""
    from_us = round((NOW_S - ago_s) * 1e6)
    return Strip(lead="II", from_us=from_us, to_us=from_us + round(lasts_s * 1e6), beats=2, verdict=checked)


def an_event(
    feature: WaveFeature, ago_s: float, value: float, checked: Checked | None = Checked.CONFIRMED
) -> FeatureRow:
    """Make an event in the ten seconds that ended so long before now."""
    return a_row(feature, ago_s, value, strip=a_strip(ago_s + 8, 5, checked))


def af(values: Sequence[float], until_s: float = 0.0) -> list[FeatureRow]:
    """Make the scores of ten seconds after ten seconds, the last one so long before now."""
    last = len(values) - 1
    return [a_row(WaveFeature.AF, until_s + 10 * (last - at), value) for at, value in enumerate(values)]


def rhythm_of(rule: str, *rows: FeatureRow, plan: Rhythm | None = None) -> Track:
    """What one rule over rhythm says over time."""
    return rhythm.judge(waved(*rows, plan=a_plan(rhythm=plan or Rhythm())))[rule]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.9] * 30, Verdict.MEDIUM),
        ([0.6] * 30, Verdict.QUIET),
        ([0.1] * 30, Verdict.QUIET),
        ([NAN] * 30, Verdict.UNKNOWN),
        ([0.9] * 17, Verdict.UNKNOWN),
        ([0.9] * 18, Verdict.MEDIUM),
        ([0.9, NAN] * 18, Verdict.UNKNOWN),
        ([0.9, 0.9, NAN] * 10, Verdict.MEDIUM),
        ([0.1] * 7 + [0.9] * 23, Verdict.QUIET),
        ([0.1] * 6 + [0.9] * 24, Verdict.MEDIUM),
        ([0.9] * 30 + [0.1] * 18, Verdict.MEDIUM),
        ([0.9] * 30 + [0.1] * 19, Verdict.QUIET),
    ],
)
def test_h10_fibrillation_is_suspected_where_most_of_what_can_be_read_looks_like_it(
    scores: list[float], expected: Verdict
) -> None:
    """It begins with four fifths of five minutes, three of them readable, and ends below two; unreadable is neither."""
    assert said(rhythm_of(rhythm.AF, *af(scores), *good_ecg(300))) is expected


def test_fibrillation_on_one_readable_strip_is_not_suspected() -> None:
    """Minutes that cannot be read are not fibrillation, whatever was seen in between."""
    scores = [NAN] * 13 + [0.99] * 4 + [NAN] * 13

    assert said(rhythm_of(rhythm.AF, *af(scores), *good_ecg(300))) is Verdict.UNKNOWN


def test_plan_may_leave_known_fibrillation_alone() -> None:
    """For somebody with known atrial fibrillation the plan switches the suspicion off, and only that."""
    rows = [*af([0.9] * 30), *good_ecg(300), an_event(WaveFeature.PAUSE, 30, 4.0)]
    plan = Rhythm(af=False)

    assert said(rhythm_of(rhythm.AF, *rows, plan=plan)) is Verdict.QUIET
    assert said(rhythm_of(rhythm.PAUSE, *rows, plan=plan)) is Verdict.MEDIUM


@pytest.mark.parametrize(
    ("value", "checked", "pause_s", "expected"),
    [
        (3.2, Checked.CONFIRMED, 3.0, Verdict.MEDIUM),
        (3.2, Checked.UNCONTRADICTED, 3.0, Verdict.MEDIUM),
        (3.2, Checked.CONTRADICTED, 3.0, Verdict.QUIET),
        (3.2, Checked.UNREADABLE, 3.0, Verdict.QUIET),
        (2.9, None, 3.0, Verdict.QUIET),
        (2.9, None, 2.5, Verdict.MEDIUM),
        (3.2, Checked.CONFIRMED, None, Verdict.QUIET),
    ],
)
def test_pause_speaks_from_the_length_that_the_plan_says(
    value: float, checked: Checked | None, pause_s: float | None, expected: Verdict
) -> None:
    """A pause as long as the plan says speaks where no channel contradicts it, and not where none could be heard."""
    rows = [*good_ecg(300), an_event(WaveFeature.PAUSE, 30, value, checked)]

    assert said(rhythm_of(rhythm.PAUSE, *rows, plan=Rhythm(pause_s=pause_s))) is expected


def test_pause_is_there_for_a_while_and_over_when_the_ecg_can_be_read() -> None:
    """A moment is told for two minutes; then it is over if the ECG was readable, and unknown if it was not."""
    pause = an_event(WaveFeature.PAUSE, 200, 4.0)
    read = rhythm_of(rhythm.PAUSE, *good_ecg(300), pause)
    lost = rhythm_of(rhythm.PAUSE, *good_ecg(300, 200), *good_ecg(190, quality=0.1), pause)

    assert [said(read, ago) for ago in (201, 200, 85, 80, 0)] == [
        Verdict.QUIET,
        Verdict.MEDIUM,
        Verdict.MEDIUM,
        Verdict.QUIET,
        Verdict.QUIET,
    ]
    assert [said(lost, ago) for ago in (200, 85, 80, 0)] == [
        Verdict.MEDIUM,
        Verdict.MEDIUM,
        Verdict.UNKNOWN,
        Verdict.UNKNOWN,
    ]


def test_nothing_is_known_when_the_ecg_has_stopped() -> None:
    """Without a new cell, what was said is unknown after two minutes, and live evaluation is told when."""
    track = rhythm_of(rhythm.PAUSE, *good_ecg(300, 60))

    assert said(track, 60 - KEEP_S + 1) is Verdict.QUIET
    assert said(track, 60 - KEEP_S) is Verdict.UNKNOWN
    assert track.from_s[-1] == NOW_S - 60 + KEEP_S


@pytest.mark.parametrize(
    ("rule", "feature", "agos", "expected"),
    [
        (rhythm.ASYSTOLE, WaveFeature.ASYSTOLE, (30,), Verdict.HIGH),
        (rhythm.FIBRILLATION, WaveFeature.VENTRICULAR_FIBRILLATION, (30,), Verdict.HIGH),
        (rhythm.RUN, WaveFeature.VENTRICULAR_TACHYCARDIA, (30,), Verdict.HIGH),
        (rhythm.BRADY, WaveFeature.BRADYCARDIA, (30,), Verdict.QUIET),
        (rhythm.BRADY, WaveFeature.BRADYCARDIA, (30, 10), Verdict.HIGH),
        (rhythm.BRADY, WaveFeature.BRADYCARDIA, (60, 10), Verdict.QUIET),
        (rhythm.TACHY, WaveFeature.TACHYCARDIA, (30, 10), Verdict.QUIET),
        (rhythm.TACHY, WaveFeature.TACHYCARDIA, (50, 30, 10), Verdict.HIGH),
    ],
)
def test_claim_speaks_at_once_or_when_it_goes_on(
    rule: str, feature: WaveFeature, agos: tuple[float, ...], expected: Verdict
) -> None:
    """What takes a life in seconds speaks at once; an extreme rate when it goes on within the minute."""
    rows = [an_event(feature, ago, 160.0) for ago in agos]

    assert said(rhythm_of(rule, *good_ecg(300), *rows)) is expected


def test_pause_shorter_than_the_claim_is_no_asystole() -> None:
    """What was checked as an asystole and is shorter than four seconds is told as a pause alone."""
    short, enough = (
        rhythm.judge(waved(*good_ecg(300), an_event(WaveFeature.ASYSTOLE, 30, value))) for value in (3.9, 4.0)
    )

    assert (said(short[rhythm.ASYSTOLE]), said(enough[rhythm.ASYSTOLE])) == (Verdict.QUIET, Verdict.HIGH)


@pytest.mark.parametrize("checked", [Checked.CONTRADICTED, Checked.UNREADABLE])
def test_h10_claim_that_is_not_verified_does_not_speak(checked: Checked) -> None:
    """No claim speaks where a channel contradicts it, or where no channel of good quality was heard."""
    features = (WaveFeature.ASYSTOLE, WaveFeature.TACHYCARDIA, WaveFeature.BRADYCARDIA)
    rows = [an_event(each, ago, 160.0, checked) for each in features for ago in (50, 40, 30, 20, 10)]
    tracks = rhythm.judge(waved(*good_ecg(300), *rows))

    assert {name for name, track in tracks.items() if (track.verdict >= Verdict.PENDING).any()} == set()


def test_run_is_worse_when_it_is_a_tachycardia() -> None:
    """Four broad beats are told with medium, a verified ventricular tachycardia with high priority, in one alert."""
    four = an_event(WaveFeature.VENTRICULAR_RUN, 60, 4.0, None)
    tachycardia = an_event(WaveFeature.VENTRICULAR_TACHYCARDIA, 30, 170.0)
    track = rhythm_of(rhythm.RUN, *good_ecg(300), four, tachycardia)

    assert (said(track, 50), said(track)) == (Verdict.MEDIUM, Verdict.HIGH)
    assert said(rhythm_of(rhythm.RUN, *good_ecg(300), four, plan=Rhythm(ventricular_run=5))) is Verdict.QUIET


def found(batch: Batch, rule: str) -> Finding | None:
    """What evaluation finds now."""
    return next(
        (each for each in evaluate(batch, NOW_S).observations if isinstance(each, Finding) and each.rule == rule), None
    )


def test_finding_says_what_to_look_at() -> None:
    """A finding dates from the pause itself, and names the lead and the seconds of it."""
    pause = an_event(WaveFeature.PAUSE, 30, 4.2)
    seen = found(waved(*good_ecg(300), pause), rhythm.PAUSE)

    assert seen is not None
    assert seen.began_at.timestamp() == NOW_S - 38
    assert seen.evidence.params["lead"] == "II"
    assert str(seen.evidence.params["strip_from"]) == seen.began_at.isoformat()
    assert text(seen.evidence.text_key, seen.evidence.params, "sv") == (
        "Paus på 4,2 s mellan två hjärtslag i EKG (gräns 3,0 s)"
    )


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        (af([0.9] * 30), rhythm.AF),
        ([an_event(WaveFeature.ASYSTOLE, 30, 5.0)], rhythm.ASYSTOLE),
        ([an_event(WaveFeature.VENTRICULAR_RUN, 30, 6.0)], rhythm.RUN),
        ([an_event(WaveFeature.BRADYCARDIA, ago, 32.0) for ago in (10, 20)], rhythm.BRADY),
    ],
)
def test_every_finding_has_words(rows: list[FeatureRow], rule: str) -> None:
    """Every finding can be said in both languages from its evidence alone, and comes with its strip."""
    seen = found(waved(*good_ecg(300), *rows), rule)

    assert seen is not None
    assert all(text(seen.evidence.text_key, seen.evidence.params, lang) for lang in ("sv", "en"))
    assert str(seen.evidence.params["strip_from"]) < str(seen.evidence.params["strip_to"])


def test_comfort_care_is_told_of_no_rhythm() -> None:
    """Where the goals are comfort no rhythm is told, and what was open clears."""
    plan = a_plan(goals=Goals.COMFORT)
    batch = waved(*good_ecg(300), *af([0.9] * 30), an_event(WaveFeature.ASYSTOLE, 20, 5.0), plan=plan)

    assert [each for each in evaluate(batch, NOW_S).observations if each.rule.startswith("rhythm.")] == []


def sensor_of(rule: str, *rows: FeatureRow) -> Track:
    """What one rule over sensors says over time."""
    return sensors.judge(waved(*rows))[rule]


def test_sensor_that_is_off_is_told_before_a_poor_signal() -> None:
    """A sensor without a signal is told after two minutes, an unreadable one after four of five, a good one never."""
    off = sensor_of("sensor.ecg", *good_ecg(600, 310), *good_ecg(300, quality=0.05, reasons=int(Reason.LEAD_OFF)))
    poor = sensor_of("sensor.ecg", *good_ecg(600, 310), *good_ecg(300, quality=0.2, reasons=int(Reason.NOISE)))

    assert [said(off, ago) for ago in (250, 210, 0)] == [Verdict.QUIET, Verdict.MEDIUM, Verdict.MEDIUM]
    assert [said(poor, ago) for ago in (210, 80, 70, 0)] == [Verdict.QUIET, Verdict.QUIET, Verdict.LOW, Verdict.LOW]
    assert said(sensor_of("sensor.ecg", *good_ecg(600))) is Verdict.QUIET


def test_sensor_is_well_again_when_most_of_it_can_be_read() -> None:
    """A sensor alert is over when less than two fifths of five minutes are unreadable, not at the first good beat."""
    bad = good_ecg(900, 310, quality=0.2)
    track = sensor_of("sensor.ecg", *bad, *good_ecg(300))

    assert [said(track, ago) for ago in (300, 130, 110)] == [Verdict.LOW, Verdict.LOW, Verdict.QUIET]


def ppg(rows: list[FeatureRow]) -> list[FeatureRow]:
    """The same of the pulse wave."""
    return [a_row(WaveFeature.PPG_QUALITY, NOW_S - row.at_us / 1e6, row.value) for row in rows]


def test_heart_that_both_signals_lose_at_once_is_told_first() -> None:
    """When ECG and pulse wave lose the heart at once, somebody is sent to look within half a minute."""
    lost = [*good_ecg(300, 30), *good_ecg(20, quality=0.05)]
    both = sensor_of(sensors.HEART, *lost, *ppg(lost))
    one = sensor_of(sensors.HEART, *lost, *ppg(good_ecg(300)))
    never = sensor_of(sensors.HEART, *good_ecg(300, quality=0.1), *ppg(good_ecg(300, quality=0.1)))

    assert [said(both, ago) for ago in (20, 0)] == [Verdict.QUIET, Verdict.HIGH]
    assert (said(one), said(never)) == (Verdict.QUIET, Verdict.UNKNOWN)


def test_sensor_findings_have_words() -> None:
    """A sensor alert says in both languages what to check."""
    rows = [*good_ecg(300, 30), *good_ecg(20, quality=0.05)]
    heart = found(waved(*rows, *ppg(rows)), sensors.HEART)
    off = found(waved(*good_ecg(300, quality=0.05, reasons=int(Reason.FLAT))), "sensor.ecg")

    assert heart is not None
    assert off is not None
    assert (heart.priority, off.priority) == (Priority.HIGH, Priority.MEDIUM)
    assert text(off.evidence.text_key, off.evidence.params, "sv").startswith(
        "EKG-elektroderna har inte gett någon signal"
    )
    assert text(heart.evidence.text_key, heart.evidence.params, "en").endswith("check the patient")


def test_unreadable_ecg_clears_no_alert() -> None:
    """An alert that is open stays as it is while the ECG cannot be read."""
    bad = good_ecg(900, quality=0.1)
    batch = waved(*bad, *af([NAN] * 90))
    stay = batch.stays[0]
    opened = {rule: an_alert(rule) for rule in (rhythm.AF, rhythm.PAUSE, rhythm.ASYSTOLE)}
    object.__setattr__(stay, "alerts", opened)

    assert [each for each in evaluate(batch, NOW_S).observations if each.rule in opened] == []


def test_signal_without_rows_is_judged() -> None:
    """A ward in which nobody has a waveform is judged by every rule, and nothing is said."""
    tracks = {**rhythm.judge(waved()), **sensors.judge(waved())}
    empty: Signal = waved().signal(WaveFeature.AF)

    assert {len(track.from_s) for track in tracks.values()} == {0}
    assert len(empty.t_s) == 0
    assert np.array_equal(empty.offsets, [0, 0])
