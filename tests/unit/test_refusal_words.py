"""A refusal has words: what the document names, the page says in both languages."""

import json
import re
from pathlib import Path

import pytest

from api import reasons

_ROOT = Path(__file__).parents[2]
_WORDS = (_ROOT / "web/src/shell/words_refused.ts").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["sv", "en"])
def test_h35_every_reason_that_the_document_names_has_words(language: str) -> None:
    """No reason of the OpenAPI document is shown as a code, or in the other language."""
    document = json.loads((_ROOT / "docs/openapi.json").read_text(encoding="utf-8"))
    named = document["components"]["schemas"]["Problem"]["properties"]["reason"]["enum"]
    part = re.search(rf"export const {language}\b.*?\n}}", _WORDS, re.DOTALL)
    assert part is not None
    said = dict(re.findall(r'"refused\.(\w+)": "(.+)"', part[0]))

    assert named == list(reasons.ALL)
    assert [each for each in named if not said.get(each)] == []
