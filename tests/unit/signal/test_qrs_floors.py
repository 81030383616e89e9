"""R peaks on public records: no change may make it worse."""

from pathlib import Path

import pytest

from benchmarks import adapters
from benchmarks.signal_lines import qrs, qrs_in_noise


@pytest.fixture(scope="module")
def figures(recordings: Path) -> dict[str, float]:
    """What the detector reaches on MIT-BIH and in noise."""
    return qrs(recordings, adapters.qrs) | qrs_in_noise(recordings, adapters.qrs)


@pytest.mark.parametrize(
    ("line", "floor"),
    [
        ("QRS F1 within 150 ms, %", 99.80),
        ("QRS F1 within 50 ms, %", 99.4),
        ("QRS F1 of the worst record, %", 98.5),
        ("QRS F1, record 118 at 12 dB, %", 97),
        ("QRS F1, record 118 at 6 dB, %", 88),
        ("QRS F1, synthetic noise at 6 dB, %", 93.5),
    ],
)
def test_floor(figures: dict[str, float], line: str, floor: float) -> None:
    """Each line of the table stays where it was."""
    assert figures[line] >= floor
