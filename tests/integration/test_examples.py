"""The examples of the OpenAPI document are what a real api answers: `--update-golden` takes them down anew."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from api.document import EXAMPLES
from tests.example_scene import MORNING
from tests.examples import taken
from tests.fix_access import Scene
from ward.clock import SystemClock

pytestmark = pytest.mark.integration
Golden = Callable[[Path, str], None]


@pytest.fixture
def morning(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is `MORNING` for whatever asks the clock; asked for before the scene, and after the store's own tables."""
    monkeypatch.setattr(SystemClock, "now", lambda _clock: MORNING)


@pytest.mark.timeout(600)  # plans are tried by processes of their own
@pytest.mark.usefixtures("morning")
def test_examples_are_what_the_api_answers(scene: Scene, golden: Golden) -> None:
    """The story of the examples is let through, and its answers are those that are kept, to the letter."""
    told = asyncio.run(taken(scene))

    assert not told.failed, "\n".join(told.failed)
    golden(Path(EXAMPLES), json.dumps(told.kept, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
