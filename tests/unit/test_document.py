"""The OpenAPI document: whole, the same as the one that is kept, and good for making clients."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from api import document
from api.app import create_app
from api.auth import Door
from onebox import clients
from ward.settings import Settings

KEPT = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    """The document as a server gives it."""
    given: dict[str, Any] = json.loads(clients.openapi())
    return given


def operations(whole: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Every operation with its path and method."""
    return [(path, method, each) for path, methods in whole["paths"].items() for method, each in methods.items()]


def test_kept_document_is_not_stale() -> None:
    """What clients are made from is what the server says: ./hemvakt openapi write, then npm run api in web/."""
    assert KEPT.read_text(encoding="utf-8") == clients.openapi()


def test_every_reference_leads_somewhere(whole: dict[str, Any]) -> None:
    """No shape and no answer is named that is not there, and none has a name made of module paths."""
    text = json.dumps(whole)
    for kind in ("schemas", "responses"):
        named = set(re.findall(rf'"#/components/{kind}/([^"]+)"', text))

        assert named - set(whole["components"][kind]) == set()
    assert [name for name in whole["components"]["schemas"] if "__" in name] == []


def test_every_operation_says_who_may_come_and_what_can_go_wrong(whole: dict[str, Any]) -> None:
    """A summary, a name of its own, security, and the refusals that its door and its parameters bring."""
    doors = {
        (route.path, method.lower()): any(isinstance(each.call, Door) for each in route.dependant.dependencies)
        for route in document.leaves(create_app(Settings(database_url="postgresql://nowhere")).routes)
        for method in route.methods or ()
    }
    names = [each["operationId"] for _path, _method, each in operations(whole)]

    assert len(names) == len(set(names)) > 60
    for path, method, each in operations(whole):
        assert each["summary"]
        assert each["tags"][0] in {tag["name"] for tag in whole["tags"]}
        if doors[path, method]:
            assert each["security"], path
            assert {"401", "403", "503"} <= set(each["responses"]), path
        if "{" in path:
            assert "404" in each["responses"], path
        if method in {"post", "put"} and "requestBody" in each:
            assert {"413", "415", "422"} <= set(each["responses"]), path


def test_python_client_is_made_by_one_command(tmp_path: Path) -> None:
    """The generator takes the document without a warning, and what it makes can be imported."""
    folder = tmp_path / "client"
    clients.python(folder)
    made = (folder / "hemvakt_client" / "api" / "patients" / "patients_get_patient.py").read_text(encoding="utf-8")

    assert "async def asyncio(" in made
    compile(made, "patients_get_patient.py", "exec")


def test_examples_fit_their_schemas(whole: dict[str, Any]) -> None:
    """Every example of an answer or a body is one that its own schema takes, and there are many."""
    found = 0
    for path, method, each in operations(whole):
        contents = [each.get("requestBody", {}).get("content", {})]
        contents += [answer.get("content", {}) for answer in each["responses"].values()]
        for shape in (content["application/json"] for content in contents if "application/json" in content):
            if "example" in shape:
                found += 1
                schema = {**shape["schema"], "components": whole["components"]}
                faults = [fault.message for fault in Draft202012Validator(schema).iter_errors(shape["example"])]

                assert faults == [], (method, path)
    assert found > 60
