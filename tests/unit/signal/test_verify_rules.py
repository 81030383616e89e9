"""What a channel says about a claim: by its beats alone, each claim shown, contradicted and left open."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from alerting.signal import verify_rules as rules
from alerting.signal.records import Floats
from alerting.signal.verify_channels import Channel, Sort
from alerting.signal.verify_rules import RULES, AlarmKind, Says, Statement

Beats = tuple[Floats, Floats]  # when, and how like the usual beat


def a_channel(
    beat_s: npt.ArrayLike,
    *,
    likeness: npt.ArrayLike = 1.0,
    height: npt.ArrayLike = 1.0,
    sort: Sort = Sort.ECG,
    leakage: float = 0.8,
    width_s: float = 0.04,
) -> Channel:
    """Make a channel with these beats, s before the alarm, all of them usual ones unless said otherwise."""
    when = np.asarray(beat_s, float)
    return Channel(
        name="II",
        sort=sort,
        beat_s=when,
        likeness=np.broadcast_to(np.asarray(likeness, float), when.shape),
        height=np.broadcast_to(np.asarray(height, float), when.shape),
        quality=1.0,
        width_s=width_s,
        leakage=leakage,
    )


def every(seconds: float, first_s: float = -60.0, end_s: float = 0.0) -> Floats:
    """Return beats at equal steps."""
    return np.arange(first_s, end_s, seconds)


def a_run(rr_s: float, *, usual_rr_s: float = 0.8, beats: int = 6) -> Beats:
    """Return usual beats, a run of strange ones that begins 8 s before the alarm, a pause and usual ones again."""
    before = every(usual_rr_s, end_s=-8.0)
    run = before[-1] + 0.45 + rr_s * np.arange(beats)
    after = np.arange(run[-1] + 1.0, 0, usual_rr_s)
    alike = np.concatenate([np.ones(len(before)), np.full(beats, 0.3), np.ones(len(after))])
    return np.concatenate([before, run, after]), alike


@pytest.mark.parametrize(
    ("beats_s", "says"),
    [
        (every(0.8), Says.CONTRADICTS),
        (every(2.8), Says.CONTRADICTS),
        (every(0.8, end_s=-3.1), Says.NOTHING),
        (every(0.8, end_s=-4.0), Says.SHOWS),
        (np.concatenate([every(0.8, end_s=-10), every(0.8, first_s=-5.0)]), Says.SHOWS),
        (np.concatenate([every(0.8, end_s=-25), every(0.8, first_s=-17.0)]), Says.CONTRADICTS),
        (np.empty(0), Says.SHOWS),
    ],
    ids=["beats", "slow beats", "3 s", "4 s at the end", "5 s in the middle", "long ago", "no beat"],
)
def test_asystole_is_told_by_the_longest_hole(beats_s: Floats, says: Says) -> None:
    """Beats to the end contradict asystole, a hole of 4 s shows it, one in between says nothing."""
    assert rules.asystole(a_channel(beats_s)).says is says


@pytest.mark.parametrize(("likeness", "height"), [(0.5, 1.0), (1.0, 0.2), (1.0, 4.0)], ids=["form", "small", "large"])
def test_strange_beats_do_not_contradict_asystole(likeness: float, height: float) -> None:
    """P waves, fluttering and artefacts in a pause are no beats: they look otherwise, or are of another size."""
    beats_s = every(0.8)
    late = beats_s > -6

    found = rules.asystole(a_channel(beats_s, likeness=np.where(late, likeness, 1), height=np.where(late, height, 1)))

    assert found.says is Says.SHOWS
    assert found.value == pytest.approx(6, abs=0.8)


@pytest.mark.parametrize(
    ("rr_s", "likeness", "says"),
    [(1.0, 1.0, Says.CONTRADICTS), (1.2, 1.0, Says.CONTRADICTS), (1.6, 1.0, Says.SHOWS), (1.0, 0.5, Says.NOTHING)],
)
def test_bradycardia_is_told_by_the_slowest_five_beats(rr_s: float, likeness: float, says: Says) -> None:
    """60 and 50 a minute contradict, 37 shows; beats of another form tell nothing."""
    assert rules.bradycardia(a_channel(every(rr_s), likeness=likeness)).says is says


def test_beats_counted_twice_do_not_contradict_bradycardia() -> None:
    """40 beats a minute with every T wave taken for another beat of the same form; one extra beat is no such thing."""
    beats_s = every(1.5)
    once_more = np.sort(np.append(every(1.0), -5.6))

    assert rules.bradycardia(a_channel(np.sort([*beats_s, *(beats_s + 0.4)]))).says is Says.NOTHING
    assert rules.bradycardia(a_channel(once_more)).says is Says.CONTRADICTS


def test_five_slow_beats_among_faster_ones_show_bradycardia() -> None:
    """The slowest stretch counts, not the mean."""
    beats_s = np.concatenate([every(0.8, end_s=-12), np.arange(-11, -4, 1.6), every(0.8, first_s=-3.2)])

    assert rules.bradycardia(a_channel(beats_s)).says is Says.SHOWS


@pytest.mark.parametrize(
    ("beats_s", "says"),
    [
        (every(0.7), Says.CONTRADICTS),
        (every(0.4), Says.SHOWS),
        (np.cumsum(np.tile([0.45, 0.9, 0.6, 1.3, 0.5, 0.8], 16)) - 72.8, Says.NOTHING),
        (np.concatenate([every(0.7, end_s=-12), every(0.7, first_s=-6)]), Says.NOTHING),
    ],
    ids=["86", "150", "uneven", "gap"],
)
def test_only_a_steady_slow_beat_contradicts_tachycardia(beats_s: Floats, says: Says) -> None:
    """An uneven pulse may be what is left of a fast one, and beats may be in a gap."""
    assert rules.tachycardia(a_channel(beats_s, sort=Sort.PPG)).says is says


@pytest.mark.parametrize("rr_s", [0.25, 0.3, 0.4, 0.55])
def test_run_of_strange_beats_shows_ventricular_tachycardia(rr_s: float) -> None:
    """Six strange beats at 109 to 240 a minute show it, the usual beats before and after do not contradict."""
    when, alike = a_run(rr_s)

    assert rules.ventricular_tachycardia(a_channel(when, likeness=alike)).says is Says.SHOWS


def test_run_of_usual_form_and_double_height_is_no_contradiction() -> None:
    """A ventricular complex may resemble the usual one; it is larger."""
    when, alike = a_run(0.4)
    strange = alike < 0.9

    found = rules.ventricular_tachycardia(a_channel(when, likeness=0.95, height=np.where(strange, 1.9, 1)))

    assert found.says is Says.SHOWS


@pytest.mark.parametrize("rr_s", [0.5, 0.8, 1.2])
def test_usual_beats_all_through_contradict_ventricular_tachycardia(rr_s: float) -> None:
    """Also at 120 a minute: a fast normal rhythm is none."""
    assert rules.ventricular_tachycardia(a_channel(every(rr_s))).says is Says.CONTRADICTS


def test_fast_usual_beats_of_a_sine_wave_do_not_contradict() -> None:
    """A lead that has been in ventricular tachycardia for a minute takes it for usual, but it is nearly a sine wave."""
    sure = a_channel(every(0.35), leakage=0.35)

    assert rules.ventricular_tachycardia(sure).says is not Says.CONTRADICTS
    assert rules.ventricular_fibrillation(sure).says is not Says.CONTRADICTS


def test_broad_and_fast_usual_beats_do_not_contradict() -> None:
    """They may be the tachycardia itself, longer than the minute; narrow or slow ones contradict."""
    fast, slow = every(0.45), every(0.8)

    assert rules.ventricular_tachycardia(a_channel(fast, width_s=0.12)).says is not Says.CONTRADICTS
    assert rules.ventricular_tachycardia(a_channel(fast, width_s=0.05)).says is Says.CONTRADICTS
    assert rules.ventricular_tachycardia(a_channel(slow, width_s=0.12)).says is Says.CONTRADICTS


def test_strange_beats_that_are_never_fast_contradict_ventricular_tachycardia() -> None:
    """Every second beat ventricular, 80 a minute in all: no run."""
    beats_s = every(0.75)

    found = rules.ventricular_tachycardia(a_channel(beats_s, likeness=np.where(np.arange(len(beats_s)) % 2, 1, 0.2)))

    assert found.says is Says.CONTRADICTS


@pytest.mark.parametrize("sort", [Sort.PPG, Sort.PRESSURE])
def test_pulses_contradict_a_run_only_if_never_fast_and_never_lost(sort: Sort) -> None:
    """Steady pulses at 75 do; pulses that fall away for some beats do not; nor do pulses at 110."""
    fallen = every(0.8)

    assert rules.ventricular_tachycardia(a_channel(every(0.8), sort=sort)).says is Says.CONTRADICTS
    assert rules.ventricular_tachycardia(a_channel(every(0.545), sort=sort)).says is Says.NOTHING
    kept = fallen[(fallen < -6) | (fallen > -4)]
    assert rules.ventricular_tachycardia(a_channel(kept, sort=sort)).says is Says.NOTHING
    small = np.where((fallen > -6) & (fallen < -4), 0.4, 1.0)
    assert rules.ventricular_tachycardia(a_channel(fallen, sort=sort, height=small)).says is Says.NOTHING


def test_fibrillation_is_shown_by_waves_without_beats_and_contradicted_by_beats() -> None:
    """A lead of waves without usual beats shows it, one with usual beats contradicts, a silent one says nothing."""
    silent = every(0.8, end_s=-5.0)

    assert rules.ventricular_fibrillation(a_channel(silent, leakage=0.3)).says is Says.SHOWS
    assert rules.ventricular_fibrillation(a_channel(every(0.8))).says is Says.CONTRADICTS
    assert rules.ventricular_fibrillation(a_channel(silent)).says is Says.NOTHING


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("sort", Sort)
def test_channel_without_beats_contradicts_nothing(rule: Callable[[Channel], Statement], sort: Sort) -> None:
    """Silence is no evidence against an alarm, whatever it claims; nor are one, two or three beats."""
    for count in range(4):
        beats_s = np.linspace(-9, -1, count)

        assert rule(a_channel(beats_s, sort=sort)).says is not Says.CONTRADICTS


def test_every_claim_has_a_rule() -> None:
    """No alarm is left without one."""
    assert set(RULES) == set(AlarmKind)


def test_rates_are_counted_over_so_many_beats() -> None:
    """Steps of 1, 1, 0.5 and 0.5 s: the fastest three beats are at 120, the slowest at 60, four at 72 and 90."""
    beats_s = np.array([-3.0, -2.0, -1.0, -0.5, 0.0])

    assert rules.fastest(beats_s, 3) == pytest.approx(120)
    assert rules.slowest(beats_s, 3) == pytest.approx(60)
    assert rules.slowest(beats_s, 4) == pytest.approx(72)
    assert rules.fastest(beats_s, 4) == pytest.approx(90)
    assert np.isnan(rules.fastest(beats_s, 6))
