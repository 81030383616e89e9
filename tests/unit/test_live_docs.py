"""`docs/live-stream.md` against the code: every message is shown once, as the code makes it, and every close code."""

import json
import re
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter

from api.home_states import HomeLiveMessage
from api.live.hub import Close
from api.live.listening import said
from api.live.schema import LiveMessage

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "live-stream.md").read_text(encoding="utf-8")
EXAMPLES: list[dict[str, Any]] = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


def _shape(value: object) -> object:
    """The keys of a value, all the way down."""
    if isinstance(value, dict):
        return {key: _shape(each) for key, each in value.items()}
    return [_shape(each) for each in value] if isinstance(value, list) else None


def test_every_message_is_shown() -> None:
    """Each type of the stream has one example, and there is no other."""
    types = [get_args(each.__annotations__["type"])[0] for each in get_args(LiveMessage)]

    assert sorted(example["type"] for example in EXAMPLES) == sorted(types)


def test_examples_have_the_shapes_of_the_code() -> None:
    """Each example is a message by the schema, with nothing missing and nothing besides."""
    adapter = TypeAdapter[LiveMessage](LiveMessage)
    for example in EXAMPLES:
        read = adapter.validate_json(json.dumps(example))

        assert _shape(json.loads(adapter.dump_json(read))) == _shape(example)


def test_messages_of_a_patients_own_page_are_shown() -> None:
    """Both types of that stream have an example of their shape, and there is no other."""
    shown = [json.loads(text) for text in re.findall(r"```json home\n(.*?)```", PAGE, re.DOTALL)]
    adapter = TypeAdapter[HomeLiveMessage](HomeLiveMessage)
    read = [json.loads(adapter.dump_json(adapter.validate_json(json.dumps(each)))) for each in shown]

    assert [each["type"] for each in shown] == ["home", "heartbeat"]
    assert [_shape(each) for each in read] == [_shape(each) for each in shown]


def test_words_of_a_page_are_understood() -> None:
    """What the page is shown to say is heard, all of it."""
    (text,) = re.findall(r"```json client\n(.*?)```", PAGE, re.DOTALL)
    words = said(text)

    assert words is not None
    assert (words.listening, words.shown, words.walk, words.looking) == (True, [7], 12, 1)


def test_close_codes_are_explained() -> None:
    """Each code with which the hub closes stands in the table."""
    assert {str(code.value) for code in Close} <= set(re.findall(r"^\| (\d{4}) \|", PAGE, re.MULTILINE))
