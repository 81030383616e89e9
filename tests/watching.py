"""What Prometheus and Grafana are given: the rules, and every expression in rules and dashboards. Nothing is a test."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
PROMETHEUS = ROOT / "deploy" / "prometheus"
GRAFANA = ROOT / "deploy" / "grafana"
TESTS = ("rules.test.yml", "rules.slow.test.yml", "rules.days.test.yml")
_OF_A_PROCESS = r"process_(?:cpu_seconds_total|resident_memory_bytes|open_fds)"


def loaded(path: Path) -> dict[str, Any]:
    """Read a YAML file."""
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def rules() -> list[dict[str, Any]]:
    """Return every alert rule."""
    return [rule for group in loaded(PROMETHEUS / "rules.yml")["groups"] for rule in group["rules"]]


def dashboards() -> dict[str, dict[str, Any]]:
    """Return every dashboard by its file."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((GRAFANA / "dashboards").glob("*"))
    }


def panels() -> list[dict[str, Any]]:
    """Return every panel that draws something."""
    return [panel for board in dashboards().values() for panel in board["panels"] if panel["type"] != "row"]


def figures_wanted() -> set[str]:
    """Return the name of every figure that a rule or a panel asks for."""
    asked = [rule["expr"] for rule in rules()]
    asked += [target["expr"] for panel in panels() for target in panel["targets"]]
    return set(re.findall(rf"\b(?:hemvakt_\w+|{_OF_A_PROCESS})\b", " ".join(asked)))
