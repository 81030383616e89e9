"""Alarms checked across channels: each kind true and contradicted, on hearts whose beats are known."""

import numpy as np
import numpy.typing as npt
import pytest

from alerting.signal import verify as verification
from alerting.signal.records import Floats
from alerting.signal.verify import AlarmKind, Event, Reason, Says, kind_of, verify, verify_batch
from tests import builders_hearts as body
from tests.builders_hearts import FS_HZ, Heart

Signals = dict[str, Floats]

FASTER = AlarmKind.TACHYCARDIA

STEADY = body.heart(body.steady(75))
STOPPED = body.heart(body.steady(75, end_s=54))
SLOW = body.heart(body.steady(75, end_s=46), body.steady(33, start_s=48))
FAST = body.heart(body.steady(80, end_s=44), body.steady(155, start_s=44.5))
RUN = body.heart(
    body.steady(75, end_s=51), body.steady(75, start_s=56), ventricular=body.steady(160, start_s=51.5, end_s=55)
)
BROAD = body.heart(body.steady(75, end_s=50), ventricular=body.steady(170, start_s=50.5))


def worn(heart: Heart, *names: str) -> Signals:
    """Return what these channels show of a heart."""
    of = {"II": body.lead, "V": lambda h: body.lead(h, size=-0.7), "PLETH": body.pulse, "ABP": body.pressure}
    return {name: of[name](heart) for name in names or ("II", "V", "PLETH")}


def fibrillating(*names: str) -> Signals:
    """Return a heart that fibrillates from 8 s before the alarm on, and moves no blood."""
    heart = body.heart(body.steady(75, end_s=52))
    waves = body.fibrillation(start_s=52.3)
    return {name: each + waves if name in {"II", "V"} else each for name, each in worn(heart, *names).items()}


def lead_lost(heart: Heart, *names: str) -> Signals:
    """Return a heart whose lead II shows nothing from 8 s before the alarm on."""
    made = worn(heart, *names)
    made["II"] = np.where(np.arange(len(made["II"])) < 52 * FS_HZ, made["II"], 0.0)
    return made


def shaken(signals: Signals, *names: str, from_s: float = 48.0) -> Signals:
    """Return signals with movement ten times as large as the beats on some channels."""
    late = np.arange(int(body.LENGTH_S * FS_HZ)) >= from_s * FS_HZ
    return {
        name: each + late * body.noise(10 * float(np.std(each)), seed=len(name)) * (name in names)
        for name, each in signals.items()
    }


TRUE = {
    AlarmKind.ASYSTOLE: worn(STOPPED),
    AlarmKind.BRADYCARDIA: worn(SLOW),
    AlarmKind.TACHYCARDIA: worn(FAST),
    AlarmKind.VENTRICULAR_TACHYCARDIA: worn(RUN),
    AlarmKind.VENTRICULAR_FIBRILLATION: fibrillating(),
}


@pytest.mark.parametrize("kind", [kind for kind in AlarmKind if kind is not AlarmKind.VENTRICULAR_FIBRILLATION])
def test_true_alarm_is_confirmed(kind: AlarmKind) -> None:
    """Channels that read well show what the alarm claims, and it speaks."""
    verdict = verify(TRUE[kind], FS_HZ, kind)

    assert verdict.believed
    assert verdict.reason is Reason.CONFIRMED
    assert not verdict.doubtful


def test_fibrillating_ventricles_leave_nothing_to_read_and_speak() -> None:
    """Neither lead nor pulse wave has beats that could be of good quality: the alarm speaks, and nobody contradicts."""
    verdict = verify(TRUE[AlarmKind.VENTRICULAR_FIBRILLATION], FS_HZ, AlarmKind.VENTRICULAR_FIBRILLATION)

    assert verdict.believed
    assert verdict.reason in {Reason.CONFIRMED, Reason.UNCONTRADICTED, Reason.UNREADABLE}


@pytest.mark.parametrize("kind", AlarmKind)
@pytest.mark.parametrize("names", [("II",), ("V", "PLETH", "ABP"), ("PLETH",)])
def test_true_alarm_is_believed_on_any_channels(kind: AlarmKind, names: tuple[str, ...]) -> None:
    """Whatever channels are there, none contradicts what is true."""
    hearts = dict(zip(AlarmKind, (STOPPED, SLOW, FAST, RUN), strict=False))
    signals = fibrillating(*names) if kind not in hearts else worn(hearts[kind], *names)

    assert verify(signals, FS_HZ, kind).believed


@pytest.mark.parametrize("kind", AlarmKind)
@pytest.mark.parametrize("names", [("II",), ("PLETH",), ("ABP",), ("II", "V", "PLETH", "ABP")])
def test_steady_heart_contradicts_every_claim(kind: AlarmKind, names: tuple[str, ...]) -> None:
    """75 beats a minute of good quality, on any channel, are none of the five."""
    verdict = verify(worn(STEADY, *names), FS_HZ, kind)

    assert not verdict.believed
    assert verdict.reason is Reason.CONTRADICTED


