"""Golden files: what is made now equals what is kept. `--update-golden` keeps what is made now; look at the diff."""

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
