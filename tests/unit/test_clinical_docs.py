"""`docs/clinical-sources.md` against the code: the tables of constants are made from it."""

import re
from collections.abc import Callable
from pathlib import Path

from ward.plans import TEMPLATE_EXPECTED, TEMPLATE_LIMITS, Limits, template
from ward.vitals import VITALS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "clinical-sources.md"
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
    rows += [_limit_row(kind, VITALS[kind].unit, limits) for kind, limits in TEMPLATE_LIMITS.items()]

    golden_table(PAGE, "limits", rows)


def _limit_row(kind: str, unit: str, limits: Limits) -> str:
    bounds = (limits.floor, limits.alert_low, limits.warn_low, limits.warn_high, limits.alert_high, limits.ceiling)
    return f"| {kind}, {unit} | {' | '.join(map(_given, bounds))} | {limits.delay_s:g} s | {limits.clear_by:g} |"


def test_page_names_what_the_template_expects() -> None:
    """The expected signals and the score's thresholds of the page are those of the template."""
    page = PAGE.read_text(encoding="utf-8")
    plan = template()

    assert dict(TEMPLATE_EXPECTED) == {"spo2": 60, "heart_rate": 60, "resp_rate": 300}
    assert "| SpO₂, heart rate | 60 s |\n| respiration rate | 300 s |" in page
    assert f"NEWS2 alerts at {plan.news2_medium} (medium) and {plan.news2_high} (high)" in page
