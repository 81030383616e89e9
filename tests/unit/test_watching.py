"""The files for Prometheus and Grafana: valid, tested, explained, and about figures that are asked for rightly.

That each figure exists is seen on a running platform (tests/integration/test_operations.py).
"""

import re
import shutil
import subprocess
from collections import Counter
from itertools import pairwise

import pytest

from tests.watching import GRAFANA, PROMETHEUS, ROOT, TESTS, dashboards, figures_wanted, loaded, panels, rules

promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is missing: apt install prometheus")
ALERTS = [rule["alert"] for rule in rules()]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False)


@promtool
@pytest.mark.parametrize("name", ["prometheus.yml", "compose.yml"])
def test_prometheus_takes_its_configuration(name: str) -> None:
    """Prometheus' own tool finds nothing wrong with a configuration; its rules are the ones of the repository."""
    done = _run("check", "config", "--syntax-only", name)

    assert done.returncode == 0, done.stdout + done.stderr
    assert loaded(PROMETHEUS / name)["rule_files"] == ["rules.yml"]


@promtool
def test_prometheus_takes_the_rules() -> None:
    """Prometheus' own tool finds nothing wrong with the rules, duplicates included."""
    done = _run("check", "rules", "rules.yml")

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(ALERTS)} rules found" in done.stdout


@promtool
@pytest.mark.parametrize("name", TESTS)
def test_alerts_fire_when_they_should(name: str) -> None:
    """Every alert is played a course of time by Prometheus' own tool."""
    done = _run("test", "rules", name)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_alert_is_tried_both_ways(alert: str) -> None:
    """Each alert has a moment at which it must fire and one at which it must not, but for the one that always does."""
    cases = [
        case
        for name in TESTS
        for test in loaded(PROMETHEUS / name)["tests"]
        for case in test["alert_rule_test"]
        if case["alertname"] == alert
    ]

    assert any(case["exp_alerts"] for case in cases)
    assert alert == "HemvaktWatchdog" or any(not case["exp_alerts"] for case in cases)


@pytest.mark.parametrize("rule", rules(), ids=ALERTS)
def test_alert_says_what_it_is_and_what_to_do(rule: dict[str, dict[str, str]]) -> None:
    """Each alert has a severity, a sentence, and leads to its run-book: for patients, to look at, to do, to call."""
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    section = _run_book((ROOT / page).read_text(encoding="utf-8"))[anchor]

    assert rule["labels"]["severity"] in {"none", "warning", "critical"}
    assert rule["annotations"]["summary"].endswith((".", "?"))
    assert anchor == str(rule["alert"]).lower()
    assert section.startswith(
        {"critical": "Critical. ", "warning": "Warning. ", "none": ""}[rule["labels"]["severity"]]
    )
    assert set(re.findall(r"^- \*\*(.+?):\*\* \S.+", section, re.MULTILINE)) in (
        {"Patients", "Look", "Do", "Call"},
        {"Patients", "Look and do", "Call"},
    )


def _run_book(page: str) -> dict[str, str]:
    """Return the text below each heading of an alert, by its anchor."""
    parts = re.split(r"^#+ (.+)\n", page, flags=re.MULTILINE)[1:]
    return {name.lower(): text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}


def test_run_book_has_no_alert_that_is_none() -> None:
    """What the run-book explains is what can call, in the order of the rules."""
    book = (ROOT / "docs" / "runbooks.md").read_text(encoding="utf-8")

    assert re.findall(r"^### (Hemvakt\w+)$", book, re.MULTILINE) == ALERTS


def test_dashboards_ask_the_source_that_is_provisioned() -> None:
    """Each panel asks the one provisioned source, and Grafana is told where the dashboards are."""
    (source,) = loaded(GRAFANA / "provisioning" / "datasources" / "hemvakt.yml")["datasources"]
    (provider,) = loaded(GRAFANA / "provisioning" / "dashboards" / "hemvakt.yml")["providers"]
    asked = {panel["datasource"]["uid"] for panel in panels()}
    asked |= {target["datasource"]["uid"] for panel in panels() for target in panel["targets"]}

    assert asked == {source["uid"]}
    assert provider["type"] == "file"


@pytest.mark.parametrize("name", dashboards())
def test_dashboard_is_whole(name: str) -> None:
    """Ids of dashboards and panels are their own, panels do not cover each other, and each asks for something."""
    board = dashboards()[name]
    drawn = sorted(board["panels"], key=lambda panel: (panel["gridPos"]["y"], panel["gridPos"]["x"]))

    assert Counter(each["uid"] for each in dashboards().values())[board["uid"]] == 1
    assert len({panel["id"] for panel in drawn}) == len(drawn)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in drawn)
    for left, right in pairwise(drawn):
        one, other = left["gridPos"], right["gridPos"]
        assert other["y"] > one["y"] or other["x"] >= one["x"] + one["w"]
    assert all(target["expr"] for panel in panels() for target in panel["targets"])


def test_alerts_that_dashboards_name_exist() -> None:
    """A panel that names an alert names one that is there."""
    named = {each for panel in panels() for each in re.findall(r"Hemvakt\w+", panel["description"])}

    assert named <= set(ALERTS)
    assert named


def test_what_must_be_done_in_time_is_drawn() -> None:
    """Whatever an alert of certificates, backups, rehearsals and lists asks for is in a panel that names that alert."""
    (kept,) = (
        group["rules"] for group in loaded(PROMETHEUS / "rules.yml")["groups"] if group["name"] == "hemvakt-kept"
    )
    for rule in kept:
        wanted = set(re.findall(r"\bhemvakt_\w+", rule["expr"]))
        (panel,) = (each for each in panels() if re.search(rf"\b{rule['alert']}\b", each["description"]))

        assert wanted <= set(re.findall(r"\bhemvakt_\w+", " ".join(each["expr"] for each in panel["targets"])))


def test_nothing_asks_for_a_patient() -> None:
    """No figure that is asked for is by patient, stay, device or person."""
    expressions = [rule["expr"] for rule in rules()]
    expressions += [target["expr"] for panel in panels() for target in panel["targets"]]
    labels = {each for text in expressions for each in re.findall(r"\b(\w+)\s*(?:=~|!~|!=|=)\s*\"", text)}
    labels |= {
        each.strip()
        for text in expressions
        for group in re.findall(r"by \(([^)]*)\)", text)
        for each in group.split(",")
    }

    assert labels <= {
        "channel", "fate", "job", "le", "leg", "method", "of", "online", "priority", "process", "reason", "route",
        "service", "since", "state", "status", "why",
    }  # fmt: skip
    assert len(figures_wanted()) > 40
