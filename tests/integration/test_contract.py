"""The api keeps what its OpenAPI document says, whoever asks and whatever they send."""

import asyncio
import json
from collections.abc import Collection

import pytest

from onebox import clients
from tests.contract import Tried, attempt, first_who_may
from tests.fix_access import Scene
from tests.fix_api import serving
from ward.access.principals import Capacity

pytestmark = pytest.mark.integration
ASKED_BY = {
    Capacity.NURSE: "anna",
    Capacity.DOCTOR: "ivar",
    Capacity.OPERATOR: "oskar",
    Capacity.PATIENT: "tolvan",
}
# Every bad request that a schema can tell of, and two made by chance; `python -m benchmarks.contract` makes more.
PHASES = {"coverage": {"generation": {"mode": "negative"}}, "stateful": {"enabled": False}}


def tried_by(scene: Scene, username: str, asked: Collection[str]) -> Tried:
    """What was found by somebody who may ask for these."""

    async def whole() -> Tried:
        async with serving(scene.database_url) as served:
            return await asyncio.to_thread(
                attempt, served.url, f"session-of-{username}", asked, examples=2, phases=PHASES
            )

    return asyncio.run(whole())


def ends_sessions(operation: str) -> bool:
    """Whether it is one of those that end the session of who asks, and leave nothing to try after it."""
    return operation.startswith("session_")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("capacity", ASKED_BY)
def test_api_keeps_its_contract(scene: Scene, capacity: Capacity) -> None:
    """Every operation answers as the document says, to good requests and bad ones, and never with an error of ours."""
    first = first_who_may(list(ASKED_BY), json.loads(clients.openapi()))
    asked = {name for name, by in first.items() if by == capacity and not ends_sessions(name)}
    tried = tried_by(scene, ASKED_BY[capacity], asked)
    json.dump({k: dict(v) for k, v in tried.answers.items()}, open(f"/tmp/hv/b6/an-{capacity}.json", "w")); open(f"/tmp/hv/b6/contract-{capacity}.txt", "w").write(f"{tried.requests}\n\n" + tried.told())

    assert tried.told() == ""
    assert len(tried.answers) == len(asked)


@pytest.mark.timeout(300)
def test_log_in_keeps_its_contract(scene: Scene) -> None:
    """What begins and ends sessions answers as the document says, and never with an error of ours."""
    first = first_who_may(list(ASKED_BY), json.loads(clients.openapi()))
    tried = tried_by(scene, "kim", {name for name in first if ends_sessions(name)})

    assert tried.told() == ""
    assert len(tried.answers) >= 3
