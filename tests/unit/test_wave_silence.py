"""A waveform that stops while other values come is told by the clock, once it had been a stream."""

import pytest

from alerting.evaluate import evaluate
from alerting.features import Batch
from alerting.observed import Quiet
from alerting.rules.wave_silence import observe
from alerting.words import text
from tests.builders_alerting import NOW_S, Sample, a_batch, an_alert
from tests.builders_waves import good_ecg, waved
from ward.alerts import Family, Finding, Priority
from ward.vitals import VitalKind
from ward.wave_features import FeatureRow

ECG = "silent.ecg"
VITALS: list[Sample] = [(VitalKind.HEART_RATE, ago, 72.0) for ago in range(0, 900, 60)]


def silent_for(seconds: float, streamed_s: float = 600.0) -> list[FeatureRow]:
    """A good ECG that ended so long ago."""
    return good_ecg(seconds + streamed_s, seconds)


def said(rows: list[FeatureRow], *, vitals: list[Sample] | None = None, alerts: tuple[str, ...] = ()) -> Batch:
    """A stay with these waveforms and values."""
    base = a_batch(*(VITALS if vitals is None else vitals), alerts=tuple(an_alert(rule) for rule in alerts))
    return waved(*rows, base=base)


def test_h01_waveform_that_stops_alone_is_told_by_the_clock() -> None:
    """Five minutes after its last ten seconds, with other values still coming, the stream is said to be silent."""
    batch = said(silent_for(300))
    found = [each for each in evaluate(batch, NOW_S).observations if isinstance(each, Finding) and each.rule == ECG]

    assert [(each.family, each.priority) for each in found] == [(Family.TECHNICAL, Priority.MEDIUM)]
    assert found[0].began_at.timestamp() == NOW_S - 300
    assert text(ECG, found[0].evidence.params, "sv").startswith("Inget EKG har kommit på 5 min")


def test_silence_is_looked_for_when_it_is_due() -> None:
    """Before five minutes are over nothing is said, and the clock knows when they will be."""
    seen = observe(said(silent_for(290)), NOW_S)

    assert seen.observations == ()
    assert seen.next_s.tolist() == [NOW_S + 10]


@pytest.mark.parametrize(
    ("rows", "vitals"),
    [
        (silent_for(400, streamed_s=60), VITALS),
        (silent_for(400), [(VitalKind.HEART_RATE, 200.0, 72.0)]),
        ([], VITALS),
    ],
    ids=["a recording now and then", "nothing comes at all", "never any waveform"],
)
def test_what_was_no_stream_or_is_all_silent_says_nothing(rows: list[FeatureRow], vitals: list[Sample]) -> None:
    """A strip now and then is no stream; where everything is silent others say so."""
    assert observe(said(rows, vitals=vitals), NOW_S).observations == ()


def test_stream_that_is_back_is_quiet() -> None:
    """The alert ends with the next ten seconds of the stream, and not because nothing is known of it any more."""
    assert [type(each) for each in observe(said(silent_for(10), alerts=(ECG,)), NOW_S).observations] == [Quiet]
    assert observe(said([], alerts=(ECG,)), NOW_S).observations == ()
