"""What must hold of verdicts on alarms, whatever the hearts: unit, order and company of channels change nothing."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.signal.records import Floats
from alerting.signal.verify import AlarmKind, Verdict, verify, verify_batch
from tests import builders_hearts as body
from tests.builders_hearts import FS_HZ

Signals = dict[str, Floats]
kinds = st.sampled_from(list(AlarmKind))


@st.composite
def patients(draw: st.DrawFn) -> Signals:
    """Draw the last minute of somebody: a heart with or without a run or a pause, on channels of varying quality."""
    rate = draw(st.integers(45, 130))
    change_s = draw(st.floats(44, 58))
    seed = draw(st.integers(0, 1000))
    before = body.steady(rate, end_s=change_s, seed=seed)
    heart = {
        "goes on": body.heart(body.steady(rate, seed=seed)),
        "stops": body.heart(before),
        "slows": body.heart(before, body.steady(34, start_s=change_s + 1)),
        "runs": body.heart(before, ventricular=body.steady(170, start_s=change_s + 0.4)),
    }[draw(st.sampled_from(["goes on", "stops", "slows", "runs"]))]
    trouble = draw(st.sampled_from([0.0, 0.0, 0.1, 0.5, 3.0]))
    signals = {"II": body.lead(heart), "PLETH": body.pulse(heart)}
    return {
        name: each + body.noise(trouble * float(np.std(each)), seed=seed + at)
        for at, (name, each) in enumerate(signals.items())
    }


def said(verdict: Verdict) -> dict[str, tuple[str, bool]]:
    """Return what each channel said, and whether it was heard."""
    return {each.channel: (each.says, each.trusted) for each in verdict.witnesses}


@settings(max_examples=8)
@given(patients(), kinds, st.sampled_from([2.0**-20, 0.25, 2.0**20]))
def test_unit_changes_nothing(signals: Signals, kind: AlarmKind, factor: float) -> None:
    """An ECG or a pulse wave in another unit says the same and is heard as much."""
    other = {name: factor * each for name, each in signals.items()}

    assert said(verify(other, FS_HZ, kind)) == said(verify(signals, FS_HZ, kind))


@settings(max_examples=8)
@given(patients(), kinds, st.floats(-1000, 1000), st.sampled_from([1.0, -1.0]))
def test_offset_and_polarity_change_no_verdict(signals: Signals, kind: AlarmKind, offset: float, sign: float) -> None:
    """Around another level, and with the lead turned round, the same is believed for the same reason."""
    other = {"II": sign * signals["II"] + offset, "PLETH": signals["PLETH"] + offset}

    assert verify(other, FS_HZ, kind).reason is verify(signals, FS_HZ, kind).reason


@settings(max_examples=8)
@given(patients(), kinds)
def test_order_and_company_of_channels_change_nothing(signals: Signals, kind: AlarmKind) -> None:
    """Each channel says what it says alone; the verdict does not depend on their order."""
    together = verify(signals, FS_HZ, kind)
    turned = verify(dict(reversed(signals.items())), FS_HZ, kind)

    assert turned.reason is together.reason
    assert said(turned) == said(together)
    for name, each in signals.items():
        assert said(verify({name: each}, FS_HZ, kind))[name] == said(together)[name]


@settings(max_examples=8)
@given(patients(), kinds, st.sampled_from(["noise", "flat", "missing"]), st.sampled_from(["V", "ABP", "PPG"]))
def test_h11_dead_channel_silences_nothing(signals: Signals, kind: AlarmKind, dead: str, name: str) -> None:
    """A channel that shows no heart added to any others never makes a believed alarm a contradicted one."""
    samples = len(signals["II"])
    made = {"noise": body.noise(20), "flat": np.zeros(samples), "missing": np.full(samples, np.nan)}[dead]
    with_dead = verify(signals | {name: made}, FS_HZ, kind)

    assert with_dead.believed >= verify(signals, FS_HZ, kind).believed


@settings(max_examples=3)
@given(st.lists(st.tuples(patients(), kinds), min_size=1, max_size=3))
def test_batch_gives_what_each_alone_gives(each: list[tuple[Signals, AlarmKind]]) -> None:
    """A patient's verdict does not depend on who else is looked at."""
    batch = {name: np.stack([signals[name] for signals, _ in each]) for name in ("II", "PLETH")}

    found = verify_batch(batch, FS_HZ, [kind for _, kind in each])

    assert [repr(one) for one in found] == [repr(verify(signals, FS_HZ, kind)) for signals, kind in each]


@settings(max_examples=8)
@given(patients(), kinds)
def test_contradiction_names_who_contradicts(signals: Signals, kind: AlarmKind) -> None:
    """An alarm is silenced by a trusted channel or not at all."""
    verdict = verify(signals, FS_HZ, kind)

    if not verdict.believed:
        assert ("contradicts", True) in said(verdict).values()
