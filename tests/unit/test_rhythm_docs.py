"""`docs/clinical-sources.md` against the code: when a rhythm, a sensor or a cuff is told of."""

from collections.abc import Callable
from pathlib import Path

from alerting import waves_heart
from alerting.rules import cuff, rhythm, sensors
from alerting.signal import verify_rules
from ward.plans import Rhythm
from ward.wave_features import CELL_S

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "clinical-sources.md"
Table = Callable[[Path, str, list[str]], None]


def test_table_of_rhythm_alerts_is_current(golden_table: Table) -> None:
    """The page says the numbers by which rhythm and sensors are judged."""
    plan = Rhythm()
    begins, ends = rhythm.AF_SHARE
    bad, well = sensors.SHARE
    slow, fast = (
        f"in {cells} of {rhythm.SUSTAINED_S / CELL_S:g} times ten seconds"
        for cells in (rhythm.SLOW_CELLS, rhythm.FAST_CELLS)
    )
    rows = ["| what | limit |", "|---|---|"]
    rows += [
        f"| {what} | {limit} |"
        for what, limit in (
            ("a minute that looks like atrial fibrillation", f"score from {rhythm.AF_SCORE:g}"),
            (
                "suspected atrial fibrillation",
                f"{begins:.0%} of {rhythm.AF_WINDOW_S:g} s begin it, {ends:.0%} end it, {rhythm.AF_READ:.0%} readable",
            ),
            ("pause, by the plan", f"{plan.pause_s:g} s"),
            ("ventricular run, by the plan", f"{plan.ventricular_run} beats"),
            ("asystole", f"{verify_rules.ASYSTOLE_S:g} s"),
            (
                "extreme bradycardia",
                f"{waves_heart.BRADYCARDIA_PER_MIN:g} /min, no interval below {waves_heart.SLOW_RR_S:g} s, {slow}",
            ),
            (
                "extreme tachycardia",
                f"{verify_rules.TACHYCARDIA_PER_MIN:g} /min, {fast}",
            ),
            ("what lasted a moment is there for", f"{rhythm.HOLD_S:g} s"),
            ("sensor off", f"{bad:.0%} of {sensors.OFF_S:g} s, over below {well:.0%}"),
            ("signal poor", f"{bad:.0%} of {sensors.POOR_S:g} s, over below {well:.0%}"),
            ("heart lost in both signals", f"{sensors.LOST_S:g} s"),
            ("SpO₂ waits around a blood pressure", f"{cuff.WINDOW_S:g} s"),
        )
    ]

    golden_table(PAGE, "rhythm alerts", rows)


def test_lifecycle_page_names_every_alert() -> None:
    """Every alert that waveforms may raise stands in the table of rules."""
    page = (ROOT / "docs" / "alert-lifecycle.md").read_text(encoding="utf-8")

    names = (*rhythm.SERIES, *sensors.CHANNELS, sensors.HEART, cuff.HELD)
    assert [name for name in names if f"`{name}`" not in page] == []
