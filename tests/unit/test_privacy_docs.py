"""`docs/privacy.md` names routes and commands that there are."""

import json
import re
from pathlib import Path
from typing import Any

import typer

import hemvakt

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
COMMANDS: dict[str, Any] = typer.main.get_command(hemvakt.app).commands  # type: ignore[attr-defined] # it is a group


def test_rights_are_done_by_routes_that_exist() -> None:
    """Each route that the page names, with its method, is one of the API's."""
    paths = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))["paths"]
    known = {(how, re.sub(r"\{\w+\}", "{id}", path)) for path, each in paths.items() for how in each}
    named = re.findall(r"`(GET|POST|PUT|DELETE) (/api/[^`]+)`", PAGE)

    assert len(named) > 4
    assert [each for each in named if (each[0].lower(), each[1]) not in known] == []


def test_rights_are_done_by_commands_that_exist() -> None:
    """Each command that the page names is one of the program's."""
    named = set(re.findall(r"`hemvakt ([a-z-]+)", PAGE))

    assert {"export", "record", "check", "account"} <= named
    assert named <= set(COMMANDS)
