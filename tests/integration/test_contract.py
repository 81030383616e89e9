"""The api keeps what its OpenAPI document says, whoever asks and whatever they send.

Each path is tried by who may do most on it: that the others are refused is what the table of authorisation shows.
"""

import asyncio
import json
from typing import Any

import pytest

from onebox import clients
from tests.contract import Tried, attempt, first_who_may
from tests.fix_access import Scene
from tests.fix_api import serving
from ward.access.principals import Capacity

pytestmark = pytest.mark.integration
ASKED_BY = {Capacity.NURSE: "anna", Capacity.OPERATOR: "oskar", Capacity.PATIENT: "tolvan", Capacity.RELATIVE: "maja"}
FEW = 3
# What is tried by chance alone; with `--contract-examples` also every fault that a schema can tell of.
BY_CHANCE = {"examples": {"enabled": False}, "coverage": {"enabled": False}, "stateful": {"enabled": False}}


def part(capacity: Capacity) -> dict[str, Any]:
    """The paths that somebody tries; without those that end the session of who asks."""
    document: dict[str, Any] = json.loads(clients.openapi())
    document["paths"] = {
        path: operations
        for path, operations in document["paths"].items()
        if first_who_may(list(ASKED_BY), operations) == capacity and "session" not in path
    }
    return document


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("capacity", ASKED_BY)
def test_api_keeps_its_contract(scene: Scene, capacity: Capacity, request: pytest.FixtureRequest) -> None:
    """Every operation answers as the document says, to good requests and bad ones, and never with an error of ours."""
    examples: int = request.config.getoption("--contract-examples")
    phases = BY_CHANCE if examples == FEW else {}
    document = part(capacity)

    async def whole() -> Tried:
        async with serving(scene.database_url) as served:
            token = f"session-of-{ASKED_BY[capacity]}"
            return await asyncio.to_thread(attempt, document, served.url, token, examples=examples, phases=phases)

    tried = asyncio.run(whole())
    named = {f"{method.upper()} {path}" for path, operations in document["paths"].items() for method in operations}

    assert tried.told() == ""
    assert tried.answers.keys() == named
