"""Makes the library of deteriorations that every plan must still find: `python -m benchmarks.deteriorations` writes it.

Each course is made up by the simulator's body and device (no recording of a person stands in the project): the signals
of twelve hours, as a device measures them, of which the first four are calm. `found_by_min` is when somebody must have
been told at the latest: half an hour after the body's true signs have been dangerous for five minutes (NEWS2 of seven,
or one sign beyond the standard plan's limit for alerts).
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from types import MappingProxyType

import numpy as np

from alerting.rules import news2
from simulator.course import Change, Course, Target
from simulator.device import Kit, Plan, samples
from simulator.physiology import Baseline, Body, vitals_at
from ward import plans
from ward.vitals import VitalKind

FOLDER = Path(__file__).resolve().parent.parent / "alerting" / "courses"
_HOURS, _CALM_S = 12, 4 * 3600.0
_DANGEROUS_S, _MARGIN_S = 300.0, 1800.0
_NEWS2_HIGH = 7
# As a kit for home care measures: continuously each minute, the rest now and then.
_EVERY_S = {
    VitalKind.HEART_RATE: 60.0,
    VitalKind.SPO2: 60.0,
    VitalKind.RESP_RATE: 60.0,
    VitalKind.TEMPERATURE: 3600.0,
    VitalKind.SYSTOLIC: 3600.0,
    VitalKind.CONSCIOUSNESS: 7200.0,
    VitalKind.OXYGEN_FLOW: 7200.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A deterioration: of whom, and what is added from hour four on; points are (hours after its start, added)."""

    name: str
    title: str
    title_sv: str
    baseline: Baseline
    changes: dict[Target, tuple[tuple[float, float], ...]]
    seed: int


CASES = (
    Case(
        name="sepsis",
        title="Sepsis",
        title_sv="Sepsis",
        baseline=Baseline(age_years=79, heart_rate=76, resp_rate=16, spo2=96.4, systolic=128, mobility=0.3),
        changes={
            Target.TEMPERATURE: ((0, 0), (2, 1.6), (6, 2.4), (8, 2.4)),
            Target.HEART_RATE: ((0, 0), (2, 10), (6, 24), (8, 24)),
            Target.RESP_RATE: ((0, 0), (2, 3), (6, 7), (8, 7)),
            Target.SYSTOLIC: ((0, 0), (3, -15), (6, -40), (8, -42)),
            Target.SPO2: ((0, 0), (3, -1.5), (6, -3.5), (8, -3.5)),
            Target.ACTIVITY: ((0, 0), (2, -0.9), (8, -0.9)),
        },
        seed=301,
    ),
    Case(
        name="copd_exacerbation",
        title="COPD exacerbation",
        title_sv="Försämring i KOL",
        baseline=Baseline(age_years=76, heart_rate=84, resp_rate=17.5, spo2=93, oxygen_flow=1.0, mobility=0.2),
        changes={
            Target.SPO2: ((0, 0), (1, -4), (4, -8.5), (8, -9)),
            Target.RESP_RATE: ((0, 0), (1, 3), (4, 7), (8, 7)),
            Target.HEART_RATE: ((0, 0), (2, 8), (8, 12)),
            Target.ACTIVITY: ((0, 0), (1, -0.8), (8, -0.8)),
        },
        seed=302,
    ),
    Case(
        name="pulmonary_oedema",
        title="Heart failure, wet lungs in the night",
        title_sv="Hjärtsvikt, vatten i lungorna på natten",
        baseline=Baseline(age_years=84, heart_rate=78, resp_rate=17, spo2=95.4, systolic=138, mobility=0.25),
        changes={
            Target.SPO2: ((0, 0), (2, -4), (4, -7), (8, -8)),
            Target.RESP_RATE: ((0, 0), (2, 4), (4, 8), (8, 8)),
            Target.HEART_RATE: ((0, 0), (2, 10), (4, 22), (8, 22)),
            Target.ACTIVITY: ((0, 0), (1, -0.9), (8, -0.9)),
        },
        seed=303,
    ),
    Case(
        name="opioid",
        title="Opioid, breathing too slowly",
        title_sv="Opioid, för långsam andning",
        baseline=Baseline(age_years=71, heart_rate=74, resp_rate=14, spo2=96, mobility=0.2),
        changes={
            Target.RESP_RATE: ((0, 0), (0.5, -4), (1.5, -8), (8, -8)),
            Target.SPO2: ((0, 0), (1, -3), (2, -9), (8, -9)),
            Target.HEART_RATE: ((0, 0), (1, -6), (8, -10)),
            Target.ACTIVITY: ((0, 0), (0.3, -1), (8, -1)),
        },
        seed=304,
    ),
    Case(
        name="bleeding",
        title="Bleeding",
        title_sv="Blödning",
        baseline=Baseline(age_years=68, heart_rate=72, resp_rate=15, spo2=97, systolic=134, mobility=0.3),
        changes={
            Target.HEART_RATE: ((0, 0), (1, 18), (3, 48), (8, 62)),
            Target.SYSTOLIC: ((0, 0), (2, -14), (4, -45), (8, -55)),
            Target.RESP_RATE: ((0, 0), (2, 4), (4, 9), (8, 10)),
            Target.ACTIVITY: ((0, 0), (1, -0.8), (8, -0.8)),
        },
        seed=305,
    ),
    Case(
        name="fast_atrial_fibrillation",
        title="Atrial fibrillation, fast",
        title_sv="Snabbt förmaksflimmer",
        baseline=Baseline(age_years=77, heart_rate=74, resp_rate=16, spo2=96, irregularity=6.0, mobility=0.3),
        changes={
            Target.HEART_RATE: ((0, 0), (0.1, 62), (8, 66)),
            Target.RESP_RATE: ((0, 0), (0.5, 3), (8, 4)),
            Target.ACTIVITY: ((0, 0), (0.2, -0.7), (8, -0.7)),
        },
        seed=306,
    ),
    Case(
        name="heart_block",
        title="Heart block, pulse too slow",
        title_sv="Hjärtblock, för långsam puls",
        baseline=Baseline(age_years=82, heart_rate=68, resp_rate=16, spo2=96, mobility=0.2),
        changes={
            Target.HEART_RATE: ((0, 0), (0.2, -32), (8, -34)),
            Target.ACTIVITY: ((0, 0), (0.2, -0.9), (8, -0.9)),
        },
        seed=307,
    ),
)


