"""`docs/clinical-sources.md` against the code: the tables of constants are made from it."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from alerting import addressing, durations, escalation
from alerting.rules import (
    news2,
    news2_alerts,
    news2_steps,
    signals,
    technical,
)
from alerting.signal import ecg_runs, rhythm_burden, verify_rules
from alerting.signal.norms import NORMS
from ward import attribution, plan_documents, plan_oddities, plan_ranges, plan_versions
from ward.alerts import Priority
from ward.plans import Limits, template
from ward.store import listeners
from ward.vitals import POOR_BELOW, VITALS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "clinical-sources.md"
CHARTED = {
    "respiration rate, /min": "resp_rate",
    "SpO₂ scale 1, %": "spo2_scale_1",
    "systolic pressure, mmHg": "systolic",
    "pulse, /min": "heart_rate",
    "temperature, °C": "temperature",
}
COLUMNS = (3, 2, 1, 0, 1, 2, 3)
NUMBER = re.compile(r"[0-9]+(?:\.[0-9])?")
Table = Callable[[Path, str, list[str]], None]


def _given(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _span(seconds: float) -> str:
    hours, minutes = seconds / 3600, seconds / 60
    return f"{hours:g} h" if hours >= 1 else f"{minutes:g} min"


def test_code_table_is_current(golden_table: Table) -> None:
    """The page's codes and ranges are those of `VITALS`."""
    rows = ["| kind | LOINC | MDC | unit (UCUM) | plausible |", "|---|---|---|---|---|"]
    rows += [
        f"| {vital.kind} | {vital.loinc} | {vital.mdc or '–'} | {vital.unit} | {vital.low:g}–{vital.high:g} |"
        for vital in VITALS.values()
    ]

    golden_table(PAGE, "codes", rows)


def test_every_loinc_code_has_a_source() -> None:
    """Each code of the table stands in the list of sources too."""
    page = PAGE.read_text(encoding="utf-8")
    sources = page[page.index("| code | source |") :]

    assert [vital.loinc for vital in VITALS.values() if not re.search(rf"\b{vital.loinc}\b", sources)] == []


def test_freshness_table_is_current(golden_table: Table) -> None:
    """The page's times of freshness are those of `VITALS`."""
    rows = ["| kind | expected | ageing | stale |", "|---|---|---|---|"]
    for vital in VITALS.values():
        fresh = vital.freshness
        spans = " | ".join(_span(each) for each in (fresh.expected_s, fresh.ageing_s, fresh.stale_s))
        rows.append(f"| {vital.kind} | {spans} |")

    golden_table(PAGE, "freshness", rows)


