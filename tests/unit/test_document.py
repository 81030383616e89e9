"""The OpenAPI document: whole, the same as the one that is kept, and good for making clients."""

import json
import re
from collections.abc import Iterator
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


def contents(whole: dict[str, Any], operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What an operation is sent and answers, refusals too, where that is JSON or a form: which, and its content."""
    parts = {"body": operation.get("requestBody", {}), **operation["responses"]}
    for name, part in parts.items():
        named = part.get("$ref", "").rpartition("/")[2]
        content = (whole["components"]["responses"][named] if named else part).get("content", {})
        yield from ((name, each) for media, each in content.items() if "json" in media or "form" in media)


def test_every_body_and_answer_has_an_example(whole: dict[str, Any]) -> None:
    """Nothing is sent or answered of which the document shows none: tell it in tests/example_story.py."""
    without = [
        (each["operationId"], name)
        for _path, _method, each in operations(whole)
        for name, content in contents(whole, each)
        if "example" not in content
    ]

    assert without == []


def test_examples_fit_their_schemas(whole: dict[str, Any]) -> None:
    """Every example of a body, an answer or a refusal is one that its own schema takes."""
    for path, method, each in operations(whole):
        for name, content in contents(whole, each):
            schema = {**content["schema"], "components": whole["components"]}
            faults = [fault.message for fault in Draft202012Validator(schema).iter_errors(content["example"])]

            assert faults == [], (method, path, name)
