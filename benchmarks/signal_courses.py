"""Lines of the table of `benchmarks.signals` that come from elsewhere: the deterioration score, and heart rates.

The score was fitted on the records that lie here; so what stands in its row is what `alerting.models.train` found on
patients left out of the fit, as the weights file keeps it, with NEWS2 on the same patients beside it.
"""

from pathlib import Path
from typing import Final

from alerting.models import deterioration
from benchmarks import annotated, heart_rates
from benchmarks.signal_lines import Figures

_LINES: Final = (
    ("death in hospital from the first 48 h, AUROC", "cinc2012", "mean"),
    ("the same by the last score", "cinc2012", "last"),
    ("the same by the highest score", "cinc2012", "max"),
    ("sepsis by hour, AUROC", "cinc2019", "hour"),
    ("sepsis by patient, AUROC", "cinc2019", "max"),
)
_COVERAGE: Final = 0.9


def deterioration_by(who: str) -> Figures:
    """Return the cross-validated figures of `score` or `NEWS2`."""
    kept = {(each.data, each.group, each.what): each.found for each in deterioration.kept().figures}
    return {line: kept[data, "all", f"{who} AUROC {how}"] for line, data, how in _LINES}


def heart_rate(folder: Path) -> Figures:
    """Return how often the heart rate of ten seconds is right, by the first lead and by the better of two."""
    records = [annotated.mitdb(folder, name) for name in annotated.names(folder, "mitdb", ".dat.xz")]
    one, two = (
        100 * heart_rates.right_at([heart_rates.judged(record, read(record)) for record in records], _COVERAGE)
        for read in (heart_rates.one_lead, heart_rates.two_leads)
    )
    line = "heart rate of 10 s within 5/min at 90 % coverage, %"
    return {line: one, f"the same, two leads{line[len('heart rate') :]}": two}
