"""Rules of the house that no linter knows: pins without addresses, migrations that say why, no numbers used twice."""

import re
from pathlib import Path

import pytest
import yaml

from ward.store import migrate

ROOT = Path(__file__).resolve().parents[2]
LOCKS = [ROOT / each / "package-lock.json" for each in ("web", "tests/fhir_definitions", "tests/oidc")]
PINS = [path for path in (ROOT / "constraints.txt", *LOCKS) if path.exists()]
PINNED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.!+_-]+( ?; ?.+)?")


@pytest.mark.parametrize("path", PINS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_pins_carry_no_addresses(path: Path) -> None:
    """A file of pinned packages says which versions, never from where: that is the machine's own setting."""
    text = path.read_text(encoding="utf-8")

    assert '"resolved"' not in text
    # What npm notes of where authors take donations is no address from which anything is downloaded.
    assert re.search(r"://[^\"\s]*\.(tgz|tar|zip|whl)", text) is None
    assert path.suffix == ".json" or "://" not in text


def test_every_python_package_is_pinned_exactly() -> None:
    """Each line of constraints.txt is a comment or one package at one version."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    wrong = [line for line in lines if line and not line.startswith("#") and not PINNED.fullmatch(line)]

    assert wrong == []


def test_migrations_are_numbered_without_a_gap() -> None:
    """Migrations count up from 1, each number once."""
    assert [number for number, _, _ in migrate.migrations()] == list(range(1, len(migrate.migrations()) + 1))


@pytest.mark.parametrize("name", [name for _, name, _ in migrate.migrations()])
def test_migration_begins_by_saying_why(name: str) -> None:
    """The first line of a migration is a comment that says what it is for."""
    first = (migrate.MIGRATIONS / f"{name}.sql").read_text(encoding="utf-8").splitlines()[0]

    assert re.fullmatch(r"-- .{20,}", first)


def test_every_migration_file_is_found() -> None:
    """No file in the folder of migrations is passed over because of its name."""
    files = sorted(path.stem for path in migrate.MIGRATIONS.glob("*"))

    assert files == [name for _, name, _ in migrate.migrations()]


def test_commit_hooks_run_the_project_s_own_tools() -> None:
    """Hooks before a commit come from this repository alone and run its own environment or its own scripts."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]

    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    assert {hook["entry"].split()[0] for hook in hooks} == {".venv/bin/python", "npm"}
    assert {"ruff-check", "ruff-format", "mypy"} <= {hook["id"] for hook in hooks}