def test_limit_table_is_current(golden_table: Table) -> None:
    """The page's limits are those of the template plan."""
    rows = [
        "| kind | hard low | alarm low | warning low | warning high | alarm high | hard high | delay | hysteresis |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    rows += [_limit_row(kind, VITALS[kind].unit, limits) for kind, limits in template().limits.items()]

    golden_table(PAGE, "limits", rows)


def _limit_row(kind: str, unit: str, limits: Limits) -> str:
    bounds = (limits.floor, limits.alert_low, limits.warn_low, limits.warn_high, limits.alert_high, limits.ceiling)
    return f"| {kind}, {unit} | {' | '.join(map(_given, bounds))} | {limits.delay_s:g} s | {limits.clear_by:g} |"


def _told(value: object) -> str:
    """Write a leaf of a plan so that it can be read in a table."""
    if isinstance(value, dict) and "terms" in value:
        terms = ", ".join(
            f"{each['kind']} {'≤' if each['side'] == 'low' else '≥'} {each['bound']}" for each in value["terms"]
        )
        return f"{value['at_least']} of: {terms}; for {value['delay_s']} s, priority {value['priority']}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    if isinstance(value, list):
        return "; ".join(map(_told, value)) or "none"
    return "–" if value is None else str(value)


def test_programme_table_is_current(golden_table: Table) -> None:
    """The page's programmes are those that have a file, and what each says or differs in."""
    rows = ["| programme | over | field | value |", "|---|---|---|---|"]
    for name in plan_documents.names():
        over = plan_documents.written(name).get("extends")
        below = {} if over is None else plan_documents.programme_leaves(str(over))
        left_out = {"programme", "cards", *(() if over else ("limits", "expected"))}
        rows += [
            f"| {name} | {over or '–'} | {'.'.join(path)} | {_told(value)} |"
            for path, value in sorted(plan_documents.programme_leaves(name).items())
            if path[0] not in left_out and (path not in below or value != below[path])
        ]

    golden_table(PAGE, "programmes", rows)


def test_bounds_of_plans_are_current(golden_table: Table) -> None:
    """The page's bounds of what a plan may say are those of its checks."""
    far = ", ".join(f"{kind} {each:g} {VITALS[kind].unit}" for kind, each in plan_oddities.FAR.items())
    rows = [
        "| what | bound |",
        "|---|---|",
        f"| a delay | at most {_span(plan_ranges.LONGEST_DELAY_S)} |",
        f"| the median of | at most {_span(plan_ranges.LONGEST_MEDIAN_S)} |",
        f"| k of the last n readings | n at most {plan_ranges.MOST_COUNTED} |",
        f"| a signal is expected | at least every {plan_ranges.LONGEST_EXPECTED_S / 86_400:g} days |",
        f"| the NEWS2 rises within | at most {_span(plan_ranges.LONGEST_RISE_S)} |",
        f"| an order of SpO₂ scale 2 holds | at most {plan_versions.LONGEST_ORDER.days} days |",
        f"| a temporary change holds | at most {plan_versions.LONGEST_TEMPORARY.days} days |",
        f"| a limit is asked about when it is farther from its programme's than | {far} |",
        f"| a delay is asked about above | {_span(plan_oddities.FAR_DELAY_S)} |",
        f"| an expected interval is asked about above | {plan_oddities.FAR_EXPECTED} times the programme's |",
        f"| a NEWS2 threshold is asked about above | the programme's and {plan_oddities.FAR_NEWS2} |",
        f"| a trend, pause or run is asked about above | {plan_oddities.FAR_TREND} times the programme's |",
    ]

    golden_table(PAGE, "plan bounds", rows)


def test_page_names_what_the_template_expects() -> None:
    """The expected signals and the score's thresholds of the page are those of the template."""
    page = PAGE.read_text(encoding="utf-8")
    plan = template()

    assert plan.expected == {"spo2": 60, "heart_rate": 60, "resp_rate": 300}
    assert "| SpO₂, heart rate | 60 s |\n| respiration rate | 300 s |" in page
    assert f"NEWS2 alerts at {plan.news2_medium} (medium) and {plan.news2_high} (high)" in page


@pytest.mark.parametrize("label", CHARTED)
def test_news2_chart_of_the_page_is_the_chart_of_the_code(label: str) -> None:
    """At both ends of every band that the page shows, the code gives the points of its column."""
    bands = news2.CHART[CHARTED[label]]
    line = next(each for each in PAGE.read_text(encoding="utf-8").splitlines() if each.startswith(f"| {label} |"))
    cells = [cell.strip() for cell in line.split("|")[2:-1]]
    edges = [
        (float(edge), column) for cell, column in zip(cells, COLUMNS, strict=True) for edge in NUMBER.findall(cell)
    ]
    low, high = news2.points(bands, np.array([edge for edge, _ in edges]))

    assert len(edges) == 2 * len(bands.upto)
    assert low.tolist() == high.tolist() == [column for _, column in edges]


def test_page_states_the_technical_rules_numbers() -> None:
    """The constants of technical alerts and times are those of the code."""
    page = PAGE.read_text(encoding="utf-8")
    low, empty, clear = technical.BATTERY_LOW_PCT, technical.BATTERY_EMPTY_PCT, technical.BATTERY_CLEAR_PCT

    assert f"| {technical.OFFLINE_AFTER_S:g} s after its status says so |" in page
    assert f"| ≤ {low:g} %, ≤ {empty:g} %, ≥ {clear:g} % |" in page
    assert f"to have held for {news2_alerts.HOLD_S:g} s" in page
    assert (attribution.MAX_AHEAD.seconds, attribution.MAX_AGE.days) == (300, 30)
    assert "by at most | 5 minutes |" in page
    assert "by at most | 30 days |" in page


def test_table_of_an_alerts_times_is_current(golden_table: Table) -> None:
    """How long each thing in an alert's life lasts is as the code has it, for each priority."""
    tables = {
        "an acknowledgement holds": durations.ACKNOWLEDGED_FOR,
        "who has taken it has quiet": durations.CLAIMED_FOR,
        "it may be paused for at most": durations.SNOOZED_AT_MOST,
        "an offer waits for an answer": durations.OFFERED_FOR,
        "what has cleared must stay away": durations.SETTLES_AFTER,
        "closed while there, the same episode stays closed": durations.KEPT_CLOSED_FOR,
    }
    rows = ["| | high | medium | low |", "|---|---|---|---|"]
    for what, lasts in tables.items():
        rows.append(
            f"| {what} | " + " | ".join(_span(lasts[each].total_seconds()) for each in reversed(Priority)) + " |"
        )
    for what, lasting in (
        ("cleared, it waits for its holder's word", durations.HOLDER_CLOSES_WITHIN),
        ("a person's last act can be undone", durations.UNDO_WITHIN),
    ):
        rows.append(f"| {what} |" + f" {_lasting(lasting.total_seconds())} |" * 3)

    golden_table(PAGE, "durations", rows)


def _lasting(seconds: float) -> str:
    return _span(seconds) if seconds >= 60 else f"{seconds:g} s"


def test_norms_table_is_current(golden_table: Table) -> None:
    """The page's population values are those of `NORMS`."""
    rows = [
        "| kind | day | night | spread | least spread | accuracy | accepted as normal |",
        "|---|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {kind}, {VITALS[kind].unit} | {norm.day:g} | {norm.night:g} | {norm.spread:g} | {norm.least_spread:g} |"
        f" {norm.accuracy:g} | {norm.low:g}–{norm.high:g} |"
        for kind, norm in NORMS.items()
    ]

    golden_table(PAGE, "norms", rows)


def test_rhythm_table_is_current(golden_table: Table) -> None:
    """The page's limits of rhythm are those that the ECG is read by, and alarms are checked by."""
    run, alarm = ecg_runs, verify_rules
    slow_fast = f"below {run.BRADYCARDIA_PER_MIN:g}, above {run.TACHYCARDIA_PER_MIN:g} /min, {run.RUN_BEATS} beats"
    rows = [
        "| what | limit |",
        "|---|---|",
        f"| pause, long pause | {ecg_runs.PAUSE_S:g} s, {ecg_runs.LONG_PAUSE_S:g} s |",
        f"| slow run, fast run | {slow_fast} |",
        f"| ventricular tachycardia | {ecg_runs.VT_BEATS} beats above {ecg_runs.VT_PER_MIN:g} /min |",
        f"| sustained | {ecg_runs.SUSTAINED_S:g} s |",
        f"| episode of atrial fibrillation | {rhythm_burden.EPISODE_S:g} s |",
        f"| alarm: asystole | {verify_rules.ASYSTOLE_S:g} s |",
        f"| alarm: bradycardia | {verify_rules.BRADYCARDIA_BEATS} beats |",
        f"| alarm: tachycardia | {alarm.TACHYCARDIA_BEATS} beats above {alarm.TACHYCARDIA_PER_MIN:g} /min |",
        f"| alarm: ventricular run | {verify_rules.RUN_BEATS} beats above {verify_rules.RUN_PER_MIN:g} /min |",
    ]

    golden_table(PAGE, "rhythm", rows)


def test_escalation_table_is_current(golden_table: Table) -> None:
    """The page's minutes of telling people are those of `POLICIES`, `addressing` and `listeners`."""
    rows = ["| priority | first level | second | last level | again every |", "|---|---|---|---|---|"]
    for priority, policy in sorted(escalation.POLICIES.items(), reverse=True):
        minutes = [
            "–" if at is None else f"{at.total_seconds() / 60:g} min"
            for at in (policy.second, policy.last, policy.again)
        ]
        rows.append(f"| {priority.name.lower()} | at once | {' | '.join(minutes)} |")
    shown, silent = addressing.SHOWN_WITHIN.total_seconds(), listeners.SILENT_AFTER.total_seconds()
    rows += ["", f"A screen must show an alert within {shown:g} s; one not heard for {silent:g} s listens no more."]

    golden_table(PAGE, "escalation", rows)


def test_page_states_the_numbers_of_rules_over_readings() -> None:
    """What rules over readings wait for, remember and disbelieve is what the page says."""
    page = PAGE.read_text(encoding="utf-8")
    plan = template()

    assert f"not measured for {news2_steps.MEASURED_S / 3600:g} h" in page
    assert (
        f"is {plan.news2_rise} points above the upper end at some time in the last {plan.news2_rise_s / 3600:g} h"
        in page
    )
    assert f"a quality below {POOR_BELOW:g} |" in page
    assert f"after {signals.POOR_S:g} s of nothing else" in page
    assert f"none outside for {signals.CHECK_HOLD_S:g} s" in page
