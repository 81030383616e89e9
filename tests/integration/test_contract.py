"""The api keeps what its OpenAPI document says, whoever asks and whatever they send.

Each path is tried by who may do most on it, and once more by a system where systems may; that the others are refused is
what the table of authorisation shows. The paths of sessions are tried on a store that forgets each request, since they
end the session of who asks; there passwords are hashed as cheaply as argon2 can, in this process alone.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from argon2 import PasswordHasher

from api import passwords
from onebox import clients
from tests.contract import CHAINED, FEW, SHORT, Tried, attempt, first_who_may, open_to
from tests.fix_access import Scene
from tests.fix_api import Served, serving
from tests.fix_forgetting import forgetting
from ward.access.principals import Capacity

pytestmark = pytest.mark.integration
ASKED_BY = {Capacity.NURSE: "anna", Capacity.OPERATOR: "oskar", Capacity.PATIENT: "tolvan", Capacity.RELATIVE: "maja"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some of the paths, who tries them, and the server that they are tried on."""

    who: str
    holds: Callable[[str, dict[str, Any]], bool]
    served: Callable[[Scene], AbstractAsyncContextManager[Served]]

    def document(self) -> dict[str, Any]:
        """Return the document with these paths alone."""
        whole: dict[str, Any] = json.loads(clients.openapi())
        kept = {path: each for path, each in whole["paths"].items() if self.holds(path, each)}
        return {**whole, "paths": kept}


def _keeping(scene: Scene) -> AbstractAsyncContextManager[Served]:
    return serving(scene.database_url)


def _most(capacity: Capacity) -> Callable[[str, dict[str, Any]], bool]:
    return lambda path, each: "session" not in path and first_who_may(list(ASKED_BY), each) == capacity


PARTS = {
    **{capacity.value: Part(who=who, holds=_most(capacity), served=_keeping) for capacity, who in ASKED_BY.items()},
    "session": Part(who="anna", holds=lambda path, _each: "session" in path, served=forgetting),
    "system": Part(
        who="journal",
        holds=lambda path, each: "session" not in path and open_to(Capacity.SYSTEM, each),
        served=_keeping,
    ),
}


@pytest.fixture
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let argon2 take its least time and memory."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def tried(scene: Scene, part: Part, examples: int, phases: dict[str, Any]) -> Tried:
    """Try a part on a server of its own."""

    async def whole() -> Tried:
        async with part.served(scene) as served:
            token = f"session-of-{part.who}"
            return await asyncio.to_thread(
                attempt, part.document(), served.url, token, examples=examples, phases=phases
            )

    return asyncio.run(whole())


@pytest.mark.timeout(7200)
@pytest.mark.usefixtures("cheap_passwords")
@pytest.mark.parametrize("name", PARTS)
def test_api_keeps_its_contract(scene: Scene, name: str, request: pytest.FixtureRequest) -> None:
    """Every operation answers as the document says, to good requests and bad ones, and never with an error of ours."""
    examples: int = request.config.getoption("--contract-examples")
    found = tried(scene, PARTS[name], examples, SHORT if examples == FEW else {"stateful": {"enabled": False}})
    paths = PARTS[name].document()["paths"]
    named = {f"{method.upper()} {path}" for path, operations in paths.items() for method in operations}

    assert not found.told(), found.told()
    assert found.answers.keys() == named


@pytest.mark.timeout(7200)
def test_requests_that_follow_from_answers_keep_the_contract(scene: Scene, request: pytest.FixtureRequest) -> None:
    """What an answer names is asked for next, changed and ended, in chains; each answer is as the document says."""
    examples: int = request.config.getoption("--contract-examples")
    found = tried(scene, PARTS["nurse"], examples, CHAINED)

    assert not found.told(), found.told()
    assert found.requests > 5 * examples
