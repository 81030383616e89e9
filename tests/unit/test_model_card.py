"""`docs/model-card-deterioration.md` against the file of weights: its figures are those that the file holds."""

from collections.abc import Callable
from pathlib import Path

from alerting.models import deterioration
from alerting.models.datasets import DEATHS, SEPSIS
from alerting.models.deterioration import Figure
from alerting.models.figures import SUMMARIES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "model-card-deterioration.md"
KEPT = deterioration.kept()
Table = Callable[[Path, str, list[str]], None]


def figure(data: str, group: str, what: str) -> Figure | None:
    """Return a figure of the file, if there is one."""
    return next((each for each in KEPT.figures if (each.data, each.group, each.what) == (data, group, what)), None)


def shown(data: str, group: str, what: str, decimals: int = 3) -> str:
    """Return a figure as text, with its interval, or a dash."""
    found = figure(data, group, what)
    if found is None:
        return "–"
    interval = f" ({found.interval[0]:.{decimals}f}–{found.interval[1]:.{decimals}f})" if found.interval else ""
    return f"{found.found:.{decimals}f}{interval}"


def test_data_sets_are_those_of_the_file(golden_table: Table) -> None:
    """Counts and checksum of the training data are the recorded ones."""
    rows = ["| data set | patients | rows | rows fitted to | outcomes |", "|---|---|---|---|---|"]
    rows += [
        f"| `{each.name}` | {each.patients} | {each.rows} | {each.rows_fitted} | {each.outcomes} |"
        for each in KEPT.training.data
    ]
    rows += ["", f"Made on {KEPT.training.made_on}; SHA-256 of the three files `{KEPT.training.files_sha256}`."]

    golden_table(PAGE, "data", rows)


def test_number_of_effects_is_that_of_the_file(golden_table: Table) -> None:
    """The card says how many lines the model has."""
    golden_table(PAGE, "size", [f"{len(KEPT.effect)}"])


def test_ranking_is_that_of_the_file(golden_table: Table) -> None:
    """Each AUROC stands beside that of NEWS2 in the same rows."""
    rows = ["| | score | NEWS2 |", "|---|---|---|"]
    whats = [(DEATHS, f"AUROC {how}") for how in SUMMARIES]
    whats += [(SEPSIS, f"AUROC {how}") for how in ("hour", "same hour", *SUMMARIES)]
    rows += [
        f"| `{data}` {what} | {shown(data, 'all', f'score {what}')} | {shown(data, 'all', f'NEWS2 {what}')} |"
        for data, what in whats
    ]

    golden_table(PAGE, "ranking", rows)


def test_calibration_is_that_of_the_file(golden_table: Table) -> None:
    """Brier score, slope and intercept are the recorded ones."""
    rows = ["| | Brier score | slope | intercept |", "|---|---|---|---|"]
    rows += [
        f"| `{data}` | {shown(data, 'all', 'Brier score', 4)} | {shown(data, 'all', 'slope', 2)} "
        f"| {shown(data, 'all', 'intercept', 2)} |"
        for data in (DEATHS, SEPSIS)
    ]

    golden_table(PAGE, "calibration", rows)


def test_reliability_is_that_of_the_file(golden_table: Table) -> None:
    """Tenths of the predictions: what was predicted, what happened."""
    rows = ["| tenth | deaths predicted | happened | sepsis predicted | happened |", "|---|---|---|---|---|"]
    rows += [
        f"| {number} | "
        + " | ".join(
            shown(data, f"tenth {number}", what) for data in (DEATHS, SEPSIS) for what in ("predicted", "happened")
        )
        + " |"
        for number in range(1, 11)
    ]

    golden_table(PAGE, "reliability", rows)


def test_groups_are_those_of_the_file(golden_table: Table) -> None:
    """Sex, age and kind of intensive care, each with how many patients it rests on."""
    rows = [
        "| | deaths / patients | AUROC | died | predicted | sepsis / patients | AUROC |",
        "|---|---|---|---|---|---|---|",
    ]
    for group in dict.fromkeys(each.group for each in KEPT.figures if each.what == "patients"):
        counts = {data: [figure(data, group, what) for what in ("outcomes", "patients")] for data in (DEATHS, SEPSIS)}
        cells = [" / ".join(f"{each.found:.0f}" for each in found if each) or "–" for found in counts.values()]
        rows.append(
            f"| {group} | {cells[0]} | {shown(DEATHS, group, 'score AUROC last')} | {shown(DEATHS, group, 'share')} "
            f"| {shown(DEATHS, group, 'predicted share')} | {cells[1]} | {shown(SEPSIS, group, 'score AUROC max')} |"
        )

    golden_table(PAGE, "groups", rows)


def test_card_names_every_subgroup_of_the_file() -> None:
    """No group that was looked at is left out of the card because it looks bad."""
    text = PAGE.read_text(encoding="utf-8")

    assert [each.group for each in KEPT.figures if not each.group.startswith("tenth") and each.group not in text] == []
