"""The kept weights on the public records: a change of features or weights must not make the score worse.

These records are what the weights were fitted to, so the figures here are higher than the cross-validated ones of the
model card, and say only that nothing broke.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from alerting.models import datasets, deterioration
from alerting.models.datasets import Cohort
from alerting.models.figures import early_warning
from alerting.models.judge import auroc, by_patient
from alerting.signal.risk import score

Read = Callable[[Path], Cohort]


@pytest.mark.parametrize(
    ("read", "floors"),
    [
        (datasets.deaths, {"last": 0.805, "mean": 0.785, "max": 0.75}),
        (datasets.sepsis, {"max": 0.75, "mean": 0.75}),
    ],
)
def test_score_ranks_patients_and_beats_news2(recordings: Path, read: Read, floors: dict[str, float]) -> None:
    """By patient, however a stay is summed up, the score ranks at least this well and better than NEWS2."""
    cohort = read(recordings)
    found = score(cohort.courses, deterioration.weights()).score
    beside = early_warning(cohort)

    for how, floor in floors.items():
        reached = auroc(by_patient(found, cohort.courses.offsets, how), cohort.outcome)
        assert reached >= floor, how
        assert reached > auroc(by_patient(beside, cohort.courses.offsets, how), cohort.outcome) + 0.05, how
    if cohort.name == datasets.SEPSIS:
        assert auroc(found, cohort.event) >= 0.72


def test_weights_are_of_these_records(recordings: Path) -> None:
    """The checksum in the file of weights is that of the records that are here."""
    assert deterioration.kept().training.files_sha256 == datasets.checksum(recordings)
