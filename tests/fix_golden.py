"""Golden files: what is made now equals what is kept. `--update-golden` keeps what is made now; look at the diff."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that rewrites golden files."""
    parser.addoption("--update-golden", action="store_true", help="write golden files anew instead of comparing")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """A function that compares a text with the file that keeps it, or writes the file with `--update-golden`."""

    def compare(kept: Path, made: str) -> None:
        if request.config.getoption("--update-golden"):
            kept.write_text(made, encoding="utf-8")
        expected = kept.read_text(encoding="utf-8") if kept.exists() else ""
        assert made == expected, f"{kept.name} is not what is made now; if the change is meant: pytest --update-golden"

    return compare


@pytest.fixture
def golden_table(golden: Callable[[Path, str], None]) -> Callable[[Path, str, list[str]], None]:
    """A function that compares lines with the part of a document between `<!-- table: name -->` and `<!-- end -->`."""

    def compare(kept: Path, name: str, lines: list[str]) -> None:
        text = kept.read_text(encoding="utf-8")
        part = re.search(rf"(?<=<!-- table: {re.escape(name)} -->\n).*?(?=<!-- end -->)", text, re.DOTALL)
        assert part is not None, f"{kept.name} has no table {name}"
        golden(kept, text[: part.start()] + "\n".join(lines) + "\n" + text[part.end() :])

    return compare
