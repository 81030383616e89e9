"""`docs/safety.md` is made from `docs/hazards.toml` and from the names of the tests; none of it can go stale."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs" / "safety.md"
_TEST = re.compile(r"^(?:async )?def (test_h(\d\d)_\w+)", re.MULTILINE)
_OF_THE_PAGE = re.compile(r"""^\s*(?:test|it)\((["'`])(H(\d+)\b.*?)\1""", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """What must not happen, how it comes about, what stands against it, and where."""

    hazard: str
    comes: str
    against: str
    where: tuple[str, ...]


def _hazards() -> dict[int, Hazard]:
    entries = tomllib.loads((PROJECT / "docs" / "hazards.toml").read_text(encoding="utf-8"))
    return {
        int(name.removeprefix("H")): Hazard(**{**each, "where": tuple(each["where"])}) for name, each in entries.items()
    }


def _tests() -> Mapping[int, list[tuple[Path, str]]]:
    """Return the tests of each hazard, as their file and their name."""
    found: defaultdict[int, list[tuple[Path, str]]] = defaultdict(list)
    for path in sorted((PROJECT / "tests").rglob("test_*.py")):
        for name, number in _TEST.findall(path.read_text(encoding="utf-8")):
            found[int(number)].append((path.relative_to(PROJECT), name))
    for path in sorted((PROJECT / "web" / "src").rglob("*.test.ts")):
        for _, name, number in _OF_THE_PAGE.findall(path.read_text(encoding="utf-8")):
            found[int(number)].append((path.relative_to(PROJECT), name))
    return found


def _lines(number: int, hazard: Hazard, tests: list[tuple[Path, str]]) -> list[str]:
    rooms = ", ".join(f"[{each}](../{each})" for each in hazard.where)
    return [
        f"### H{number}: {hazard.hazard}",
        "",
        f"{hazard.comes} *Against it:* {hazard.against} ({rooms})",
        "",
        *(f"- [{name}](../{path})" for path, name in tests),
        "",
    ]


def test_safety_page_names_every_hazard_with_its_measures_and_tests(
    golden_table: Callable[[Path, str, list[str]], None],
) -> None:
    """Each of the hazards has a measure whose room exists and a test; the page tells them as they are now."""
    hazards, tests = _hazards(), _tests()
    gone = [each for hazard in hazards.values() for each in hazard.where if not (PROJECT / each).exists()]

    assert sorted(hazards) == list(range(1, 37))
    assert sorted(tests) == sorted(hazards), "a hazard without a test, or a test of a hazard that nobody has named"
    assert gone == []
    parts = [[""], *(_lines(number, hazards[number], tests[number]) for number in sorted(hazards))]
    golden_table(PAGE, "hazards", list(chain.from_iterable(parts)))