@pytest.mark.parametrize("kind", [AlarmKind.ASYSTOLE, AlarmKind.BRADYCARDIA])
@pytest.mark.parametrize("other", ["V", "PLETH", "ABP"])
def test_lost_lead_is_contradicted_by_another_channel(kind: AlarmKind, other: str) -> None:
    """No QRS on one lead is no asystole where another lead or a pulse shows beats all through."""
    assert not verify(lead_lost(STEADY, "II", other), FS_HZ, kind).believed


def test_lost_lead_alone_is_believed() -> None:
    """With nothing else to ask, the alarm speaks."""
    assert verify(lead_lost(STEADY, "II"), FS_HZ, AlarmKind.ASYSTOLE).believed


@pytest.mark.parametrize("kind", [AlarmKind.VENTRICULAR_TACHYCARDIA, AlarmKind.VENTRICULAR_FIBRILLATION])
def test_movement_on_one_lead_is_contradicted_by_the_other_channels(kind: AlarmKind) -> None:
    """What looks like a ventricular rhythm on lead II is movement where lead V and the pulse go on as usual."""
    assert not verify(shaken(worn(STEADY), "II"), FS_HZ, kind).believed


def test_fast_normal_rhythm_is_no_ventricular_tachycardia() -> None:
    """A heart that beats 115 a minute all along in its usual form."""
    assert not verify(worn(body.heart(body.steady(115))), FS_HZ, AlarmKind.VENTRICULAR_TACHYCARDIA).believed


def test_ventricular_tachycardia_that_goes_on_is_believed() -> None:
    """One that has not ended when the alarm sounds."""
    assert verify(worn(BROAD), FS_HZ, AlarmKind.VENTRICULAR_TACHYCARDIA).believed


def test_pacemaker_spikes_do_not_hide_a_heart_that_stands_still() -> None:
    """Where a pulse channel stands still, the beats of the ECG do not contradict asystole."""
    signals = {"II": body.lead(STEADY), "ABP": body.pressure(STOPPED)}

    verdict = verify(signals, FS_HZ, AlarmKind.ASYSTOLE)

    assert verdict.believed
    assert [each.says for each in verdict.witnesses] == [Says.CONTRADICTS, Says.SHOWS]


def test_pulse_of_every_second_beat_does_not_contradict_tachycardia() -> None:
    """Where the leads show 155 a minute, a steady pulse at half of it is what reaches the finger."""
    half = body.heart(body.steady(77.5))

    verdict = verify({"II": body.lead(body.heart(body.steady(155))), "PLETH": body.pulse(half)}, FS_HZ, FASTER)

    assert verdict.believed
    assert [each.says for each in verdict.witnesses] == [Says.SHOWS, Says.CONTRADICTS]


def test_two_leads_that_show_a_run_outweigh_a_steady_pulse() -> None:
    """A pulse that is late, or another person's, does not contradict what both leads show; it does for one lead."""
    shown = worn(RUN, "II", "V") | {"PLETH": body.pulse(STEADY)}

    assert verify(shown, FS_HZ, AlarmKind.VENTRICULAR_TACHYCARDIA).believed
    del shown["V"]
    assert not verify(shown, FS_HZ, AlarmKind.VENTRICULAR_TACHYCARDIA).believed


@pytest.mark.parametrize("kind", AlarmKind)
def test_alarm_speaks_but_is_doubtful_where_nothing_can_be_read(kind: AlarmKind) -> None:
    """Movement on every channel: believed, with the reason that nothing could be read."""
    verdict = verify(shaken(worn(STEADY), "II", "V", "PLETH", from_s=0), FS_HZ, kind)

    assert verdict.believed
    assert verdict.doubtful
    assert verdict.reason is Reason.UNREADABLE


@pytest.mark.parametrize("kind", AlarmKind)
@pytest.mark.parametrize("bad", ["noise", "flat", "missing", "clipped", "sawtooth"])
@pytest.mark.parametrize("name", ["V", "PLETH"])
def test_h11_bad_channel_never_silences_a_true_alarm(kind: AlarmKind, bad: str, name: str) -> None:
    """Whatever a channel shows that is no heartbeat, the alarm that lead II shows speaks."""
    samples = int(body.LENGTH_S * FS_HZ)
    of = {
        "noise": body.noise(30),
        "flat": np.full(samples, 80.0),
        "missing": np.full(samples, np.nan),
        "clipped": np.clip(body.noise(200), -20, 20),
        "sawtooth": np.arange(samples) % 4.0,
    }

    assert verify(TRUE[kind] | {name: of[bad]}, FS_HZ, kind).believed


@pytest.mark.parametrize("kind", AlarmKind)
@pytest.mark.parametrize(
    "signals",
    [{}, {"RESP": np.zeros(15000)}, {"II": np.zeros(0)}, {"II": np.zeros(100)}, {"II": np.full(15000, np.nan)}],
    ids=["none", "breathing", "empty", "short", "missing"],
)
def test_alarm_speaks_without_anything_to_read(kind: AlarmKind, signals: dict[str, npt.ArrayLike]) -> None:
    """No channel, an empty or a short one, is nothing that could contradict."""
    verdict = verify(signals, FS_HZ, kind)

    assert verdict.believed
    assert verdict.doubtful


