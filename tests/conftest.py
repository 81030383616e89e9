"""Fixtures live in one small file per resource; this one only names them."""

import pytest
from hypothesis import HealthCheck, settings

from api import plan_trial
from ward import log

pytest_plugins = [
    "tests.fix_golden",
    "tests.fix_recordings",
    "tests.fix_store",
    "tests.fix_tls",
    "tests.fix_ward",
    "tests.fix_broker",
    "tests.broker_peer",
    "tests.fix_api",
    "tests.fix_access",
    "tests.fix_duty",
    "tests.fix_machine",
    "tests.fix_oidc",
    "tests.fix_browser",
    "tests.fix_home",
]

# A busy machine is no fault of the code.
settings.register_profile(
    "here", settings(), deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("here")
# Nor of a plan that it is tried by a process of its own, which takes a second or two where nothing else is done.
plan_trial._LONGEST_S = 240.0
# What is logged is written as the product writes it: pictures of exceptions, made for people, take seconds each.
log.as_lines()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of this suite."""
    parser.addoption(
        "--server",
        help="postgresql:// address of a superuser on a server to test against, instead of the embedded one",
    )
    parser.addoption("--contract-examples", type=int, default=2, help="requests made by chance for each operation")
    parser.addoption("--update-pictures", action="store_true", help="take the pictures of the screens in docs/ anew")
    parser.addoption("--forbid-skips", action="store_true", help="a skipped test fails the run, as in CI")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let a skipped test fail the run where skips are forbidden."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--forbid-skips") and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("A test was skipped, and skips are forbidden.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
