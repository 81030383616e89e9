"""Readings of several stays for judging, and the ways in which two tracks must agree."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st

from alerting.evaluate import judge
from alerting.features import Batch, Readings, StayContext, batch, gathered
from alerting.tracks import Track, Verdict, in_force
from ward.alerts import Priority
from ward.people import StayId
from ward.plans import Combination, Limits, Night, Plan, Side, Term, template
from ward.vitals import POOR_BELOW, USABLE, VITALS, Validity, VitalKind

# 21:40 in Stockholm: some night begins within what is judged.
START_S = 1_795_034_400.0
HR, SPO2, RR = VitalKind.HEART_RATE, VitalKind.SPO2, VitalKind.RESP_RATE
TEMP, FLOW, ALERTNESS = VitalKind.TEMPERATURE, VitalKind.OXYGEN_FLOW, VitalKind.CONSCIOUSNESS
VALUES = {
    HR: (34, 36, 39, 44, 46, 72, 95, 112, 131, 171),
    SPO2: (79, 85, 88.5, 90, 91.5, 92, 94, 97),
    RR: (5, 9, 15, 22.4, 23, 26, 36),
    TEMP: (34.9, 37, 38.3, 38.4, 38.6, 41.2),
    FLOW: (0, 2),
    ALERTNESS: (0, 1),
}
GAPS_S = (1, 15, 30, 60, 60, 61, 119, 300, 599, 600, 601, 1200, 4000, 43_200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One reading: of which stay, what, when (seconds after the start), how good and how valid."""

    stay: int
    kind: VitalKind
    t_s: float
    value: float
    quality: float = 0.9
    validity: Validity = Validity.VLD


def rich(**changes: object) -> Plan:
    """Make a plan that uses everything that a plan can say of readings."""
    limits = {
        **template().limits,
        HR: replace(template().limits[HR], k=2, n=3),
        RR: replace(template().limits[RR], median_s=180.0),
    }
    plan = Plan(
        limits=limits,
        night=Night(begins=22 * 60, ends=6 * 60, limits={SPO2: Limits(alert_low=85, warn_low=88, delay_s=120)}),
        expected=template().expected,
        news2_rise_s=3600.0,
        combinations=(
            Combination(
                name="sepsis",
                terms=(
                    Term(kind=HR, side=Side.HIGH, bound=95),
                    Term(kind=RR, side=Side.HIGH, bound=23),
                    Term(kind=TEMP, side=Side.HIGH, bound=38.4),
                ),
                at_least=2,
                delay_s=90,
                priority=Priority.HIGH,
            ),
        ),
    )
    return replace(plan, **changes)  # type: ignore[arg-type]


PLANS = (rich(), template(), rich(spo2_scale=2, night=None, news2_rise=2))


@st.composite
def readings(draw: st.DrawFn, stays: int = 1, most: int = 25) -> list[Given]:
    """Draw readings, with gaps about as long as what rules wait for."""
    found = []
    # One kind alone meets its own limits more often than seven together do.
    kinds = draw(
        st.sampled_from([(SPO2,), (HR,), (SPO2, RR, TEMP), (HR, HR, SPO2, SPO2, SPO2, RR, TEMP, FLOW, ALERTNESS)])
    )
    for stay in range(stays):
        t_s = 0.0
        for _ in range(draw(st.integers(0, most))):
            t_s += draw(st.sampled_from(GAPS_S))
            kind = draw(st.sampled_from(kinds))
            value = draw(st.sampled_from(VALUES[kind]))
            quality = draw(st.sampled_from([0.9, 0.9, 0.9, 0.1]))
            odd = draw(st.integers(0, 12)) == 0
            found.append(
                Given(
                    stay=stay,
                    kind=kind,
                    t_s=t_s,
                    value=value,
                    quality=quality,
                    validity=Validity.OFLW if odd else Validity.VLD,
                )
            )
    return found


def columns_of(given: Sequence[Given]) -> Readings:
    """Turn readings into columns."""
    times = np.array([START_S + each.t_s for each in given])
    return Readings(
        stay=np.array([each.stay for each in given], np.int64),
        kind=np.array([VITALS[each.kind].code for each in given], np.int64),
        measured_s=times,
        received_s=times,
        value=np.array([each.value for each in given], np.float64),
        validity=np.array([each.validity for each in given], np.int64),
        quality=np.array([each.quality for each in given], np.float64),
    )


def batch_of(given: Sequence[Given], plans: Sequence[Plan]) -> Batch:
    """Make a batch of as many stays as there are plans."""
    contexts = [
        StayContext(stay_id=StayId(number), plan=plan, watched_from_s=START_S - 100.0, alerts={})
        for number, plan in enumerate(plans)
    ]
    columns = columns_of(given)
    odd = gathered(columns, [Validity.OFLW], len(plans))
    return batch(contexts, gathered(columns, USABLE, len(plans)), implausible=odd)


def tracks_of(looked_at: Batch) -> dict[str, Track]:
    """Return every rule's track by its full name."""
    return {name: track for _, name, track in judge(looked_at)}


def said(tracks: Mapping[str, Track], name: str, at_s: float, stay: int = 0) -> tuple[str, str]:
    """Say what a rule says of a stay at an instant, and what it cannot exclude; without a track nothing is found."""
    track = tracks.get(name)
    if track is None:
        return ("QUIET", "QUIET")
    row = in_force(track, at_s)[stay]
    if row < 0:
        return ("UNKNOWN", "UNKNOWN")
    return Verdict(int(track.verdict[row])).name, Verdict(int(track.most[row])).name


def instants(tracks: Iterable[Mapping[str, Track]], *more: float) -> list[float]:
    """Return the instants at which anything changes in any track, and some just between."""
    turns = sorted(
        {float(at_s) for each in tracks for track in each.values() for at_s in track.from_s if np.isfinite(at_s)}
        | set(more)
    )
    return sorted({*turns, *(at_s + 0.5 for at_s in turns)})


def decides(rows: Sequence[Given], back_s: Mapping[VitalKind, float], at_s: float) -> list[Given]:
    """Leave out the readings from before a look-back, but for the newest of each kind, of its usable, of its good."""
    kept: list[Given] = []
    for kind in {each.kind for each in rows}:
        own = sorted((each for each in rows if each.kind is kind), key=lambda each: each.t_s)
        recent = [each for each in own if each.t_s >= at_s - back_s.get(kind, 0.0)]
        before = [each for each in own if each.t_s < at_s - back_s.get(kind, 0.0)]
        usable = [each for each in before if each.validity == 0]
        good = [each for each in usable if each.quality >= POOR_BELOW]
        newest = [some[-1] for some in (before, usable, good) if some]
        kept += [*(each for each in before if each in newest), *recent]
    return kept