def test_few_seconds_of_a_steady_heart_contradict_no_pause() -> None:
    """Ten seconds are less than the claim may reach back: they do not contradict asystole."""
    signals = {name: each[-int(10 * FS_HZ) :] for name, each in worn(STEADY).items()}

    assert verify(signals, FS_HZ, AlarmKind.ASYSTOLE).believed


@pytest.mark.parametrize("kind", AlarmKind)
@pytest.mark.parametrize("missing_s", [4.0, 8.0])
def test_gap_in_the_only_channel_contradicts_nothing(kind: AlarmKind, missing_s: float) -> None:
    """Seconds without samples before the alarm may have held what it claims."""
    lead = body.lead(STEADY)
    lead[-int((missing_s + 1) * FS_HZ) : -int(FS_HZ)] = np.nan

    assert verify({"II": lead}, FS_HZ, kind).believed


@pytest.mark.parametrize("kind", AlarmKind)
def test_integers_are_read_as_they_are(kind: AlarmKind) -> None:
    """Samples as a converter gives them, 16 bits, say the same as floats."""
    for signals in (TRUE[kind], worn(STEADY)):
        counts = {name: np.round(1000 * each).astype(np.int16) for name, each in signals.items()}

        assert verify(counts, FS_HZ, kind).believed == verify(signals, FS_HZ, kind).believed


def test_witnesses_say_what_they_saw() -> None:
    """A witness for each channel that has beats, with the number behind it and its quality."""
    verdict = verify(worn(STOPPED) | {"RESP": body.noise(1)}, FS_HZ, AlarmKind.ASYSTOLE)

    assert [each.channel for each in verdict.witnesses] == ["II", "V", "PLETH"]
    assert verdict.witnesses[0].says is Says.SHOWS
    assert verdict.witnesses[0].value == pytest.approx(6, abs=1)
    assert all(0 <= each.quality <= 1 for each in verdict.witnesses)
    assert verdict.witnesses[0].trusted


def test_batch_gives_what_each_alone_gives() -> None:
    """Five patients at once, each with another alarm; one lacks a channel."""
    kinds = list(AlarmKind)
    batch = {name: np.stack([TRUE[kind][name] for kind in kinds]) for name in ("II", "V", "PLETH")}
    batch["PLETH"][2] = np.nan

    found = verify_batch(batch, FS_HZ, kinds)

    assert [each.believed for each in found] == [True] * 5
    for row, kind in enumerate(kinds):
        alone = verify({name: each[row] for name, each in batch.items()}, FS_HZ, kind)
        assert repr(found[row]) == repr(alone)


def test_batch_of_other_size_than_its_claims_is_refused() -> None:
    """Each record needs a claim."""
    with pytest.raises(ValueError, match="signals: have II 2 records, must have one for each of the 1 kinds"):
        verify_batch({"II": np.zeros((2, 1000))}, FS_HZ, [AlarmKind.ASYSTOLE])


def test_unknown_claim_is_refused() -> None:
    """A claim that is none of the five is a mistake of the caller."""
    with pytest.raises(ValueError, match="rest"):
        verify({}, FS_HZ, "rest")  # type: ignore[arg-type]


NAN = float("nan")


@pytest.mark.parametrize(
    ("event", "beats", "lasted_s", "per_min", "kind"),
    [
        (Event.PAUSE, 2, 2.9, NAN, None),
        (Event.PAUSE, 2, 3.0, NAN, AlarmKind.ASYSTOLE),
        (Event.SLOW_RUN, 8, 8.0, 49, None),
        (Event.SLOW_RUN, 8, 12.0, 38, AlarmKind.BRADYCARDIA),
        (Event.FAST_RUN, 30, 17.0, 105, None),
        (Event.FAST_RUN, 30, 12.0, 150, AlarmKind.TACHYCARDIA),
        (Event.VENTRICULAR_RUN, 4, 1.0, 160, None),
        (Event.VENTRICULAR_RUN, 8, 8.0, 60, None),
        (Event.VENTRICULAR_RUN, 6, 2.0, 150, AlarmKind.VENTRICULAR_TACHYCARDIA),
        (Event.VENTRICULAR_RUN, 12, 2.5, 260, AlarmKind.VENTRICULAR_FIBRILLATION),
        (Event.VENTRICULAR_RUN, 6, 2.0, NAN, None),
    ],
)
def test_event_of_the_ecg_is_verified_as_what_it_claims(
    event: Event, beats: int, lasted_s: float, per_min: float, kind: AlarmKind | None
) -> None:
    """Pauses, slow, fast and ventricular runs go to their check; a mild one is none of the claims."""
    assert kind_of(event, beats=beats, lasted_s=lasted_s, per_min=per_min) is kind


def test_every_claim_says_who_is_heard() -> None:
    """Each kind has an order of who decides, and somebody can contradict it."""
    assert set(verification.HEARD) == set(AlarmKind)
    for order in verification.HEARD.values():
        assert Says.CONTRADICTS in {says for _, says, _ in order}
