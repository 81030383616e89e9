"""Fixtures live in one small file per resource; this one only names them."""

import pytest

pytest_plugins = [
    "tests.fix_golden",
    "tests.fix_store",
    "tests.fix_ward",
    "tests.fix_broker",
    "tests.fix_api",
    "tests.fix_machine",
    "tests.fix_browser",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of this suite."""
    parser.addoption(
        "--server",
        help="postgresql:// address of a superuser on a server to test against, instead of the embedded one",
    )
