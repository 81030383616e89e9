"""`docs/clinical-sources.md` against the code of trends, identity and check-ins: the tables are made from it."""

from collections.abc import Callable
from pathlib import Path

from alerting.rules import baseline_rules, identity, oxygen, slopes, weight
from ward.checkins import ANSWER_BY_MINUTE, QUESTIONS, SEVERAL, Worry
from ward.vitals import VITALS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "clinical-sources.md"
Table = Callable[[Path, str, list[str]], None]


def _span(seconds: float) -> str:
    hours, minutes = seconds / 3600, seconds / 60
    return f"{hours:g} h" if hours >= 1 else f"{minutes:g} min"


def test_trend_table_is_current(golden_table: Table) -> None:
    """The page's constants of trends are those of the code."""
    known, beyond = 100 * baseline_rules.LEAST_KNOWN, 100 * baseline_rules.LEAST_BEYOND
    rows = [
        "| what | constant |",
        "|---|---|",
        f"| slope: interval that must lie beyond the plan's bound | {100 * slopes.CONFIDENCE:g} % |",
        f"| slope: points in its time, at most and at least | {slopes.MOST_POINTS}, {slopes.LEAST_POINTS} |",
        f"| slope: quiet without more ado below | {slopes.GATE:g} of the bound |",
        f"| deviation: of the quarters of its time, known and of these beyond | {known:g} %, {beyond:g} % |",
        f"| deviation: over when inside the bound by | {baseline_rules.CLEAR_SDS:g} spreads |",
        f"| weight: two weighings confirm each other when apart by | {_span(weight.TOGETHER_S)} |",
        f"| weight: told after one weighing at | {weight.HARD:g} times the plan's gain |",
        f"| weight: never after one weighing from | {100 * weight.IMPLAUSIBLE_SHARE:g} % of the weight |",
        f"| weight: never at all from | {100 * weight.IMPOSSIBLE_SHARE:g} % of the weight |",
        f"| weight: over below | {weight.CLEAR:g} of the plan's gain |",
        f"| oxygen: SpO2 is the mean of the last | {_span(oxygen.SMOOTH * 900)} |",
        f"| oxygen: over below | {oxygen.CLEAR:g} of the plan's fall |",
    ]

    golden_table(PAGE, "trends", rows)


def test_identity_table_is_current(golden_table: Table) -> None:
    """The page's constants of doubt about whose values these are are those of the code."""
    least, most = identity.USUAL_WEIGHINGS, identity.MOST_WEIGHINGS
    jump = f"{identity.JUMP_KG:g} kg and {100 * identity.JUMP_SHARE:g} %"
    apart = ", ".join(f"{kind} {by:g} {VITALS[kind].unit}" for kind, by in identity.DISAGREE.items())
    rows = [
        "| what | constant |",
        "|---|---|",
        f"| a weighing is unlike the last {least} to {most} when away by more than | {jump} |",
        f"| a device was put on no longer ago than | {_span(identity.AFTER_S)} |",
        f"| since then, so many vitals at once lie beyond | {identity.LEAST_KINDS}, {identity.JUMP_SDS:g} spreads |",
        f"| and lay before within | {identity.BEFORE_SDS:g} spreads |",
        f"| two devices disagree when their means of 10 min are apart by | {apart} |",
        f"| and agree again below | {identity.AGREE_SHARE:g} of that |",
    ]

    golden_table(PAGE, "identity", rows)


def test_question_table_is_current(golden_table: Table) -> None:
    """The page's worrying answers are those of the code."""
    everybody = QUESTIONS[""]
    rows = ["| programme | question | worrying answer | priority |", "|---|---|---|---|"]
    for programme, table in QUESTIONS.items():
        own = table if programme == "" else [each for each in table if each not in everybody]
        rows += [
            f"| {programme or 'all'} | `{each.question}` | {_worrying(each)} | {each.priority.name.lower()} |"
            for each in own
        ]
    rows.append(f"| all | answered on one of the last days, not by {ANSWER_BY_MINUTE // 60}:00 | – | low, technical |")

    golden_table(PAGE, "questions", rows)
    assert SEVERAL == 2


def _worrying(worry: Worry) -> str:
    if worry.least is not None:
        return f"{worry.least:g} or more"
    if worry.yes is not None:
        return "yes" if worry.yes else "no"
    return ", ".join(f"`{word}`" for word in sorted(worry.words))