def body_of(case: Case) -> Body:
    """Return the body that lives the case."""
    changes = tuple(
        Change(target=target, points=tuple((hours * 3600.0, value) for hours, value in points))
        for target, points in case.changes.items()
    )
    return Body(
        seed=case.seed,
        baseline=case.baseline,
        course=Course(starts_after_s=_CALM_S, changes=changes),
        clock_s=9 * 3600.0,
    )


def dangerous_from_min(body: Body) -> float:
    """Return from which minute on the true signs have been dangerous for five minutes.

    Raises
    ------
    ValueError
        If they never are: then the case is no deterioration.
    """
    t_s = np.arange(0.0, _HOURS * 3600.0, 30.0)
    truth = vitals_at(body, t_s)
    values = {kind: np.asarray(getattr(truth, kind.value)) for kind in _EVERY_S}
    known = {kind: np.zeros(len(t_s), np.bool_) for kind in news2.INPUTS}
    full = {kind: values.get(kind, np.full(len(t_s), np.nan)) for kind in news2.INPUTS}
    total = news2.score(full, known, np.ones(len(t_s), np.int64)).total_min
    bad = total >= _NEWS2_HIGH
    for kind, limits in plans.template().limits.items():
        low = -np.inf if limits.alert_low is None else limits.alert_low
        high = np.inf if limits.alert_high is None else limits.alert_high
        bad |= (values[kind] < low) | (values[kind] > high)
    steps = round(_DANGEROUS_S / 30.0)
    held = np.convolve(bad & (t_s >= _CALM_S), np.ones(steps), "full")[: len(bad)] >= steps
    if not held.any():
        raise ValueError(f"seed {body.seed}: never dangerous")
    return float(t_s[held.argmax()]) / 60.0


def text_of(case: Case) -> str:
    """Return the file of a case."""
    body = body_of(case)
    found_by = round(dangerous_from_min(body) + _MARGIN_S / 60.0)
    kit = Kit(device_id="library", body=body, plan=Plan(every_s=MappingProxyType(_EVERY_S)))
    lines = [
        "# Made by `python -m benchmarks.deteriorations`: made up, of no person; canonical units.",
        f'title = "{case.title}"',
        f'title_sv = "{case.title_sv}"',
        f"calm_until_min = {_CALM_S / 60:g}",
        f"found_by_min = {found_by}",
    ]
    taken = samples(kit, 0.0, _HOURS * 3600.0)
    for kind, every_s in _EVERY_S.items():
        own = [sample for sample in taken if sample.kind == kind]
        start_s = own[0].t_s
        if any(abs(sample.t_s - start_s - n * every_s) > 1e-6 for n, sample in enumerate(own)):
            raise ValueError(f"{case.name}, {kind}: the made-up device has left out a measurement")
        values = wrap(", ".join(f"{sample.value:g}" for sample in own), 116)
        lines += [
            "",
            "[[signals]]",
            f'kind = "{kind}"',
            f"start_s = {start_s:.3f}",
            f"every_s = {every_s:g}",
            "value = [",
        ]
        lines += [f"  {line}" for line in values] + ["]"]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write every case."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    FOLDER.mkdir(exist_ok=True)
    for case in CASES:
        path = FOLDER / f"{case.name}.toml"
        path.write_text(text_of(case), encoding="utf-8")
        print(f"{path.name}: dangerous from minute {dangerous_from_min(body_of(case)):.0f}")


if __name__ == "__main__":
    main()
