"""The capacity model: its tables are in the document, its figures in the documents that it names."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import capacity
from benchmarks.capacity import FIGURES, Figure

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "capacity.md"


@pytest.mark.parametrize("figure", [each for each in FIGURES if each.document], ids=lambda each: each.what)
def test_figure_stands_where_it_was_measured(figure: Figure) -> None:
    """A measured figure is a line of the document that it names, as the measurement printed it."""
    assert figure.line in (ROOT / figure.document).read_text(encoding="utf-8")


def test_tables_are_current(golden_table: Callable[[Path, str, list[str]], None]) -> None:
    """The document shows what the program computes now."""
    golden_table(PAGE, "needs", capacity.needs())
    golden_table(PAGE, "limits", capacity.limits())
    golden_table(PAGE, "figures", capacity.sources())


def test_costs_follow_from_the_figures() -> None:
    """A patient costs what the measured fleet cost, shared among its messages; limits come with the earliest first."""
    one = capacity.cost()
    found = [int(line.split("|")[1].replace(",", "")) for line in capacity.limits()[2:]]

    assert one.judging + one.store > 1 / (60 * capacity.JUDGED.value)
    assert one.store == pytest.approx(0.43 / 1000 / 60 + 130 / 363 / 5506 / 60 + 0.01 * 0.0003)
    assert one.waves == pytest.approx(0.01 * 0.00435)
    assert found == sorted(found)
    assert found[0] == 11_000  # half a core over a tenth of 0.435 ms a second
